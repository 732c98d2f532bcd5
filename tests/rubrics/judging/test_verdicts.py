"""Replies strictly read, orders combined, wins and biases counted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from rubrics.judging.tally import (
    count_wins,
    length_correlation,
    longer_share,
    mean_of_scores,
    position_bias,
)
from rubrics.judging.verdicts import PairVerdict, Preferred, parse_score, parse_verdict

PLACES = st.sampled_from(["1", "2", "tie", None])
A, B, TIE = Preferred.A, Preferred.B, Preferred.TIE


@pytest.mark.parametrize(
    "reply",
    [
        '{"reason": "x", "verdict": "1"}',
        ' \n{"verdict": "1"}\n',
        '```json\n{"reason": "x",\n "verdict": "1"}\n```',
        'Let me think.\nThe first is right.\n{"reason": "x", "verdict": "1"}',
    ],
)
def test_one_json_object_is_read(reply):
    assert parse_verdict(reply) == "1"


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "1",
        "Answer 1 is better.",
        '{"verdict": 1}',
        '{"verdict": "A"}',
        '{"verdict": "1", "verdict": "2"}',
        '{"verdict": "1", "score": 5}',
        '{"verdict": "1"} {"verdict": "2"}',
        '{"verdict": "1"}\n{"verdict": "2"}',
        '{"verdict": "1"}\nOr is it the other?',
        '{"reason": "cut at the limi',
        '["1"]',
        "[" * 100_000,
    ],
)
def test_what_is_not_exactly_one_verdict_is_invalid(reply):
    assert parse_verdict(reply) is None


@pytest.mark.parametrize(("value", "score"), [(1, 1), (5, 5), (4.0, 4)])
def test_scores_of_the_scale_are_read(value, score):
    assert parse_score(json.dumps({"reason": "", "score": value}), range(1, 6)) == score


@pytest.mark.parametrize("value", [0, 6, 4.5, "4", True, None, [4], float("nan")])
def test_other_scores_are_invalid(value):
    assert parse_score(json.dumps({"score": value}), range(1, 6)) is None


@given(st.text())
def test_any_reply_gives_a_verdict_or_none(reply):
    assert parse_verdict(reply) in ("1", "2", "tie", None)


@pytest.mark.parametrize(
    ("forward", "backward", "preferred", "flipped", "changed"),
    [
        ("1", "2", A, False, False),
        ("2", "1", B, False, False),
        ("tie", "tie", TIE, False, False),
        ("1", "1", TIE, True, True),
        ("2", "2", TIE, True, True),
        ("1", "tie", TIE, False, True),
        (None, "1", None, False, False),
        ("tie", None, None, False, False),
    ],
)
def test_both_orders_make_one_verdict(forward, backward, preferred, flipped, changed):
    verdict = PairVerdict(forward, backward)

    assert (verdict.preferred, verdict.flipped, verdict.changed) == (preferred, flipped, changed)


@given(PLACES, PLACES)
def test_swapping_the_systems_swaps_the_verdict(forward, backward):
    mirrored = {A: B, B: A, TIE: TIE, None: None}

    assert PairVerdict(backward, forward).preferred == mirrored[PairVerdict(forward, backward).preferred]


@given(st.lists(st.sampled_from([A, B, TIE]), min_size=1, max_size=80))
def test_wins_have_the_exact_sign_test_and_an_interval_that_agrees(preferred):
    wins = count_wins(preferred)
    a, b = preferred.count(A), preferred.count(B)

    assert (wins.a, wins.b, wins.ties) == (a, b, preferred.count(TIE))
    assert wins.p_value == pytest.approx(binomtest(a, a + b).pvalue if a + b else 1)
    assert (wins.difference.low <= 0 <= wins.difference.high) == (wins.p_value >= 0.05)
    assert wins.better == ("undecided" if wins.p_value >= 0.05 else "a" if a > b else "b")


def test_position_bias_of_a_judge_that_likes_the_first_place():
    found = position_bias([PairVerdict("1", "1")] * 3 + [PairVerdict("1", "2"), PairVerdict(None, "1")])

    assert (found["pairs"], found["flips"], found["first_share"]) == (4, 3, 7 / 8)
    assert found["flip_rate"]["value"] == 0.75
    assert position_bias([])["flip_rate"] is None


def test_length_bias_counts_wins_of_unequal_answers_only():
    found = longer_share([A, B, A, TIE, B], [(9, 1), (9, 1), (5, 5), (1, 9), (1, 9)])

    assert found["wins"] == 3
    assert found["longer_share"]["value"] == pytest.approx(2 / 3)


def test_mean_of_scores_on_the_scale_and_as_a_share():
    unit, scaled = mean_of_scores([1, 5, 3, 3], range(1, 6))

    assert (unit.value, scaled.value) == (0.5, 3)
    assert scaled.low == pytest.approx(1 + 4 * unit.low)
    assert scaled.low < 3 < scaled.high


def test_length_and_score_correlate_by_rank():
    assert length_correlation([1, 2, 3, 5], [10, 200, 300, 9_000]) == pytest.approx(1)
    assert length_correlation([2, 2, 2], [1, 2, 3]) is None

"""What a test set of so many rows can show, told before anything is measured."""

from __future__ import annotations

import pytest

from advisor.data.rows import Message, Row
from advisor.data.splitting import split_rows
from advisor.detecting import BASELINES, detectable, expected_test_rows, planned_discordance, smallest_gain
from rubrics.power import exact_power, minimum_detectable_effect


def rows(count: int) -> list[Row]:
    words = ["salt", "reed", "lamp", "mole", "tarn", "quay", "helm", "knot", "yarn", "fern", "dusk", "iron"]
    n = len(words)
    texts = (
        " ".join(words[(at // n**place + place * at) % n] + str(at * 7 % 101) for place in range(9))
        for at in range(count)
    )
    return [
        Row(str(at), (Message(role="user", content=text),), f"answer {at}") for at, text in enumerate(texts)
    ]


@pytest.mark.parametrize("count", [30, 260, 1000])
def test_the_rows_expected_are_those_that_a_split_gives(count):
    split = split_rows(rows(count), seed=0)

    assert expected_test_rows(count, None) == pytest.approx(len(split.test), abs=1)


def test_from_250_rows_on_at_least_100_are_tested():
    assert (expected_test_rows(249, None), expected_test_rows(250, None)) == (50, 100)
    assert expected_test_rows(10_000, None) == 2_000


def test_a_test_file_counts_by_itself():
    assert expected_test_rows(10_000, 60) == 60
    assert expected_test_rows(None, None) is None


@pytest.mark.parametrize("baseline", [0.5, 0.8, 0.9])
def test_the_smallest_gain_is_seen_four_times_in_five(baseline):
    gain = smallest_gain(300, baseline, 0.8)

    assert exact_power(300, gain, planned_discordance(baseline, gain)) == pytest.approx(0.8, abs=0.005)


def test_the_two_columns_of_the_knowledge_lie_at_baselines_of_90_and_70_percent():
    assert smallest_gain(500, 0.9, 0.8) == pytest.approx(minimum_detectable_effect(500, 0.1), abs=0.006)
    assert smallest_gain(500, 0.7, 0.8) == pytest.approx(minimum_detectable_effect(500, 0.2), abs=0.006)


def test_where_there_is_no_room_not_even_a_perfect_model_is_seen():
    assert smallest_gain(50, 0.95, 0.8) is None
    assert smallest_gain(0, 0.5, 0.8) is None


def test_more_rows_show_smaller_gains():
    few, many = detectable(100, 0.05), detectable(1000, 0.05)

    assert not few.is_enough
    assert many.is_enough
    pairs = zip(few.smallest, many.smallest, strict=True)
    assert all(more < (less or 1) for (_, less), (_, more) in pairs)
    assert [baseline for baseline, _ in many.smallest] == list(BASELINES)


def test_the_rows_needed_are_just_enough():
    needed = detectable(100, 0.05).needed

    assert detectable(needed, 0.05).is_enough
    assert not detectable(needed - 1, 0.05).is_enough


def test_a_metric_with_partial_credit_is_marked():
    assert detectable(100, 0.05, "token_f1").graded
    assert not detectable(100, 0.05, "exact_match").graded
    assert not detectable(100, 0.05, "auto").graded

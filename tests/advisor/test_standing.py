"""How a task stands while its questions are being answered."""

from __future__ import annotations

import pytest

from advisor.standing import outcome_in_words, reason_of, signed, standing, suggested, weight_of
from advisor.texts import use_language
from rubrics.hints import Hint


@pytest.fixture(autouse=True)
def english():
    use_language("en")


def hint(key: str, suggests: str | None) -> Hint:
    return Hint("H", key, "name", "text", 0.9, suggests)


def test_nothing_answered_is_unclear_and_says_what_is_missing():
    found = standing({}, "en")

    assert found.suitability.outcome == "unclear"
    assert found.open == tuple(range(10))
    assert outcome_in_words(found).startswith("○ Unclear so far. It needs a yes to one of the questions 1, 2")


def test_a_blocker_is_named_by_its_number():
    found = standing({"domain": "yes", "format": "yes", "consistency": "yes", "creative": "yes"}, "en")

    assert outcome_in_words(found).startswith("✗ Not suited: a yes to question 5 ")


def test_a_suited_task_says_its_score():
    found = standing({"domain": "yes", "format": "yes", "consistency": "yes"}, "en")

    assert found.suitability.outcome == "suited"
    assert signed(found.suitability.score) in outcome_in_words(found)
    assert outcome_in_words(found).startswith("✓ Suited")


def test_a_refused_readiness_is_named_though_the_score_is_high():
    found = standing(
        {"domain": "yes", "format": "yes", "consistency": "yes", "behaviour": "yes", "agreement": "no"}, "en"
    )

    assert "It needs a yes to question 8." in outcome_in_words(found)
    assert "one of the questions" not in outcome_in_words(found)


def test_the_next_open_question_comes_round():
    found = standing({"domain": "yes", "failures": "no"}, "en")

    assert [found.next_open(at) for at in (0, 1, 8, 9)] == [1, 2, 1, 1]
    everything = standing({criterion.key: "unknown" for criterion in found.rubric.criteria}, "en")
    assert everything.next_open(4) == 4


def test_weights_and_reasons_are_the_rubrics():
    criterion = standing({}, "ko").rubric.criteria[0]

    assert (weight_of(criterion, "yes"), weight_of(criterion, "unknown")) == (criterion.yes.weight, 0)
    assert (reason_of(criterion, "no"), reason_of(criterion, "")) == (criterion.no.reason, "")


@pytest.mark.parametrize(
    ("hints", "answer"),
    [
        ([hint("format", "yes")], "yes"),
        ([hint("format", None)], ""),
        ([hint("domain", "yes")], ""),
        ([hint("format", "yes"), hint("format", "no")], ""),
    ],
)
def test_a_hint_suggests_only_where_it_is_of_one_mind(hints, answer):
    assert suggested(hints, "format") == answer


@pytest.mark.parametrize(("value", "text"), [(3, "+3"), (-2.5, "−2.5"), (0, "0")])
def test_a_score_has_its_sign(value, text):
    assert signed(value) == text

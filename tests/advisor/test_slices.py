"""Slices: every row in one slice of each field, the same numbers as a comparison of these rows alone, no test."""

from __future__ import annotations

import pytest

from advisor.predictions import Prediction
from advisor.slices import slices_note, slices_of
from rubrics.statistics import paired_share_difference, wilson


def prediction(at: int, right: bool, *, label: str = "a", prompt: str | None = "") -> Prediction:
    text = f"message {'x' * (3 * at)}" if prompt == "" else prompt
    turns = [] if text is None else [{"role": "user", "content": text}]
    return Prediction(
        id=f"t{at}", prompt=turns, reference=label, prediction="", scores={"exact_match": float(right)}
    )


def system(right: list[bool], **more: object) -> list[Prediction]:
    return [prediction(at, value, label="ab"[at % 2], **more) for at, value in enumerate(right)]  # type: ignore[arg-type]


BEFORE = system([at % 3 == 0 for at in range(30)])
AFTER = system([at % 4 != 0 for at in range(30)])


def test_each_field_divides_the_rows():
    found = slices_of(BEFORE, AFTER, "exact_match", fields={"channel": ["mail"] * 10 + [""] * 20})

    for field in ("label", "length", "channel"):
        assert sum(part["n"] for part in found if part["field"] == field) == 30
    assert [part["value"] for part in found if part["field"] == "channel"] == ["mail", "(no value)"]
    lengths = [part["value"] for part in found if part["field"] == "length"]
    assert lengths[0].startswith("under")
    assert lengths[-1].endswith("or more")


def test_a_slice_has_the_numbers_of_its_rows_alone():
    found = slices_of(BEFORE, AFTER, "exact_match")

    part = next(part for part in found if (part["field"], part["value"]) == ("label", "b"))
    rows = [(BEFORE[at].scores["exact_match"], AFTER[at].scores["exact_match"]) for at in range(1, 30, 2)]
    fixed, broken = rows.count((0.0, 1.0)), rows.count((1.0, 0.0))
    interval = paired_share_difference(fixed, broken, 15)
    assert (part["fixed"], part["broken"], part["n"]) == (fixed, broken, 15)
    assert (part["difference"], part["low"], part["high"]) == (interval.value, interval.low, interval.high)
    assert part["tuned"] == vars(wilson(sum(after for _, after in rows), 15))
    assert "p_value" not in part


def test_open_answers_and_unknown_prompts_have_no_slices():
    open_answers = [prediction(at, True, label=f"answer {at}", prompt=None) for at in range(30)]

    assert slices_of(open_answers, open_answers, "exact_match") == []
    assert slices_note(0) == ""


def test_a_field_of_very_many_values_keeps_the_commonest():
    rows = [prediction(at, True, prompt=None, label=f"answer {at}") for at in range(300)]
    values = [f"v{at % 150}" for at in range(300)]

    found = slices_of(rows, rows, "exact_match", fields={"id": values})

    assert len(found) == 101
    assert found[-1]["value"] == "(others)"
    assert sum(part["n"] for part in found) == 300


@pytest.mark.parametrize(("number", "chance"), [(20, "1"), (30, "1.5")])
def test_the_note_says_how_many_miss_by_chance(number: int, chance: str):
    assert f"Of {number} slices about {chance} would" in slices_note(number)
    assert "none is tested" in slices_note(number)

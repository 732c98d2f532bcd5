"""What is typed into a field, as the plan's value and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.draft import Draft
from advisor.filling import still_wrong, text_of, value_of, wrong_in
from advisor.plan import contradictions
from advisor.texts import use_language


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("target", "0.9", 0.9),
        ("target", " 90% ", 0.9),
        ("target", "92,5%", 0.925),
        ("target", "0,9", 0.9),
        ("target", "high", "high"),
        ("target", "", None),
        ("min_gain", "7%", 0.07),
        ("max_minutes", "5.8", 5.8),
        ("max_minutes", "90%", "90%"),
        ("data", "rows.jsonl", Path("rows.jsonl")),
        ("production", "~/rows.jsonl", Path.home() / "rows.jsonl"),
        ("model", " smollm2-135m ", "smollm2-135m"),
        ("pattern", "  ", None),
        ("margin", "2%", 0.02),
        ("seed", "7", 7),
        ("slices", "split, product,", ("split", "product")),
        ("tuned_price", "0.15,0.60", (0.15, 0.6)),
        ("tuned_price", "cheap", "cheap"),
        ("training_cost", "0", 0),
        ("requests_per_month", "1e6", 1_000_000),
        ("requests_per_month", "100,000", "100,000"),
        ("training_cost", "1,500", "1,500"),
        ("training_cost", "1,5", 1.5),
        ("training_cost", "0,125", 0.125),
        ("hosting_per_month", "1,500,000", "1,500,000"),
    ],
)
def test_a_text_means_a_value(field, text, value):
    assert value_of(field, text) == value


@pytest.mark.parametrize(
    ("field", "value"), [("slices", ("a", "b")), ("tuned_price", (0.15, 0.6)), ("seed", 7)]
)
def test_values_of_several_parts_are_typed_back(field, value):
    assert value_of(field, text_of(value)) == value


@pytest.mark.parametrize("value", [0.9, 0.07, 5.8, Path("rows.jsonl"), "a", 1e-7])
def test_a_value_is_typed_back(value):
    field = "data" if isinstance(value, Path) else "max_minutes" if isinstance(value, float) else "pattern"

    assert value_of(field, text_of(value)) == value


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("target", 1.5, "from 0 to 1"),
        ("target", "high", "from 0 to 1"),
        ("min_gain", 0.0, "over 0"),
        ("max_minutes", -1.0, "over 0"),
        ("tolerance", "much", "such as 0.5"),
        ("margin", 0.0, "over 0"),
        ("seed", -1, "0 or more"),
        ("tuned_price", "cheap", "two prices"),
        ("hosting_per_month", -5.0, "0 or more"),
        ("horizon_months", 0.0, "over 0"),
        ("metric", "no_such", "no_such"),
    ],
)
def test_a_wrong_value_is_told_in_words_and_kept(field, value, said):
    draft = Draft().changed(**{field: value})

    assert said in wrong_in(draft, field)
    assert draft.get(field) == value
    assert wrong_in(Draft(), field) == ""


def test_what_does_not_go_together_is_said_without_flags():
    drafts = [
        Draft(),
        Draft().changed(data=Path("a"), test=Path("b")),
        Draft().changed(data=Path("a"), endpoint="http://localhost"),
        Draft().changed(data=Path("a"), metric="schema_validity"),
        Draft().changed(data=Path("a"), metric="format_adherence"),
    ]

    said = [still_wrong(draft) for draft in drafts]

    assert all(len(problems) == 1 for problems in said), said
    assert not any("--" in problem for problems in said for problem in problems)
    assert all(contradictions(draft.values) for draft in drafts)


def test_it_is_said_in_korean():
    use_language("ko")
    try:
        assert still_wrong(Draft()) == ("아직 행이 없습니다. 데이터 파일을 고르십시오.",)
    finally:
        use_language("en")

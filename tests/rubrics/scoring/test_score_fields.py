"""Partial credit for JSON: hand-counted fields, and what must hold for any documents."""

from __future__ import annotations

import json
from functools import reduce
from operator import add
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubrics.scoring import FieldCounts, field_counts, field_f1, field_precision, field_recall, json_equality


@pytest.mark.parametrize(
    ("answer", "reference", "matched", "answered", "expected"),
    [
        ('{"a": 1, "b": 2}', '{"a": 1, "b": 3}', 1, 2, 2),
        ('{"a": 1}', '{"a": 1, "b": 3, "c": 4}', 1, 1, 3),
        ('{"a": {"b": {"c": 1, "d": 2}}}', '{"a": {"b": {"c": 1, "d": 9}}}', 1, 2, 2),
        # The same value elsewhere is another field.
        ('{"x": {"b": 1}}', '{"b": 1}', 0, 1, 1),
        # An item too many costs itself, not those after it.
        ('{"l": [9, 1, 2, 3]}', '{"l": [1, 2, 3]}', 3, 4, 3),
        ('[{"n": "a", "q": 1}, {"n": "b", "q": 2}]', '[{"n": "b", "q": 2}]', 2, 4, 2),
        # Lists are in order: of two swapped items one stays.
        ("[1, 2]", "[2, 1]", 1, 2, 2),
        # Halves of two items are no whole one.
        ('[{"a": 1, "b": 4}, {"a": 3, "b": 2}]', '[{"a": 1, "b": 2}, {"a": 3, "b": 4}]', 2, 4, 4),
        ("{}", "{}", 1, 1, 1),
        ("{}", '{"time": "13"}', 0, 1, 1),
        ('{"a": []}', '{"a": {}}', 0, 1, 1),
        ('{"a": true}', '{"a": 1}', 0, 1, 1),
        ('{"a": 1, "a": 1}', '{"a": 1}', 1, 2, 1),
        ("7", "7.0", 1, 1, 1),
        ("", '{"a": 1}', 0, 0, 1),
    ],
)
def test_fields_are_counted_by_path_and_value(answer, reference, matched, answered, expected):
    assert field_counts(answer, reference) == FieldCounts(matched, answered, expected)


def test_precision_recall_and_f1_follow_from_the_counts():
    answer, reference = '{"a": 1, "b": 2, "c": 3}', '{"a": 1, "d": 4}'

    assert field_precision(answer, [reference]) == pytest.approx(1 / 3)
    assert field_recall(answer, [reference]) == pytest.approx(1 / 2)
    assert field_f1(answer, [reference]) == pytest.approx(2 / 5)
    assert field_f1("not JSON", [reference]) == 0.0


def test_counts_add_up_to_a_score_of_the_whole_set(shared_data: Path):
    lines = (shared_data / "output_format/restaurant8k_test.jsonl").read_text("utf-8").splitlines()[:400]
    gold = [json.loads(line)["output"] for line in lines]
    assert {field_f1(text, [text]) for text in gold} == {1.0}

    without_first = [json.dumps(dict(list(json.loads(text).items())[1:])) for text in gold]
    whole = reduce(add, [field_counts(a, b) for a, b in zip(without_first, gold, strict=True)])

    slots = sum(max(1, len(json.loads(text))) for text in gold)
    assert whole.expected == slots
    assert 0 < whole.recall < 1
    assert whole.f1 < 1


leaf = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "서울"])
values = st.recursive(
    leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(values, values)
@settings(deadline=None)
def test_f1_is_symmetric_bounded_and_one_exactly_for_equal_documents(one, other):
    a, b = json.dumps(one), json.dumps(other)

    f1 = field_f1(a, [b])

    assert 0 <= f1 <= 1
    assert f1 == pytest.approx(field_f1(b, [a]))
    assert (f1 == 1.0) == (json_equality(a, [b]) == 1.0)
    assert field_precision(a, [b]) == pytest.approx(field_recall(b, [a]))


def test_huge_lists_are_compared_in_a_moment():
    long = json.dumps(list(range(100_000)))

    assert field_f1(long, [long]) == 1.0
    assert field_f1(long[:-1] + ", 0]", [long]) == pytest.approx(2 * 100_000 / 200_001)


def test_a_reference_that_is_not_json_is_refused():
    with pytest.raises(ValueError, match="is not JSON"):
        field_f1("{}", ["nothing"])

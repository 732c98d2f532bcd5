"""Partial credit for JSON answers: which fields of the reference does the answer have, with the same value?

A field is a leaf: a text, number, boolean or null, or an empty object or list, at its path. Lists are aligned in
order, so that one item too many costs its own fields and not those of all that follow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rubrics.scoring.json_answers import NotJson, parse_json, same_value
from rubrics.scoring.wording import best

MOST_PAIRS = 1_000_000
"""Of nodes to be aligned; above it lists are compared position by position (seconds become hours otherwise)."""


@dataclass(frozen=True)
class FieldCounts:
    """Fields of an answer against a reference.

    Attributes:
        matched: fields that both have, with equal values.
        answered: fields of the answer.
        expected: fields of the reference.
    """

    matched: int
    answered: int
    expected: int

    @property
    def precision(self) -> float:
        """Share of the answer's fields that are right, 0..1; 0 for an answer that is not JSON."""
        return self.matched / self.answered if self.answered else 0.0

    @property
    def recall(self) -> float:
        """Share of the reference's fields that were found, 0..1."""
        return self.matched / self.expected if self.expected else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two, 0..1; 1 exactly where the documents are equal (`json_equality`)."""
        total = self.answered + self.expected
        return 2 * self.matched / total if total else 0.0

    def __add__(self, other: FieldCounts) -> FieldCounts:
        """Counts of several rows together, for precision and recall over a whole set (micro-average)."""
        return FieldCounts(
            self.matched + other.matched, self.answered + other.answered, self.expected + other.expected
        )


def field_counts(prediction: str, reference: str) -> FieldCounts:
    """Count the fields of two JSON texts; an answer that is not JSON has none.

    Values are compared as `json_equality` does. A repeated key counts as one more field.

    Raises:
        ValueError: the reference is not JSON.
    """
    wanted = parse_json(reference)
    expected = _leaves(wanted.value) + len(wanted.repeated)
    try:
        given = parse_json(prediction)
    except NotJson:
        return FieldCounts(0, 0, expected)
    align = _nodes(given.value) * _nodes(wanted.value) <= MOST_PAIRS
    repeated = sum((Counter(given.repeated) & Counter(wanted.repeated)).values())
    matched = _matched(given.value, wanted.value, align) + repeated
    return FieldCounts(matched, _leaves(given.value) + len(given.repeated), expected)


def field_f1(prediction: str, references: Sequence[str]) -> float:
    """Return the F1 of the answer's fields against the closest reference, 0..1.

    Raises:
        ValueError: there is no reference, or one is not JSON.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return best(lambda answer, reference: field_counts(answer, reference).f1, prediction, references)


def field_precision(prediction: str, references: Sequence[str]) -> float:
    """Return the share of the answer's fields that the closest reference has too, 0..1; raises as `field_f1`."""
    return best(lambda answer, reference: field_counts(answer, reference).precision, prediction, references)


def field_recall(prediction: str, references: Sequence[str]) -> float:
    """Return the share of the closest reference's fields that the answer has too, 0..1; raises as `field_f1`."""
    return best(lambda answer, reference: field_counts(answer, reference).recall, prediction, references)


def _inner(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _leaves(value: Any) -> int:
    inner = _inner(value)
    return sum(map(_leaves, inner)) if inner else 1


def _nodes(value: Any) -> int:
    return 1 + sum(map(_nodes, _inner(value)))


def _matched(given: Any, wanted: Any, align: bool) -> int:
    if isinstance(given, dict) and isinstance(wanted, dict) and given and wanted:
        return sum(_matched(given[key], wanted[key], align) for key in given.keys() & wanted.keys())
    if isinstance(given, list) and isinstance(wanted, list) and given and wanted:
        if align:
            return _aligned(given, wanted)
        return sum(_matched(one, other, align) for one, other in zip(given, wanted, strict=False))
    return int(not _inner(given) and not _inner(wanted) and same_value(given, wanted))


def _aligned(given: list[Any], wanted: list[Any]) -> int:
    """Most fields that can match where items keep their order; the longest common subsequence, weighted."""
    above = [0] * (len(wanted) + 1)
    for one in given:
        row = [0]
        for at, other in enumerate(wanted):
            row.append(max(row[at], above[at + 1], above[at] + _matched(one, other, True)))
        above = row
    return above[-1]

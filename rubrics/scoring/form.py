"""Failures of form: answers that are right, but do not say it in the form that was asked for.

Such failures are what a better instruction or structured output mends, and what fine-tuning mends surely; a wrong
choice is neither's small change. The two are told apart by scoring each answer twice: by a strict metric, and by
the one that forgives the form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FORGIVING: Mapping[str, str] = {
    "exact_match": "label_match",
    "accuracy": "label_match",
    "json_equality": "json_inside",
}
"""Of each strict metric the one that forgives the form alone; strictly right is right there too."""


@dataclass(frozen=True)
class FormatFailures:
    """Rows by what is wrong with them.

    Attributes:
        right: right in the form that was asked for.
        form: right but for the form.
        wrong: wrong in any form.
    """

    right: int
    form: int
    wrong: int

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.right + self.form + self.wrong

    @property
    def share(self) -> float:
        """Share of all rows that are right but for the form, 0..1."""
        return self.form / self.n

    @property
    def share_of_failures(self) -> float:
        """Share of the rows not right that fail by their form alone, 0..1; 0 where all are right."""
        failures = self.form + self.wrong
        return self.form / failures if failures else 0.0


def format_failures(strict: Sequence[float], forgiving: Sequence[float]) -> FormatFailures:
    """Count failures of form from two scores of the same answers.

    Args:
        strict: 0 or 1 a row, such as `exact_match` or `json_equality`.
        forgiving: 0 or 1 a row by the metric that `FORGIVING` names for it, in the same order.
    Raises:
        ValueError: lengths differ, there is no row, or a score is neither 0 nor 1.
    """
    pairs = list(zip(strict, forgiving, strict=True))
    if not pairs:
        raise ValueError("failures of form need at least one row")
    if {score for pair in pairs for score in pair} - {0, 1}:
        raise ValueError("failures of form are counted from right/wrong scores")
    right = sum(one == 1 for one, _ in pairs)
    form = sum(one == 0 and other == 1 for one, other in pairs)
    return FormatFailures(right, form, len(pairs) - right - form)

"""What the checks look at: the rows of one file, the other side of a split, lengths, and what was found so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from advisor.data.answer_types import answer_type
from advisor.data.findings import Finding, Sheet
from advisor.data.json_forms import Profile, profile
from advisor.data.length_table import length_table
from advisor.data.overlap import Leak, leakage
from advisor.data.scripts import script_of
from rubrics.data_rules import Severity

ROWS_LISTED = 1000
"""The most row ids that a finding lists; where there are more, `details.rows_total` says how many."""


@dataclass
class Subject:
    """One file under inspection.

    Attributes:
        sheet: its rows.
        other: the other side of a split, or None.
        test_is: which of the two sides is scored.
        lengths: prompt and answer lengths of each row, in `unit`.
        unit: `tokens` or `characters`.
        max_length: the most tokens that training takes; None where that is open.
        prompt_only: duplicates compare prompts alone.
        found: the findings of the checks that ran before, for those that build on them.
    """

    sheet: Sheet
    other: Sheet | None
    test_is: Literal["against", "rows"]
    lengths: Sequence[tuple[int, int]]
    unit: str
    max_length: int | None = None
    prompt_only: bool = False
    found: list[Finding] = field(default_factory=list)

    @cached_property
    def prompts(self) -> list[str]:
        """The prompts as they are written."""
        return [row.prompt for row in self.sheet.rows]

    @cached_property
    def answers(self) -> list[str]:
        """The answers as they are written."""
        return [row.answer for row in self.sheet.rows]

    @cached_property
    def types(self) -> list[str]:
        """The type of each answer, see `answer_types`; one line is a `label` where the labels are closed."""
        known = {answer: answer_type(answer) for answer in dict.fromkeys(self.answers)}
        if self.sheet.labels is not None:
            # "maybe" beside "yes" and "no", or "none" beside numbers, makes all of them names of labels.
            alike = len(set(known.values())) == 1 and "one line" not in known.values()
            named = ("one line", "yes/no", "number")
            known = {
                answer: "label" if kind in named and not alike else kind for answer, kind in known.items()
            }
        return [known[answer] for answer in self.answers]

    @cached_property
    def type_counts(self) -> Counter[str]:
        """How many answers are of each type."""
        return Counter(self.types)

    @cached_property
    def prompt_scripts(self) -> list[str]:
        """The script of each prompt, see `scripts`."""
        return [script_of(text) for text in self.prompts]

    @cached_property
    def answer_scripts(self) -> list[str]:
        """The script of each answer."""
        known = {answer: script_of(answer) for answer in dict.fromkeys(self.answers)}
        return [known[answer] for answer in self.answers]

    @cached_property
    def profiles(self) -> dict[int, Profile]:
        """How each answer that is a JSON object with keys is written, by index."""
        objects = (at for at, kind in enumerate(self.types) if kind == "JSON object")
        return {at: found for at in objects if (found := profile(self.answers[at])).keys}

    @cached_property
    def length_table(self) -> dict[str, Any]:
        """Quantiles, histogram and cuts of the lengths."""
        return length_table(self.lengths, self.unit)

    @cached_property
    def leak(self) -> Leak | None:
        """The test rows that stand in the training rows; None without another side."""
        return None if self.other is None else leakage(self.test, self.train)

    @cached_property
    def leak_back(self) -> Leak | None:
        """The leak the other way round, where `rows` are called the test for want of knowing."""
        if self.leak is None or self.test_is != "rows":
            return None
        if not self.leak.exact and not self.leak.near:
            return Leak((), (), 0, len(self.train.rows), "")
        return leakage(self.train, self.test)

    @property
    def test(self) -> Sheet:
        """The side that is scored."""
        return self.sheet if self.other is None or self.test_is == "rows" else self.other

    @property
    def train(self) -> Sheet:
        """The side that is trained on."""
        return self.sheet if self.other is None or self.test_is == "against" else self.other

    def at(self, rows: Collection[int], sheet: Sheet | None = None) -> _Place:
        """Begin a finding about rows given by index, of this file or of another sheet."""
        return _Place(sheet or self.sheet, rows)


@dataclass(frozen=True)
class _Place:
    """The rows that a finding is about."""

    sheet: Sheet
    rows: Collection[int]

    def finding(
        self,
        check: str,
        severity: Severity,
        message: str,
        fix: str,
        details: Mapping[str, Any],
        example: str = "",
        *,
        count: int | None = None,
    ) -> Finding:
        """Return the finding; at most `ROWS_LISTED` ids are listed, the first of the file."""
        listed = sorted(self.rows)[:ROWS_LISTED]
        cut = (
            {"rows_total": len(self.rows), "rows_listed": ROWS_LISTED} if len(self.rows) > ROWS_LISTED else {}
        )
        total = len(self.rows) if count is None else count
        return Finding(
            check, severity, total, message, fix, self.sheet.ids(listed), {**details, **cut}, example
        )

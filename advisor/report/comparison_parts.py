"""The parts of report.json that compare the tuned model: with the chosen option, slice by slice, with open options."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from advisor.predictions import Score

STRICT = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
"""Of every part of report.json."""


class _Part(BaseModel):
    model_config = STRICT


class FlipPart(_Part):
    """The smallest change of a number that gives another outcome."""

    field: str
    value: float
    outcome: str
    text: str
    also: list[dict[str, Any]] = Field(default=[], description="other numbers to the same outcome")


class SlicePart(_Part):
    """The comparison on the rows with one value of a field; descriptive, not tested."""

    field: str
    value: str
    n: int
    baseline: Score
    tuned: Score
    difference: float
    low: float
    high: float
    fixed: int | None
    broken: int | None


class OnTestPart(_Part):
    """The tuned model against a contender on the test rows."""

    metric: str
    n: int
    difference: float
    low: float
    high: float
    p_value: float
    test: str
    fixed: int | None
    broken: int | None
    both_right: int | None
    both_wrong: int | None
    clusters: int | None = None
    notes: list[str] = []


class ContenderPart(_Part):
    """A cheap option beside the chosen one: its lead on dev.

    `test_value` is its score on test and `on_test` the tuned model against it, where it was asked about the test rows.
    """

    rung: str
    n: int
    chosen_value: float
    value: float
    difference: float
    low: float
    high: float
    p_value: float
    test_value: float | None = None
    on_test: OnTestPart | None = None


class ComparisonPart(_Part):
    """Tuned against the best cheap option; `looks` are tuned models scored on these rows so far."""

    metric: str
    baseline: str
    tuned: str
    difference: float
    low: float
    high: float
    p_value: float
    test: str
    fixed: int | None
    broken: int | None
    both_right: int | None
    both_wrong: int | None
    outcome: Literal["SHIP_TUNED", "KEEP_BASELINE", "INCONCLUSIVE"]
    n: int | None = None
    rule: str = ""
    case: str = ""
    reason: str = ""
    target: str = "unknown"
    rows_needed: int | None = None
    mismatch: list[str] = Field(default=[], description="what differed besides the system (T1)")
    clusters: int | None = None
    guards: list[dict[str, Any]] = Field(
        default=[], description="declared guard sets, as the rules read them"
    )
    looks: int = 1
    considered: list[dict[str, Any]] = []
    flip: list[FlipPart] = []
    notes: list[str] = Field(default=[], description="signs L1 to L7 and cautions, in words")
    slices: list[SlicePart] = []
    slices_note: str = ""
    contenders: list[ContenderPart] = Field(
        default=[], description="cheap options that dev does not show to be worse than the chosen one"
    )
    against: list[str] = Field(
        default=[], description="those of them that keep the tuned model from being shipped"
    )
    dev_rows_needed: int | None = None

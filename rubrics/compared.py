"""What the decision after training may look at: the pair, the guards, and the cheap options that dev leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rubrics.logic import under
from rubrics.measured_parts import Score
from rubrics.phrases import points, rows
from rubrics.statistics import Z


@dataclass(frozen=True, slots=True)
class PairedResult:
    """Tuned against baseline on the same rows, as tested once.

    Attributes:
        difference: tuned minus baseline, -1..1, with its 95% limits.
        p_value: of the one test that decides, 0..1.
        n: rows; None where not known.
        fixed, broken: discordant pairs; None for graded scores.
    """

    difference: float
    low: float
    high: float
    p_value: float
    n: int | None = None
    fixed: int | None = None
    broken: int | None = None

    @property
    def error(self) -> float:
        """Standard error of the difference, read off its interval, so that clusters count as they did."""
        return (self.high - self.low) / (2 * Z)

    @property
    def measured(self) -> str:
        """The difference in words."""
        size = "" if self.n is None else f" on {rows(self.n).replace('row', 'test row')}"
        p_value = "p < 0.0001" if self.p_value < 1e-4 else f"p = {self.p_value:.2g}"
        return f"{gain_words(self.difference, self.low, self.high)}{size}, {p_value}"


def gain_words(difference: float, low: float, high: float) -> str:
    """Write a difference with its limits: +5 points [1.2, 8.8]."""
    interval = f"[{points(low).split()[0]}, {points(high).split()[0]}]"
    return f"{'+' if difference > 0 else ''}{points(difference)} {interval}"


@dataclass(frozen=True, slots=True)
class Guard:
    """How a set fared that training must not harm.

    Attributes:
        difference: tuned minus baseline on the guard set, -1..1.
        high: upper 95% limit of the difference; None where not known, and then the fall counts as it stands: what was
            declared as not to be harmed is not given up for want of an interval.
        allowed: fall that was declared acceptable, 0..1.
    """

    name: str
    difference: float
    high: float | None = None
    allowed: float = 0.0

    @property
    def drops(self) -> bool:
        """Whether it fell by more than was allowed: surely, where the interval is known."""
        surely = self.high is None or under(self.high, -self.allowed)
        return surely and under(self.difference, -self.allowed)


@dataclass(frozen=True, slots=True)
class OtherOption:
    """A cheap option beside the one that dev chose.

    Attributes:
        lead: this option minus the chosen one on the dev rows, -1..1, with its 95% limits.
        rows: dev rows; None where not known.
        on_test: the tuned model against this option on the test rows; None where it was not asked there.
    """

    rung: str
    lead: float
    low: float
    high: float
    rows: int | None = None
    on_test: PairedResult | None = None

    @property
    def open(self) -> bool:
        """Whether dev leaves open that it is the best: it is not shown to be worse than the chosen one."""
        return not under(self.high, 0)


@dataclass(frozen=True, slots=True)
class Compared:
    """All that the rules T1 to T6 may look at: what was measured, and what was declared before training.

    Attributes:
        min_gain: g, smallest gain worth it.
        tuned: score of the tuned model on test, to be held against the target, with its 95% limits where known.
        margin: loss that was declared acceptable before training, 0..1.
        saving: whether it was declared before training that the tuned model is there to save money or time.
        mismatch: what differs between the two systems besides the model: rows, template, truncation.
        others: the other cheap options that were measured on dev.
        cut: steps that were run and that were planned, where a time limit ended the training between them.
    """

    paired: PairedResult
    min_gain: float
    target: float | None = None
    tuned: Score | None = None
    margin: float | None = None
    saving: bool = False
    guards: Sequence[Guard] = ()
    mismatch: Sequence[str] = ()
    others: Sequence[OtherOption] = ()
    cut: tuple[int, int] | None = None

    @property
    def open_options(self) -> list[OtherOption]:
        """The other options that dev leaves open."""
        return [other for other in self.others if other.open]

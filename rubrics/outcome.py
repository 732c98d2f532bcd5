"""The decision after training: ship the tuned model, keep the cheap option, or say that the test cannot tell.

The comparison was planned before training (smallest gain worth it, margin, guards), so that nobody can choose
the yardstick by the result. The rules T1 to T6 are tried in order; their text is in verdict.yaml.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rubrics.logic import over, under
from rubrics.phrases import points, rows, score
from rubrics.power import rows_needed
from rubrics.rulebook import AfterTraining
from rubrics.statistics import ALPHA, Z

TargetState = Literal["met", "unmet", "unknown"]
_MOST_ROWS = 100_000
# The standard normal quantile at 80% power.
_Z_POWER = 0.8416212335729143


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


@dataclass(frozen=True, slots=True)
class Guard:
    """How a set fared that training must not harm.

    Attributes:
        difference: tuned minus baseline on the guard set, -1..1.
        high: upper 95% limit of the difference; None where not known.
        allowed: fall that was declared acceptable, 0..1.
    """

    name: str
    difference: float
    high: float | None = None
    allowed: float = 0.0

    @property
    def drops(self) -> bool:
        """Whether it fell by more than was allowed, and by more than chance where the interval is known."""
        surely = self.high is None or self.high < 0
        return surely and under(self.difference, -self.allowed)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with the tuned model.

    Attributes:
        rule: id of the rule that decided, T1 to T6.
        target: whether the tuned model is known to meet the target.
        rows_needed: test rows it takes to decide, where the test could not tell; None if no number within
            100,000 does, or where the outcome asks for none.
    """

    outcome: AfterTraining
    rule: str
    reason: str
    target: TargetState = "unknown"
    rows_needed: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what is added to the `comparison` object of the contract, ready for JSON."""
        return asdict(self) | {"outcome": self.outcome.value}


def compare_outcome(
    paired: PairedResult,
    *,
    min_gain: float,
    target: float | None = None,
    tuned: float | None = None,
    margin: float | None = None,
    saving: bool = False,
    guards: Sequence[Guard] = (),
    mismatch: Sequence[str] = (),
) -> Decision:
    """Apply T1 to T6 in order; KNOWLEDGE section 8, "After training".

    Args:
        min_gain: g, smallest gain worth it.
        tuned: score of the tuned model on test, to be held against the target.
        margin: loss that was declared acceptable before training, 0..1.
        saving: whether it was declared before training that the tuned model is there to save money or time.
        mismatch: what differs between the two systems besides the model: rows, template, truncation.
    """
    state = target_state(tuned, target)
    measured = _measured(paired)
    harmed = [guard for guard in guards if guard.drops]
    if mismatch:
        return Decision(AfterTraining.INCONCLUSIVE, "T1", _not_alike(mismatch), state)
    if paired.high < 0:
        reason = f"The tuned model is worse: {measured}. Keep the cheap option."
        return Decision(AfterTraining.KEEP_BASELINE, "T2", reason, state)
    if harmed:
        return Decision(AfterTraining.KEEP_BASELINE, "T2", _harm(harmed), state)
    if paired.p_value < ALPHA and not under(paired.difference, min_gain):
        reason = f"The tuned model is better: {measured}; {points(min_gain)} were asked for. {_target(state, tuned, target)}"
        return Decision(AfterTraining.SHIP_TUNED, "T3", reason, state)
    if margin is not None and saving and over(paired.low, -margin):
        reason = (
            f"The tuned model is not worse by more than the {points(margin)} declared before training: {measured}. "
            f"It was trained to save, so ship it. {_target(state, tuned, target)}"
        )
        return Decision(AfterTraining.SHIP_TUNED, "T4", reason, state)
    if under(paired.high, min_gain):
        reason = f"The gain is too small: {measured}, and it is worth it from {points(min_gain)} on. Keep the cheap option."
        return Decision(AfterTraining.KEEP_BASELINE, "T5", reason, state)
    needed = rows_to_decide(paired, min_gain)
    return Decision(
        AfterTraining.INCONCLUSIVE, "T6", _cannot_tell(paired, min_gain, needed), state, rows_needed=needed
    )


def target_state(tuned: float | None, target: float | None) -> TargetState:
    """Say whether the tuned score reaches the target; unknown where either is."""
    if tuned is None or target is None:
        return "unknown"
    return "unmet" if under(tuned, target) else "met"


def rows_to_decide(paired: PairedResult, min_gain: float) -> int | None:
    """Return how many test rows it takes to see the smallest gain worth it with 80% power.

    For right/wrong scores exact, at the discordance that was seen. For graded scores by the width of the
    interval, which shrinks with the root of the rows. Where the rows were enough for that already, and the
    result still fell between, how many would settle the very difference that was seen.

    Returns:
        None where n is not known, or where more than 100,000 rows would be needed.
    """
    if not paired.n:
        return None
    if paired.fixed is not None and paired.broken is not None:
        planned = rows_needed(min_gain, (paired.fixed + paired.broken) / paired.n)
    else:
        planned = _by_width(paired.n, paired.high - paired.low, 2 * min_gain * Z / (Z + _Z_POWER))
    if planned is None or planned > paired.n:
        return planned
    if under(paired.difference, min_gain):
        return _by_width(paired.n, paired.high - paired.difference, min_gain - paired.difference)
    return _by_width(paired.n, paired.difference - paired.low, paired.difference)


def _by_width(n: int, width: float, wanted: float) -> int | None:
    """Return the rows at which an interval as wide as this one on n rows is as narrow as wanted."""
    needed = math.ceil(n * (width / wanted) ** 2)
    return needed if needed <= _MOST_ROWS else None


def _measured(paired: PairedResult) -> str:
    size = "" if paired.n is None else f" on {rows(paired.n).replace('row', 'test row')}"
    p_value = "p < 0.0001" if paired.p_value < 1e-4 else f"p = {paired.p_value:.2g}"
    interval = f"[{points(paired.low).split()[0]}, {points(paired.high).split()[0]}]"
    return f"{'+' if paired.difference > 0 else ''}{points(paired.difference)} {interval}{size}, {p_value}"


def _not_alike(mismatch: Sequence[str]) -> str:
    return (
        f"The two systems were not measured alike ({', '.join(mismatch)} differ), so their difference says nothing. "
        "Score both again on the same rows in the same way."
    )


def _harm(guards: Sequence[Guard]) -> str:
    falls = " and ".join(f"{guard.name} by {points(-guard.difference)}" for guard in guards)
    return f"Training harmed what was declared as not to be harmed: {falls}. Keep the cheap option."


def _target(state: TargetState, tuned: float | None, target: float | None) -> str:
    if tuned is None or target is None:
        return "Whether it is good enough is not known, as there is no target."
    if state == "met":
        return f"It reaches the target of {score(target)} with {score(tuned)}."
    return f"It still misses the target of {score(target)} with {score(tuned)}."


def _cannot_tell(paired: PairedResult, min_gain: float, needed: int | None) -> str:
    seen = f"The test cannot tell: {_measured(paired)}, where a gain is worth it from {points(min_gain)} on."
    if needed is not None:
        return f"{seen} About {rows(needed)} of test data would decide."
    if paired.n is None:
        return f"{seen} More test rows are needed; how many is not known."
    return f"{seen} No number of test rows up to {_MOST_ROWS:,} would decide."

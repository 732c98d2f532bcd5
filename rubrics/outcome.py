"""The decision after training: ship the tuned model, keep the cheap option, or say that the test cannot tell.

The comparison was planned before training (smallest gain worth it, margin, guards), so that nobody can choose
the yardstick by the result. The rules T1 to T6 are tried in order; their text is in verdict.yaml.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from rubrics.logic import over, under
from rubrics.phrases import points, rows, score
from rubrics.power import rows_to_settle
from rubrics.rulebook import AfterTraining, load_rulebook
from rubrics.statistics import ALPHA, Z

TargetState = Literal["met", "unmet", "unknown"]
_MOST_ROWS = 100_000


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
        """Whether it fell by more than was allowed: surely, where the interval is known."""
        surely = self.high is None or under(self.high, -self.allowed)
        return surely and under(self.difference, -self.allowed)


@dataclass(frozen=True, slots=True)
class Compared:
    """All that the rules T1 to T6 may look at: what was measured, and what was declared before training.

    Attributes:
        min_gain: g, smallest gain worth it.
        tuned: score of the tuned model on test, to be held against the target.
        margin: loss that was declared acceptable before training, 0..1.
        saving: whether it was declared before training that the tuned model is there to save money or time.
        mismatch: what differs between the two systems besides the model: rows, template, truncation.
    """

    paired: PairedResult
    min_gain: float
    target: float | None = None
    tuned: float | None = None
    margin: float | None = None
    saving: bool = False
    guards: Sequence[Guard] = ()
    mismatch: Sequence[str] = ()

    @property
    def measured(self) -> str:
        """The difference in words."""
        return _measured(self.paired)

    @property
    def target_words(self) -> str:
        """Whether the target is met, in words."""
        return _target(target_state(self.tuned, self.target), self.tuned, self.target)


# Whether a rule holds, and what it saw.
Seen = tuple[bool, str]


def not_alike(c: Compared) -> Seen:
    """T1."""
    if c.mismatch:
        return True, _not_alike(c.mismatch)
    return False, "Nothing is known to differ between the two systems but the model."


def harmful(c: Compared) -> Seen:
    """T2."""
    if c.paired.high < 0:
        return True, f"The tuned model is worse: {c.measured}. Keep the cheap option."
    harmed = [guard for guard in c.guards if guard.drops]
    if harmed:
        return True, _harm(harmed)
    guarded = "no guard fell" if c.guards else "no guard set was measured"
    return False, f"The tuned model is not shown to be worse ({c.measured}), and {guarded}."


def better(c: Compared) -> Seen:
    """T3."""
    held = c.paired.p_value < ALPHA and not under(c.paired.difference, c.min_gain)
    if held:
        return (
            True,
            f"The tuned model is better: {c.measured}; {points(c.min_gain)} were asked for. {c.target_words}",
        )
    lacking = (
        "it could be chance" if c.paired.p_value >= ALPHA else f"less than the {points(c.min_gain)} asked for"
    )
    return False, f"A gain that is worth it is not shown: {c.measured}, {lacking}."


def as_good(c: Compared) -> Seen:
    """T4."""
    if c.margin is None or not c.saving:
        return False, "No margin was declared before training together with a saving."
    if over(c.paired.low, -c.margin):
        return True, (
            f"The tuned model is not worse by more than the {points(c.margin)} declared before training: {c.measured}. "
            f"It was trained to save, so ship it. {c.target_words}"
        )
    return False, f"It may be worse by more than the {points(c.margin)} declared: {c.measured}."


def too_small(c: Compared) -> Seen:
    """T5."""
    if under(c.paired.high, c.min_gain):
        return True, (
            f"The gain is too small: {c.measured}, and it is worth it from {points(c.min_gain)} on. Keep the cheap option."
        )
    return False, f"A gain of {points(c.min_gain)} or more is not excluded: {c.measured}."


def cannot_tell(c: Compared) -> Seen:
    """T6."""
    return True, _cannot_tell(c.paired, c.min_gain, rows_to_decide(c.paired, c.min_gain))


# Order is the rule: the first that holds wins.
RULES: tuple[tuple[str, AfterTraining, Callable[[Compared], Seen]], ...] = (
    ("T1", AfterTraining.INCONCLUSIVE, not_alike),
    ("T2", AfterTraining.KEEP_BASELINE, harmful),
    ("T3", AfterTraining.SHIP_TUNED, better),
    ("T4", AfterTraining.SHIP_TUNED, as_good),
    ("T5", AfterTraining.KEEP_BASELINE, too_small),
    ("T6", AfterTraining.INCONCLUSIVE, cannot_tell),
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with the tuned model.

    Attributes:
        rule: id of the rule that decided, T1 to T6.
        target: whether the tuned model is known to meet the target.
        rows_needed: test rows it takes to decide, where the test could not tell; None if no number within
            100,000 does, or where the outcome asks for none.
        considered: every rule in order with whether it holds and what it saw.
    """

    outcome: AfterTraining
    rule: str
    reason: str
    target: TargetState = "unknown"
    rows_needed: int | None = None
    considered: tuple[dict[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what is added to the `comparison` object of the contract, ready for JSON."""
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        return values | {"outcome": self.outcome.value, "considered": list(self.considered)}


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
    """Apply T1 to T6 in order; the arguments are those of `Compared`."""
    return judge(Compared(paired, min_gain, target, tuned, margin, saving, guards, mismatch))


def judge(c: Compared) -> Decision:
    """Apply T1 to T6 in order; KNOWLEDGE section 8, "After training"."""
    rule, outcome, reason = first_that_holds(c)
    needed = rows_to_decide(c.paired, c.min_gain) if rule == "T6" else None
    return Decision(
        outcome, rule, reason, target_state(c.tuned, c.target), needed, tuple(_considered(c, rule))
    )


def first_that_holds(c: Compared) -> tuple[str, AfterTraining, str]:
    """Return the deciding rule, its outcome and what it saw; the last always holds."""
    for rule, outcome, look in RULES:
        held, reason = look(c)
        if held:
            return rule, outcome, reason
    raise AssertionError("the last rule holds always")


def outcome_of(c: Compared) -> AfterTraining:
    """Return the outcome alone, without working out how many rows would decide; for the search for flips."""
    *rules, (_, otherwise, _) = RULES
    return next((outcome for _, outcome, look in rules if look(c)[0]), otherwise)


def _considered(c: Compared, deciding: str) -> list[dict[str, Any]]:
    texts = {text.id: text for text in load_rulebook().after_training}
    entries = []
    for rule, outcome, look in RULES:
        decided_before = rule == "T6" and deciding != "T6"
        held, reason = (False, f"{deciding} decides before.") if decided_before else look(c)
        entries.append(
            {
                "rule": rule,
                "condition": texts[rule].condition,
                "held": held,
                "outcome": outcome.value if held else None,
                "reason": reason,
                "source": texts[rule].source,
            }
        )
    return entries


def target_state(tuned: float | None, target: float | None) -> TargetState:
    """Say whether the tuned score reaches the target; unknown where either is."""
    if tuned is None or target is None:
        return "unknown"
    return "unmet" if under(tuned, target) else "met"


def rows_to_decide(paired: PairedResult, min_gain: float) -> int | None:
    """Return how many test rows in all would ship or keep with 80% chance, if the difference is as it was seen.

    The spread of a row's difference is read off the interval, so that clusters and graded scores count as they did.

    Returns:
        None where n is not known, or where more than 100,000 rows would be needed.
    """
    if not paired.n:
        return None
    deviation = (paired.high - paired.low) / (2 * Z) * math.sqrt(paired.n)
    return rows_to_settle(paired.difference, deviation, min_gain, limit=_MOST_ROWS) if deviation > 0 else None


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

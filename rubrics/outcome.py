"""The decision after training: ship the tuned model, keep the cheap option, or say that the test cannot tell.

The comparison was planned before training (smallest gain worth it, margin, guards), so that nobody can choose
the yardstick by the result. The rules T1 to T6 are tried in order; their text is in verdict.yaml.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple

from rubrics.compared import Compared, Guard, OtherOption, PairedResult
from rubrics.logic import over, under
from rubrics.measured_parts import Score
from rubrics.open_options import (
    Gain,
    as_good_as_tuned,
    dev_note,
    dev_rows_to_settle,
    gains,
    listed,
    maybe_worse,
    not_better,
    tested,
)
from rubrics.phrases import points, rows, score
from rubrics.power import MOST_ROWS, rows_to_settle
from rubrics.rulebook import AfterTraining, load_rulebook
from rubrics.statistics import ALPHA, Z

LEAST_SHARE_TRAINED = 0.5
"""Of the planned steps, under which a training that time ended is not held against training (ours)."""

TargetState = Literal["met", "unmet", "unknown"]


class Seen(NamedTuple):
    """Whether a rule holds, what it saw, and which of its cases it is, where what to do differs between them."""

    held: bool
    reason: str
    case: str = ""


def not_alike(c: Compared) -> Seen:
    """T1. A training that hardly began is no measurement of what training brings, unless it shows a gain even so."""
    if c.mismatch:
        return Seen(True, _not_alike(c.mismatch))
    if c.cut is not None and _hardly_began(*c.cut) and _lacking(c.paired, c.min_gain):
        steps, planned = c.cut
        seen = (
            f"The time limit ended the training after {steps:,} of {planned:,} planned steps, so the comparison says "
            f"little of what training would bring: {c.paired.measured}. Give it more time."
        )
        return Seen(True, seen, "cut")
    return Seen(False, "Nothing is known to differ between the two systems but the model.")


def _hardly_began(steps: int, planned: int) -> bool:
    return steps < LEAST_SHARE_TRAINED * planned


def harmful(c: Compared) -> Seen:
    """T2."""
    if c.paired.high < 0:
        return Seen(True, f"The tuned model is worse: {c.paired.measured}. Keep the cheap option.")
    harmed = [guard for guard in c.guards if guard.drops]
    if harmed:
        return Seen(True, _harm(harmed), "guard")
    guarded = "no guard fell" if c.guards else "no guard set was measured"
    return Seen(False, f"The tuned model is not shown to be worse ({c.paired.measured}), and {guarded}.")


def better(c: Compared) -> Seen:
    """T3."""
    lacking = _lacking(c.paired, c.min_gain)
    if lacking:
        return Seen(False, f"A gain that is worth it is not shown: {c.paired.measured}, {lacking}.")
    if short := not_better(c):
        seen = (
            f"Only over the option that dev chose a gain is shown ({c.paired.measured}), and not over what dev does "
            f"not tell from it: {listed(short)}."
        )
        return Seen(False, seen)
    also = f" So it is over what dev leaves open beside it: {listed(gains(c))}." if c.open_options else ""
    seen = f"The tuned model is better: {c.paired.measured}; {points(c.min_gain)} were asked for.{also} {_target_words(c)}"
    return Seen(True, seen)


def _lacking(paired: PairedResult, min_gain: float) -> str:
    """What a gain over the chosen option lacks to be shown and worth it; empty where it is both."""
    if paired.p_value >= ALPHA:
        return "it could be chance"
    return f"less than the {points(min_gain)} asked for" if under(paired.difference, min_gain) else ""


def as_good(c: Compared) -> Seen:
    """T4."""
    if c.margin is None or not c.saving:
        return Seen(False, "No margin was declared before training together with a saving.")
    if not over(c.paired.low, -c.margin):
        return Seen(
            False, f"It may be worse by more than the {points(c.margin)} declared: {c.paired.measured}."
        )
    if short := maybe_worse(c, c.margin):
        seen = (
            f"It may be worse by more than the {points(c.margin)} declared than what dev does not tell from the chosen "
            f"option: {listed(short)}."
        )
        return Seen(False, seen)
    seen = (
        f"The tuned model is not worse by more than the {points(c.margin)} declared before training: "
        f"{c.paired.measured}. It was trained to save, so ship it. {_target_words(c)}"
    )
    return Seen(True, seen)


def too_small(c: Compared) -> Seen:
    """T5."""
    worth = f"it is worth it from {points(c.min_gain)} on"
    if under(c.paired.high, c.min_gain):
        case = "some" if _shown(c.paired) else ""
        return Seen(
            True, f"The gain is too small: {c.paired.measured}, and {worth}. Keep the cheap option.", case
        )
    if enough := as_good_as_tuned(c):
        seen = (
            f"The gain is too small over what dev does not tell from the chosen option: {listed(enough)}, and {worth}. "
            "Keep a cheap option."
        )
        return Seen(True, seen, "others")
    return Seen(False, f"A gain of {points(c.min_gain)} or more is not excluded: {c.paired.measured}.")


def cannot_tell(c: Compared) -> Seen:
    """T6."""
    if not _lacking(c.paired, c.min_gain):
        return Seen(True, _cannot_tell(c), "others")
    return Seen(True, _cannot_tell(c), "some" if _shown(c.paired) else "")


def _shown(paired: PairedResult) -> bool:
    """Whether a gain of any size is shown."""
    return paired.p_value < ALPHA and over(paired.difference, 0)


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
        case: which of its cases it is, where what to do differs between them (`guard` of T2); else empty.
        target: whether the tuned model is known to meet the target.
        rows_needed: test rows it takes to decide, where the test could not tell; None if no number within
            100,000 does, or where the outcome asks for none.
        considered: every rule in order with whether it holds and what it saw.
    """

    outcome: AfterTraining
    rule: str
    reason: str
    case: str = ""
    target: TargetState = "unknown"
    rows_needed: int | None = None
    considered: tuple[dict[str, Any], ...] = ()
    against: tuple[str, ...] = ()
    dev_rows_needed: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what is added to the `comparison` object of the contract, ready for JSON."""
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        return values | {
            "outcome": self.outcome.value,
            "considered": list(self.considered),
            "against": list(self.against),
        }


def compare_outcome(
    paired: PairedResult,
    *,
    min_gain: float,
    target: float | None = None,
    tuned: Score | None = None,
    margin: float | None = None,
    saving: bool = False,
    guards: Sequence[Guard] = (),
    mismatch: Sequence[str] = (),
    others: Sequence[OtherOption] = (),
) -> Decision:
    """Apply T1 to T6 in order; the arguments are those of `Compared`."""
    return judge(Compared(paired, min_gain, target, tuned, margin, saving, guards, mismatch, others))


def judge(c: Compared) -> Decision:
    """Apply T1 to T6 in order; KNOWLEDGE section 8, "After training"."""
    rule, outcome, seen = first_that_holds(c)
    short = _in_the_way(c, rule)
    undecided = rule == "T6"
    return Decision(
        outcome,
        rule,
        seen.reason,
        seen.case,
        target_state(c.tuned, c.target, c.min_gain),
        _test_rows_needed(c) if undecided else None,
        tuple(_considered(c, rule)),
        tuple(gain.option.rung for gain in short),
        dev_rows_to_settle(c, short) if undecided else None,
    )


def _in_the_way(c: Compared, rule: str) -> list[Gain]:
    """The open options for whose sake the tuned model is not shipped, though it beats the chosen one."""
    if _lacking(c.paired, c.min_gain):
        return []
    if rule == "T5":
        return as_good_as_tuned(c)
    return not_better(c) if rule == "T6" else []


def _test_rows_needed(c: Compared) -> int | None:
    """Test rows in all that decide, over the chosen option or over the open ones that were asked about them."""
    if _lacking(c.paired, c.min_gain):
        return rows_to_decide(c.paired, c.min_gain)
    needed = [rows_to_decide(paired, c.min_gain) for paired in tested(not_better(c))]
    known = [number for number in needed if number is not None]
    return max(known) if known and len(known) == len(needed) else None


def first_that_holds(c: Compared) -> tuple[str, AfterTraining, Seen]:
    """Return the deciding rule, its outcome and what it saw; the last always holds."""
    for rule, outcome, look in RULES:
        seen = look(c)
        if seen.held:
            return rule, outcome, seen
    raise AssertionError("the last rule holds always")


def outcome_of(c: Compared) -> AfterTraining:
    """Return the outcome alone, without working out how many rows would decide; for the search for flips."""
    *rules, (_, otherwise, _) = RULES
    return next((outcome for _, outcome, look in rules if look(c).held), otherwise)


def _considered(c: Compared, deciding: str) -> list[dict[str, Any]]:
    texts = {text.id: text for text in load_rulebook().after_training}
    entries = []
    for rule, outcome, look in RULES:
        decided_before = rule == "T6" and deciding != "T6"
        seen = Seen(False, f"{deciding} decides before.") if decided_before else look(c)
        entries.append(
            {
                "rule": rule,
                "condition": texts[rule].condition,
                "held": seen.held,
                "outcome": outcome.value if seen.held else None,
                "reason": seen.reason,
                "source": texts[rule].source,
            }
        )
    return entries


def target_state(tuned: Score | None, target: float | None, min_gain: float) -> TargetState:
    """Say whether the tuned model is known to reach the target, or to miss it, as R5 asks it of the cheap options.

    Reached by its lower limit, or by its score with a lower limit within the smallest gain worth it; missed by its
    upper limit; unknown between the two and without limits.
    """
    if tuned is None or target is None or tuned.low is None or tuned.high is None:
        return "unknown"
    close = not under(tuned.value, target) and not under(tuned.low, target - min_gain)
    if close or not under(tuned.low, target):
        return "met"
    return "unmet" if under(tuned.high, target) else "unknown"


def rows_to_decide(paired: PairedResult, min_gain: float) -> int | None:
    """Return how many test rows in all would ship or keep with 80% chance, if the difference is as it was seen.

    The spread of a row's difference is read off the interval, so that clusters and graded scores count as they did.

    Returns:
        None where n is not known, or where more than 100,000 rows would be needed.
    """
    if not paired.n:
        return None
    deviation = (paired.high - paired.low) / (2 * Z) * math.sqrt(paired.n)
    return rows_to_settle(paired.difference, deviation, min_gain) if deviation > 0 else None


def _not_alike(mismatch: Sequence[str]) -> str:
    return (
        f"The two systems were not measured alike ({', '.join(mismatch)} differ), so their difference says nothing. "
        "Score both again on the same rows in the same way."
    )


def _harm(guards: Sequence[Guard]) -> str:
    falls = " and ".join(
        f"{guard.name} by {points(-guard.difference)}"
        + (" (its interval is not known)" if guard.high is None else "")
        for guard in guards
    )
    return f"Training harmed what was declared as not to be harmed: {falls}. Keep the cheap option."


def _target_words(c: Compared) -> str:
    if c.target is None:
        return "Whether it is good enough is not known, as there is no target."
    if c.tuned is None:
        return f"Whether it reaches the target of {score(c.target)} is not known, as its score is not."
    state, limits = target_state(c.tuned, c.target, c.min_gain), ""
    if c.tuned.low is not None and c.tuned.high is not None:
        limits = f" [{score(c.tuned.low)}, {score(c.tuned.high)}]"
    if state == "met":
        return f"It reaches the target of {score(c.target)} with {score(c.tuned.value)}{limits}."
    if state == "unmet":
        return f"It still misses the target of {score(c.target)} with {score(c.tuned.value)}{limits}."
    return f"Whether it reaches the target of {score(c.target)} is not settled by {score(c.tuned.value)}{limits}."


def _cannot_tell(c: Compared) -> str:
    if _lacking(c.paired, c.min_gain):
        worth = f"where a gain is worth it from {points(c.min_gain)} on"
        return f"The test cannot tell: {c.paired.measured}, {worth}. {_more_rows(c)}"
    short = not_better(c)
    seen = (
        f"The tuned model is better than the option that dev chose ({c.paired.measured}), and may not be better than "
        f"{listed(short)}."
    )
    settling = [_more_rows(c) if tested(short) else "", dev_note(c, short)]
    return " ".join([seen, *filter(None, settling)])


def _more_rows(c: Compared) -> str:
    needed = _test_rows_needed(c)
    if needed is not None:
        return f"About {rows(needed)} of test data in all would decide, with 80% chance."
    if c.paired.n is None:
        return "More test rows are needed; how many is not known."
    return f"No number of test rows up to {MOST_ROWS:,} would decide."

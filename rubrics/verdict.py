"""The advice before training: the first rule that holds, every rule that was looked at, and what would change it.

The rules themselves are in verdict_rules.py and their text in verdict.yaml. This module asks them in order and
puts what they found into sentences that a person can act on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rubrics.detectability import (
    discordance_measured,
    independent_rows,
    planned_discordance,
    power_for,
    rows_to_see,
    smallest_visible_gain,
)
from rubrics.economics import money, money_in_words
from rubrics.errors import ExitCode, Fault
from rubrics.flips import Flip
from rubrics.format_failure import format_failure
from rubrics.judged import Judged
from rubrics.logic import under
from rubrics.measured_parts import Rung
from rubrics.measurements import Measurements
from rubrics.phrases import percent, points, rows, rung_words, score
from rubrics.rulebook import Outcome, load_rulebook
from rubrics.verdict_flips import find_flips
from rubrics.verdict_rules import RULES


@dataclass(frozen=True, slots=True)
class Considered:
    """One rule as it was looked at.

    Attributes:
        held: None where something that the rule reads was not measured.
        outcome: what the rule advises, only where it holds.
        reason: what it saw, with the numbers.
    """

    rule: str
    condition: str
    held: bool | None
    outcome: Outcome | None
    reason: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of `verdict.considered`; `held` is true, false or "unknown"."""
        return {
            "rule": self.rule,
            "condition": self.condition,
            "held": "unknown" if self.held is None else self.held,
            "outcome": self.outcome.value if self.outcome else None,
            "reason": self.reason,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The advice with all that led to it.

    Attributes:
        rule: id of the rule that decided.
        case: which of its cases it is, where what to do differs between them (`format` of R7); else empty.
        rung: the cheap option that the advice speaks of; None where none was scored.
        reasons: sentences for a person; the deciding one first.
        evidence: the numbers of KNOWLEDGE section 8, None where not known.
        considered: every rule in order, with what it saw; those after the deciding one did not get to decide.
        flip: the nearest change of one number to each other outcome in reach.
        minimum_detectable_effect: smallest gain that the test set shows with 80% power, a share; None where no
            gain is, or where the number of rows is not known.
    """

    outcome: Outcome
    rule: str
    case: str
    rung: str | None
    reasons: tuple[str, ...]
    evidence: Mapping[str, Any]
    considered: tuple[Considered, ...]
    flip: tuple[Flip, ...]
    minimum_detectable_effect: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the `verdict` object of the contract, ready for JSON."""
        return {
            "outcome": self.outcome.value,
            "rule": self.rule,
            "case": self.case,
            "rung": self.rung,
            "reasons": list(self.reasons),
            "evidence": dict(self.evidence),
            "considered": [entry.to_dict() for entry in self.considered],
            "flip": [flip.to_dict() for flip in self.flip],
            "minimum_detectable_effect": self.minimum_detectable_effect,
        }


def decide(m: Measurements) -> Verdict:
    """Apply R1 to R14 in order; KNOWLEDGE section 8.

    Raises:
        Fault: no rule fires because no cheap option was scored; exit code 2.
    """
    rule, judged = first_that_holds(m)
    return Verdict(
        outcome=judged.outcome,
        rule=rule,
        case=judged.case,
        rung=judged.rung or (m.chosen.name if m.chosen else None),
        reasons=_reasons(m, rule, judged),
        evidence=evidence(m),
        considered=_considered(m, rule),
        flip=find_flips(m, rule, lambda moved: first_that_holds(moved)[1].outcome),
        minimum_detectable_effect=smallest_visible_gain(m),
    )


def first_that_holds(m: Measurements) -> tuple[str, Judged]:
    """Return the id of the deciding rule and what it found.

    Raises:
        Fault: no rule fires because no cheap option was scored; exit code 2.
    """
    for rule, judge in RULES:
        judged = judge(m)
        if judged.held:
            return rule, judged
    raise Fault(
        "No rule can decide: no cheap option was scored.",
        where="baselines",
        fix="Give at least one rung with its score on dev, and the one chosen there on test.",
        code=ExitCode.WRONG_USE,
    )


def evidence(m: Measurements) -> dict[str, Any]:
    """Return the numbers that the rules went by, under the names of KNOWLEDGE section 8; None where not known."""
    failure = format_failure(m)
    return {
        "metric": m.metric,
        "rung": m.chosen.name if m.chosen else None,
        "b": m.b,
        "L": m.low,
        "t": m.target,
        "g": m.min_gain,
        "n": m.n,
        "c": m.ceiling,
        "need": m.need,
        "power": None if m.need is None else power_for(m, m.need),
        "discordance": planned_discordance(m, max(m.need or 0.0, 0.0)),
        "discordance_measured": discordance_measured(m),
        "churn": m.churn,
        "independent_rows": independent_rows(m),
        "train_rows": m.data.train_rows,
        "different_train_rows": m.data.different_rows,
        "leak_share": m.data.leak_share,
        "conflict_share": m.data.conflict_share,
        "label_error": m.label_error,
        "failures": asdict(m.failures) if m.failures else None,
        "format_failure": None
        if failure is None
        else {"rung": failure.rung.name, "strict": failure.strict, "cured": failure.cured}
        | {"extraction": failure.rung.extraction if failure.measured else None},
        **money(m),
    }


def _considered(m: Measurements, deciding: str) -> tuple[Considered, ...]:
    texts = {text.id: text for text in load_rulebook().rules}
    entries = []
    for rule, judge in RULES:
        judged = judge(m)
        if rule == "R14" and deciding != "R14":
            judged = Judged(False, judged.outcome, f"{deciding} decides before.")
        outcome = judged.outcome if judged.held else None
        text = texts[rule]
        entries.append(
            Considered(rule, text.told(m.limits), judged.held, outcome, judged.reason, text.source)
        )
    return tuple(entries)


def _reasons(m: Measurements, rule: str, judged: Judged) -> tuple[str, ...]:
    failure = format_failure(m)
    sentences = [judged.reason]
    if failure and failure.reason != judged.reason:
        sentences.append(failure.reason)
    if m.chosen:
        sentences.append(best_option(m.chosen))
    if m.failures:
        sentences.append(f"{m.failures.in_words()}.")
    if rule == "R10":
        sentences.append(_rows_to_collect(m))
    if judged.outcome in {Outcome.FINE_TUNE, Outcome.PROMPT_IS_ENOUGH, Outcome.USE_RETRIEVAL}:
        sentences += _against_target(m, rule)
    sentences += _out_of_reach(m)
    if rule in {"R3", "R5", "R12", "R14"}:
        sentences += money_in_words(m)
    if judged.outcome is Outcome.FINE_TUNE:
        sentences += [*_not_weighed(m), *_test_strength(m)]
    return tuple(sentences)


def _out_of_reach(m: Measurements) -> list[str]:
    if m.target is None or not under(m.ceiling, m.target):
        return []
    return [
        f"No system can be seen to reach the target of {score(m.target)}: the labels themselves allow "
        f"{score(m.ceiling)} at most."
    ]


# What a rule weighs, for the sentence on what could not be weighed.
_WEIGHS = {
    "R1": "leaks into the test rows",
    "R2": "whether people agree on what is right",
    "R6": "whether the task suits fine-tuning",
    "R8": "the number of training rows",
    "R9": "the soundness of the rows",
    "R10": "what the test set can show",
}


def _not_weighed(m: Measurements) -> list[str]:
    """Say what was not measured and could speak against training; prices and a probe are extras."""
    told = {"R10"} if m.need is not None and power_for(m, m.need) is not None else set()
    unknown = [
        what
        for rule, judge in RULES
        if rule not in told and (what := _WEIGHS.get(rule)) and judge(m).held is None
    ]
    return [f"Not weighed, since not known: {', '.join(unknown)}."] if unknown else []


def best_option(rung: Rung) -> str:
    """Say what the chosen rung scores: split, interval and rows."""
    scores = []
    if rung.dev:
        scores.append(_scored(rung.dev.value, rung.dev.low, rung.dev.high, rung.dev.n, "dev"))
    if rung.test:
        scores.append(_scored(rung.test.value, rung.test.low, rung.test.high, rung.test.n, "test"))
    return f"The best cheap option is {rung_words(rung.name)} at {' and '.join(scores)}."


def _scored(value: float, low: float | None, high: float | None, n: int | None, split: str) -> str:
    interval = "" if low is None or high is None else f" [{score(low)}, {score(high)}]"
    size = f"on {split}" if n is None else f"on {rows(n).replace(' row', f' {split} row')}"
    return f"{score(value)}{interval} {size}"


def _against_target(m: Measurements, rule: str) -> list[str]:
    if m.target is None:
        return ["The plan names no target, so only what is left to gain was weighed."]
    if rule in {"R3", "R5"} or m.b is None:
        return []
    gap = m.target - m.b
    if gap > 0:
        return [f"It is {points(gap)} short of the target of {score(m.target)} on dev."]
    low = "not known" if m.low is None else score(m.low)
    return [f"It reaches the target of {score(m.target)} on dev, but its lower limit on test is {low}."]


def _test_strength(m: Measurements) -> list[str]:
    if m.n is None or m.need is None or m.need <= 0:
        return []
    power = power_for(m, m.need)
    if power is None:
        return []
    seen = f"{rows(m.n)} of test data show a gain of {points(m.need)} with {percent(power)} power"
    if discordance_measured(m) or m.graded:
        return [f"{seen}."]
    discordance = planned_discordance(m, m.need)
    caution = f" if {percent(discordance)} of the answers change, which was not measured"
    return [
        f"{seen}{caution}" + ("." if power >= m.limits.power else "; more test rows would make it safer.")
    ]


def _rows_to_collect(m: Measurements) -> str:
    need = m.need or 0.0
    enough = rows_to_see(m, need)
    if enough is None:
        return f"No number of test rows within reach would show a gain of {points(need)}."
    fewest = "" if discordance_measured(m) or m.graded else "at least "
    return f"It takes {fewest}{rows(enough)} of test data to show a gain of {points(need)}."

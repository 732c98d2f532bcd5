"""The rules R1 to R14 before training, each a small pure function of the measurements, in one ordered tuple.

A rule holds, does not hold, or is not known to hold because something was not measured; only the first fires.
Each says in one sentence what it saw, whether it fires or not, so that a person can check the verdict line by
line against the measurements. What the rules mean and where they come from stands in verdict.yaml.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rubrics.economics import break_even_months, costs, horizon_months, worth
from rubrics.logic import all_of, any_of, negate, over, under
from rubrics.measured_parts import Rung
from rubrics.measurements import Measurements
from rubrics.phrases import counted, percent, points, rows, rung_words, score, sentence
from rubrics.power import exact_power
from rubrics.rulebook import Outcome

# One of several conditions of a rule: whether it holds, and what was seen.
_Part = tuple[bool | None, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """What one rule found.

    Attributes:
        held: None where something it reads was not measured.
        outcome: what it advises; means something only where it holds.
        reason: what it saw, one sentence.
    """

    held: bool | None
    outcome: Outcome
    reason: str


def leaking_rows(m: Measurements) -> Judged:
    """R1."""
    share, limit = m.data.leak_share, m.limits.leak_share
    if share is None:
        return Judged(None, Outcome.FIX_DATA, "Whether test rows also stand in train was not checked.")
    seen = f"{percent(share)} of the test rows also stand in train, where at most {percent(limit)} may"
    held = over(share, limit)
    return Judged(held, Outcome.FIX_DATA, seen + (": a score on them shows memory." if held else "."))


def no_measure(m: Measurements) -> Judged:
    """R2."""
    least, fewest = m.limits.judge_agreement, m.limits.test_rows
    disagree = m.answered("agreement", "no")
    parts: list[_Part] = [
        (disagree, "There is no metric on which two people agree")
        if disagree is not None
        else (None, "Whether there is a metric on which two people agree was not answered")
    ]
    for who, value in (
        ("The judge agrees with people", m.agreement.judge),
        ("People agree", m.agreement.people),
    ):
        if value is not None:
            seen = f"{who} on {percent(value)} of the answers, and a metric needs {percent(least)}"
            parts.append((under(value, least), seen))
    if m.n is None:
        parts.append((None, "The number of test rows is not known"))
    else:
        seen = f"There are {rows(m.n)} of clean test data, and nothing is decided on fewer than {fewest:.0f}"
        parts.append((m.n < fewest, seen))
    return _any_part(parts, Outcome.COLLECT_EVAL_DATA, "Metric and number of test rows raise no doubt.")


def cheaper_tuned(m: Measurements) -> Judged:
    """R3."""
    enough, months, horizon = prompt_enough(m), break_even_months(m), horizon_months(m)
    dear = m.answered("economics", "yes")
    if months is None:
        seen = "Whether training would pay for itself is not known: prices or volume are not all given."
        return Judged(all_of(enough.held, dear, None), Outcome.FINE_TUNE, seen)
    pays = not over(months, horizon)
    held = all_of(enough.held, dear, pays)
    if not pays:
        seen = f"Training would not pay for itself within the {horizon:g} months planned."
    else:
        seen = f"Training would pay for itself after {months:.1f} of the {horizon:g} months planned"
        seen += ": a cheap option is good enough, and the tuned model would do it for less." if held else "."
    return Judged(held, Outcome.FINE_TUNE, seen)


def facts_missing(m: Measurements) -> Judged:
    """R4. Without a target none is met, so this rule can fire; with one, the chosen rung must be known to miss it."""
    fresh, tagged = m.answered("fresh_facts", "yes"), _failures_are_facts(m)
    # Tagging failures is an extra: where nobody did, the answer to S7 stands alone.
    facts = fresh if tagged is None else any_of(fresh, tagged)
    unmet = True if m.target is None else negate(target_met(m))
    held = all_of(facts, not m.retrieval_measured, unmet)
    if m.retrieval_measured:
        seen = "Retrieval is already among the measured options."
    elif facts is None:
        seen = "Whether the answers need fresh or private facts was not answered."
    elif facts:
        need = (
            "The answers need fresh or private facts" if fresh else "Most tagged failures are missing facts"
        )
        seen = f"{need}, which training does not supply, and retrieval was not tried."
    else:
        seen = "The answers do not hang on fresh or private facts."
    return Judged(held, Outcome.USE_RETRIEVAL, seen)


def prompt_enough(m: Measurements) -> Judged:
    """R5."""
    if m.target is None:
        return Judged(
            None, Outcome.PROMPT_IS_ENOUGH, "There is no target, so no option can be called good enough."
        )
    states = [(rung, rung_meets(rung, m)) for rung in m.rungs]
    for rung, met in states:
        if met:
            outcome = Outcome.USE_RETRIEVAL if rung.name == "retrieval" else Outcome.PROMPT_IS_ENOUGH
            return Judged(True, outcome, _enough(rung, m))
    held = any_of(*(met for _, met in states)) if states else None
    if held is None:
        seen = f"Whether a cheap option reaches {score(m.target)} is not known: it takes a score on dev and on test."
    else:
        seen = f"No cheap option is known to reach the target of {score(m.target)}."
    return Judged(held, Outcome.PROMPT_IS_ENOUGH, seen)


def unsuited(m: Measurements) -> Judged:
    """R6."""
    causes = {
        "creative": "it has many right answers and variety is the point (S5)",
        "changing": "its cases or rules keep changing (S6)",
    }
    named = [text for key, text in causes.items() if m.answered(key, "yes")]
    if m.unsuited is None:
        return Judged(None, Outcome.NOT_SUITED, "Whether the task suits fine-tuning was not assessed.")
    if not m.unsuited:
        return Judged(False, Outcome.NOT_SUITED, "Nothing in the task's nature speaks against fine-tuning.")
    why = " and ".join(named) or "the suitability questions say so"
    return Judged(True, Outcome.NOT_SUITED, f"The task does not suit fine-tuning: {why}.")


def saturated(m: Measurements) -> Judged:
    """R7."""
    if m.b is None:
        return Judged(
            None, Outcome.PROMPT_IS_ENOUGH, "How much is left to gain is not known: no score on dev."
        )
    room = m.ceiling - m.b
    held, noise = under(room, m.min_gain), _label_noise(m)
    seen = (
        f"At {score(m.b)} on dev {points(max(room, 0.0))} are left up to the ceiling of {score(m.ceiling)}, "
        f"and a gain is worth it from {points(m.min_gain)} on"
    )
    if held and noise is not None and not under(noise, m.limits.noisy_label_share):
        seen += f"; {percent(noise)} of the labels are wrong or contradictory, so mend those first"
        return Judged(held, Outcome.FIX_DATA, seen + ".")
    return Judged(held, Outcome.PROMPT_IS_ENOUGH, seen + ".")


def few_training_rows(m: Measurements) -> Judged:
    """R8."""
    data, least, label = m.data, m.limits.train_rows, m.limits.rows_per_label
    parts: list[_Part] = [(bool(data.coverage_error), sentence(data.coverage_error).rstrip("."))]
    if data.train_rows is None:
        parts.append((None, "The number of training rows is not known"))
    else:
        seen = f"There are {rows(data.train_rows)} to train on, and {least:.0f} are the least"
        parts.append((data.train_rows < least, seen))
    if data.smallest_label is not None:
        seen = f"The rarest label has {rows(data.smallest_label)} in train, and {label:.0f} are the least"
        parts.append((data.smallest_label < label, seen))
    if data.missing_labels is not None:
        lacking = counted(data.missing_labels, "label")
        parts.append((data.missing_labels > 0, f"Train lacks {lacking} of the test rows"))
    known = "" if data.train_rows is None else f": {rows(data.train_rows)}"
    return _any_part(parts, Outcome.COLLECT_TRAIN_DATA, f"There is enough to train on{known}.")


def faulty_rows(m: Measurements) -> Judged:
    """R9."""
    data, limit = m.data, m.limits.conflict_share
    errors = {
        "overlong row": data.overlong,
        "structure error": data.structure_errors,
        "placeholder error": data.placeholder_errors,
    }
    parts: list[_Part] = [
        (number > 0, f"The data has {counted(number, noun)}")
        for noun, number in errors.items()
        if number is not None
    ]
    if data.conflict_share is None:
        parts.append((None, "Whether the rows are sound was not checked"))
    else:
        seen = f"{percent(data.conflict_share)} of the rows give one prompt different answers"
        parts.append((over(data.conflict_share, limit), f"{seen}, where at most {percent(limit)} may"))
    return _any_part(parts, Outcome.FIX_DATA, "The rows have no fault that keeps them from being trained on.")


def weak_test(m: Measurements) -> Judged:
    """R10. An unmeasured discordance fires it only where even the least possible one leaves too little power."""
    if m.need is None or m.n is None:
        seen = "Power is not known: it takes a score on dev and the number of test rows."
        return Judged(None, Outcome.COLLECT_EVAL_DATA, seen)
    wanted, need = m.limits.power, max(m.need, 0.0)
    best, likely = (
        power_to_see(m.n, need, share) for share in (known_discordance(m), planned_discordance(m))
    )
    held = True if best < wanted else False if likely >= wanted else None
    shown, share = (best, known_discordance(m)) if held else (likely, planned_discordance(m))
    seen = (
        f"{rows(m.n)} of test data show a gain of {points(need)} with {percent(shown)} power, and {percent(wanted)} "
        f"is wanted"
    )
    if m.discordance is None:
        share = max(share, need)
        seen += f" (how many answers change was not measured; {percent(share)} is {'the least' if held else 'assumed'})"
    return Judged(held, Outcome.COLLECT_EVAL_DATA, seen + ".")


def poor_probe(m: Measurements) -> Judged:
    """R11."""
    if m.probe.high is None:
        return Judged(None, Outcome.PROMPT_IS_ENOUGH, "No short training was tried on part of the rows.")
    held = under(m.probe.high, m.min_gain)
    seen = (
        f"A short training on part of the rows promises at most {points(m.probe.high)} (upper end of its 80% "
        f"interval), and a gain is worth it from {points(m.min_gain)} on"
    )
    if m.probe.rising:
        return Judged(held, Outcome.COLLECT_TRAIN_DATA, seen + "; the curve still rises with more rows.")
    return Judged(held, Outcome.PROMPT_IS_ENOUGH, seen + ".")


def too_dear(m: Measurements) -> Judged:
    """R12."""
    price, value = costs(m), worth(m)
    if price is None or value is None:
        return Judged(
            None,
            Outcome.PROMPT_IS_ENOUGH,
            "Whether the gain is worth its cost is not known: prices or volume are not given.",
        )
    seen = f"Over {horizon_months(m):g} months training, labelling, hosting and retraining cost {price:,.0f} and the gain is worth {value:,.0f}."
    return Judged(over(price, value), Outcome.PROMPT_IS_ENOUGH, seen)


def retrieval_leads(m: Measurements) -> Judged:
    """R13."""
    found = [rung.dev.value for rung in m.rungs if rung.name == "retrieval" and rung.dev]
    others = [rung.dev.value for rung in m.rungs if rung.name != "retrieval" and rung.dev]
    if not found or not others:
        return Judged(
            None if m.retrieval_measured else False,
            Outcome.FINE_TUNE,
            "Retrieval and another option were not both scored on dev.",
        )
    lead = max(found) - max(others)
    seen = f"Retrieval is {points(abs(lead))} {'ahead of' if lead > 0 else 'behind'} the best other option on dev"
    held = all_of(not under(lead, m.min_gain), negate(target_met(m)))
    if held:
        seen += " and still misses the target: train with the retrieved context in the prompt"
    return Judged(held, Outcome.FINE_TUNE, seen + ".")


def otherwise(m: Measurements) -> Judged:
    """R14. Where no cheap option was scored at all there is nothing to beat, and no advice."""
    if m.chosen is None:
        return Judged(None, Outcome.FINE_TUNE, "No cheap option was scored, so there is nothing to beat.")
    if m.b is None:
        seen = f"No rule speaks against training; {rung_words(m.chosen.name)} is the option to beat, but was not scored on dev."
        return Judged(True, Outcome.FINE_TUNE, seen)
    seen = (
        f"No rule speaks against training: {points(m.ceiling - m.b)} are left above {rung_words(m.chosen.name)}, "
        f"which at {score(m.b)} on dev is the option to beat."
    )
    return Judged(True, Outcome.FINE_TUNE, seen)


Rule = Callable[[Measurements], Judged]

# Order is the rule: the first that holds wins.
RULES: tuple[tuple[str, Rule], ...] = (
    ("R1", leaking_rows),
    ("R2", no_measure),
    ("R3", cheaper_tuned),
    ("R4", facts_missing),
    ("R5", prompt_enough),
    ("R6", unsuited),
    ("R7", saturated),
    ("R8", few_training_rows),
    ("R9", faulty_rows),
    ("R10", weak_test),
    ("R11", poor_probe),
    ("R12", too_dear),
    ("R13", retrieval_leads),
    ("R14", otherwise),
)


def rung_meets(rung: Rung, m: Measurements) -> bool | None:
    """Say whether a rung meets the target: L >= t, or its score on dev >= t and L >= t - g.

    A rung that was not scored on test and misses the target on dev counts as missing it; the winner on dev is
    the one that is tested, and waiting for the others would leave every verdict unknown.
    """
    if m.target is None:
        return None
    on_dev = None if rung.dev is None else not under(rung.dev.value, m.target)
    low = rung.test.low if rung.test else None
    if low is None:
        return False if on_dev is False else None
    return any_of(not under(low, m.target), all_of(on_dev, not under(low, m.target - m.min_gain)))


def target_met(m: Measurements) -> bool | None:
    """Say whether any rung is known to meet the target, else whether the chosen one is known to miss it."""
    if any(rung_meets(rung, m) for rung in m.rungs):
        return True
    return rung_meets(m.chosen, m) if m.chosen else None


def known_discordance(m: Measurements) -> float:
    """Return the measured discordance, else 0: power then counts only that it is at least the gain."""
    return m.discordance or 0.0


def planned_discordance(m: Measurements) -> float:
    """Return the discordance to plan with: the measured one, else the planning default; 0..1."""
    return m.limits.planning_discordance if m.discordance is None else m.discordance


@functools.lru_cache(maxsize=4096)
def power_to_see(n: int, gain: float, discordance: float) -> float:
    """Return `exact_power`; kept, since looking for flips asks for the same powers again and again."""
    return exact_power(n, gain, discordance)


def _enough(rung: Rung, m: Measurements) -> str:
    name, target, test = sentence(rung_words(rung.name)), m.target or 0.0, rung.test
    low = test.low if test and test.low is not None else 0.0
    if not under(low, target):
        return (
            f"{name} is enough: its lower limit on test, {score(low)}, reaches the target of {score(target)}."
        )
    on_dev = rung.dev.value if rung.dev else 0.0
    return (
        f"{name} is enough: {score(on_dev)} on dev reaches the target of {score(target)}, and its lower limit on "
        f"test, {score(low)}, is within {points(m.min_gain)} of it."
    )


def _failures_are_facts(m: Measurements) -> bool | None:
    if m.failures is None:
        return None
    tagged, missing = m.failures
    return over(missing / tagged, m.limits.missing_facts_share)


def _label_noise(m: Measurements) -> float | None:
    known = [share for share in (m.agreement.label_error, m.data.conflict_share) if share is not None]
    return max(known, default=None)


def _any_part(parts: Iterable[_Part], outcome: Outcome, fine: str) -> Judged:
    """Join the parts of a rule that holds where any of them does; the reason names those that settle it."""
    parts = list(parts)
    held = any_of(*(state for state, _ in parts))
    texts = [text for state, text in parts if state is held]
    return Judged(held, outcome, fine if held is False else ". ".join(texts) + ".")

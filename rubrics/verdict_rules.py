"""The rules R1 to R14 before training, each a small pure function of the measurements, in one ordered tuple.

A rule holds, does not hold, or is not known to hold because something was not measured; only the first fires.
Each says in one sentence what it saw, whether it fires or not, so that a person can check the verdict line by
line against the measurements. What the rules mean and where they come from stands in verdict.yaml.
"""

from __future__ import annotations

from collections.abc import Callable

from rubrics.detectability import (
    discordance_measured,
    graded_power,
    independent_rows,
    known_discordance,
    planned_discordance,
    power_to_see,
)
from rubrics.economics import break_even_months, costs, horizon_months, worth
from rubrics.judged import Judged
from rubrics.logic import all_of, negate, over, under
from rubrics.measurements import Measurements
from rubrics.phrases import percent, points, rows, rung_words, score
from rubrics.rulebook import Outcome
from rubrics.rules_on_options import facts_missing, prompt_enough, retrieval_leads, saturated, unsuited
from rubrics.rules_on_rows import faulty_rows, few_training_rows, leaking_rows, no_measure


def cheaper_tuned(m: Measurements) -> Judged:
    """R3. What is trained to be cheaper must be trainable at all: R6, R8 and R9 have a say before it."""
    enough, months, horizon = prompt_enough(m), break_even_months(m), horizon_months(m)
    dear = m.answered("economics", "yes")
    if months is None:
        seen = "Whether training would pay for itself is not known: prices or volume are not all given."
        return Judged(all_of(enough.held, dear, None), Outcome.FINE_TUNE, seen)
    pays = not over(months, horizon)
    against = [rule(m) for rule in (unsuited, _facts_to_train_in, few_training_rows, faulty_rows)]
    held = all_of(enough.held, dear, pays, *(negate(judged.held) for judged in against))
    if not pays:
        seen = f"Training would not pay for itself within the {horizon:g} months planned."
        return Judged(held, Outcome.FINE_TUNE, seen)
    seen = f"Training would pay for itself after {months:.1f} of the {horizon:g} months planned"
    if held:
        seen += ": a cheap option is good enough, and the tuned model would do it for less."
        if m.margin is None:
            seen += (
                " A model that does as well for less is shipped only by a margin that was declared before training "
                f"(--margin): without one it must be better by {points(m.min_gain)}."
            )
    elif all_of(enough.held, dear):
        objection = next(judged.reason for judged in against if judged.held is not False)
        seen += f", but it cannot be advised. {objection}"
    else:
        seen += "."
    return Judged(held, Outcome.FINE_TUNE, seen, rung=enough.rung)


def _facts_to_train_in(m: Measurements) -> Judged:
    """What speaks against replacing an option that looks facts up, or a model that knows them, by a trained one (S7)."""
    fresh = bool(m.answered("fresh_facts", "yes"))
    seen = "The answers need fresh or private facts, which a model trained to save would not have."
    return Judged(fresh, Outcome.USE_RETRIEVAL, seen if fresh else "The answers do not hang on fresh facts.")


def weak_test(m: Measurements) -> Judged:
    """R10. An unmeasured discordance fires it only where even the least possible one leaves too little power."""
    n = independent_rows(m)
    if m.need is None or n is None:
        seen = "Power is not known: it takes a score on dev and the number of test rows."
        return Judged(None, Outcome.COLLECT_EVAL_DATA, seen)
    if m.graded:
        return _weak_graded_test(m, n, m.need)
    wanted, need = m.limits.power, max(m.need, 0.0)
    least, planned = known_discordance(m, need), planned_discordance(m, need)
    best, likely = (power_to_see(n, need, share) for share in (least, planned))
    held = True if best < wanted else False if likely >= wanted else None
    shown, share = (best, least) if held else (likely, planned)
    seen = (
        f"{rows(m.n or n)} of test data{_worth(m, n)} show a gain of {points(need)} with {percent(shown)} power, and "
        f"{percent(wanted)} is wanted"
    )
    if not discordance_measured(m):
        seen += f" (how many answers change was not measured; {percent(share)} is {'the least' if held else 'assumed'})"
    return Judged(held, Outcome.COLLECT_EVAL_DATA, seen + ".")


def _worth(m: Measurements, independent: int) -> str:
    """Say how many independent rows the test rows are worth, where that is fewer."""
    return "" if m.n is None or independent >= m.n else f", worth {rows(independent)} that stand alone,"


def _weak_graded_test(m: Measurements, n: int, need: float) -> Judged:
    """R10 where answers get partial credit: by the spread of paired differences, unknown without it."""
    if m.deviation is None:
        seen = f"Power is not known: for {m.metric} it takes the spread of paired differences on dev."
        return Judged(None, Outcome.COLLECT_EVAL_DATA, seen)
    shown, wanted = graded_power(n, need, m.deviation), m.limits.power
    seen = (
        f"{rows(m.n or n)} of test data{_worth(m, n)} show a gain of {points(need)} with {percent(shown)} power at a spread of "
        f"{points(m.deviation)} a row, and {percent(wanted)} is wanted."
    )
    return Judged(under(shown, wanted), Outcome.COLLECT_EVAL_DATA, seen)


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
        return Judged(
            held, Outcome.COLLECT_TRAIN_DATA, seen + "; the curve still rises with more rows.", "rising"
        )
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

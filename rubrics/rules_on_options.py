"""The rules on the cheap options: is one good enough, or would it be with facts or a format supplied (R4 to R7, R13)?"""

from __future__ import annotations

from rubrics.format_failure import FormatFailure, format_failed, format_failure
from rubrics.judged import Judged
from rubrics.logic import all_of, any_of, negate, under
from rubrics.measured_parts import Rung, Score
from rubrics.measurements import Measurements
from rubrics.phrases import percent, points, rung_words, score, sentence
from rubrics.rulebook import Outcome


def facts_missing(m: Measurements) -> Judged:
    """R4. With a target the chosen rung must be known to miss it."""
    fresh = m.answered("fresh_facts", "yes")
    tagged = m.failures.mostly("missing_fact", m.limits) if m.failures else None
    # Tagging failures is an extra: where nobody did, the answer to S7 stands alone.
    facts = fresh if tagged is None else any_of(fresh, tagged)
    held = all_of(facts, not m.retrieval_measured, _target_missed(m))
    if m.retrieval_measured:
        seen = "Retrieval is already among the measured options."
    elif facts is None:
        seen = "Whether the answers need fresh or private facts was not answered."
    elif facts:
        need = "The answers need fresh or private facts"
        if not fresh and m.failures:
            need = (
                f"Most tagged failures are missing facts ({m.failures.missing_fact} of {m.failures.tagged})"
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
    for extracted in (False, True):
        for rung in m.rungs:
            if rung_meets(rung, m, extracted=extracted):
                outcome = Outcome.USE_RETRIEVAL if rung.name == "retrieval" else Outcome.PROMPT_IS_ENOUGH
                case = "format" if extracted else ""
                return Judged(True, outcome, _enough(rung, m, extracted), case, rung.name)
    states = [rung_meets(rung, m) for rung in m.rungs]
    held = any_of(*states) if states else None
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
        return Judged(held, Outcome.FIX_DATA, seen + ".", "noise")
    failure = format_failure(m)
    if not held and failure and _cured_is_enough(failure, m):
        return Judged(True, Outcome.PROMPT_IS_ENOUGH, failure.reason, "format", failure.rung.name)
    return Judged(held, Outcome.PROMPT_IS_ENOUGH, seen + ".")


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
    held = all_of(not under(lead, m.min_gain), _target_missed(m))
    if held:
        missed = "" if m.target is None else " and still misses the target"
        seen += f"{missed}: train with the retrieved context in the prompt"
    return Judged(held, Outcome.FINE_TUNE, seen + ".")


def rung_meets(rung: Rung, m: Measurements, *, extracted: bool = False) -> bool | None:
    """Say whether a rung meets the target: L >= t, or its score on dev >= t and L >= t - g.

    A rung that was not scored on test and misses the target on dev counts as missing it; the winner on dev is
    the one that is tested, and waiting for the others would leave every verdict unknown.

    Args:
        extracted: judge the label or JSON taken out of its answers, where that adds the smallest gain worth it.
    """
    if m.target is None:
        return None
    dev, test = _scores(rung, m, extracted)
    on_dev = None if dev is None else not under(dev.value, m.target)
    low = test.low if test else None
    if low is None:
        return False if on_dev is False else None
    return any_of(not under(low, m.target), all_of(on_dev, not under(low, m.target - m.min_gain)))


def target_met(m: Measurements) -> bool | None:
    """Say whether any rung is known to meet the target, else whether the chosen one is known to miss it."""
    if any(rung_meets(rung, m, extracted=extracted) for rung in m.rungs for extracted in (False, True)):
        return True
    return rung_meets(m.chosen, m) if m.chosen else None


def _target_missed(m: Measurements) -> bool | None:
    """Whether what was asked for is not reached; where no target was named nothing is."""
    return True if m.target is None else negate(target_met(m))


def _scores(rung: Rung, m: Measurements, extracted: bool) -> tuple[Score | None, Score | None]:
    if not extracted:
        return rung.dev, rung.test
    failed = format_failed(rung.dev or rung.test, rung.dev_extracted or rung.test_extracted, m.min_gain)
    return (rung.dev_extracted, rung.test_extracted) if failed else (None, None)


def _enough(rung: Rung, m: Measurements, extracted: bool) -> str:
    name, target = sentence(rung_words(rung.name)), m.target or 0.0
    dev, test = _scores(rung, m, extracted)
    low = test.low if test and test.low is not None else 0.0
    lead = f"{name} is enough: "
    if extracted and test:
        strict = rung.test or rung.dev
        lead = (
            f"{name} is enough, and fails by its format alone: {score(strict.value if strict else 0.0)} by {m.metric}, "
            f"{score(test.value)} by {rung.extraction}, so cure it with a structured output (JSON schema, or only the "
            f"labels allowed) or by taking the answer out of what stands around it; "
        )
    if not under(low, target):
        return f"{lead}its lower limit on test, {score(low)}, reaches the target of {score(target)}."
    on_dev = dev.value if dev else 0.0
    return (
        f"{lead}{score(on_dev)} on dev reaches the target of {score(target)}, and its lower limit on "
        f"test, {score(low)}, is within {points(m.min_gain)} of it."
    )


def _cured_is_enough(failure: FormatFailure, m: Measurements) -> bool:
    """Whether the form alone stands between the best option and its ceiling, or its target."""
    if failure.measured and failure.rung.dev is None:
        return False
    met = m.target is not None and not under(failure.cured, m.target) and not _extraction_tested(failure, m)
    return met or under(m.ceiling - failure.cured, m.min_gain)


def _extraction_tested(failure: FormatFailure, m: Measurements) -> bool:
    """Whether R5 has seen the extracted score on test, so that dev alone no longer decides."""
    return failure.measured and failure.rung.test_extracted is not None


def _label_noise(m: Measurements) -> float | None:
    known = [share for share in (m.label_error, m.data.conflict_share) if share is not None]
    return max(known, default=None)

"""Where the answer was right and its form wrong: the cheapest mistake to cure, and the one oftenest trained away.

A strict exact match counts "Category: refund" as wrong. Where label or JSON taken out of the same answers score
far higher, or where most tagged failures are of format, a structured output (or a line that extracts) comes
first, and what training could add is what is left after that (S2, R5, R7).
"""

from __future__ import annotations

from dataclasses import dataclass

from rubrics.failures import shares_in_words
from rubrics.logic import over, under
from rubrics.measured_parts import Rung, Score
from rubrics.measurements import Measurements
from rubrics.phrases import points, rung_words, score

STRUCTURED = "structured"


@dataclass(frozen=True, slots=True)
class FormatFailure:
    """A rung whose answers fail by their form.

    Attributes:
        strict, cured: its score on dev (else on test) as it answers, and with the form cured.
        measured: cured by extraction from the very answers; otherwise estimated from tags.
    """

    rung: Rung
    strict: float
    cured: float
    measured: bool
    reason: str


def format_failure(m: Measurements) -> FormatFailure | None:
    """Return the rung that would score best with its form cured, if that adds the smallest gain worth it.

    Returns:
        None where structured output is measured already, where nothing speaks of a failure of format, or where curing
        it would not bring the rung above the best option as it is.
    """
    if any(rung.name == STRUCTURED for rung in m.rungs):
        return None
    found = [failure for rung in m.rungs if (failure := _by_extraction(rung, m))]
    tagged = _by_tags(m)
    best = max([*found, *([tagged] if tagged else [])], key=lambda failure: failure.cured, default=None)
    return best if best and (m.b is None or over(best.cured, m.b)) else None


def format_failed(strict: Score | None, extracted: Score | None, min_gain: float) -> bool:
    """Say whether extraction adds the smallest gain worth it to a strict score."""
    return (
        strict is not None and extracted is not None and not under(extracted.value, strict.value + min_gain)
    )


def _by_extraction(rung: Rung, m: Measurements) -> FormatFailure | None:
    for split, strict, extracted in (
        ("dev", rung.dev, rung.dev_extracted),
        ("test", rung.test, rung.test_extracted),
    ):
        if strict and extracted:
            if not format_failed(strict, extracted, m.min_gain):
                return None
            reason = (
                f"This is a failure of format: {rung_words(rung.name)} scores {score(strict.value)} on {split} by "
                f"{m.metric} and {score(extracted.value)} by {rung.extraction}, which takes the answer out of what "
                f"stands around it. A structured output (JSON schema, or only the labels allowed) cures "
                f"{points(extracted.value - strict.value)} without training, so measure that first."
            )
            return FormatFailure(rung, strict.value, extracted.value, True, reason)
    return None


def _by_tags(m: Measurements) -> FormatFailure | None:
    if m.failures is None or m.chosen is None or m.b is None or not m.failures.mostly("format", m.limits):
        return None
    cured = m.b + (1 - m.b) * m.failures.share("format")
    reason = (
        f"This is a failure of format: {shares_in_words(m.failures, 'format')}. A structured output (JSON schema, or "
        f"only the labels allowed) cures those without training: {rung_words(m.chosen.name)} would come from "
        f"{score(m.b)} to about {score(cured)} on dev, so measure that first."
    )
    return FormatFailure(m.chosen, m.b, cured, False, reason)

"""Which numbers before training can be moved, and which of them, moved how little, would change the verdict.

The numbers are those of the measurements; the search over them is `rubrics.flips`. What a rule complains of goes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from rubrics.flips import SHARE_STEP, Dial, Flip, nearest_flips
from rubrics.format_failure import format_failure
from rubrics.measured_parts import Rung, Score
from rubrics.measurements import Measurements
from rubrics.phrases import rung_words
from rubrics.power import MOST_ROWS

OutcomeOf = Callable[[Measurements], str]


@dataclass(frozen=True, slots=True)
class _Plain:
    """A number that stands by itself in a part of the measurements; without a bound it can only fall."""

    part: str
    name: str
    field: str
    words: str
    step: float = SHARE_STEP
    low: float = 0.0
    high: float | None = 1.0


_PLAIN = (
    _Plain("", "target", "task.target", "With a target of {score}"),
    _Plain("", "min_gain", "task.min_gain", "If a gain were worth it from {points} on", low=SHARE_STEP),
    _Plain("data", "train_rows", "data.splits.train", "With {rows} to train on", 1, high=MOST_ROWS),
    _Plain(
        "data",
        "smallest_label",
        "data.labels.rarest",
        "With {rows} in train of the rarest label",
        1,
        high=MOST_ROWS,
    ),
    _Plain(
        "data",
        "missing_labels",
        "data.labels.missing",
        "With {number} test labels missing in train",
        1,
        high=None,
    ),
    _Plain("data", "leak_share", "data.findings.D4.share", "With {percent} of the test rows also in train"),
    _Plain("data", "conflict_share", "data.findings.D3.share", "With {percent} of the rows in conflict"),
    _Plain("data", "overlong", "data.findings.D7.count", "With {number} overlong rows", 1, high=None),
    _Plain(
        "data",
        "structure_errors",
        "data.findings.D9.count",
        "With {number} errors of structure",
        1,
        high=None,
    ),
    _Plain(
        "data", "placeholder_errors", "data.findings.D12.count", "With {number} placeholders", 1, high=None
    ),
    _Plain(
        "agreement", "judge", "agreement.judge", "With a kappa of {score} between judge and people", low=-1.0
    ),
    _Plain("agreement", "people", "agreement.people", "With people who agree with each other on {percent}"),
    _Plain("agreement", "label_error", "agreement.label_error", "With {percent} of the labels wrong"),
    _Plain("data", "copy_share", "data.findings.D1.share", "With {percent} of the rows copies of others"),
    _Plain(
        "data", "top_answer_share", "data.findings.D5.share", "With {percent} of the rows having one answer"
    ),
    _Plain("failures", "format", "failures.format", "With {number} failures tagged format", 1, high=1e3),
    _Plain(
        "failures",
        "missing_fact",
        "failures.missing_fact",
        "With {number} failures tagged missing_fact",
        1,
        high=1e3,
    ),
    _Plain(
        "failures",
        "wrong_pattern",
        "failures.wrong_pattern",
        "With {number} failures tagged wrong_pattern",
        1,
        high=1e3,
    ),
    _Plain(
        "failures", "bad_label", "failures.bad_label", "With {number} failures tagged bad_label", 1, high=1e3
    ),
    _Plain("", "deviation", "deviation", "With a spread of {points} a row"),
    _Plain("economy", "training", "prices.training", "With training at {number}", 1, high=1e9),
    _Plain("", "discordance", "discordance", "If {percent} of the answers changed between two systems"),
    _Plain("", "churn", "churn", "If {percent} of the answers changed without any gain"),
    _Plain("probe", "high", "probe.high", "If a short training promised up to {points}", low=-1.0),
    _Plain(
        "economy",
        "requests_per_month",
        "volume.requests_per_month",
        "At {number} requests a month",
        1,
        high=1e9,
    ),
)


# What a rule complains of, by the rules that complain of one number or a few: mending that is the advice.
_COMPLAINT = {
    "R1": ("data.findings.D4.share",),
    "R2": ("data.splits.test", "agreement.judge", "agreement.people", "data.findings.D5.share"),
    "R4": ("failures.missing_fact",),
    "R8": (
        "data.splits.train",
        "data.labels.rarest",
        "data.labels.missing",
        "data.findings.D1.share",
    ),
    "R9": (
        "data.findings.D3.share",
        "data.findings.D7.count",
        "data.findings.D9.count",
        "data.findings.D12.count",
        "agreement.label_error",
        "failures.bad_label",
    ),
    "R10": ("data.splits.test",),
    "R11": ("probe.high",),
}


def find_flips(m: Measurements, rule: str, outcome_of: OutcomeOf) -> tuple[Flip, ...]:
    """Return the nearest flip to each other outcome in reach of one number, nearest first.

    A number that the deciding rule complains of goes before all others: told that the test set is too small, a
    person asks how many rows it takes, not how far the target could be moved until fewer would do.
    """
    return nearest_flips(dials(m), m, outcome_of, _COMPLAINT.get(rule, ()))


def dials(m: Measurements) -> tuple[Dial[Measurements], ...]:
    """Return every number that is known and can be moved."""
    plain = (dial for number in _PLAIN for dial in _plain_dial(m, number))
    return (*_score_dial(m), *_extraction_dial(m), *_test_rows_dial(m), *plain)


def _score_dial(m: Measurements) -> Iterator[Dial[Measurements]]:
    chosen = m.chosen
    if chosen is None or chosen.dev is None:
        return
    present = chosen.dev.value
    # Under the next best option the ladder would have chosen that one.
    others = [rung.dev.value for rung in m.rungs if rung.dev and rung is not chosen]
    yield Dial(
        f"baselines.{chosen.name}.{m.metric}",
        present,
        SHARE_STEP,
        max((value for value in others if value < present), default=0.0),
        1.0,
        lambda value: _with_rung(m, chosen, _rung_at(chosen, value)),
        f"At {{score}} on dev for {rung_words(chosen.name)}, with its test score moved as far,",
    )


def _extraction_dial(m: Measurements) -> Iterator[Dial[Measurements]]:
    failure = format_failure(m)
    if failure is None or failure.rung.dev_extracted is None:
        return
    rung, present = failure.rung, failure.rung.dev_extracted.value
    yield Dial(
        f"baselines.{rung.name}.{rung.extraction}",
        present,
        SHARE_STEP,
        rung.dev.value if rung.dev else 0.0,
        1.0,
        lambda value: _with_rung(m, rung, _extracted_at(rung, value)),
        f"At {{score}} on dev for {rung_words(rung.name)} by {rung.extraction}, with its test score moved as far,",
    )


def _test_rows_dial(m: Measurements) -> Iterator[Dial[Measurements]]:
    if m.n is not None:
        words = "With {rows} of clean test data and the same scores"
        yield Dial(
            "data.splits.test", m.n, 1, 1, MOST_ROWS, lambda value: _with_test_rows(m, int(value)), words
        )


def _plain_dial(m: Measurements, plain: _Plain) -> Iterator[Dial[Measurements]]:
    owner: Any = getattr(m, plain.part) if plain.part else m
    present = None if owner is None else getattr(owner, plain.name)
    if present is None:
        return

    def move(value: float) -> Measurements:
        change: dict[str, Any] = {plain.name: int(value) if plain.step == 1 else value}
        return replace(m, **{plain.part: replace(owner, **change)} if plain.part else change)

    high = present if plain.high is None else plain.high
    yield Dial(plain.field, present, plain.step, plain.low, high, move, plain.words)


def _rung_at(rung: Rung, value: float) -> Rung:
    """Move the score on dev and, as far, that on test; what is extracted never scores under the strict metric."""
    if rung.dev is None:
        return rung
    test = _moved_as_far(rung.test, value - rung.dev.value)
    dev = rung.dev.moved(value)
    return replace(
        rung,
        dev=dev,
        test=test,
        dev_extracted=_at_least(rung.dev_extracted, dev),
        test_extracted=_at_least(rung.test_extracted, test),
    )


def _extracted_at(rung: Rung, value: float) -> Rung:
    if rung.dev_extracted is None:
        return rung
    test = _moved_as_far(rung.test_extracted, value - rung.dev_extracted.value)
    return replace(rung, dev_extracted=rung.dev_extracted.moved(value), test_extracted=test)


def _moved_as_far(score: Score | None, change: float) -> Score | None:
    return score and score.moved(min(1.0, max(0.0, score.value + change)))


def _at_least(extracted: Score | None, strict: Score | None) -> Score | None:
    if extracted is None or strict is None or extracted.value >= strict.value:
        return extracted
    return strict


def _with_rung(m: Measurements, old: Rung, new: Rung) -> Measurements:
    return replace(m, rungs=tuple(new if rung is old else rung for rung in m.rungs))


def _with_test_rows(m: Measurements, n: int) -> Measurements:
    def resized(score: Score | None) -> Score | None:
        return score and score.moved(score.value, n)

    moved = tuple(
        replace(rung, test=resized(rung.test), test_extracted=resized(rung.test_extracted))
        for rung in m.rungs
    )
    return replace(m, n=n, rungs=moved)

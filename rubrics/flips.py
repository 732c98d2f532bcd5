"""Which single number, moved how little, would change the verdict.

A verdict near a border is worth less than one far from it, and a person can often move the number: label more
test rows, lower the target. Every flip is found on the function that gave the verdict, so it cannot promise what
that function would not say.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from rubrics.measured_parts import Rung
from rubrics.measurements import Measurements
from rubrics.phrases import points, rows, rung_words, score
from rubrics.rulebook import Outcome

OutcomeOf = Callable[[Measurements], Outcome]

SHARE_STEP = 0.001
_MOST_ROWS = 100_000
# Each look outward is this much farther away than the last; between two looks that differ, bisection.
_STRIDE = 1.3


@dataclass(frozen=True, slots=True)
class Flip:
    """The nearest value of a number at which another outcome is given.

    Attributes:
        field: the number, as a path in report.json.
        value: where the outcome holds; one step nearer to the present value it does not.
    """

    field: str
    value: float
    outcome: Outcome
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of `verdict.flip`."""
        return asdict(self) | {"outcome": self.outcome.value}


@dataclass(frozen=True, slots=True)
class Dial:
    """One number that can be moved while everything else stays.

    Attributes:
        present: its value as measured or planned.
        step: smallest move; the values tried are its multiples within low..high.
        move: gives the measurements with the number at another value.
        words: template of the text before "this becomes OUTCOME"; see `say`.
    """

    field: str
    present: float
    step: float
    low: float
    high: float
    move: Callable[[float], Measurements]
    words: str

    def say(self, value: float) -> str:
        """Put a value into words."""
        percentage = f"{100 * value:.4g}%"
        return self.words.format(
            score=score(value),
            points=points(value),
            rows=rows(value),
            number=f"{value:,.0f}",
            percent=percentage,
        )

    def at(self, index: int) -> float:
        """Return the value of a multiple of the step, without the noise of binary fractions."""
        return round(index * self.step, 6)

    def effort(self, value: float) -> float:
        """Say how far a value is: for shares the difference, for counts the relative change."""
        difference = abs(value - self.present)
        return difference if self.step < 1 else difference / max(self.present, 1.0)


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
    _Plain("data", "train_rows", "data.splits.train", "With {rows} to train on", 1, high=_MOST_ROWS),
    _Plain(
        "data",
        "smallest_label",
        "data.findings.D10.rows_per_label",
        "With {rows} in train of the rarest label",
        1,
        high=_MOST_ROWS,
    ),
    _Plain(
        "data",
        "missing_labels",
        "data.findings.D10.labels_missing_in_train",
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
    _Plain("agreement", "judge", "agreement.judge", "With a judge that agrees with people on {percent}"),
    _Plain("agreement", "people", "agreement.people", "With people who agree with each other on {percent}"),
    _Plain("agreement", "label_error", "agreement.label_error", "With {percent} of the labels wrong"),
    _Plain("", "discordance", "discordance", "If {percent} of the answers changed between two systems"),
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
    "R2": ("data.splits.test", "agreement.judge", "agreement.people"),
    "R8": (
        "data.splits.train",
        "data.findings.D10.rows_per_label",
        "data.findings.D10.labels_missing_in_train",
    ),
    "R9": (
        "data.findings.D3.share",
        "data.findings.D7.count",
        "data.findings.D9.count",
        "data.findings.D12.count",
    ),
    "R10": ("data.splits.test",),
    "R11": ("probe.high",),
}


def find_flips(m: Measurements, rule: str, outcome_of: OutcomeOf) -> tuple[Flip, ...]:
    """Return the nearest flip to each other outcome in reach of one number, nearest first.

    A number that the deciding rule complains of goes before all others: told that the test set is too small, a
    person asks how many rows it takes, not how far the target could be moved until fewer would do.
    """
    present, complaint = outcome_of(m), _COMPLAINT.get(rule, ())
    nearest: dict[Outcome, tuple[tuple[bool, float], Flip]] = {}
    for dial in dials(m):
        for value, outcome in _changes(dial, present, outcome_of):
            effort = (dial.field not in complaint, dial.effort(value))
            if outcome != present and (outcome not in nearest or effort < nearest[outcome][0]):
                text = f"{dial.say(value)} this becomes {outcome}."
                nearest[outcome] = (effort, Flip(dial.field, value, outcome, text))
    return tuple(flip for _, flip in sorted(nearest.values(), key=lambda pair: pair[0]))


def dials(m: Measurements) -> tuple[Dial, ...]:
    """Return every number that is known and can be moved."""
    plain = (dial for number in _PLAIN for dial in _plain_dial(m, number))
    return (*_score_dial(m), *_test_rows_dial(m), *plain)


def _score_dial(m: Measurements) -> Iterator[Dial]:
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


def _test_rows_dial(m: Measurements) -> Iterator[Dial]:
    if m.n is not None:
        words = "With {rows} of clean test data and the same scores"
        yield Dial(
            "data.splits.test", m.n, 1, 1, _MOST_ROWS, lambda value: _with_test_rows(m, int(value)), words
        )


def _plain_dial(m: Measurements, plain: _Plain) -> Iterator[Dial]:
    owner: Any = getattr(m, plain.part) if plain.part else m
    present = getattr(owner, plain.name)
    if present is None:
        return

    def move(value: float) -> Measurements:
        change: dict[str, Any] = {plain.name: int(value) if plain.step == 1 else value}
        return replace(m, **{plain.part: replace(owner, **change)} if plain.part else change)

    high = present if plain.high is None else plain.high
    yield Dial(plain.field, present, plain.step, plain.low, high, move, plain.words)


def _changes(dial: Dial, present: Outcome, outcome_of: OutcomeOf) -> Iterator[tuple[float, Outcome]]:
    """Yield, outward both ways, every value found at which the outcome is another than one step before."""

    @functools.cache
    def at(index: int) -> Outcome:
        return outcome_of(dial.move(dial.at(index)))

    for sign in (1, -1):
        inside, here = _start(dial, sign), present
        for index in _looks(dial, inside, sign):
            while at(index) != here:
                outside = index
                while abs(outside - inside) > 1:
                    middle = (inside + outside) // 2
                    inside, outside = (middle, outside) if at(middle) == here else (inside, middle)
                inside, here = outside, at(outside)
                yield dial.at(outside), here
            inside = index


def _start(dial: Dial, sign: int) -> int:
    """Return the multiple of the step at or just behind the present value, which stands for it."""
    place = dial.present / dial.step
    near = round(place)
    if abs(place - near) < 1e-6:
        return near
    return math.floor(place) if sign > 0 else math.ceil(place)


def _looks(dial: Dial, start: int, sign: int) -> Iterator[int]:
    """Yield places at growing distance up to the bound of the dial, which is the last."""
    last = math.floor(dial.high / dial.step + 1e-6) if sign > 0 else math.ceil(dial.low / dial.step - 1e-6)
    distance = 1
    while (last - start) * sign > distance:
        yield start + sign * distance
        distance = math.ceil(distance * _STRIDE)
    if (last - start) * sign > 0:
        yield last


def _rung_at(rung: Rung, value: float) -> Rung:
    if rung.dev is None:
        return rung
    change = value - rung.dev.value
    test = rung.test
    if test:
        test = test.moved(min(1.0, max(0.0, test.value + change)))
    return replace(rung, dev=rung.dev.moved(value), test=test)


def _with_rung(m: Measurements, old: Rung, new: Rung) -> Measurements:
    return replace(m, rungs=tuple(new if rung is old else rung for rung in m.rungs))


def _with_test_rows(m: Measurements, n: int) -> Measurements:
    moved = tuple(
        replace(rung, test=rung.test.moved(rung.test.value, n)) if rung.test else rung for rung in m.rungs
    )
    return replace(m, n=n, rungs=moved)

"""Which single number, moved how little, would change the verdict.

A verdict near a border is worth less than one far from it, and a person can often move the number: label more
test rows, lower the target. Every flip is found on the function that gave the verdict, so it cannot promise what
that function would not say.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from rubrics.phrases import points, rows, score

T = TypeVar("T")

SHARE_STEP = 0.001
# Each look outward is this much farther away than the last; between two looks that differ, bisection.
_STRIDE = 1.3
# Ways to one outcome that a flip names.
_MOST_WAYS = 2


@dataclass(frozen=True, slots=True)
class Flip:
    """The nearest value of a number at which another outcome is given.

    Attributes:
        field: the number, as a path in report.json.
        value: where the outcome holds; one step nearer to the present value it does not.
        also: the next nearest other numbers that lead to the same outcome, each by itself.
    """

    field: str
    value: float
    outcome: str
    text: str
    also: tuple[Alternative, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of `verdict.flip`."""
        return asdict(self) | {"also": [asdict(other) for other in self.also]}


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another number that leads to the same outcome as a flip."""

    field: str
    value: float


@dataclass(frozen=True, slots=True)
class Dial(Generic[T]):
    """One number that can be moved while everything else stays.

    Attributes:
        present: its value as measured or planned.
        step: smallest move; the values tried are its multiples within low..high.
        move: gives what was measured with the number at another value.
        words: template of the text before "this becomes OUTCOME"; see `say`.
    """

    field: str
    present: float
    step: float
    low: float
    high: float
    move: Callable[[float], T]
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


def nearest_flips(
    numbers: Iterable[Dial[T]], m: T, outcome_of: Callable[[T], str], complaint: Sequence[str] = ()
) -> tuple[Flip, ...]:
    """Search every number outward both ways, and put what was found into one flip an outcome.

    Args:
        complaint: fields that go before all others.
    """
    present = outcome_of(m)
    found: dict[str, dict[str, _Found]] = {}
    for dial in numbers:
        for value, outcome in _changes(dial, present, outcome_of):
            effort = (dial.field not in complaint, dial.effort(value))
            known = found.setdefault(outcome, {})
            if outcome != present and (dial.field not in known or effort < known[dial.field].effort):
                known[dial.field] = _Found(effort, dial.field, value, dial.say(value))
    ranked = [
        (outcome, sorted(ways.values(), key=lambda way: way.effort)[:_MOST_WAYS])
        for outcome, ways in found.items()
        if ways
    ]
    ranked.sort(key=lambda pair: pair[1][0].effort)
    return tuple(_flip(outcome, ways) for outcome, ways in ranked)


@dataclass(frozen=True, slots=True)
class _Found:
    """A change of one number that leads to some outcome."""

    effort: tuple[bool, float]
    field: str
    value: float
    words: str


def _flip(outcome: str, ways: Sequence[_Found]) -> Flip:
    first, *others = ways
    words = [first.words, *(way.words[:1].lower() + way.words[1:] for way in others)]
    also = tuple(Alternative(way.field, way.value) for way in others)
    text = f"{', or '.join(word.removesuffix(',') for word in words)}, this becomes {outcome}."
    return Flip(first.field, first.value, outcome, text, also)


def _changes(dial: Dial[T], present: str, outcome_of: Callable[[T], str]) -> Iterator[tuple[float, str]]:
    """Yield, outward both ways, every value found at which the outcome is another than one step before."""

    @functools.cache
    def at(index: int) -> str:
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


def _start(dial: Dial[Any], sign: int) -> int:
    """Return the multiple of the step at or just behind the present value, which stands for it."""
    place = dial.present / dial.step
    near = round(place)
    if abs(place - near) < 1e-6:
        return near
    return math.floor(place) if sign > 0 else math.ceil(place)


def _looks(dial: Dial[Any], start: int, sign: int) -> Iterator[int]:
    """Yield places at growing distance up to the bound of the dial, which is the last."""
    last = math.floor(dial.high / dial.step + 1e-6) if sign > 0 else math.ceil(dial.low / dial.step - 1e-6)
    distance = 1
    while (last - start) * sign > distance:
        yield start + sign * distance
        distance = math.ceil(distance * _STRIDE)
    if (last - start) * sign > 0:
        yield last

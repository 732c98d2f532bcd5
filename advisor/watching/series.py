"""A measured value over the steps of a training, at a resolution that halves as it grows.

Steps are put into bins of equal width, a power of two; a bin keeps its least and its greatest value, so that a spike
stays visible in a training of any length. How the events came in makes no difference to the bins.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

MOST_BINS = 1024
"""At most twice as many points are shown."""


class Bin(NamedTuple):
    """The extremes of one bin, each with its step; the earliest of equals."""

    number: int
    low_step: int
    low: float
    high_step: int
    high: float


@dataclass(frozen=True)
class Series:
    """One value over the steps.

    Attributes:
        width: steps a bin; 1 while every step is kept.
        last_step, last: the newest value.
    """

    width: int = 1
    bins: tuple[Bin, ...] = ()
    last_step: int = 0
    last: float = 0.0

    @cached_property
    def points(self) -> tuple[tuple[int, float], ...]:
        """Step and value in the order of the steps: of each bin its least and its greatest, at most 2,048."""
        found: list[tuple[int, float]] = []
        for _, low_step, low, high_step, high in self.bins:
            pair = sorted({(low_step, low), (high_step, high)})
            found += pair
        return tuple(found)


class SeriesBuilder:
    """Takes values in; `freeze` gives the series so far."""

    def __init__(self, series: Series = Series()) -> None:
        self._width = series.width
        self._bins = list(series.bins)
        self._last = (series.last_step, series.last)
        self._frozen: Series | None = series

    def add(self, steps: Sequence[int], values: Sequence[float]) -> None:
        """Take values at rising steps, none before those that are there."""
        self._frozen = None
        self._last = (steps[-1], values[-1])
        while steps[-1] // self._width >= MOST_BINS:
            self._widen()
        start, width = 0, self._width
        while start < len(steps):
            number = steps[start] // width
            end = bisect_left(steps, (number + 1) * width, start)
            self._put(number, steps[start:end], values[start:end])
            start = end

    def _put(self, number: int, steps: Sequence[int], values: Sequence[float]) -> None:
        low, high = min(values), max(values)
        new = Bin(number, steps[values.index(low)], low, steps[values.index(high)], high)
        if self._bins and self._bins[-1].number == number:
            self._bins[-1] = _joined(self._bins[-1], new)
        else:
            self._bins.append(new)

    def _widen(self) -> None:
        self._width *= 2
        wider: list[Bin] = []
        for one in self._bins:
            moved = one._replace(number=one.number // 2)
            if wider and wider[-1].number == moved.number:
                wider[-1] = _joined(wider[-1], moved)
            else:
                wider.append(moved)
        self._bins = wider

    def cut(self, step: int) -> None:
        """Forget what was measured at a step and after it: a resumed training measures it again."""
        if self._last[0] < step:
            return
        self._frozen = None
        self._bins = [one for one in self._bins if max(one.low_step, one.high_step) < step]
        self._last = (0, 0.0)
        if self._bins:
            end = self._bins[-1]
            self._last = max((end.low_step, end.low), (end.high_step, end.high))

    def freeze(self) -> Series:
        """The series so far."""
        if self._frozen is None:
            self._frozen = Series(self._width, tuple(self._bins), *self._last)
        return self._frozen


def _joined(one: Bin, later: Bin) -> Bin:
    low = (one.low_step, one.low) if one.low <= later.low else (later.low_step, later.low)
    high = (one.high_step, one.high) if one.high >= later.high else (later.high_step, later.high)
    return Bin(one.number, *low, *high)

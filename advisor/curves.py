"""The measured values of a training, made ready for a chart of a given width.

Pure arithmetic on the points of `advisor.watching.Series`: which values belong on one chart, the part of the steps
that is looked at, smoothing, and thinning out to what the columns of a screen can show.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from advisor.texts import N_
from advisor.watching.state import TrainingState

Point = tuple[int, float]
"""Step and value."""

SMOOTHING_SHARE = 0.03
"""Half-life of the smoothing, as a share of the steps that are looked at (ours: the eye follows a trend over 100
steps after three)."""
_LEAST_SPAN = 4
_MARGIN = 0.05

TASK_METRIC = "task_metric"
_NAMES = {
    "loss": N_("train"),
    "eval_loss": N_("dev"),
    "next_token_accuracy": N_("train"),
    "eval_next_token_accuracy": N_("dev"),
}
_TITLES = {
    "loss": N_("Loss"),
    "next_token_accuracy": N_("Next-token accuracy"),
    TASK_METRIC: N_("Score on dev rows"),
    "learning_rate": N_("Learning rate"),
    "grad_norm": N_("Gradient norm"),
    "tokens_per_second": N_("Tokens a second"),
    "memory_bytes": N_("Memory, GiB"),
}
_SCALED = {"memory_bytes": 2.0**-30}


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    Attributes:
        name: short, for the legend; an entry of the catalogue, a metric, or empty where the chart's title says it.
        points: in the order of their steps, values finite.
        last: the newest value; `note` says what else is to be known of it (rows, interval).
        is_sparse: measured a few times only, so that each point is marked and none is smoothed.
    """

    name: str
    points: tuple[Point, ...]
    last: float
    is_sparse: bool = False
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """Lines that share their axes.

    Attributes:
        key: the series that it is named after.
        title: an entry of the catalogue, or a name of the trainer's own.
        is_share: values lie in 0..1.
    """

    key: str
    title: str
    curves: tuple[Curve, ...]
    is_share: bool = False


@dataclass(frozen=True)
class Window:
    """The steps that are looked at, both ends included; `last` lies behind `first`."""

    first: float
    last: float

    @property
    def span(self) -> float:
        """Steps from one end to the other."""
        return self.last - self.first

    def zoomed(self, factor: float, whole: Window) -> Window:
        """The window with its span times `factor`, around its middle, within `whole`; never under four steps."""
        span = min(whole.span, max(min(_LEAST_SPAN, whole.span), self.span * factor))
        middle = (self.first + self.last) / 2
        return Window(middle - span / 2, middle + span / 2).within(whole)

    def moved(self, share: float, whole: Window) -> Window:
        """The window moved by a share of its span, to the right where that is positive, within `whole`."""
        by = share * self.span
        return Window(self.first + by, self.last + by).within(whole)

    def within(self, whole: Window) -> Window:
        """The window pushed back where it looks over an end of `whole`; its span is kept as far as it fits."""
        span = min(self.span, whole.span)
        first = min(max(self.first, whole.first), whole.last - span)
        return Window(first, first + span)


def charts_of(training: TrainingState) -> tuple[Chart, ...]:
    """The charts that a training fills, those a person looks at first in front; empty ones are left out."""
    pairs = (("loss", "eval_loss"), ("next_token_accuracy", "eval_next_token_accuracy"))
    paired = [_chart(training, pair) for pair in pairs]
    shown = {name for pair in pairs for name in pair}
    known = ("learning_rate", "grad_norm", "tokens_per_second", "memory_bytes")
    others = [*known, *sorted(set(training.series) - shown - set(known))]
    charts = [*paired, _task_metric(training), *(_chart(training, (name,)) for name in others)]
    return tuple(chart for chart in charts if chart.curves)


def _chart(training: TrainingState, names: Sequence[str]) -> Chart:
    scales = {name: _SCALED.get(name, 1.0) for name in names}
    curves = [
        Curve(
            _NAMES.get(name, ""),
            _scaled(points, scales[name]),
            training.series[name].last * scales[name],
            is_sparse=name.startswith("eval_"),
        )
        for name in names
        if name in training.series and (points := _finite(training.series[name].points))
    ]
    return Chart(names[0], _TITLES.get(names[0], names[0]), tuple(curves), is_share="accuracy" in names[0])


def _task_metric(training: TrainingState) -> Chart:
    points = tuple((score.step, score.value) for score in training.scores)
    if not points:
        return Chart(TASK_METRIC, _TITLES[TASK_METRIC], (), is_share=True)
    newest = training.scores[-1]
    note = f"[{newest.low:.2f}, {newest.high:.2f}] n={newest.n}"
    curve = Curve(newest.metric, points, newest.value, is_sparse=True, note=note)
    return Chart(TASK_METRIC, _TITLES[TASK_METRIC], (curve,), is_share=True)


def whole_of(charts: Iterable[Chart]) -> Window:
    """The steps from the first point of any chart to the last; a step's width where there is but one."""
    steps = [
        point[0]
        for chart in charts
        for curve in chart.curves
        for point in (curve.points[0], curve.points[-1])
    ]
    first, last = min(steps, default=0), max(steps, default=0)
    return Window(first, max(last, first + 1))


def seen(points: Sequence[Point], window: Window) -> tuple[Point, ...]:
    """The points in the window, and the next one on either side, so that a line runs to the edges."""
    inside = [at for at, (step, _) in enumerate(points) if window.first <= step <= window.last]
    if not inside:
        return ()
    return tuple(points[max(0, inside[0] - 1) : inside[-1] + 2])


def smoothed(points: Sequence[Point], half_life: float) -> tuple[Point, ...]:
    """An exponential moving average over steps, corrected for its beginning as TensorBoard's is.

    Args:
        half_life: steps after which a value weighs half; the value of a step d back weighs 0.5 ** (d / half_life).
    """
    found: list[Point] = []
    total = weight = 0.0
    before = points[0][0] if points else 0
    for step, value in points:
        decay = 0.5 ** ((step - before) / half_life)
        total, weight, before = total * decay + value, weight * decay + 1.0, step
        found.append((step, total / weight))
    return tuple(found)


def thinned(points: Sequence[Point], columns: int) -> tuple[Point, ...]:
    """At most two points a column, its least and its greatest value in the order of their steps; all, where they fit.

    A spike of one step stays visible at any width (min-max aggregation; Jugel et al. 2014, "M4").

    Args:
        columns: at least 1; points lie in them by step.
    """
    if len(points) <= 2 * columns:
        return tuple(points)
    first, span = points[0][0], points[-1][0] - points[0][0] + 1
    found: list[Point] = []
    for _, group in groupby(points, key=lambda point: (point[0] - first) * columns // span):
        column = list(group)
        extremes = (min(column, key=_value), max(column, key=_value))
        found += sorted(set(extremes))
    return tuple(found)


def _value(point: Point) -> float:
    return point[1]


def logarithmic(points: Iterable[Point]) -> tuple[Point, ...]:
    """Base-10 logarithms of the values; what is not above zero has none and is left out."""
    return tuple((step, math.log10(value)) for step, value in points if value > 0)


def limits_of(curves: Iterable[Sequence[Point]], *, is_share: bool = False) -> tuple[float, float]:
    """Least and greatest value with a margin of a twentieth; around a constant value, and 0..1 for no points.

    Args:
        is_share: the margin does not leave 0..1.
    """
    values = [value for points in curves for _, value in points]
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    margin = (high - low) * _MARGIN or abs(high) * _MARGIN or _MARGIN
    if is_share:
        return max(low - margin, min(0.0, low)), min(high + margin, max(1.0, high))
    return low - margin, high + margin


def ticks_of(low: float, high: float, most: int, *, logs: bool = False) -> tuple[tuple[float, str], ...]:
    """Round values between two limits with their labels, rising: at least one, and at most one more than fit.

    Args:
        most: ticks that fit, at least 2.
        logs: the limits are base-10 logarithms; the labels name the values themselves.
    """
    if logs:
        return _log_ticks(low, high, most)
    least, first, last = (high - low) / most, 1, 0
    while first > last:
        step, least = _round_step(least), least / 2
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return tuple((at * step, f"{at * step:,.{decimals}f}") for at in range(first, last + 1))


def _round_step(least: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not under `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _log_ticks(low: float, high: float, most: int) -> tuple[tuple[float, str], ...]:
    powers = range(math.floor(low), math.ceil(high) + 1)
    for factors in ((1, 2, 5), (1,)):
        found = [
            (power + math.log10(factor), f"{factor * 10.0**power:g}")
            for power in powers
            for factor in factors
        ]
        inside = [tick for tick in found if low <= tick[0] <= high]
        if 2 <= len(inside) <= most:
            return tuple(inside)
    if len(inside) > most:
        return tuple(inside[:: math.ceil(len(inside) / most)])
    # Within one decade: round values of an ordinary axis at the places of their logarithms.
    ticks = ticks_of(10.0**low, 10.0**high, most)
    return tuple((math.log10(value), label) for value, label in ticks if value > 0)


def _finite(points: tuple[Point, ...]) -> tuple[Point, ...]:
    # Thousands of points, several times a second, and hardly ever one that is not finite.
    if all(map(math.isfinite, map(itemgetter(1), points))):
        return points
    return tuple(point for point in points if math.isfinite(point[1]))


def _scaled(points: tuple[Point, ...], scale: float) -> tuple[Point, ...]:
    return points if scale == 1 else tuple((step, value * scale) for step, value in points)

"""Would more training rows help? A power law through the scores at 25, 50 and 100% of the rows, with its doubt.

Three points settle three parameters only in the absence of noise, so the curve is fitted to many draws of the
points within their errors, and everything it says is an interval over those fits. Far beyond the measured rows a
power law is a guess; there it refuses to answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rubrics.phrases import points as in_points
from rubrics.phrases import rows as in_rows
from rubrics.statistics import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

REACH = 4.0
"""Most that a curve is extended, in multiples of the largest measured n."""

_DRAWS = 1_000
# Exponents of error against rows seen for language tasks lie between 0.07 and 0.35 (Hestness et al. 2017, arXiv
# 1712.00409); short fine-tuning curves bend faster, so the range is wider.
_EXPONENTS = (0.05, 2.0, 60)
_LEAST_ERROR = 1e-6
_ONE_SIDED_95 = 1.645

Kind = Literal["score", "loss"]


@dataclass(frozen=True)
class Point:
    """A measured point of the curve.

    Attributes:
        n: training rows, at least 1.
        value: score 0..1 or loss in nats.
        error: standard error of the value; half the width of its 95% interval over 1.96.
    """

    n: int
    value: float
    error: float


@dataclass(frozen=True)
class LearningCurve:
    """Fits of value(n) = asymptote - scale (n / largest)^-exponent (plus for a loss) to draws of the points.

    Attributes:
        largest: largest measured number of rows.
        fits: (draws, 3): asymptote, scale >= 0, exponent.
    """

    kind: Kind
    largest: int
    fits: Floats

    def at(self, n: float) -> Interval:
        """Return the value expected at n training rows with its 95% limits.

        Raises:
            ValueError: n is below 1 or beyond REACH times the largest measured number.
        """
        return _interval(self._values(n), 0.95)

    def gain(self, n: float, level: float = 0.8) -> Interval:
        """Return what n rows are expected to bring over the largest measured number, above 0 for better.

        Raises:
            ValueError: n is below 1 or beyond REACH times the largest measured number.
        """
        change = self._values(n) - self._values(self.largest)
        return _interval(change if self.kind == "score" else -change, level)

    def rows_for(self, target: float) -> tuple[int, int | None] | None:
        """Return how many rows reach a value: by the middle of the fits, and by nine fits of ten.

        Returns:
            None where the middle does not reach it within REACH; the second is None where nine of ten do not.
        """
        likely, safe = self._rows(target, 0.5), self._rows(target, 0.9)
        return None if likely is None else (likely, safe)

    def _rows(self, target: float, share: float) -> int | None:
        """Return the first n, in steps of 2%, at which this share of the fits has reached the target."""
        n, most = float(self.largest), REACH * self.largest
        while n <= most:
            values = self._values(n)
            reached = values >= target if self.kind == "score" else values <= target
            if float(reached.mean()) >= share:
                return math.ceil(n)
            n *= 1.02
        return None

    def _values(self, n: float) -> Floats:
        if n < 1:
            raise ValueError("a curve begins at one row")
        if n > REACH * self.largest * (1 + 1e-9):
            raise ValueError(
                f"{n:,.0f} rows are more than {REACH:g} times the {self.largest:,} measured; a power law is not "
                "extended that far"
            )
        asymptote, scale, exponent = self.fits.T
        bend = scale * (n / self.largest) ** -exponent
        values: Floats = asymptote - bend if self.kind == "score" else asymptote + bend
        return values


@dataclass(frozen=True)
class Outlook:
    """Whether more rows would help.

    Attributes:
        helps: yes, no or unknown: the 80% interval of the gain lies above, below or about the smallest gain worth it.
        rows: training rows looked ahead to.
        gain: expected there over now, with 80% limits.
        rising: whether nine fits of ten still rise by then by more than a tenth of a point.
        target: rows that reach the target (likely, safe); None without a target or out of reach.
        text: for a person.
    """

    helps: Literal["yes", "no", "unknown"]
    rows: int
    gain: Interval
    rising: bool
    target: tuple[int, int | None] | None
    text: str


def fit_curve(points: Sequence[Point], kind: Kind = "score", seed: int = 0) -> LearningCurve:
    """Fit a power law to three or more points.

    Source: Viering and Loog (2022), The Shape of Learning Curves, IEEE TPAMI, section 4 (power law with
    asymptote); uncertainty by the parametric bootstrap.

    Args:
        points: at three or more different numbers of rows.
        kind: a score rises to at most 1, a loss falls to at least 0.
        seed: of the draws.
    Raises:
        ValueError: fewer than three different numbers of rows, a negative error, or a value that is not finite.
    """
    import numpy as np

    if len({point.n for point in points}) < 3:
        raise ValueError("a learning curve needs points at three different numbers of rows")
    if any(point.n < 1 or point.error < 0 or not math.isfinite(point.value) for point in points):
        raise ValueError("a point has at least one row, a finite value and an error of 0 or more")
    sizes = np.array([float(point.n) for point in points])
    values = np.array([point.value for point in points])
    errors = np.array([max(point.error, _LEAST_ERROR) for point in points])
    noise = np.random.default_rng(seed).normal(size=(_DRAWS, len(points))) * errors
    drawn = values + noise
    sign = -1.0 if kind == "score" else 1.0
    low, high = (0.0, 1.0) if kind == "score" else (0.0, math.inf)
    fits = _best_fits(sizes / sizes.max(), drawn, 1 / errors**2, sign, low, high)
    return LearningCurve(kind, int(sizes.max()), fits)


def falls(points: Sequence[Point], kind: Kind = "score") -> bool:
    """Say whether more rows did surely worse, from the fewest to the most: then no learning curve goes through them.

    It happens where training ends before all rows have had their say, as with equal steps that are too few.
    """
    first, last = (choose(points, key=lambda point: point.n) for choose in (min, max))
    worse = first.value - last.value if kind == "score" else last.value - first.value
    return worse > _ONE_SIDED_95 * math.hypot(first.error, last.error)


def outlook(
    curve: LearningCurve,
    worth: float,
    *,
    ahead: float = 2.0,
    target: float | None = None,
    level: LearningCurve | None = None,
) -> Outlook:
    """Say whether more rows would help, and how many reach a target.

    Args:
        worth: smallest gain worth it, in the curve's unit, above 0.
        ahead: multiple of the largest measured rows to look ahead to, above 1 and at most REACH.
        target: value to reach.
        level: the same curve fitted with the errors of the values themselves, for the target, where `curve` was
            fitted with the smaller errors of the differences between its points; None where there is one kind only.
    Raises:
        ValueError: worth is not above 0, or ahead is out of reach.
    """
    if worth <= 0 or not 1 < ahead <= REACH:
        raise ValueError(f"worth must lie above 0, and ahead between 1 and {REACH:g}")
    rows = round(ahead * curve.largest)
    gain = curve.gain(min(rows, ahead * curve.largest))
    helps: Literal["yes", "no", "unknown"] = "unknown"
    if gain.low >= worth:
        helps = "yes"
    elif gain.high < worth:
        helps = "no"
    reached = None if target is None else (level or curve).rows_for(target)
    text = " ".join([_gain_text(curve.kind, rows, gain, worth, helps), *_target_text(target, reached)])
    return Outlook(helps, rows, gain, gain.low > 0.001, reached, text)


def _gain_text(kind: Kind, rows: int, gain: Interval, worth: float, helps: str) -> str:
    def say(value: float) -> str:
        return in_points(value) if kind == "score" else f"{value:.3f} nats"

    found = (
        f"{in_rows(rows)} would bring {say(gain.value)} (80% interval {say(gain.low)} to {say(gain.high)})"
    )
    ends = {
        "yes": f"more than the {say(worth)} that are worth it: collect more.",
        "no": f"less than the {say(worth)} that are worth it: more rows of this kind will not help.",
        "unknown": f"and {say(worth)} are worth it: these points cannot tell.",
    }
    return f"{found}, {ends[helps]}"


def _target_text(target: float | None, reached: tuple[int, int | None] | None) -> list[str]:
    if target is None:
        return []
    if reached is None:
        return [f"{target:g} is not in reach of {REACH:g} times the rows; farther the curve is not extended."]
    likely, safe = reached
    surely = f"surely with {in_rows(safe)}" if safe else f"not surely within {REACH:g} times the rows"
    return [f"{target:g} is likely reached with {in_rows(likely)}, {surely}."]


def _best_fits(x: Floats, drawn: Floats, weights: Floats, sign: float, low: float, high: float) -> Floats:
    """Return for each draw the asymptote, scale and exponent of least weighted squares, within their bounds."""
    import numpy as np

    best = np.full(len(drawn), np.inf)
    fits = np.zeros((len(drawn), 3))
    for exponent in np.geomspace(*_EXPONENTS[:2], int(_EXPONENTS[2])):
        bend = sign * x**-exponent
        mean_bend = float(weights @ bend) / float(weights.sum())
        mean = drawn @ weights / weights.sum()
        centred = weights * (bend - mean_bend)
        scale = (drawn @ centred / float(centred @ (bend - mean_bend))).clip(0)
        asymptote = (mean - scale * mean_bend).clip(low, high)
        # Where the asymptote met its bound the scale is fitted again, through it.
        scale = (((drawn - asymptote[:, None]) @ (weights * bend)) / float(weights @ bend**2)).clip(0)
        misfit = ((drawn - asymptote[:, None] - scale[:, None] * bend) ** 2) @ weights
        better = misfit < best
        best[better] = misfit[better]
        fits[better] = np.column_stack([asymptote, scale, np.full(len(drawn), exponent)])[better]
    return fits


def _interval(values: Floats, level: float) -> Interval:
    import numpy as np

    low, middle, high = np.quantile(values, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Interval(float(middle), float(low), float(high))

"""Intervals and tests of scores that are no mean over rows, such as macro-F1.

Their variance has no formula, so it is measured by leaving out one row (or cluster) after another. The interval
made from it is the same as for any other score. The bootstrap was measured too and covers less where labels are
rare, since its samples lose whole labels (tests/benchmarks/coverage.py, `advisor help statistics`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from rubrics.statistics.clusters import effective_rows, t_quantile
from rubrics.statistics.intervals import Interval, wilson
from rubrics.statistics.paired import agreeing, tango

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Floats = NDArray[np.float64]

SWAPS = 1_999
# With more units than this, random groups of them are left out together.
_MOST_LEFT_OUT = 1_000


def set_score_interval(
    score: Callable[[Rows], float], n: int, clusters: Sequence[Hashable] | None = None, seed: int = 0
) -> Interval:
    """Return the score of a whole set with its 95% interval, 0..1.

    Wilson's interval on as many rows as would give a share the jackknife variance of the score.
    Source: Tukey (1958) and Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans, chapter 3.

    Args:
        score: indices of rows in, their score 0..1 out, such as the macro-F1 of these rows.
        n: rows of the whole set.
        clusters: what each row belongs to; without it every row stands alone.
        seed: of the groups that are left out together where there are more than 1,000 units.
    Raises:
        ValueError: n is 0 or less, or the clusters are of another number.
    """
    import numpy as np

    units = _units(n, clusters, seed)
    value = score(np.arange(n))
    rows = effective_rows(value * (1 - value), _jackknife_variance(score, units, n), len(units))
    interval = wilson(min(value * rows, rows), rows)
    return Interval(value, min(value, interval.low), max(value, interval.high))


def set_score_difference(
    baseline: Callable[[Rows, NDArray[np.bool_]], float],
    n: int,
    clusters: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> tuple[Interval, float]:
    """Return tuned minus baseline score of a whole set with a 95% interval, -1..1, and a two-sided p-value.

    The p-value is that of exchanging the two systems' answers at random, row by row or cluster by cluster (1,999
    times, one added above and below); the interval is the t interval of the jackknife variance, made to agree with
    it: 0 lies outside exactly when p < 0.05.

    Args:
        baseline: (rows, exchanged) in, the score 0..1 of the baseline's answers out; at the rows where `exchanged`
            holds the tuned system's answers are taken instead. `exchanged` is as long as the whole set.
        n: rows of the whole set.
        clusters: what each row belongs to; without it every row stands alone.
        seed: of the exchanges.
    Raises:
        ValueError: n is 0 or less, or the clusters are of another number.
    """
    import numpy as np

    before, after = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)

    def difference(rows: Rows) -> float:
        return baseline(rows, after) - baseline(rows, before)

    units = _units(n, clusters, seed)
    value = difference(np.arange(n))
    p_value = _exchange_p(baseline, n, _units(n, clusters, seed, all_of_them=True), abs(value), seed)
    variance = _jackknife_variance(difference, units, n)
    if variance <= 1e-15:
        gained, lost = max(value, 0.0) * len(units), max(-value, 0.0) * len(units)
        return agreeing(tango(gained, lost, len(units)), p_value), p_value
    half = t_quantile(len(units)) * math.sqrt(variance)
    interval = Interval(value, max(-1.0, value - half), min(1.0, value + half))
    return agreeing(interval, p_value), p_value


def _units(
    n: int, clusters: Sequence[Hashable] | None, seed: int, *, all_of_them: bool = False
) -> list[Rows]:
    """Return the rows of each unit that is left out, or exchanged, as a whole."""
    import numpy as np

    if n <= 0:
        raise ValueError("an interval needs at least one row")
    if clusters is not None and len(clusters) != n:
        raise ValueError(f"{len(clusters)} cluster names for {n} rows")
    names: dict[Hashable, int] = {}
    numbers = np.arange(n)
    if clusters is not None:
        numbers = np.array([names.setdefault(name, len(names)) for name in clusters], dtype=np.int64)
    count = int(numbers.max()) + 1
    if count > _MOST_LEFT_OUT and not all_of_them:
        # Units are dealt to groups of nearly equal size.
        numbers = (np.random.default_rng(seed).permutation(count) % _MOST_LEFT_OUT)[numbers]
        count = _MOST_LEFT_OUT
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.cumsum(np.bincount(numbers, minlength=count))[:-1])


def _jackknife_variance(score: Callable[[Rows], float], units: Sequence[Rows], n: int) -> float:
    import numpy as np

    if len(units) < 2:
        return 0.0
    kept = np.ones(n, dtype=bool)
    without = np.empty(len(units))
    for at, unit in enumerate(units):
        kept[unit] = False
        without[at] = score(np.flatnonzero(kept))
        kept[unit] = True
    return (len(units) - 1) / len(units) * float(((without - without.mean()) ** 2).sum())


def _exchange_p(
    baseline: Callable[[Rows, NDArray[np.bool_]], float],
    n: int,
    units: Sequence[Rows],
    observed: float,
    seed: int,
) -> float:
    import numpy as np

    rng, everything, extreme = np.random.default_rng(seed), np.arange(n), 0
    exchanged = np.zeros(n, dtype=bool)
    unit_of = np.empty(n, dtype=np.int64)
    for at, unit in enumerate(units):
        unit_of[unit] = at
    for _ in range(SWAPS):
        exchanged = rng.integers(0, 2, size=len(units), dtype=np.int8).astype(bool)[unit_of]
        difference = baseline(everything, ~exchanged) - baseline(everything, exchanged)
        extreme += abs(difference) >= observed - 1e-9
    return (extreme + 1) / (SWAPS + 1)

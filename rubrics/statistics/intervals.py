"""The 95% interval that every score carries: Wilson's, on as many rows as the scores are worth."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rubrics.statistics.clusters import Z, cluster_sums, effective_rows, mean_variance

if TYPE_CHECKING:
    from rubrics.statistics.clusters import Floats


@dataclass(frozen=True)
class Interval:
    """A measured value with its 95% limits, all in the unit of the value (scores: 0..1)."""

    value: float
    low: float
    high: float


def wilson(successes: float, n: float) -> Interval:
    """Return a share with its 95% Wilson score interval, both in 0..1.

    Holds its level at few rows and at shares of 0 and 1, where the usual normal interval collapses.
    Source: Wilson (1927), JASA 22, 209-212.

    Args:
        successes: 0..n; fractional where partial credit is counted as part of a success.
        n: number of rows, or of effective rows.
    Raises:
        ValueError: n is 0 or less, or successes lie outside 0..n.
    """
    if n <= 0:
        raise ValueError("an interval needs at least one row")
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} rows are impossible")
    share, spread = successes / n, Z * Z / n
    centre = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    # The limits at 0 and 1 are exact in algebra; rounding must not push them past the value.
    return Interval(share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


def mean_interval(scores: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Interval:
    """Return the mean of graded scores with its 95% interval, all in 0..1.

    Wilson's interval on the effective rows: it keeps the skewed shape that a mean near 0 or 1 needs, where the
    bootstrap and t intervals of a few non-zero scores are too short (measured in tests/benchmarks/coverage.py).
    Equal scores count as one row a cluster, which errs to the wide side; nearly equal ones come out narrow.

    Args:
        clusters: what each row belongs to; without it every row stands alone.
    Raises:
        ValueError: there is no score, one lies outside 0..1 (NaN does), or the clusters are of another number.
    """
    values = graded(scores)
    return _effective_wilson(values, clusters, most=None)


def score_interval(
    scores: Sequence[float], binary: bool, clusters: Sequence[Hashable] | None = None
) -> Interval:
    """Return the mean score with its 95% interval: plain Wilson for right/wrong rows that stand alone.

    Args:
        scores: one a row, 0..1.
        binary: the metric gives only 0 and 1 (`Metric.binary`).
        clusters: what each row belongs to; where no two rows share a cluster every row stands alone.
    Raises:
        ValueError: there is no score, one lies outside 0..1, or the clusters are of another number.
    """
    values = graded(scores)
    if clusters is not None and len(set(clusters)) == len(values):
        clusters = None
    if binary and clusters is None:
        return wilson(float(values.sum()), len(values))
    return _effective_wilson(values, clusters, most=float(len(values)) if binary else None)


def _effective_wilson(values: Floats, clusters: Sequence[Hashable] | None, most: float | None) -> Interval:
    sums, sizes = cluster_sums(values, clusters)
    # A sum of ones and rounded fractions may leave 0..1 in its last bit.
    mean = min(1.0, max(0.0, float(values.mean())))
    rows = effective_rows(mean * (1 - mean), mean_variance(sums, sizes), len(sums), most=most)
    interval = wilson(min(mean * rows, rows), rows)
    return Interval(mean, min(mean, interval.low), max(mean, interval.high))


def graded(scores: Sequence[float]) -> Floats:
    """Return scores as an array.

    Raises:
        ValueError: there is none, or one lies outside 0..1 (NaN does).
    """
    import numpy as np

    values = np.asarray(scores, dtype=np.float64)
    if values.size == 0:
        raise ValueError("an interval needs at least one row")
    if not bool(np.all((values >= 0) & (values <= 1))):
        raise ValueError("scores must lie in 0..1")
    return values

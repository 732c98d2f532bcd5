"""Rows that belong together (one customer, one document, near duplicates) are fewer pieces of evidence than rows.

Everything is brought back to one number, the variance of a mean when whole clusters vary, from which intervals
take the number of independent rows that would vary as much: the effective rows.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ALPHA = 0.05
# The standard normal quantile at 97.5%, which makes every interval here a 95% interval.
Z = 1.959963984540054
# Under this many rows or clusters the measured coverage of graded and clustered intervals falls under 92%; near
# the ends of the scale it takes more, since the few rows that make the mean may be missing from the sample.
FEW_UNITS = 30
NEAR_THE_ENDS = 0.1
FEW_NEAR_THE_ENDS = 100
# With fewer rows of a label its F1 hangs on a handful of answers.
ROWS_PER_LABEL = 10
# With fewer units that changed, no sign-flip or McNemar test reaches p < 0.05: 2 / 2^5 is 0.0625.
LEAST_CHANGED = 6


def cluster_sums(values: Floats, clusters: Sequence[Hashable] | None) -> tuple[Floats, Floats]:
    """Return the sum of the values of each cluster and its number of rows; rows themselves without clusters.

    Raises:
        ValueError: there are not as many cluster names as values.
    """
    import numpy as np

    if clusters is None:
        return values, np.ones_like(values)
    if len(clusters) != len(values):
        raise ValueError(f"{len(clusters)} cluster names for {len(values)} rows")
    numbers: dict[Hashable, int] = {}
    index = np.array([numbers.setdefault(name, len(numbers)) for name in clusters], dtype=np.int64)
    sums = np.bincount(index, weights=values).astype(np.float64)
    return sums, np.bincount(index).astype(np.float64)


def mean_variance(sums: Floats, sizes: Floats) -> float:
    """Return the variance of the mean over rows when whole clusters vary; 0 with a single cluster.

    The mean of unequal clusters is a ratio, so this is its linearised variance with the usual G / (G - 1).
    Source: Cochran (1977), Sampling Techniques, section 9A; for clusters of one row the usual s^2 / n.
    """
    units, rows = len(sums), float(sizes.sum())
    if units < 2:
        return 0.0
    residuals = sums - sizes * (float(sums.sum()) / rows)
    return units / (units - 1) * float((residuals**2).sum()) / rows**2


def effective_rows(spread: float, variance: float, units: int, *, most: float | None = None) -> float:
    """Return how many independent rows of variance `spread` have a mean as uncertain as this one.

    Scaled by the t quantile of the units, so that few of them widen an interval made with the normal one.
    Where nothing varies there is nothing to learn a variance from, and each unit counts as one row.
    Source: Korn and Graubard (1998), Survey Methodology 24, 193-201, for shares.

    Args:
        spread: variance of one row under the model of the interval, such as p (1 - p).
        variance: of the mean, or of another score of the whole set.
        units: rows or clusters that vary.
        most: upper bound; the rows themselves where scores are right or wrong, None for graded ones.
    """
    # Scores that are equal up to rounding have a variance of rounding errors.
    if units < 2 or variance <= 1e-15 or spread <= 1e-15:
        return float(units)
    rows = spread / variance * (Z / t_quantile(units)) ** 2
    return rows if most is None else min(rows, most)


def independent_share(values: Sequence[float], clusters: Sequence[Hashable] | None) -> float:
    """Return how many independent rows a row is worth for a mean of these values, over 0 and at most 1.

    The variance that the mean would have if every row stood alone, over the one it has with its clusters (the inverse
    of the design effect). Where nothing varies each cluster counts as one row.
    Source: Kish (1965), Survey Sampling, section 8.2.

    Raises:
        ValueError: no values, or not as many cluster names.
    """
    import numpy as np

    rows = np.asarray(values, dtype=np.float64)
    if not len(rows):
        raise ValueError("no values")
    sums, sizes = cluster_sums(rows, clusters)
    alone, together = mean_variance(rows, np.ones_like(rows)), mean_variance(sums, sizes)
    if together <= 1e-15 or alone <= 1e-15:
        return len(sums) / len(rows)
    return min(1.0, alone / together)


def t_quantile(units: int) -> float:
    """Return the 97.5% quantile of Student's t for a variance measured on so many units, at least 2."""
    from scipy.special import stdtrit

    return float(stdtrit(units - 1, 0.975))


def label_cautions(rows_by_label: Mapping[str, int]) -> list[str]:
    """Say where labels are too rare for a macro average over them, whose interval then misses too often."""
    rare = sum(rows < ROWS_PER_LABEL for rows in rows_by_label.values())
    if not rare:
        return []
    return [
        f"{rare} of {len(rows_by_label)} labels have fewer than {ROWS_PER_LABEL} rows: the interval of macro-F1 may be "
        "narrower than its 95% claims."
    ]


def cautions(
    rows: int,
    *,
    graded: bool,
    clusters: int | None = None,
    mean: float | None = None,
    changed: int | None = None,
) -> list[str]:
    """Say where an interval or test claims more than it can hold; an empty list where there is no reason.

    The limits are those at which the measured coverage of an interval leaves 92 to 98%
    (tests/benchmarks/coverage.py); right or wrong rows that stand alone keep it from 30 rows on and below.

    Args:
        rows: rows that were scored.
        graded: whether scores lie between 0 and 1 too.
        clusters: groups they belong to; None where every row stands alone.
        mean: the score, 0..1; None for a difference.
        changed: rows (or clusters) on which the systems differ, for a comparison.
    """
    units, what = (rows, "rows") if clusters is None else (clusters, "clusters")
    near_end = mean is not None and not NEAR_THE_ENDS < mean < 1 - NEAR_THE_ENDS
    least = FEW_NEAR_THE_ENDS if near_end else FEW_UNITS
    found = []
    if (graded or clusters is not None) and units < least:
        where = f" and a score of {mean:.2f}" if near_end else ""
        found.append(f"With {units} {what}{where} the interval may be narrower than its 95% claims.")
    if changed is not None and changed < LEAST_CHANGED:
        found.append(
            f"The systems differ on {changed} {what}; under {LEAST_CHANGED} no outcome could be significant."
        )
    return found

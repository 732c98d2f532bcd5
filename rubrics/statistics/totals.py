"""Means over tokens whose rows are the evidence: totals divided by totals, with errors over rows.

The tokens of a row hang together, so that an interval over tokens claims too much. Here a row is one observation,
and the mean over all tokens is a ratio of two totals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rubrics.statistics.intervals import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def ratio_interval(sums: Sequence[float], weights: Sequence[float]) -> Interval:
    """Return total over total weight with its 95% interval, by Student's t over rows.

    The variance is that of the ratio estimator, linearised. Differences between two systems on the same rows are
    such sums too. Where every row has the same mean the interval is a point.
    Source: Cochran (1977), Sampling Techniques, section 6.4.

    Args:
        sums: of each row, in any unit, such as nats of loss.
        weights: of each row, such as its tokens; above 0.
    Raises:
        ValueError: fewer than two rows, lengths differ, or a weight is not above 0.
    """
    from scipy.special import stdtrit

    ratio, error = _ratio(sums, weights)
    half = float(stdtrit(len(sums) - 1, 0.975)) * error
    return Interval(ratio, ratio - half, ratio + half)


def ratio_difference(before: Sequence[float], after: Sequence[float], weights: Sequence[float]) -> Interval:
    """Return after minus before, both as means over the same tokens, with its 95% interval; see `ratio_interval`.

    Raises:
        ValueError: as `ratio_interval`.
    """
    return ratio_interval([two - one for one, two in zip(before, after, strict=True)], weights)


def standard_errors(systems: Sequence[Sequence[float]], weights: Sequence[float]) -> list[float]:
    """Return the standard error of each system's mean by itself; `systems` holds the sums of each row.

    Raises:
        ValueError: as `ratio_interval`.
    """
    return [_ratio(sums, weights)[1] for sums in systems]


def errors_between(systems: Sequence[Sequence[float]], weights: Sequence[float]) -> list[float]:
    """Return the standard error of each system's mean as far as it matters for differences between the systems.

    What makes a row easy or hard for all systems alike is taken out. With two systems the squares of both errors
    add up to the variance of the paired difference.
    Source: Morey (2008), Tutorials in Quantitative Methods for Psychology 4, 61-64 (normalised within-subject errors).

    Args:
        systems: sums of each row, for two systems or more, on the same rows.
        weights: of each row, such as its tokens; above 0.
    Raises:
        ValueError: fewer than two systems, or as `ratio_interval`.
    """
    import numpy as np

    if len(systems) < 2:
        raise ValueError("errors between systems need two of them")
    residuals = np.array([_residuals(sums, weights)[1] for sums in systems])  # (systems, rows)
    own = residuals - residuals.mean(axis=0)
    count, rows = residuals.shape
    variances = count / (count - 1) * (own**2).sum(axis=1) / ((rows - 1) * rows)
    return [math.sqrt(variance) for variance in variances.tolist()]


def _ratio(sums: Sequence[float], weights: Sequence[float]) -> tuple[float, float]:
    """Return the ratio of the totals and its standard error."""
    ratio, residuals = _residuals(sums, weights)
    rows = len(residuals)
    return ratio, math.sqrt(float((residuals**2).sum()) / ((rows - 1) * rows))


def _residuals(sums: Sequence[float], weights: Sequence[float]) -> tuple[float, Floats]:
    import numpy as np

    values, sizes = np.asarray(sums, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if len(values) != len(sizes) or len(values) < 2:
        raise ValueError(
            f"{len(values)} sums and {len(sizes)} weights: two rows or more are needed, each with both"
        )
    if not bool((sizes > 0).all()):
        raise ValueError("a weight lies above 0")
    ratio = float(values.sum() / sizes.sum())
    return ratio, (values - ratio * sizes) / sizes.mean()

"""How sure a measured number is: intervals, and the one paired test that decides between two systems.

A score without its interval invites decisions on noise, so every score the program shows comes from here. The
comparisons are paired, since both systems answer the same rows. scipy loads inside functions: commands that
never compare should not pay for it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05
# The standard normal quantile at 97.5%, which makes every interval here a 95% interval.
Z = 1.959963984540054
RESAMPLES = 4_000
PERMUTATIONS = 9_999
# Draws held in memory at once; at eight bytes each about 16 MB.
_CHUNK_DRAWS = 2_000_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A measured value with its 95% limits, all in the unit of the value (scores: 0..1)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class FlipTable:
    """How two systems did on the same rows.

    Attributes:
        fixed: rows that only the tuned system got right.
        broken: rows that only the baseline got right.
        both_right: rows that both got right.
        both_wrong: rows that neither got right.
    """

    fixed: int
    broken: int
    both_right: int
    both_wrong: int

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.fixed + self.broken + self.both_right + self.both_wrong

    @property
    def discordance(self) -> float:
        """Share of rows on which the systems differ, 0..1; 0 where there is no row."""
        return (self.fixed + self.broken) / self.n if self.n else 0.0


def flip_table(baseline_right: Sequence[bool], tuned_right: Sequence[bool]) -> FlipTable:
    """Count the four outcomes of two systems, row by row.

    Raises:
        ValueError: the systems did not answer the same number of rows.
    """
    pairs = [(bool(before), bool(after)) for before, after in zip(baseline_right, tuned_right, strict=True)]
    return FlipTable(
        fixed=pairs.count((False, True)),
        broken=pairs.count((True, False)),
        both_right=pairs.count((True, True)),
        both_wrong=pairs.count((False, False)),
    )


def wilson(successes: float, n: int) -> Interval:
    """Return a share with its 95% Wilson score interval, both in 0..1.

    Holds its level at few rows and at shares of 0 and 1, where the usual normal interval collapses.
    Source: Wilson (1927), JASA 22, 209-212.

    Args:
        successes: 0..n; fractional where partial credit is counted as part of a success.
        n: number of rows.
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


def mean_interval(scores: Sequence[float], seed: int = 0) -> Interval:
    """Return the mean of graded scores with its 95% percentile bootstrap interval, all in 0..1.

    Equal scores resample to themselves, and an interval of no width would claim certainty from a handful of
    rows. There the Wilson interval of the summed scores stands in: no scores in 0..1 with that mean vary more
    than zeros and ones, so it errs to the wide side. Scores that are nearly all equal still come out narrow.
    Source: Efron (1979), Annals of Statistics 7, 1-26; 4,000 resamples.

    Raises:
        ValueError: there is no score, or one lies outside 0..1 (NaN does).
    """
    values = _graded(scores)
    if values.min() == values.max():
        return wilson(min(float(values.sum()), len(values)), len(values))
    means = _resampled_means(values, np.ones_like(values), np.random.default_rng(seed))
    return _percentile_interval(float(values.mean()), means)


def score_interval(scores: Sequence[float], binary: bool, seed: int = 0) -> Interval:
    """Return the mean score with its 95% interval: Wilson for right/wrong, bootstrap for graded scores.

    Args:
        scores: one a row, 0..1.
        binary: the metric gives only 0 and 1 (`Metric.binary`).
        seed: of the bootstrap.
    Raises:
        ValueError: there is no score, or one lies outside 0..1.
    """
    if not binary:
        return mean_interval(scores, seed)
    values = _graded(scores)
    return wilson(float(values.sum()), len(values))


def mcnemar_exact(fixed: int, broken: int) -> float:
    """Return the two-sided exact p-value that as many rows change for the better as for the worse, 0..1.

    Twice the smaller binomial tail of the discordant pairs, at most 1; without a discordant pair 1.
    Source: McNemar (1947), Psychometrika 12, 153-157, in its exact binomial form.

    Raises:
        ValueError: a count is negative.
    """
    if fixed < 0 or broken < 0:
        raise ValueError("counts of rows cannot be negative")
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(fixed, broken), fixed + broken, 0.5)))


def paired_share_difference(fixed: int, broken: int, n: int) -> Interval:
    """Return tuned minus baseline share of right answers with a 95% interval that agrees with the test.

    Tango's score interval for paired shares, -1..1. The exact McNemar test is the stricter of the two, so
    where its p is 0.05 or more the interval is widened just to touch 0: interval and test never contradict
    each other, and 0 lies outside exactly when p < 0.05.
    Source: Tango (1998), Statistics in Medicine 17, 891-908; KNOWLEDGE section 8 ("one test decides").

    Args:
        fixed: rows that only the tuned system got right.
        broken: rows that only the baseline got right.
        n: all rows.
    Raises:
        ValueError: n is 0 or less, a count is negative, or more rows changed than there are.
    """
    if n <= 0:
        raise ValueError("an interval needs at least one row")
    if fixed + broken > n:
        raise ValueError(f"{fixed + broken} discordant pairs in {n} rows are impossible")
    p_value = mcnemar_exact(fixed, broken)
    interval = _tango(fixed, broken, n)
    if p_value < ALPHA:
        return interval
    return Interval(interval.value, min(0.0, interval.low), max(0.0, interval.high))


def paired_mean_difference(
    baseline: Sequence[float],
    tuned: Sequence[float],
    seed: int = 0,
    clusters: Sequence[Hashable] | None = None,
) -> tuple[Interval, float]:
    """Return tuned minus baseline mean score with a 95% interval, and a two-sided p-value.

    The interval is the percentile bootstrap over rows, -1..1, 4,000 resamples. The p-value is that of 9,999
    random sign flips of the differences with one added above and below, so it is never 0. The two rest on
    different resamplings and may, rarely, disagree about 0 near p = 0.05; the p-value then decides.
    Where every difference is the same the bootstrap has nothing to vary; Tango's interval stands in, counting
    the summed difference as changed rows, and errs to the wide side.
    Source: Efron and Tibshirani (1993), chapters 13 and 15; Phipson and Smyth (2010) for the added one;
    KNOWLEDGE section 8 for clusters.

    Args:
        baseline: scores 0..1, one a row.
        tuned: scores 0..1 of the same rows in the same order.
        seed: of both resamplings.
        clusters: what each row belongs to (customer, document, near-duplicate group); whole clusters are then
            resampled and flipped. Without it every row stands alone.
    Raises:
        ValueError: lengths differ, there is no row, or a score lies outside 0..1.
    """
    differences = _paired_differences(baseline, tuned)
    sums, sizes = _cluster_sums(differences, clusters)
    rng = np.random.default_rng(seed)
    p_value = _sign_flip_p(sums, rng)
    value = float(differences.mean())
    if np.ptp(sums / sizes) == 0:
        units = len(sums)
        return _tango(max(value, 0.0) * units, max(-value, 0.0) * units, units), p_value
    return _percentile_interval(value, _resampled_means(sums, sizes, rng)), p_value


def _graded(scores: Sequence[float]) -> Floats:
    values = np.asarray(scores, dtype=np.float64)
    if values.size == 0:
        raise ValueError("an interval needs at least one row")
    if not bool(np.all((values >= 0) & (values <= 1))):
        raise ValueError("scores must lie in 0..1")
    return values


def _paired_differences(baseline: Sequence[float], tuned: Sequence[float]) -> Floats:
    before, after = _graded(baseline), _graded(tuned)
    if len(before) != len(after):
        raise ValueError(f"paired scores differ in number: {len(before)} and {len(after)}")
    return after - before


def _cluster_sums(differences: Floats, clusters: Sequence[Hashable] | None) -> tuple[Floats, Floats]:
    if clusters is None:
        return differences, np.ones_like(differences)
    if len(clusters) != len(differences):
        raise ValueError(f"{len(clusters)} cluster names for {len(differences)} rows")
    numbers: dict[Hashable, int] = {}
    index = np.array([numbers.setdefault(name, len(numbers)) for name in clusters])
    sums = np.bincount(index, weights=differences).astype(np.float64)
    return sums, np.bincount(index).astype(np.float64)


def _resampled_means(sums: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
    """Draw units with replacement; the mean is over the rows drawn, whatever the size of their units."""
    units = len(sums)
    means = np.empty(RESAMPLES)
    for chunk in _chunks(RESAMPLES, units):
        drawn = rng.integers(0, units, size=(chunk.stop - chunk.start, units))
        means[chunk] = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return means


def _sign_flip_p(sums: Floats, rng: np.random.Generator) -> float:
    changed = sums[sums != 0]
    # Sums of the same numbers in another order differ in their last bits; those are ties.
    observed = abs(float(changed.sum())) - 1e-9
    extreme = 0
    for chunk in _chunks(PERMUTATIONS, len(changed)):
        signs = rng.integers(0, 2, size=(chunk.stop - chunk.start, len(changed)), dtype=np.int8) * 2.0 - 1.0
        extreme += int(np.count_nonzero(np.abs(signs @ changed) >= observed))
    return (extreme + 1) / (PERMUTATIONS + 1)


def _chunks(total: int, width: int) -> list[slice]:
    step = max(1, _CHUNK_DRAWS // max(1, width))
    return [slice(start, min(start + step, total)) for start in range(0, total, step)]


def _percentile_interval(value: float, resampled: Floats) -> Interval:
    low, high = np.quantile(resampled, [ALPHA / 2, 1 - ALPHA / 2])
    return Interval(value, min(value, float(low)), max(value, float(high)))


def _tango(fixed: float, broken: float, n: int) -> Interval:
    value = (fixed - broken) / n
    low = _tango_limit(fixed, broken, n, inside=value, outside=-1.0)
    high = _tango_limit(fixed, broken, n, inside=value, outside=1.0)
    return Interval(value, low, high)


def _tango_limit(fixed: float, broken: float, n: int, *, inside: float, outside: float) -> float:
    """Halve towards the difference where the score test turns significant; the statistic is monotone there."""
    for _ in range(60):
        middle = (inside + outside) / 2
        if _tango_excess(fixed, broken, n, middle) > 0:
            outside = middle
        else:
            inside = middle
    return inside


def _tango_excess(fixed: float, broken: float, n: int, difference: float) -> float:
    """Return squared numerator minus z squared times variance of Tango's score test, above 0 if significant.

    The difference of the two instead of their quotient, since the variance vanishes where no row changed.
    """
    a = 2 * n
    b = -fixed - broken + (2 * n - fixed + broken) * difference
    c = -broken * difference * (1 - difference)
    # The share of broken rows most likely under the given difference (Tango's q21).
    share = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    variance = n * (2 * share + difference * (1 - difference))
    return (fixed - broken - n * difference) ** 2 - Z * Z * variance

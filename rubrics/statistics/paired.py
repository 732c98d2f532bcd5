"""Two systems on the same rows: one test decides, and its interval never contradicts it.

Right/wrong scores of rows that stand alone get the exact McNemar test and Tango's interval. Everything else
(graded scores, rows in clusters) gets the sign-flip test over rows or clusters, of which McNemar's is the special
case, and Tango's interval on the effective rows.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rubrics.statistics.clusters import ALPHA, Z, cautions, cluster_sums, effective_rows, mean_variance
from rubrics.statistics.intervals import Interval, graded

if TYPE_CHECKING:
    import numpy as np

    from rubrics.statistics.clusters import Floats

PERMUTATIONS = 9_999
# All sign patterns of this many units are fewer than the random ones would be.
_ENUMERATED = 13
# Draws held in memory at once; at eight bytes each about 16 MB.
_CHUNK_DRAWS = 2_000_000
# Where a limit would contradict the test it stops this far from 0.
_BESIDE_ZERO = 1e-6


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


@dataclass(frozen=True)
class PairedComparison:
    """Tuned against baseline on the same rows.

    Attributes:
        interval: tuned minus baseline with its 95% limits, -1..1.
        p_value: of the one test, 0..1; below 0.05 exactly where the interval leaves out 0.
        test: the test in words.
        n: rows.
        clusters: groups the rows belong to; None where every row stands alone.
        table: None for graded scores.
        cautions: why the interval may claim too much, sentences for a person.
    """

    interval: Interval
    p_value: float
    test: str
    n: int
    clusters: int | None
    table: FlipTable | None
    cautions: tuple[str, ...]


def compare_paired(
    baseline: Sequence[float],
    tuned: Sequence[float],
    *,
    binary: bool,
    seed: int = 0,
    clusters: Sequence[Hashable] | None = None,
) -> PairedComparison:
    """Compare two systems by the one test that their scores and rows call for; KNOWLEDGE section 8.

    Args:
        baseline: scores 0..1, one a row.
        tuned: scores 0..1 of the same rows in the same order.
        binary: the metric gives only 0 and 1.
        seed: of the random sign flips, which graded scores of many changed rows need.
        clusters: what each row belongs to; where no two rows share a cluster it changes nothing.
    Raises:
        ValueError: lengths differ, there is no row, or a score lies outside 0..1.
    """
    differences = _paired_differences(baseline, tuned)
    groups = None if clusters is None else len(set(clusters))
    if groups == len(differences):
        clusters = groups = None
    table = (
        flip_table([score == 1 for score in baseline], [score == 1 for score in tuned]) if binary else None
    )
    if table is not None and groups is None:
        interval = paired_share_difference(table.fixed, table.broken, table.n)
        p_value, test = mcnemar_exact(table.fixed, table.broken), "exact McNemar"
    else:
        interval, p_value = _by_sign_flips(differences, clusters, binary, seed)
        kind = "exact sign-flip" if binary else "sign-flip permutation"
        test = kind if groups is None else f"{kind} over {groups} clusters"
    sums, _ = cluster_sums(differences, clusters)
    changed = int((sums != 0).sum())
    notes = cautions(len(differences), graded=not binary, clusters=groups, changed=changed)
    return PairedComparison(interval, p_value, test, len(differences), groups, table, tuple(notes))


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
    return agreeing(tango(fixed, broken, n), mcnemar_exact(fixed, broken))


def paired_mean_difference(
    baseline: Sequence[float],
    tuned: Sequence[float],
    seed: int = 0,
    clusters: Sequence[Hashable] | None = None,
) -> tuple[Interval, float]:
    """Return tuned minus baseline mean score with a 95% interval, -1..1, and the sign-flip test's p-value.

    The interval is Tango's on the effective rows, the summed gains and losses counted as changed rows. The two
    agree: 0 lies outside exactly when p < 0.05.

    Args:
        baseline: scores 0..1, one a row.
        tuned: scores 0..1 of the same rows in the same order.
        seed: of the random sign flips.
        clusters: what each row belongs to (customer, document, near-duplicate group); whole clusters then vary
            and are flipped. Without it every row stands alone.
    Raises:
        ValueError: lengths differ, there is no row, or a score lies outside 0..1.
    """
    return _by_sign_flips(_paired_differences(baseline, tuned), clusters, False, seed)


def sign_flip_test(sums: Sequence[float] | Floats, seed: int = 0) -> float:
    """Return the two-sided p-value that the differences are symmetric about 0, 0..1.

    The share of sign patterns whose sum is as far from 0 as the observed one. Exact for whole numbers (changed
    rows by cluster), where singletons give exactly McNemar's p, and for up to 13 changed units; else 9,999 random
    patterns with one added above and below, so that p is never 0.
    Source: Fisher (1935), The Design of Experiments, section 21; Phipson and Smyth (2010) for the added one.

    Args:
        sums: difference of each unit (row or cluster) that is flipped as a whole.
        seed: of the random patterns.
    """
    import numpy as np

    values = np.asarray(sums, dtype=np.float64)
    changed = values[values != 0]
    if len(changed) == 0:
        return 1.0
    if bool(np.all(changed == np.round(changed))):
        return _whole_number_flips(np.abs(changed).astype(np.int64), abs(round(float(changed.sum()))))
    if len(changed) <= _ENUMERATED:
        return _all_flips(changed)
    return _random_flips(changed, np.random.default_rng(seed))


def _paired_differences(baseline: Sequence[float], tuned: Sequence[float]) -> Floats:
    before, after = graded(baseline), graded(tuned)
    if len(before) != len(after):
        raise ValueError(f"paired scores differ in number: {len(before)} and {len(after)}")
    return after - before


def _by_sign_flips(
    differences: Floats, clusters: Sequence[Hashable] | None, binary: bool, seed: int
) -> tuple[Interval, float]:
    sums, sizes = cluster_sums(differences, clusters)
    p_value = sign_flip_test(sums, seed)
    return agreeing(effective_tango(differences, sums, sizes, binary=binary), p_value), p_value


def effective_tango(differences: Floats, sums: Floats, sizes: Floats, *, binary: bool) -> Interval:
    """Return Tango's interval of a mean difference on the effective rows, before it is made to agree with a test.

    Args:
        differences: of each row, -1..1.
        sums, sizes: of its clusters.
        binary: the differences are -1, 0 or 1; clusters then never count for more than their rows.
    """
    rows = len(differences)
    gained = float(differences[differences > 0].sum()) / rows
    lost = -float(differences[differences < 0].sum()) / rows
    value = gained - lost
    spread = max(0.0, gained + lost - value**2)
    most = float(rows) if binary else None
    effective = effective_rows(spread, mean_variance(sums, sizes), len(sums), most=most)
    interval = tango(gained * effective, lost * effective, effective)
    return Interval(value, min(value, interval.low), max(value, interval.high))


def agreeing(interval: Interval, p_value: float) -> Interval:
    """Return the interval with a limit moved just past or just onto 0 where interval and test would say different things.

    A significant test keeps 0 out; an insignificant one takes it in. The test has its level at 0, so coverage
    there is the test's, and elsewhere it only changes where the sign itself would be mistaken.
    """
    value, low, high = interval.value, interval.low, interval.high
    if p_value >= ALPHA:
        return Interval(value, min(0.0, low), max(0.0, high))
    beside = min(_BESIDE_ZERO, abs(value) / 2)
    if value > 0:
        return Interval(value, max(low, beside), high)
    return Interval(value, low, min(high, -beside))


def _whole_number_flips(sizes: np.ndarray, observed: int) -> float:
    import numpy as np
    from scipy.special import bdtr

    magnitudes, counts = np.unique(sizes, return_counts=True)
    if len(magnitudes) == 1:
        # One magnitude: the sign test, kept in its own form for its precision in the far tail.
        units, apart = int(counts[0]), observed // int(magnitudes[0])
        return min(1.0, 2 * float(bdtr((units - apart) // 2, units, 0.5)))
    if observed == 0:
        return 1.0
    chances = np.ones(1)
    for size, count in zip(magnitudes.tolist(), counts.tolist(), strict=True):
        chances = np.convolve(chances, _flipped_count(size, count))
    # chances[i] belongs to the sum 2 i - total.
    start = (int(sizes.sum()) + observed) // 2
    return min(1.0, 2 * float(chances[start:].sum()))


def _flipped_count(size: int, count: int) -> Floats:
    """Return the chances of 0..count positive signs, `size` places apart."""
    import numpy as np
    from scipy.special import gammaln

    positive = np.arange(count + 1)
    logs = gammaln(count + 1) - gammaln(positive + 1) - gammaln(count - positive + 1) - count * math.log(2)
    spaced = np.zeros(size * count + 1)
    spaced[::size] = np.exp(logs)
    return spaced


def _all_flips(changed: Floats) -> float:
    import numpy as np

    patterns = np.arange(2 ** len(changed))[:, None] >> np.arange(len(changed)) & 1
    return float(np.mean(np.abs((patterns * 2.0 - 1.0) @ changed) >= _observed(changed)))


def _random_flips(changed: Floats, rng: np.random.Generator) -> float:
    import numpy as np

    observed, extreme = _observed(changed), 0
    magnitudes, counts = np.unique(np.abs(changed), return_counts=True)
    single = counts == 1
    step = max(1, _CHUNK_DRAWS // len(magnitudes))
    for start in range(0, PERMUTATIONS, step):
        rows = min(step, PERMUTATIONS - start)
        sums = _flipped_singly(magnitudes[single], rows, rng)
        sums += _flipped_together(magnitudes[~single], counts[~single], rows, rng)
        extreme += int(np.count_nonzero(np.abs(sums) >= observed))
    return (extreme + 1) / (PERMUTATIONS + 1)


def _flipped_singly(magnitudes: Floats, rows: int, rng: np.random.Generator) -> Floats:
    """Return sums (rows,) of randomly signed magnitudes: single bits are eight times as quick to draw as numbers."""
    import numpy as np

    drawn = np.frombuffer(rng.bytes(rows * -(-len(magnitudes) // 8)), dtype=np.uint8).reshape(rows, -1)
    positive: Floats = np.unpackbits(drawn, axis=1, count=len(magnitudes)) @ magnitudes
    return 2 * positive - float(magnitudes.sum())


def _flipped_together(magnitudes: Floats, counts: np.ndarray, rows: int, rng: np.random.Generator) -> Floats:
    """Return sums (rows,) where a magnitude stands several times: how many of them are positive is binomial."""
    positive: Floats = rng.binomial(counts, 0.5, size=(rows, len(counts))) @ magnitudes
    return 2 * positive - float(counts @ magnitudes)


def _observed(changed: Floats) -> float:
    # Sums of the same numbers in another order differ in their last bits; those are ties.
    return abs(float(changed.sum())) - 1e-9


def tango(fixed: float, broken: float, n: float) -> Interval:
    """Return Tango's interval as it is, not made to agree with a test; counts may be those of effective rows."""
    value = (fixed - broken) / n
    low = _tango_limit(fixed, broken, n, inside=value, outside=-1.0)
    high = _tango_limit(fixed, broken, n, inside=value, outside=1.0)
    return Interval(value, low, high)


def _tango_limit(fixed: float, broken: float, n: float, *, inside: float, outside: float) -> float:
    """Halve towards the difference where the score test turns significant; the statistic is monotone there."""
    for _ in range(60):
        middle = (inside + outside) / 2
        if _tango_excess(fixed, broken, n, middle) > 0:
            outside = middle
        else:
            inside = middle
    return inside


def _tango_excess(fixed: float, broken: float, n: float, difference: float) -> float:
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

"""What a test set can show before anything is spent: power, smallest visible gain, rows needed.

A comparison that cannot see the gain it looks for wastes the training. All numbers are exact for the test that
will decide, the two-sided exact McNemar test at 5%; the usual normal formulas flatter small test sets.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rubrics.statistics import ALPHA, Z

MOST_ROWS = 100_000
"""The most rows anybody would label."""

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]
    Floats = NDArray[np.float64]


def exact_power(n: int, gain: float, discordance: float) -> float:
    """Return the chance that the exact McNemar test is significant, 0..1.

    The number of discordant pairs is binomial (n, discordance); given it, a pair is fixed rather than broken
    with probability (1 + gain / discordance) / 2.
    Source: Duffy (1984), Biometrics 40, 1005-1015 (exact unconditional power); KNOWLEDGE section 4.

    Args:
        n: test rows.
        gain: true difference of the shares of right answers, 0..1.
        discordance: share of rows on which the systems differ, 0..1; it cannot be below the gain, so a
            smaller one is taken as the gain.
    Raises:
        ValueError: n is negative, or gain or discordance lies outside 0..1.
    """
    if n < 0:
        raise ValueError("a number of rows cannot be negative")
    if not (0 <= gain <= 1 and 0 <= discordance <= 1):
        raise ValueError("gain and discordance are shares in 0..1")
    discordance = max(gain, discordance)
    if n == 0 or discordance == 0:
        return 0.0
    import numpy as np
    from scipy.special import bdtr, bdtrc

    pairs = _likely_pairs(n, discordance)
    critical = _critical(pairs)
    possible = critical >= 0
    pairs, critical = pairs[possible], critical[possible]
    broken_share = (1 - gain / discordance) / 2
    gained = bdtr(critical, pairs, broken_share)
    lost = bdtrc(pairs - critical - 1, pairs, broken_share)
    return float(np.sum(_binomial(pairs, n, discordance) * (gained + lost)))


def minimum_detectable_effect(n: int, discordance: float, power: float = 0.8) -> float | None:
    """Return the smallest gain seen with that power, as a share 0..1; KNOWLEDGE section 4, R10.

    Returns:
        None if even the largest possible gain, where every discordant pair is a fixed one, is seen too rarely.
    Raises:
        ValueError: n is negative, discordance lies outside 0..1, or power is not between 0.05 and 1.
    """
    _check_power(power)
    if exact_power(n, discordance, discordance) < power:
        return None
    from scipy.optimize import brentq

    return float(brentq(lambda gain: exact_power(n, gain, discordance) - power, 0.0, discordance, xtol=1e-6))


def minimum_detectable_gain(n: int, churn: float, power: float = 0.8) -> float | None:
    """Return the smallest gain seen with that power where a gain x changes churn + x of the rows, 0..1.

    Args:
        churn: share of rows that change without any gain, half of them for the better; 0..1.
    Returns:
        None if even the largest gain that leaves room for the churn is seen too rarely.
    Raises:
        ValueError: n is negative, churn lies outside 0..1, or power is not between 0.05 and 1.
    """
    _check_power(power)
    most = 1.0 - churn
    if exact_power(n, most, 1.0) < power:
        return None
    from scipy.optimize import brentq

    return float(brentq(lambda gain: exact_power(n, gain, churn + gain) - power, 0.0, most, xtol=1e-6))


def rows_needed(gain: float, discordance: float, power: float = 0.8, limit: int = MOST_ROWS) -> int | None:
    """Return how many test rows it takes to see a gain with that power; KNOWLEDGE section 8, R10.

    Args:
        gain: true difference of the shares of right answers, 0..1.
        discordance: share of rows on which the systems differ, taken as the gain where it is smaller.
        power: the wanted chance of a significant test.
        limit: the most rows anybody would label.
    Returns:
        The n whose power is enough while that of n - 1 is not; None if the limit is not enough. That is the
        smallest such n unless nearly every row is discordant, where exact power goes up in a saw (by under a
        point at discordance 0.9, by several at 1) and a few rows less may do too.
    Raises:
        ValueError: gain or discordance lies outside 0..1, or power is not between 0.05 and 1.
    """
    _check_power(power)
    if exact_power(limit, gain, discordance) < power:
        return None
    short, enough = 0, limit
    while enough - short > 1:
        middle = (short + enough) // 2
        if exact_power(middle, gain, discordance) < power:
            short = middle
        else:
            enough = middle
    return enough


def _check_power(power: float) -> None:
    if not ALPHA < power < 1:
        raise ValueError(f"power must lie between {ALPHA} and 1")


def rows_to_settle(
    difference: float, deviation: float, min_gain: float, *, power: float = 0.8, limit: int = MOST_ROWS
) -> int | None:
    """Return how many test rows in all a new test takes to ship or keep with that chance, if it is as it was seen.

    Shipping takes a significant difference of at least the smallest gain worth it, keeping an interval that lies
    under it (T3 and T5 of verdict.yaml). The difference is taken as normal; the closer it lies to the smallest
    gain, the more rows, and none are enough where it is equal to it.

    Args:
        difference: tuned minus baseline as it was seen, -1..1.
        deviation: standard deviation of the difference of one row; sqrt(discordance - difference^2) for right or
            wrong rows, and the half width of the interval times sqrt(n) / 1.96 in general.
        min_gain: smallest gain worth it, over 0.
        power: the wanted chance of a decision.
        limit: the most rows anybody would label.
    Returns:
        None if the limit is not enough.
    Raises:
        ValueError: deviation or min_gain is not above 0, or power is not between 0.05 and 1.
    """
    _check_power(power)
    if deviation <= 0 or min_gain <= 0:
        raise ValueError("deviation and smallest gain must lie above 0")
    rows = 1
    while rows <= limit:
        if chance_to_settle(rows, difference, deviation, min_gain) >= power:
            return rows
        # Steps of half a percent: finer than anybody counts rows to label.
        rows = max(rows + 1, math.ceil(rows * 1.005))
    return None


def chance_to_settle(n: int, difference: float, deviation: float, min_gain: float) -> float:
    """Return the chance that a test on n rows ships or keeps, 0..1; the arguments are those of `rows_to_settle`."""
    error = deviation / math.sqrt(n)
    shipped = 1 - _normal((max(min_gain, Z * error) - difference) / error)
    kept = _normal((min_gain - Z * error - difference) / error)
    return shipped + kept


def _normal(value: float) -> float:
    return 0.5 * math.erfc(-value / math.sqrt(2))


def _critical(pairs: Counts) -> Counts:
    """Return the most broken (or fixed) pairs at which twice the binomial tail still lies under alpha; -1 if none.

    From the normal guess in steps of one, which takes two or three; scipy's inverse is twenty times slower.
    """
    import numpy as np
    from scipy.special import bdtr

    def significant(counts: Counts) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = (counts < 0) | (bdtr(np.maximum(counts, 0), pairs, 0.5) < ALPHA / 2)
        return found

    critical: Counts = np.maximum(np.floor((pairs - Z * np.sqrt(pairs) - 1) / 2), -1).astype(np.int64)
    while not (fits := significant(critical)).all():
        critical = critical - ~fits
    while (more := significant(critical + 1)).any():
        critical = critical + more
    return critical


def _binomial(counts: Counts, n: int, share: float) -> Floats:
    """Return the binomial chances of these counts out of n."""
    import numpy as np
    from scipy.special import gammaln, xlog1py, xlogy

    ways = gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1)
    chances: Floats = np.exp(ways + xlogy(counts, share) + xlog1py(n - counts, -share))
    return chances


def _likely_pairs(n: int, discordance: float) -> Counts:
    """Return the counts of discordant pairs that hold all but under 1e-19 of the probability (Bernstein)."""
    import numpy as np

    reach = 10 * math.sqrt(n * discordance * (1 - discordance)) + 30
    centre = n * discordance
    return np.arange(max(0, math.floor(centre - reach)), min(n, math.ceil(centre + reach)) + 1)

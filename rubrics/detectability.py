"""Whether the test set can show the gain that is needed: exact for right/wrong scores, by the spread for graded.

The two kinds answer to different tests. A graded score of 100 rows can show five points that 100 right/wrong rows
cannot, so neither is ever judged by the other's arithmetic.
"""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

from rubrics.measurements import Measurements
from rubrics.power import exact_power, minimum_detectable_effect, minimum_detectable_gain, rows_needed
from rubrics.statistics import Z

_MOST_ROWS = 100_000


def known_discordance(m: Measurements, gain: float) -> float:
    """Return the discordance that a gain is known to go with, at least the gain itself; 0..1."""
    if m.churn is not None:
        return min(1.0, m.churn + gain)
    return max(m.discordance or 0.0, gain)


def planned_discordance(m: Measurements, gain: float) -> float:
    """Return the discordance to plan with for a gain: the known one, else the planning default; 0..1."""
    if discordance_measured(m):
        return known_discordance(m, gain)
    return max(m.limits.planning_discordance, gain)


def discordance_measured(m: Measurements) -> bool:
    """Whether it was seen, or given, how many answers change."""
    return m.churn is not None or m.discordance is not None


def independent_rows(m: Measurements) -> int | None:
    """Return how many independent rows the test rows are worth; None where their number is not known."""
    return None if m.n is None else max(1, round(m.n * m.independent))


@functools.lru_cache(maxsize=4096)
def power_to_see(n: int, gain: float, discordance: float) -> float:
    """Return `exact_power`; kept, since looking for flips asks for the same powers again and again."""
    return exact_power(n, gain, discordance)


def graded_power(n: int, gain: float, deviation: float) -> float:
    """Return the chance that a paired test of graded scores is significant, 0..1, by the normal approximation.

    Source: Cohen (1988), paired t-test; the difference to its exact power is under a point from 30 rows on.

    Args:
        gain: true mean difference, 0..1.
        deviation: standard deviation of a row's difference, 0..1.
    """
    if n <= 0 or gain <= 0:
        return 0.0
    if deviation == 0:
        return 1.0
    return NormalDist().cdf(gain * math.sqrt(n) / deviation - Z)


def power_for(m: Measurements, gain: float) -> float | None:
    """Return the planned power for a gain on the test rows; None where rows or spread are not known."""
    n = independent_rows(m)
    if n is None:
        return None
    if m.graded:
        return None if m.deviation is None else graded_power(n, gain, m.deviation)
    gain = max(gain, 0.0)
    return power_to_see(n, gain, planned_discordance(m, gain))


def smallest_visible_gain(m: Measurements) -> float | None:
    """Return the minimum detectable effect on the test rows, a share 0..1; None where there is none or it is not known."""
    n = independent_rows(m)
    if n is None:
        return None
    if m.graded:
        if m.deviation is None:
            return None
        gain = (Z + _z(m.limits.power)) * m.deviation / math.sqrt(n)
        return gain if gain <= 1 else None
    if m.churn is not None:
        return minimum_detectable_gain(n, m.churn, m.limits.power)
    return minimum_detectable_effect(n, planned_discordance(m, 0.0), m.limits.power)


def rows_to_see(m: Measurements, gain: float) -> int | None:
    """Return how many test rows show a gain with the wanted power; None if no number within 100,000 does.

    Rows in clusters are counted as rows, of which it then takes more.
    """
    if gain <= 0:
        return None
    if m.graded:
        deviation = m.deviation or 0.0
        needed: int | None = math.ceil(((Z + _z(m.limits.power)) * deviation / gain) ** 2)
    else:
        needed = rows_needed(gain, known_discordance(m, gain), m.limits.power)
    if needed is None:
        return None
    needed = max(1, math.ceil(needed / m.independent))
    return needed if needed <= _MOST_ROWS else None


def _z(power: float) -> float:
    return NormalDist().inv_cdf(power)

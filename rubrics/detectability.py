"""Whether the test set can show the gain that is needed: exact for right/wrong scores, by the spread for graded.

The two kinds answer to different tests. A graded score of 100 rows can show five points that 100 right/wrong rows
cannot, so neither is ever judged by the other's arithmetic.
"""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

from rubrics.measurements import Measurements
from rubrics.power import exact_power, minimum_detectable_effect, rows_needed
from rubrics.statistics import Z

_MOST_ROWS = 100_000


def known_discordance(m: Measurements) -> float:
    """Return the measured discordance, else 0: power then counts only that it is at least the gain."""
    return m.discordance or 0.0


def planned_discordance(m: Measurements) -> float:
    """Return the discordance to plan with: the measured one, else the planning default; 0..1."""
    return m.limits.planning_discordance if m.discordance is None else m.discordance


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
    if m.n is None:
        return None
    if m.graded:
        return None if m.deviation is None else graded_power(m.n, gain, m.deviation)
    return power_to_see(m.n, max(gain, 0.0), planned_discordance(m))


def smallest_visible_gain(m: Measurements) -> float | None:
    """Return the minimum detectable effect on the test rows, a share 0..1; None where there is none or it is not known."""
    if m.n is None:
        return None
    if m.graded:
        if m.deviation is None:
            return None
        gain = (Z + _z(m.limits.power)) * m.deviation / math.sqrt(m.n)
        return gain if gain <= 1 else None
    return minimum_detectable_effect(m.n, planned_discordance(m), m.limits.power)


def rows_to_see(m: Measurements, gain: float) -> int | None:
    """Return how many test rows show a gain with the wanted power; None if no number within 100,000 does."""
    if gain <= 0:
        return None
    if m.graded:
        deviation = m.deviation or 0.0
        needed = math.ceil(((Z + _z(m.limits.power)) * deviation / gain) ** 2)
        return max(needed, 1) if needed <= _MOST_ROWS else None
    return rows_needed(gain, max(known_discordance(m), gain), m.limits.power)


def _z(power: float) -> float:
    return NormalDist().inv_cdf(power)

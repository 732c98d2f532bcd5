"""What is tested or measured more than once: several candidates, several looks, the same prompt sampled again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rubrics.statistics.clusters import ALPHA, Z
from rubrics.statistics.intervals import Interval
from rubrics.statistics.paired import agreeing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MIXTURES = 400
"""Their spread is known to 3.5%, which is finer than a noise floor is used."""

# Chance of at least one p < 0.05 when rows keep being added and tested k times, without any real difference.
_LOOKS = {1: 0.05, 2: 0.083, 3: 0.107, 4: 0.126, 5: 0.142, 10: 0.193}


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values in the given order, for several tuned candidates against one baseline.

    Source: Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Raises:
        ValueError: a p-value lies outside 0..1.
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError("p-values lie in 0..1")
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = largest
    return adjusted


def simultaneous(interval: Interval, p_holm: float, candidates: int) -> Interval:
    """Return a 95% interval as one of several that hold together, in agreement with its adjusted p-value.

    Both sides are stretched as Bonferroni's level stretches the normal quantile; then 0 lies outside exactly where
    Holm's p < 0.05. For a single candidate the interval is as it was.

    Args:
        interval: difference of one candidate and the baseline, -1..1.
        p_holm: its p-value after `holm`.
        candidates: how many are compared with that baseline.
    """
    from scipy.special import ndtri

    if candidates < 2:
        return interval
    stretch = float(ndtri(1 - ALPHA / (2 * candidates))) / Z
    low = interval.value - stretch * (interval.value - interval.low)
    high = interval.value + stretch * (interval.high - interval.value)
    return agreeing(Interval(interval.value, max(-1.0, low), min(1.0, high)), p_holm)


def false_alarm_rate(looks: int) -> tuple[float, float]:
    """Return the chance of at least one p < 0.05 in so many looks without any difference, as (low, high).

    Low where each look adds rows to those of the last, high where the looks are independent of each other.
    Source: Armitage, McPherson and Rowe (1969), JRSS A 132, 235-244, table 2; KNOWLEDGE section 8.

    Raises:
        ValueError: looks is below 1.
    """
    if looks < 1:
        raise ValueError("at least one look is needed")
    known = max(number for number in _LOOKS if number <= looks)
    return _LOOKS[known], 1 - (1 - ALPHA) ** looks


@dataclass(frozen=True)
class NoiseFloor:
    """How much a score moves when nothing but the sampling of answers is repeated.

    Attributes:
        repeats, n: number of repetitions and of rows.
        spread: standard deviation of the mean score between repetitions, 0..1.
        unstable: share of rows whose score is not the same in every repetition, 0..1.
        difference: differences of two scorings up to this size come from sampling alone in 95% of the cases.
    """

    repeats: int
    n: int
    spread: float
    unstable: float
    difference: float


def noise_floor(scores: Sequence[Sequence[float]]) -> NoiseFloor:
    """Measure the noise of sampled answers from the same rows scored again and again.

    Rows are answered independently, so the variance of the mean is that within rows over their number, which
    needs far fewer repetitions than the spread of a handful of means.

    Args:
        scores: one list a repetition, each with the scores 0..1 of the same rows in the same order.
    Raises:
        ValueError: fewer than two repetitions, no rows, or unequal numbers of rows.
    """
    import numpy as np

    if len(scores) < 2:
        raise ValueError("a noise floor needs at least two repetitions")
    if len({len(repeat) for repeat in scores}) != 1 or len(scores[0]) == 0:
        raise ValueError("every repetition must score the same rows, at least one")
    values = np.asarray(scores, dtype=np.float64)
    repeats, n = values.shape
    spread = math.sqrt(float(values.var(axis=0, ddof=1).mean()) / n)
    unstable = float((np.ptp(values, axis=0) > 0).mean())
    return NoiseFloor(repeats, n, spread, unstable, Z * math.sqrt(2) * spread)


def set_noise_floor(
    score: Callable[[NDArray[np.intp]], float], same: Sequence[bool], repeats: int, seed: int = 0
) -> NoiseFloor:
    """Measure the noise of sampled answers for a score of a whole set, such as macro-F1.

    A scoring is made up by taking of each row the answer of one repetition at random, 400 times. Draws from R
    answers of a row vary by (R - 1) / R of what new answers would, which is made up for.

    Args:
        score: of a mixture, which names of each row the repetition whose answer is taken; 0..1.
        same: of each row whether it is answered alike in every repetition.
        repeats: number of repetitions.
    Raises:
        ValueError: fewer than two repetitions, or no rows.
    """
    import numpy as np

    if repeats < 2 or not same:
        raise ValueError("a noise floor needs at least two repetitions and a row")
    rng = np.random.default_rng(seed)
    scores = [score(rng.integers(repeats, size=len(same))) for _ in range(_MIXTURES)]
    spread = float(np.std(scores, ddof=1)) * math.sqrt(repeats / (repeats - 1))
    return NoiseFloor(repeats, len(same), spread, 1 - sum(same) / len(same), Z * math.sqrt(2) * spread)

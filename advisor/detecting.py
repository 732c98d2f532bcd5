"""What a test set can show before anything is measured: how small a gain its size can tell from chance.

The verdict asks this again with what was measured (rule R10); here a person still fills in the plan, so that rows
can be added, or a smaller gain be given up, before anything is spent. The first screen asks here and has no rows
yet, so what computes is imported once there are some.
"""

from __future__ import annotations

from dataclasses import dataclass

BASELINES = (0.5, 0.7, 0.8, 0.9, 0.95)
"""Scores of the best cheap option for which the smallest visible gain is told."""
_SHARED_ERRORS = 0.5
"""How much of the difference between independent systems is left between a model and its tuned self: ours. With it
a baseline of 0.9 differs on about 10% of the rows and one of 0.7 on 20%, the two columns of KNOWLEDGE section 4."""


@dataclass(frozen=True)
class Detectable:
    """What a number of test rows can show.

    Attributes:
        rows: test rows.
        min_gain: smallest gain worth it, which the test set should be able to show; a share 0..1.
        smallest: smallest gain seen with the wanted power at a baseline, a share 0..1; None where not even a
            perfect model is seen.
        power: chance to see `min_gain`, 0..1.
        needed: test rows that would show it with the wanted power; None where no number within 100,000 does.
        wanted: that power, 0..1.
        graded: the metric gives partial credit, so that its spread, measured later, decides instead.
    """

    rows: int
    min_gain: float
    smallest: tuple[tuple[float, float | None], ...]
    power: float
    needed: int | None
    wanted: float
    graded: bool

    @property
    def is_enough(self) -> bool:
        """Whether the gain worth it would be seen."""
        return self.power >= self.wanted


def expected_test_rows(data: int | None, test: int | None) -> int | None:
    """Return how many test rows a run will have.

    Args:
        data: rows of the one file that is split; None where there is none.
        test: rows of a test file; None where there is none.

    Returns:
        None where neither is known.
    """
    if test is not None:
        return test
    if data is None:
        return None
    from advisor.data.splitting import wanted_sizes

    return round(wanted_sizes(data)[2])


def detectable(rows: int, min_gain: float, metric: str = "exact_match") -> Detectable:
    """Return what that many test rows can show with the planned power, by the exact McNemar test at 5%.

    Args:
        min_gain: smallest gain worth it, over 0, at most 1.
        metric: one that gives partial credit is told as if it counted right and wrong, which asks for more rows.
    """
    from rubrics.detectability import power_to_see
    from rubrics.power import rows_needed
    from rubrics.rulebook import load_rulebook
    from rubrics.scoring import METRICS

    limits = load_rulebook().limits
    discordance = max(limits.planning_discordance, min_gain)
    return Detectable(
        rows=rows,
        min_gain=min_gain,
        smallest=tuple((baseline, smallest_gain(rows, baseline, limits.power)) for baseline in BASELINES),
        power=power_to_see(rows, min_gain, discordance),
        needed=rows_needed(min_gain, discordance, limits.power),
        wanted=limits.power,
        graded=metric in METRICS and not METRICS[metric].binary,
    )


def smallest_gain(rows: int, baseline: float, power: float) -> float | None:
    """Return the smallest gain over a baseline that is seen with that power, a share 0..1.

    Args:
        rows: test rows.
        baseline: score of the system that is to be beaten, 0..1, below 1.
        power: wanted chance of a significant test, over 0.05.

    Returns:
        None where even a perfect model is seen too rarely.
    """
    from scipy.optimize import brentq

    from rubrics.power import exact_power

    def lacking(gain: float) -> float:
        return exact_power(rows, gain, planned_discordance(baseline, gain)) - power

    room = 1 - baseline
    if rows <= 0 or lacking(room) < 0:
        return None
    return float(brentq(lacking, 0.0, room, xtol=1e-4))


def planned_discordance(baseline: float, gain: float) -> float:
    """Return the share of rows on which baseline and tuned model will differ, to plan with; 0..1.

    Between independent systems that is b (1 - t) + (1 - b) t with t = b + gain; a tuned model shares its errors
    with the model it came from, so half of it is planned with, and never less than the gain.
    """
    tuned = baseline + gain
    independent = baseline * (1 - tuned) + (1 - baseline) * tuned
    return max(gain, _SHARED_ERRORS * independent)

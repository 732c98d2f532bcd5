"""Which single number, moved how little, would change the decision after training.

The same search as before training, over the rules T1 to T6. For right/wrong scores the counts are moved and the
interval and p-value computed anew, so that a flip is what the test would really say.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace

from rubrics.compared import Compared, PairedResult
from rubrics.flips import SHARE_STEP, Dial, Flip, nearest_flips
from rubrics.outcome import outcome_of
from rubrics.statistics import mcnemar_exact, paired_share_difference


def find_outcome_flips(c: Compared) -> tuple[Flip, ...]:
    """Return the nearest flip to each other outcome in reach of one number, nearest first."""
    return nearest_flips(tuple(outcome_dials(c)), c, outcome_of)


def outcome_dials(c: Compared) -> Iterator[Dial[Compared]]:
    """Yield every number that is known and can be moved."""
    yield Dial(
        "task.min_gain",
        c.min_gain,
        SHARE_STEP,
        SHARE_STEP,
        1.0,
        lambda value: replace(c, min_gain=value),
        "If a gain were worth it from {points} on",
    )
    if c.margin is not None and c.saving:
        yield Dial(
            "task.margin",
            c.margin,
            SHARE_STEP,
            SHARE_STEP,
            1.0,
            lambda value: replace(c, margin=value),
            "With a margin of {points} declared before training",
        )
    if len(c.guards) == 1:
        guard = c.guards[0]
        yield Dial(
            "guard.allowed",
            guard.allowed,
            SHARE_STEP,
            0.0,
            1.0,
            lambda value: replace(c, guards=[replace(guard, allowed=value)]),
            "Where a fall of {points} on the guard set is accepted",
        )
    yield from _count_dials(c) if _counted(c) else _difference_dial(c)


def _counted(c: Compared) -> bool:
    """Whether the counts are known and the interval is theirs; one that somebody else computed is moved as it is."""
    paired = c.paired
    if paired.n is None or paired.fixed is None or paired.broken is None:
        return False
    own = recount(paired.fixed, paired.broken, paired.n)
    return abs(own.low - paired.low) < 1e-6 and abs(own.high - paired.high) < 1e-6


def _count_dials(c: Compared) -> Iterator[Dial[Compared]]:
    n, fixed, broken = c.paired.n or 0, c.paired.fixed or 0, c.paired.broken or 0
    words = "With {number} test rows "
    yield Dial(
        "comparison.fixed",
        fixed,
        1,
        0,
        n - broken,
        lambda value: replace(c, paired=recount(int(value), broken, n)),
        words + f"fixed by training instead of {fixed:,}",
    )
    yield Dial(
        "comparison.broken",
        broken,
        1,
        0,
        n - fixed,
        lambda value: replace(c, paired=recount(fixed, int(value), n)),
        words + f"broken by training instead of {broken:,}",
    )


@functools.lru_cache(maxsize=4096)
def recount(fixed: int, broken: int, n: int) -> PairedResult:
    """Return the paired result of these counts."""
    interval = paired_share_difference(fixed, broken, n)
    return PairedResult(
        interval.value, interval.low, interval.high, mcnemar_exact(fixed, broken), n, fixed, broken
    )


def _difference_dial(c: Compared) -> Iterator[Dial[Compared]]:
    """Move a graded difference with its interval; whether it is significant follows from the interval."""
    paired = c.paired

    def move(value: float) -> Compared:
        if value == paired.difference:
            return c
        low, high = paired.low + value - paired.difference, paired.high + value - paired.difference
        p_value = 0.0 if low > 0 or high < 0 else 1.0
        return replace(c, paired=replace(paired, difference=value, low=low, high=high, p_value=p_value))

    yield Dial(
        "comparison.difference",
        paired.difference,
        SHARE_STEP,
        -1.0,
        1.0,
        move,
        "With a difference of {points} and an interval as wide",
    )

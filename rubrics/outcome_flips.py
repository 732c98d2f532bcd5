"""Which single number, moved how little, would change the decision after training.

The same search as before training, over the rules T1 to T6. For right/wrong scores the counts are moved and the
interval and p-value computed anew, so that a flip is what the test would really say.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import replace

from rubrics.compared import Compared, OtherOption, PairedResult
from rubrics.flips import SHARE_STEP, Dial, Flip, nearest_flips
from rubrics.outcome import outcome_of
from rubrics.phrases import rung_words
from rubrics.power import MOST_ROWS
from rubrics.statistics import ALPHA, mcnemar_exact, paired_share_difference


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
    for at, option in enumerate(c.others):
        yield from _option_dials(c, at, option)


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
    yield Dial(
        "comparison.difference",
        c.paired.difference,
        SHARE_STEP,
        -1.0,
        1.0,
        lambda value: replace(c, paired=_shifted(c.paired, value)),
        "With a difference of {points} and an interval as wide",
    )


def _shifted(paired: PairedResult, value: float) -> PairedResult:
    """Move a difference with its interval; the p-value follows from both, by the normal distribution."""
    shift = value - paired.difference
    if shift == 0:
        return paired
    p_value = math.erfc(abs(value) / paired.error / math.sqrt(2)) if paired.error else float(value == 0)
    # Interval and p-value agree on 5%, whatever the shape of the interval.
    low, high = paired.low + shift, paired.high + shift
    outside = low > 0 or high < 0
    p_value = min(p_value, 0.9 * ALPHA) if outside else max(p_value, ALPHA)
    return replace(paired, difference=value, low=low, high=high, p_value=p_value)


def _option_dials(c: Compared, at: int, option: OtherOption) -> Iterator[Dial[Compared]]:
    """Move what is known of another cheap option: its lead on dev, the dev rows, the gain over it on test."""
    field, name = f"comparison.contenders.{option.rung}", rung_words(option.rung)

    def instead(other: OtherOption) -> Compared:
        return replace(c, others=[*c.others[:at], other, *c.others[at + 1 :]])

    def lead(value: float) -> Compared:
        shift = value - option.lead
        return instead(replace(option, lead=value, low=option.low + shift, high=option.high + shift))

    words = f"With {name} at {{points}} from the chosen option on dev"
    yield Dial(f"{field}.difference", option.lead, SHARE_STEP, -1.0, 1.0, lead, words)
    if option.rows:
        yield Dial(
            f"{field}.n",
            option.rows,
            1,
            1,
            MOST_ROWS,
            lambda value: instead(_on_dev_rows(option, value)),
            f"With {{rows}} of dev data and {name} as far from the chosen option",
        )
    tested = option.on_test
    if tested is not None:
        yield Dial(
            f"{field}.on_test.difference",
            tested.difference,
            SHARE_STEP,
            -1.0,
            1.0,
            lambda value: instead(replace(option, on_test=_shifted(tested, value))),
            f"With a gain of {{points}} over {name} and an interval as wide",
        )


def _on_dev_rows(option: OtherOption, rows: float) -> OtherOption:
    """The same lead on another number of dev rows: the limits move with the root of their number."""
    scale = math.sqrt((option.rows or 1) / rows)
    low, high = (
        option.lead + scale * (option.low - option.lead),
        option.lead + scale * (option.high - option.lead),
    )
    return replace(option, rows=int(rows), low=low, high=high)

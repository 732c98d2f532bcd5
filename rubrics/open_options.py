"""Is the tuned model better than every cheap option that dev leaves open, and not only than the one dev chose?

With few dev rows a weaker option is often chosen, and beating that one is not beating the best. To be better than
the best is to be better than each, so that each is tested at the full level and nothing is corrected for
(intersection-union test; Berger 1982, Technometrics 24, 295-300). An option that was asked about the test rows is
compared there. Of one that was not, dev and test are taken together: the gain over the chosen one less the lead on dev.
The rates at which this ships falsely, and what it costs in power, are in `advisor help statistics`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from rubrics.compared import Compared, OtherOption, PairedResult, gain_words
from rubrics.logic import over, under
from rubrics.phrases import rows, rung_words
from rubrics.power import MOST_ROWS
from rubrics.statistics import ALPHA, Z

_ONE_SIDED_P = 2 * ALPHA
"""Two-sided p under which a difference above 0 is shown at 5% one-sided: the level of each test of the union."""
_POWER = NormalDist().inv_cdf(0.8)


@dataclass(frozen=True, slots=True)
class Gain:
    """The gain over one open option.

    Attributes:
        difference: tuned minus the option, with limits: those of the test where it was asked there, else z errors
            either way of test and dev together.
        better: whether the gain is shown, and is worth it.
    """

    option: OtherOption
    difference: float
    low: float
    high: float
    better: bool

    @property
    def measured(self) -> str:
        """The option and the gain over it, in words."""
        name = rung_words(self.option.rung)
        if self.option.on_test is not None:
            return f"{name} ({self.option.on_test.measured})"
        return f"{name} ({gain_words(self.difference, self.low, self.high)}, by test and dev together)"


def gains(c: Compared) -> list[Gain]:
    """The gain over every option that dev leaves open."""
    z = joint_quantile(len(c.open_options))
    return [_gain(c, option, z) for option in c.open_options]


def joint_quantile(options: int) -> float:
    """How many joint standard errors a gain by test and dev together must exceed, over one of so many open options.

    The chosen option is the luckiest of several, so the 5% are shared among the open ones (Bonferroni). It is never
    under 1.96: with a single open option and 40 dev rows, whose scores are far from normal, 1.645 ships 5.5% falsely where every run trains.
    """
    return max(Z, NormalDist().inv_cdf(1 - ALPHA / max(1, options)))


def _gain(c: Compared, option: OtherOption, z: float) -> Gain:
    tested = option.on_test
    if tested is not None:
        shown = over(tested.difference, 0) and tested.p_value < _ONE_SIDED_P
        worth = not under(tested.difference, c.min_gain)
        return Gain(option, tested.difference, tested.low, tested.high, shown and worth)
    difference, half = c.paired.difference - option.lead, z * math.hypot(c.paired.error, _dev_error(option))
    better = over(difference - half, 0) and not under(difference, c.min_gain)
    return Gain(option, difference, difference - half, difference + half, better)


def _dev_error(option: OtherOption) -> float:
    return (option.high - option.low) / (2 * Z)


def not_better(c: Compared) -> list[Gain]:
    """The open options over which no gain that is worth it is shown."""
    return [gain for gain in gains(c) if not gain.better]


def maybe_worse(c: Compared, margin: float) -> list[Gain]:
    """The open options than which the tuned model may be worse by more than the margin."""
    return [gain for gain in gains(c) if not over(gain.low, -margin)]


def as_good_as_tuned(c: Compared) -> list[Gain]:
    """The open options, asked about the test rows, over which a gain that is worth it is excluded there."""
    return [gain for gain in gains(c) if gain.option.on_test is not None and under(gain.high, c.min_gain)]


def listed(found: Sequence[Gain]) -> str:
    """Name the options with the gains over them."""
    return " and ".join(gain.measured for gain in found)


def tested(found: Sequence[Gain]) -> list[PairedResult]:
    """The comparisons on the test rows among these gains."""
    return [gain.option.on_test for gain in found if gain.option.on_test is not None]


def dev_rows_to_settle(c: Compared, found: Sequence[Gain]) -> int | None:
    """How many dev rows in all settle the options that were not asked about the test rows, with 80% chance each.

    Settled is an option that is shown to be worse than the chosen one on dev, or over which the gain is shown, if its
    lead is as it was seen and the test stays as it is.

    Returns:
        None where there is none of them, their rows are not known, or 100,000 are not enough.
    """
    z = joint_quantile(len(c.open_options))
    needed = [_rows_for(c, gain.option, z) for gain in found if gain.option.on_test is None]
    known = [number for number in needed if number is not None]
    return max(known) if known and len(known) == len(needed) else None


def _rows_for(c: Compared, option: OtherOption, z: float) -> int | None:
    if option.rows is None:
        return None
    spread = _dev_error(option) * math.sqrt(option.rows)
    gain = c.paired.difference - option.lead
    number = option.rows
    while number <= MOST_ROWS:
        error = spread / math.sqrt(number)
        behind = option.lead + (Z + _POWER) * error < 0
        shown = gain > z * math.hypot(c.paired.error, error) + _POWER * error
        if behind or shown:
            return number
        # Steps of half a percent: finer than anybody counts rows to label.
        number = max(number + 1, math.ceil(number * 1.005))
    return None


def dev_note(c: Compared, found: Sequence[Gain]) -> str:
    """Say what would settle the options that were not asked about the test rows; empty where all were."""
    untested = [gain.option for gain in found if gain.option.on_test is None]
    if not untested:
        return ""
    names = " and ".join(rung_words(option.rung) for option in untested)
    size = "" if untested[0].rows is None else f" ({rows(untested[0].rows)})"
    needed = dev_rows_to_settle(c, found)
    more = f"About {rows(needed)} of dev data in all would settle it, or" if needed else "What settles it is"
    ask = f"to ask {names} about the test rows too" if not needed else f"ask {names} about the test rows too"
    return f"Dev{size} does not tell the chosen option from {names}. {more} {ask}."

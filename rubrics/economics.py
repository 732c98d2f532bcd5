"""What training costs and what it brings, for the two rules that may weigh money (R3, R12).

Money speaks only where somebody gave prices and a volume: what was not given is not taken as free.
"""

from __future__ import annotations

from rubrics.measurements import Measurements


def break_even_months(m: Measurements) -> float | None:
    """Return after how many months the tuned model has paid for itself; infinite if it never does.

    One-time costs over what a month saves, hosting and retraining taken off.

    Returns:
        None unless every price and the volume are known.
    """
    economy = m.economy
    once = _sum(economy.training, economy.labelling)
    running = _sum(economy.hosting_per_month, economy.retraining_per_month)
    saved = saving_per_month(m)
    if once is None or running is None or saved is None:
        return None
    gained = saved - running
    return once / gained if gained > 0 else float("inf")


def saving_per_month(m: Measurements) -> float | None:
    """Return what the tuned model saves a month by cheaper answers; negative where its answers are dearer."""
    economy = m.economy
    present = economy.baseline_per_request
    if present is None and m.chosen:
        present = m.chosen.cost
    if present is None or economy.tuned_per_request is None or economy.requests_per_month is None:
        return None
    return (present - economy.tuned_per_request) * economy.requests_per_month


def costs(m: Measurements) -> float | None:
    """Return what training costs over the horizon, from the prices that are given; a lower bound.

    Returns:
        None where no price of training, labelling, hosting or retraining is given.
    """
    economy = m.economy
    once, running = (
        [cost for cost in pair if cost is not None]
        for pair in (
            (economy.training, economy.labelling),
            (economy.hosting_per_month, economy.retraining_per_month),
        )
    )
    return sum(once) + horizon_months(m) * sum(running) if once or running else None


def worth(m: Measurements) -> float | None:
    """Return what the needed gain is worth over the horizon, with cheaper answers counted in.

    Returns:
        None where value, volume or score is not known, or where cheaper answers may be part of the gain (S9
        is not answered no) and what they save is not known.
    """
    economy, saved = m.economy, saving_per_month(m)
    if saved is None and m.answered("economics", "no"):
        saved = 0.0
    if (
        saved is None
        or m.need is None
        or economy.value_per_correct is None
        or economy.requests_per_month is None
    ):
        return None
    better = m.need * economy.requests_per_month * economy.value_per_correct
    return horizon_months(m) * (better + saved)


def horizon_months(m: Measurements) -> float:
    """Return the months over which costs and gains are counted."""
    given = m.economy.horizon_months
    return m.limits.horizon_months if given is None else given


def _sum(*parts: float | None) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None

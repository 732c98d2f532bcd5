"""What training costs and what it brings, for the two rules that may weigh money (R3, R12).

Money speaks only where somebody gave prices and a volume: what was not given is not taken as free.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

from rubrics.logic import over
from rubrics.measured_parts import Rung
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


def break_even_requests(m: Measurements) -> float | None:
    """Return the requests a month from which training pays for itself within the horizon; infinite if none do.

    Returns:
        None unless every price is known; the volume is not needed.
    """
    economy, saved = m.economy, saving_per_request(m)
    once = _sum(economy.training, economy.labelling)
    running = _sum(economy.hosting_per_month, economy.retraining_per_month)
    if once is None or running is None or saved is None:
        return None
    return (once / horizon_months(m) + running) / saved if saved > 0 else float("inf")


def saving_per_request(m: Measurements) -> float | None:
    """Return what one answer of the tuned model saves; negative where it is dearer, None where a price is unknown."""
    present, tuned = present_price(m), tuned_price(m)
    return None if present is None or tuned is None else present - tuned


def present_price(m: Measurements) -> float | None:
    """Return the price of one answer now: as given, else as billed, else tokens times the price of tokens."""
    given = m.economy.baseline_per_request
    if given is not None or m.chosen is None:
        return given
    if m.chosen.cost is not None:
        return m.chosen.cost
    return _token_price(
        m.chosen.prompt_tokens,
        m.chosen.completion_tokens,
        m.economy.input_per_million,
        m.economy.output_per_million,
    )


def tuned_price(m: Measurements) -> float | None:
    """Return the price of one answer of the tuned model: as given, else by its shorter prompt.

    It is trained on the plain prompt, so that is the prompt it needs; its answers count as long as those now.
    """
    given = m.economy.tuned_per_request
    plain = _plain_rung(m)
    if given is not None or plain is None or m.chosen is None:
        return given
    return _token_price(
        plain.prompt_tokens,
        m.chosen.completion_tokens,
        m.economy.tuned_input_per_million,
        m.economy.tuned_output_per_million,
    )


def prompt_tokens_saved(m: Measurements) -> float | None:
    """Return by how many tokens the prompt of the chosen option is longer than the plain one."""
    plain = _plain_rung(m)
    if plain is None or m.chosen is None or plain.prompt_tokens is None or m.chosen.prompt_tokens is None:
        return None
    return m.chosen.prompt_tokens - plain.prompt_tokens


def saving_per_month(m: Measurements) -> float | None:
    """Return what the tuned model saves a month by cheaper answers; negative where its answers are dearer."""
    saved, volume = saving_per_request(m), m.economy.requests_per_month
    return None if saved is None or volume is None else saved * volume


def money(m: Measurements) -> dict[str, float | None]:
    """Return the numbers of the economics for the evidence; None where not known or where it never pays."""
    months, requests = break_even_months(m), break_even_requests(m)
    return {
        "prompt_tokens_saved": prompt_tokens_saved(m),
        "saving_per_request": saving_per_request(m),
        "break_even_months": months if months is not None and math.isfinite(months) else None,
        "break_even_requests_per_month": requests
        if requests is not None and math.isfinite(requests)
        else None,
    }


def money_in_words(m: Measurements) -> list[str]:
    """Say from how many requests a month training pays for itself, where the prices tell it."""
    requests, saved = break_even_requests(m), prompt_tokens_saved(m)
    if requests is None:
        return []
    shorter = f" ({saved:,.0f} prompt tokens fewer)" if saved and saved > 0 else ""
    if not math.isfinite(requests):
        return [
            f"At these prices a tuned model saves nothing a request{shorter}, so it never pays for itself."
        ]
    now = m.economy.requests_per_month
    present = "" if now is None else f"; there are {now:,.0f} now"
    return [
        f"Training pays for itself within {horizon_months(m):g} months from {math.ceil(requests):,} requests a month "
        f"on{shorter}{present}."
    ]


def account(m: Measurements) -> dict[str, Any] | None:
    """Return all that the prices and the volume say, ready for JSON; None where none of them was given.

    `pays` is whether training pays for itself within the horizon at the present volume; `cost` and `worth` are
    those of R12 over the horizon; `lacking` names what was not given, in words; `text` are sentences for a person.
    """
    given = [getattr(m.economy, part.name) for part in fields(m.economy)]
    if all(value is None for value in given):
        return None
    months, cost, value, lacking = break_even_months(m), costs(m), worth(m), lacking_prices(m)
    weighed = (
        [f"Over {horizon_months(m):g} months training costs {cost:,.0f}, and the gain is worth {value:,.0f}."]
        if cost is not None and value is not None
        else []
    )
    unknown = [f"Not given, and not taken as free: {', '.join(lacking)}."] if lacking else []
    return {
        **money(m),
        "present_per_request": present_price(m),
        "tuned_per_request": tuned_price(m),
        "requests_per_month": m.economy.requests_per_month,
        "horizon_months": horizon_months(m),
        "pays": None if months is None else not over(months, horizon_months(m)),
        "cost": cost,
        "worth": value,
        "lacking": lacking,
        "text": [*money_in_words(m), *weighed, *unknown],
    }


def lacking_prices(m: Measurements) -> list[str]:
    """Return in words what R3 and R12 would read and nobody gave."""
    economy = m.economy
    read = {
        "the price of an answer now": present_price(m),
        "the price of a tuned model's answer": tuned_price(m),
        "what training costs": economy.training,
        "what labelling costs": economy.labelling,
        "what hosting costs a month": economy.hosting_per_month,
        "what retraining costs a month": economy.retraining_per_month,
        "the requests a month": economy.requests_per_month,
        "what a right answer is worth": economy.value_per_correct,
    }
    return [words for words, value in read.items() if value is None]


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


def _plain_rung(m: Measurements) -> Rung | None:
    return next((rung for rung in m.rungs if rung.name == "zero_shot"), None)


def _token_price(
    prompt: float | None, completion: float | None, input_price: float | None, output_price: float | None
) -> float | None:
    """Return the price of one request; an answer's tokens need a price only where they are known."""
    if prompt is None or input_price is None or (completion is not None and output_price is None):
        return None
    return (prompt * input_price + (completion or 0.0) * (output_price or 0.0)) / 1e6

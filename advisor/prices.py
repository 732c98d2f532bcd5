"""What the user says of money: prices and volume of a plan, in the shape that the verdict reads.

Nothing here is invented: what was not given stays out, and is not taken as free.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rubrics.errors import Fault

if TYPE_CHECKING:
    from advisor.plan import Plan

PRICE_FIELDS = (
    "price",
    "tuned_price",
    "training_cost",
    "labelling_cost",
    "hosting_per_month",
    "retraining_per_month",
    "value_per_correct",
)
VOLUME_FIELDS = ("requests_per_month", "horizon_months")
MONEY_FIELDS = PRICE_FIELDS + VOLUME_FIELDS
"""The fields of a plan that the economics read."""

TokenPrice = tuple[float, float]
"""Of a million prompt tokens and of a million completion tokens."""


def read_token_price(text: str, flag: str = "--price") -> TokenPrice:
    """Read two prices written as `0.15,0.60`.

    Raises:
        Fault: they are not two numbers of 0 or more; exit code 2.
    """
    try:
        prompt, completion = (float(part) for part in text.split(","))
        fits = 0 <= prompt < math.inf and 0 <= completion < math.inf
    except ValueError:
        fits = False
    if not fits:
        raise Fault(
            f"{text!r} is not two prices",
            where=flag,
            fix="Give the price of a million prompt and of a million completion tokens: 0.15,0.60",
        )
    return prompt, completion


def prices_of(plan: Plan) -> dict[str, float]:
    """The `prices` object that `advisor decide` reads; empty where the plan names none."""
    now, tuned = plan.price or (None, None), plan.tuned_price or (None, None)
    named = {
        "input_per_million": now[0],
        "output_per_million": now[1],
        "tuned_input_per_million": tuned[0],
        "tuned_output_per_million": tuned[1],
        "training": plan.training_cost,
        "labelling": plan.labelling_cost,
        "hosting_per_month": plan.hosting_per_month,
        "retraining_per_month": plan.retraining_per_month,
        "value_per_correct": plan.value_per_correct,
    }
    return {name: value for name, value in named.items() if value is not None}


def volume_of(plan: Plan) -> dict[str, float]:
    """The `volume` object that `advisor decide` reads; empty where the plan says nothing."""
    named = {name: getattr(plan, name) for name in VOLUME_FIELDS}
    return {name: value for name, value in named.items() if value is not None}


def token_cost(price: TokenPrice | None, prompt_tokens: int, completion_tokens: int) -> float | None:
    """Money for so many tokens; None where they have no price."""
    return None if price is None else (prompt_tokens * price[0] + completion_tokens * price[1]) / 1e6

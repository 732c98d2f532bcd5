"""Prices and volume as they were given; what they come to is reckoned in economics.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from rubrics.reading import Field


@dataclass(frozen=True, slots=True)
class Economy:
    """Prices in one currency: one-time, by the month, by the request, and what a right answer is worth.

    Prices a million tokens stand in where a price a request is not given.
    """

    training: float | None = None
    labelling: float | None = None
    hosting_per_month: float | None = None
    retraining_per_month: float | None = None
    baseline_per_request: float | None = None
    tuned_per_request: float | None = None
    value_per_correct: float | None = None
    requests_per_month: float | None = None
    horizon_months: float | None = None
    input_per_million: float | None = None
    output_per_million: float | None = None
    tuned_input_per_million: float | None = None
    tuned_output_per_million: float | None = None


def read_economy(prices: Field, volume: Field) -> Economy:
    """Return prices and volume; a volume that is a bare number counts requests per month."""
    names = [
        part.name for part in fields(Economy) if part.name not in {"requests_per_month", "horizon_months"}
    ]
    given = {name: prices[name].number(0) for name in names}
    if isinstance(volume.value, Mapping):
        requests, horizon = volume["requests_per_month"].number(0), volume["horizon_months"].number(0)
        if horizon == 0:
            raise volume["horizon_months"].wrong("a number of months above 0")
        return Economy(**given, requests_per_month=requests, horizon_months=horizon)
    return Economy(**given, requests_per_month=volume.number(0))

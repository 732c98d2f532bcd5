"""Cheap options that dev does not tell from the chosen one: a tuned model has to beat these too.

Where dev is small another option may truly be better than the one it chose, and a tuned model that beats the chosen
one is then no better than what there was (tests/benchmarks/false_ship.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rubrics.compared import OtherOption
from rubrics.statistics import compare_paired


@dataclass(frozen=True)
class Contender:
    """An option beside the chosen one, on the same dev rows.

    Attributes:
        n: dev rows.
        chosen_value, value: scores of the two on them, 0..1.
        difference: contender minus chosen, with its 95% limits.
    """

    rung: str
    n: int
    chosen_value: float
    value: float
    difference: float
    low: float
    high: float
    p_value: float


def contenders(
    scores: Mapping[str, Sequence[float]],
    chosen: str,
    *,
    binary: bool,
    clusters: Sequence[str] | None = None,
    seed: int = 0,
) -> list[Contender]:
    """Options that the paired test on dev leaves open: it does not show them to be worse than the chosen one.

    Args:
        scores: of each option its scores 0..1 on the same dev rows in the same order.
        clusters: what each dev row belongs to; None where every row stands alone.
    """
    found = []
    for rung, values in scores.items():
        if rung == chosen:
            continue
        one = replace(against(scores[chosen], values, binary=binary, clusters=clusters, seed=seed), rung=rung)
        if OtherOption(rung, one.difference, one.low, one.high).open:
            found.append(one)
    return found


def against(
    chosen: Sequence[float],
    values: Sequence[float],
    *,
    binary: bool,
    clusters: Sequence[str] | None = None,
    seed: int = 0,
) -> Contender:
    """An option, yet without a name, against the chosen one; scores 0..1 of the same dev rows in the same order."""
    pair = compare_paired(chosen, values, binary=binary, seed=seed, clusters=clusters)
    return Contender(
        rung="",
        n=pair.n,
        chosen_value=sum(chosen) / pair.n,
        value=sum(values) / pair.n,
        difference=pair.interval.value,
        low=pair.interval.low,
        high=pair.interval.high,
        p_value=pair.p_value,
    )

"""Cheap options that dev does not tell from the chosen one: beating the chosen may not be beating them.

Only the winner on dev is compared on test. Where dev is small another option may truly be better, and a tuned model
that beats the chosen one is then no better than what there was (tests/benchmarks/false_ship.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rubrics.phrases import rung_words, score
from rubrics.statistics import ALPHA, compare_paired


@dataclass(frozen=True)
class Contender:
    """An option beside the chosen one, on the same dev rows.

    Attributes:
        n: dev rows.
        chosen_value, value: scores of the two on them, 0..1.
        difference: contender minus chosen, with its 95% limits.
        test_value: its score on test, where it was asked there; None where it was not.
    """

    rung: str
    n: int
    chosen_value: float
    value: float
    difference: float
    low: float
    high: float
    p_value: float
    test_value: float | None = None


def contenders(
    scores: Mapping[str, Sequence[float]],
    chosen: str,
    min_gain: float,
    *,
    binary: bool,
    clusters: Sequence[str] | None = None,
    on_test: Mapping[str, float] | None = None,
    seed: int = 0,
) -> list[Contender]:
    """Options that the paired test on dev leaves open: p of 0.05 or more, and a lead of `min_gain` within the limits.

    Args:
        scores: of each option its scores 0..1 on the same dev rows in the same order.
        clusters: what each dev row belongs to; None where every row stands alone.
        on_test: scores of the options that were asked on test.
    """
    found = []
    for rung, values in scores.items():
        if rung == chosen:
            continue
        pair = compare_paired(scores[chosen], values, binary=binary, seed=seed, clusters=clusters)
        if pair.p_value >= ALPHA and pair.interval.high >= min_gain:
            found.append(
                Contender(
                    rung=rung,
                    n=pair.n,
                    chosen_value=sum(scores[chosen]) / pair.n,
                    value=sum(values) / pair.n,
                    difference=pair.interval.value,
                    low=pair.interval.low,
                    high=pair.interval.high,
                    p_value=pair.p_value,
                    test_value=(on_test or {}).get(rung),
                )
            )
    return found


def contenders_note(chosen: str, found: Sequence[Contender]) -> str:
    """Say what dev leaves open; empty where it leaves nothing."""
    if not found:
        return ""
    name, others = rung_words(chosen), " or ".join(rung_words(one.rung) for one in found)
    numbers = "; ".join(_numbers(one) for one in found)
    return (
        f"Dev ({found[0].n:,} rows) does not tell {name} ({score(found[0].chosen_value)}) from {others}: {numbers}. "
        f"The tuned model was compared with {name} only; beating it may not be beating {others}. More dev rows would "
        "tell them apart."
    )


def _numbers(one: Contender) -> str:
    tested = "" if one.test_value is None else f", on test {score(one.test_value)}"
    return (
        f"{rung_words(one.rung)} {score(one.value)}, {one.difference:+.3f} [{one.low:+.3f}, {one.high:+.3f}], "
        f"p = {one.p_value:.2g}{tested}"
    )

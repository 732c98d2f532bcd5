"""Two systems on the same rows by the one paired test, as the contract's `comparison` has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.predictions import Prediction
from rubrics.scoring import get_metric
from rubrics.statistics import compare_paired

_CELLS = ("fixed", "broken", "both_right", "both_wrong")


def paired(
    baseline: Sequence[Prediction],
    tuned: Sequence[Prediction],
    metric: str,
    seed: int,
    clusters: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Difference (tuned minus baseline), its 95% interval, the p-value of the one test, and the flip table.

    Args:
        clusters: what each row belongs to; None where every row stands alone.
    """
    before = [prediction.scores[metric] for prediction in baseline]
    after = [prediction.scores[metric] for prediction in tuned]
    found = compare_paired(before, after, binary=get_metric(metric).binary, seed=seed, clusters=clusters)
    return {
        "metric": metric,
        "n": found.n,
        "difference": found.interval.value,
        "low": found.interval.low,
        "high": found.interval.high,
        "p_value": found.p_value,
        "test": found.test,
        **{cell: getattr(found.table, cell) if found.table else None for cell in _CELLS},
        "clusters": found.clusters,
        "notes": list(found.cautions),
    }


def in_common(
    baseline: Sequence[Prediction], tuned: Sequence[Prediction]
) -> tuple[list[Prediction], list[Prediction], list[str]]:
    """The rows that both systems answered, in the order of the second, and what differs besides the system (T1).

    `rows` where either answered one that the other did not, `references` where the right answers of a row differ.
    """
    first, second = ({row.id: row for row in side} for side in (baseline, tuned))
    shared = [name for name in second if name in first]
    mismatch = []
    if len(shared) < max(len(first), len(second)):
        mismatch.append("rows")
    if any(first[name].reference != second[name].reference for name in shared):
        mismatch.append("references")
    return [first[name] for name in shared], [second[name] for name in shared], mismatch


def for_the_rules(measured: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the rules may go by: the counts of rows only where rows are the evidence, and not clusters."""
    if measured["clusters"] is None:
        return dict(measured)
    return {name: value for name, value in measured.items() if name not in _CELLS}


def settle_note(decided: Mapping[str, Any]) -> str:
    """Say how many more test rows settle what the test could not tell (T6), if the difference is as it was seen."""
    if decided["rule"] != "T6":
        return ""
    rows = decided["rows_needed"]
    if rows is None and decided["against"]:
        # What lacks is dev rows, or what the reason says of the single options.
        return ""
    if rows is None:
        return (
            "The difference that was seen lies so near the smallest gain worth it that no number of test rows up to "
            "100,000 would surely settle it."
        )
    more = max(0, rows - decided["n"])
    return (
        f"If the difference is as it was seen, about {rows:,} test rows in all, {more:,} more than now, end in a "
        "decision with 80% chance."
    )

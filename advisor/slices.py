"""The comparison slice by slice: by label, by length of the prompt, by any field a person names.

Slices show where a difference comes from. They decide nothing and are not tested: among twenty slices one
interval misses the truth by chance, and a slice that was picked after looking is picked for its noise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from advisor.data.findings import grouped, label_set
from advisor.predictions import Prediction
from rubrics.scoring import get_metric
from rubrics.statistics import compare_paired, score_interval
from rubrics.text import nfc

NOTE = (
    "Slices are descriptive: none is tested and none decides. Of {number} slices about {chance} would show an "
    "interval that misses the truth by chance alone."
)
_NO_VALUE = "(no value)"
_OTHERS = "(others)"
_MOST_VALUES = 100
_LEAST_ROWS_FOR_LENGTHS = 12


def slices_of(
    baseline: Sequence[Prediction],
    tuned: Sequence[Prediction],
    metric: str,
    *,
    clusters: Sequence[str] | None = None,
    fields: Mapping[str, Sequence[str]] | None = None,
) -> list[dict[str, Any]]:
    """Return the comparison of each slice as the contract's `comparison.slices` has it.

    Args:
        baseline, tuned: scored answers to the same rows in the same order.
        clusters: what each row belongs to; None where every row stands alone.
        fields: values of the fields that a person named, one a row; empty where a row has none.
    """
    values = {**_labels(baseline), **_lengths(baseline)}
    values |= {name: _few_values(found) for name, found in (fields or {}).items()}
    return [
        {"field": field, "value": value, **_slice(rows, baseline, tuned, metric, clusters)}
        for field, found in values.items()
        for value, rows in sorted(grouped(found).items(), key=lambda item: _place(field, item[0]))
    ]


def slices_note(number: int) -> str:
    """Return the warning that stands beside so many slices; empty without any."""
    return NOTE.format(number=number, chance=f"{number / 20:.1f}".removesuffix(".0")) if number else ""


def _slice(
    rows: Sequence[int],
    baseline: Sequence[Prediction],
    tuned: Sequence[Prediction],
    metric: str,
    clusters: Sequence[str] | None,
) -> dict[str, Any]:
    binary = get_metric(metric).binary
    before, after = ([system[row].scores[metric] for row in rows] for system in (baseline, tuned))
    groups = None if clusters is None else [clusters[row] for row in rows]
    found = compare_paired(before, after, binary=binary, clusters=groups)
    scores = {
        name: vars(score_interval(values, binary, groups))
        for name, values in (("baseline", before), ("tuned", after))
    }
    return {
        "n": len(rows),
        **scores,
        "difference": found.interval.value,
        "low": found.interval.low,
        "high": found.interval.high,
        "fixed": found.table.fixed if found.table else None,
        "broken": found.table.broken if found.table else None,
    }


def _labels(predictions: Sequence[Prediction]) -> dict[str, list[str]]:
    """The reference as label, where the references are drawn from a closed set."""
    written = [nfc(prediction.reference).strip() for prediction in predictions]
    return {"label": written} if label_set(written) is not None else {}


def _lengths(predictions: Sequence[Prediction]) -> dict[str, list[str]]:
    """Thirds by the characters of the last turn; left out where prompts are unknown or nearly of one length."""
    if any(not prediction.prompt for prediction in predictions):
        return {}
    sizes = [len(prediction.prompt[-1]["content"]) for prediction in predictions]
    ordered = sorted(sizes)
    short, long = ordered[len(ordered) // 3], ordered[2 * len(ordered) // 3]
    if len(sizes) < _LEAST_ROWS_FOR_LENGTHS or not ordered[0] < short < long:
        return {}
    names = (
        f"under {short:,} characters",
        f"{short:,} to {long - 1:,} characters",
        f"{long:,} characters or more",
    )
    return {"length": [names[(size >= short) + (size >= long)] for size in sizes]}


def _few_values(found: Sequence[str]) -> list[str]:
    """The hundred commonest values, the rest together: a slice of one row says nothing."""
    common = {value for value, _ in Counter(found).most_common(_MOST_VALUES)}
    return [(value or _NO_VALUE) if value in common else _OTHERS for value in found]


def _place(field: str, value: str) -> tuple[int, str]:
    if field == "length":
        return (("under" not in value) + value.endswith("more"), value)
    return (value in (_NO_VALUE, _OTHERS), value)

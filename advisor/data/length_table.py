"""Lengths as numbers: quantiles, a histogram with round bins, and what each maximum length would cut (D7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_POINTS = {"min": 0, "p5": 5, "p50": 50, "p95": 95, "max": 100}
_BINS = 12
_FIRST_CUT, _LAST_CUT = 128, 2**20


def length_table(lengths: Sequence[tuple[int, int]], unit: str) -> dict[str, Any]:
    """Return `unit`, and for `prompt`, `answer` and `total` min, p5, p50, p95, max; `histogram` and `cuts`.

    Args:
        lengths: (prompt, answer) of each row, at least one.
        unit: what they count; `tokens` or `characters`.
    """
    import numpy as np

    pairs = np.asarray(lengths, dtype=np.int64).reshape(-1, 2)
    columns = {"prompt": pairs[:, 0], "answer": pairs[:, 1], "total": pairs.sum(axis=1)}
    quantiles = {name: _quantiles(values) for name, values in columns.items()}
    histograms = {name: histogram(values) for name, values in columns.items()}
    return {
        "unit": unit,
        **quantiles,
        "histogram": {"of": "total", **histograms["total"], **histograms},
        "cuts": cuts(columns["total"]),
    }


def _quantiles(values: Ints) -> dict[str, float]:
    import numpy as np

    found = np.percentile(values, list(_POINTS.values()))
    return {point: float(value) for point, value in zip(_POINTS, found, strict=True)}


def histogram(values: Ints) -> dict[str, list[int]]:
    """Count values in bins with round edges: even ones where they span less than tenfold, else 1-2-5 steps.

    Returns:
        `edges` (one more than bins) and `counts`; a bin holds its lower edge, the last one its upper edge, too.
    """
    import numpy as np

    edges = _edges(int(values.min()), int(values.max()))
    counts, _ = np.histogram(values, bins=np.asarray(edges))
    return {"edges": edges, "counts": [int(count) for count in counts]}


def _edges(low: int, high: int) -> list[int]:
    if high >= 10 * max(low, 1) and high >= 20:
        rounds = [0, *(digit * 10**power for power in range(len(str(high)) + 1) for digit in (1, 2, 5))]
        start = max(at for at, edge in enumerate(rounds) if edge <= low)
        end = next(at for at, edge in enumerate(rounds) if edge > high)
        return rounds[start : end + 1]
    step = _round_step((high - low) / _BINS)
    return list(range(low // step * step, (high // step + 2) * step, step))


def _round_step(least: float) -> int:
    return next(
        step for power in range(20) for digit in (1, 2, 5) if (step := digit * 10**power) >= max(least, 1)
    )


def cuts(totals: Ints) -> list[dict[str, float]]:
    """Return what each maximum length would cut: powers of two from 128 to the first that cuts nothing.

    Returns:
        `max_length`, `rows` over it, their `share`, `lost` (tokens, or characters, beyond it in all) and
        `lost_share` of all.
    """
    import numpy as np

    table = []
    length, whole = _FIRST_CUT, max(1, int(totals.sum()))
    while length <= _LAST_CUT:
        over = np.maximum(totals - length, 0)
        rows, lost = int(np.count_nonzero(over)), int(over.sum())
        table.append(
            {
                "max_length": length,
                "rows": rows,
                "share": rows / len(totals),
                "lost": lost,
                "lost_share": lost / whole,
            }
        )
        if not rows:
            break
        length *= 2
    return table

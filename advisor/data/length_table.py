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
    """Return `unit`; min, p5, p50, p95, max of `prompt`, `answer` and `total`; `histogram` of the total,
    `histograms` of prompt and answer; `cuts`.

    Args:
        lengths: (prompt, answer) of each row, at least one.
        unit: what they count; `tokens` or `characters`.
    """
    import numpy as np

    pairs = np.asarray(lengths, dtype=np.int64).reshape(-1, 2)
    columns = {"prompt": pairs[:, 0], "answer": pairs[:, 1], "total": pairs.sum(axis=1)}
    quantiles = {name: _quantiles(values) for name, values in columns.items()}
    return {
        "unit": unit,
        **quantiles,
        "histogram": histogram(columns["total"]),
        "histograms": {name: histogram(columns[name]) for name in ("prompt", "answer")},
        "cuts": cuts(columns["total"]),
    }


def _quantiles(values: Ints) -> dict[str, float]:
    import numpy as np

    found = np.percentile(values, list(_POINTS.values()))
    return {point: float(value) for point, value in zip(_POINTS, found, strict=True)}


def histogram(values: Ints) -> list[dict[str, Any]]:
    """Count values in bins with round edges: even ones where they span less than tenfold, else wider ones.

    Returns:
        The bins in order: `low` (inclusive), `high` (exclusive), `range` in words, `count`. The first and the
        last are not empty.
    """
    import numpy as np

    edges = _edges(int(values.min()), int(values.max()))
    counts, _ = np.histogram(values, bins=np.asarray(edges))
    return [
        {"low": low, "high": high, "range": _range(low, high), "count": int(count)}
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]


def _range(low: int, high: int) -> str:
    return f"{low:,}" if high - low == 1 else f"{low:,} to {high - 1:,}"


def _edges(low: int, high: int) -> list[int]:
    if high >= 10 * max(low, 1) and high >= 20:
        fine = _rounds(low, high, (1, 1.5, 2, 3, 5, 7))
        return fine if len(fine) <= _BINS + 3 else _rounds(low, high, (1, 2, 5))
    step = _round_step((high - low) / _BINS)
    return list(range(low // step * step, (high // step + 1) * step + 1, step))


def _rounds(low: int, high: int, digits: Sequence[float]) -> list[int]:
    """Return the round whole numbers from the last one at most `low` to the first one above `high`."""
    powers = range(len(str(high)) + 1)
    rounds = sorted({0, *(int(digit * 10**power) for power in powers for digit in digits)})
    start = max(at for at, edge in enumerate(rounds) if edge <= low)
    end = next(at for at, edge in enumerate(rounds) if edge > high)
    return rounds[start : end + 1]


def _round_step(least: float) -> int:
    step = 1
    while True:
        for digit in (1, 2, 5):
            if digit * step >= least:
                return digit * step
        step *= 10


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

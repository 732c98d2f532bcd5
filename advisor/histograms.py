"""Counts as bars of text: lengths of prompts and answers, and how often each label stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.cells import bar, fit, printable
from advisor.texts import _, ngettext

_SHORTEST_BAR = 4


@dataclass(frozen=True)
class Bar:
    """One bar: what it is of, how many, and their share of all (0..1)."""

    label: str
    count: int
    share: float


@dataclass(frozen=True)
class Histogram:
    """Bars in their order.

    Attributes:
        left_out: how many kinds have no bar.
        left_out_count: how many stand behind those.
    """

    bars: tuple[Bar, ...]
    left_out: int = 0
    left_out_count: int = 0


def length_histogram(bins: Sequence[Mapping[str, Any]]) -> Histogram:
    """The bars of `length_table.histogram`, empty bins included."""
    total = sum(entry["count"] for entry in bins)
    return Histogram(
        tuple(Bar(entry["range"], entry["count"], entry["count"] / max(1, total)) for entry in bins)
    )


def label_histogram(
    labels: Sequence[tuple[str, int]], *, labels_total: int, rows: int, most: int = 12
) -> Histogram:
    """The bars of the commonest labels.

    Args:
        labels: with their counts, the commonest first.
        labels_total: how many labels there are, of which `labels` may list the first.
        rows: how many rows there are.
        most: bars wanted; one label more gets a bar too, since the line that leaves it out is as long.
    """
    shown = labels[: most + 1] if labels_total <= most + 1 else labels[:most]
    bars = tuple(Bar(label, count, count / max(1, rows)) for label, count in shown)
    counted = sum(count for _label, count in shown)
    left_out = labels_total - len(shown)
    return Histogram(bars, left_out, rows - counted if left_out else 0)


def drawn(histogram: Histogram, width: int, *, blocks: bool = True) -> list[str]:
    """Draw the bars as lines of at most `width` cells: label, count, share, bar.

    Args:
        width: at least 30 are used.
        blocks: whether the terminal draws block characters; else `#`.
    """
    from rich.cells import cell_len

    if not histogram.bars:
        return []
    width = max(30, width)
    names = [printable(one.label) or '""' for one in histogram.bars]
    most = max(1, *(one.count for one in histogram.bars))
    figures = [f"{one.count:,}".rjust(len(f"{most:,}")) + f" {one.share:6.1%}" for one in histogram.bars]
    room = width - len(figures[0]) - 2
    label = min(max(map(cell_len, names)), width // 3, room - _SHORTEST_BAR)
    room -= label
    lines = [
        f"{fit(name, label)} {figure} {bar(one.count / most, room, blocks=blocks)}".rstrip()
        for name, one, figure in zip(names, histogram.bars, figures, strict=True)
    ]
    if histogram.left_out:
        more = ngettext(
            "and {n} more label ({rows} rows)", "and {n} more labels ({rows} rows)", histogram.left_out
        )
        lines.append(more.format(n=f"{histogram.left_out:,}", rows=f"{histogram.left_out_count:,}"))
    return lines


def spread(points: Mapping[str, float]) -> str:
    """Say where lengths lie: shortest, middle, longest."""
    return _("shortest {low}, middle {mid}, longest {high}").format(
        low=f"{points['min']:,.0f}", mid=f"{points['p50']:,.0f}", high=f"{points['max']:,.0f}"
    )

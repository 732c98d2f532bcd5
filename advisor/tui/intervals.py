"""Scores with their intervals, as text and as a line."""

from __future__ import annotations

from rubrics.phrases import score

_LEAST = 7
"""Cells in which an interval can be told from a point."""


def interval_text(value: float, low: float, high: float) -> str:
    """A score with its 95% limits, each 0..1: `0.61 [0.553, 0.667]`."""
    return f"{score(value)} [{score(low)}, {score(high)}]"


def short_interval(value: float, low: float, high: float) -> str:
    """The same with two decimals, where there is little room: `0.61 [0.55, 0.67]`."""
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def interval_line(value: float, low: float, high: float, width: int) -> str:
    """A line from 0 to 1 with a point, and its limits beside it: `··├─●──┤···`; empty where there is no room."""
    if width < _LEAST:
        return ""

    def cell(at: float) -> int:
        return max(0, min(width - 1, round(at * (width - 1))))

    left, right = cell(low), cell(high)
    cells = ["·"] * width
    cells[left : right + 1] = "─" * (right + 1 - left)
    cells[left], cells[right] = "├", "┤"
    cells[cell(value)] = "●"
    return "".join(cells)

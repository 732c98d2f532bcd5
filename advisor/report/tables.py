"""Tables and scores in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from advisor.predictions import Score


def interval(score: Score) -> str:
    """A score with its limits."""
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def change(difference: float, low: float, high: float) -> str:
    """A difference with its limits, all signed."""
    return f"{difference:+.3f} [{low:+.3f}, {high:+.3f}]"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its cells as they are."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)

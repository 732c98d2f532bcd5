"""Tables as text: columns of a width in cells, whatever the script."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from rich.cells import cell_len, set_cell_size
from rich.text import Text


def cut(text: str, width: int) -> str:
    """The text in so many cells at most, with an ellipsis where some is left out."""
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…"


def aligned(
    rows: Sequence[Sequence[str]],
    *,
    widest: int,
    right: AbstractSet[int] = frozenset(),
    has_head: bool = True,
    gap: int = 2,
) -> Text:
    """Rows in columns as wide as they need; the first column gives way where a line is too long.

    Args:
        widest: cells of a line.
        right: numbers of the columns that are set to the right.
        has_head: the first row names the columns.
    """
    if not rows:
        return Text()
    wide = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    wide[0] = max(8, min(wide[0], widest - sum(wide[1:]) - gap * (len(wide) - 1)))
    text = Text(no_wrap=True, overflow="ellipsis")
    for number, row in enumerate(rows):
        cells = [
            " " * (width - cell_len(cell)) + cell
            if column in right
            else set_cell_size(cut(cell, width), width)
            for column, (cell, width) in enumerate(zip(row, wide, strict=True))
        ]
        line = (" " * gap).join(cells).rstrip()
        text.append(
            line if number == len(rows) - 1 else f"{line}\n", "bold" if has_head and not number else ""
        )
    return text

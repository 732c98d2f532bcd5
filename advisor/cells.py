"""Text measured in terminal cells: Korean, Chinese and Japanese characters take two of them."""

from __future__ import annotations

from collections.abc import Iterable

_EIGHTHS = ("", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589")
ELLIPSIS = "\u2026"


def printable(text: str) -> str:
    """Make text from a file harmless on a screen: white space is a blank, what does not print is escaped."""
    flat = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in flat)


def fit(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """Cut or pad a text to exactly `width` cells."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return set_cell_size(text, width)
    room = max(0, width - cell_len(ellipsis))
    return set_cell_size(set_cell_size(text, room).rstrip() + ellipsis, width)


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines of at most `width` cells, at blanks where there are any."""
    from rich.cells import cell_len, chop_cells

    parts = [chop_cells(word, width) if cell_len(word) > width else [word] for word in text.split()]
    return packed([part for word in parts for part in word], width)


def packed(words: Iterable[str], width: int) -> list[str]:
    """Set words into lines of at most `width` cells; a longer word has a line of its own, unbroken."""
    from rich.cells import cell_len

    lines: list[str] = []
    for word in words:
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and cell_len(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines or [""]


def bar(share: float, width: int, *, blocks: bool) -> str:
    """Draw a share (0..1) as a bar of at most `width` cells, with eighths where the terminal has blocks.

    What is more than nothing is drawn as more than nothing.
    """
    if not blocks:
        return "#" * max(round(share * width), int(share > 0))
    eighths = max(round(share * width * 8), int(share > 0))
    return "\u2588" * (eighths // 8) + _EIGHTHS[eighths % 8]

"""Amounts as a person reads them: sizes, times, and a bar for a share."""

from __future__ import annotations

from advisor.durations import time_words as time_words
from advisor.texts import _

_FULL, _EMPTY, _OVER = "█", "░", "▶"


def bar(share: float, width: int) -> str:
    """A bar of `width` cells for a share of 0 to 1; what does not fit ends in an arrow, and something is never empty."""
    if share > 1:
        return _FULL * (width - 1) + _OVER
    cells = round(share * width)
    cells = max(1, cells) if share > 0 else 0
    return _FULL * cells + _EMPTY * (width - cells)


def gib(size: float) -> str:
    """Bytes as GiB."""
    return _("{n} GiB").format(n=f"{size / 2**30:.2f}" if size < 10 * 2**30 else f"{size / 2**30:.1f}")

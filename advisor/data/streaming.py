"""Rows as they are read, for what looks at a file without keeping it; and a sample of what passed by.

A thread that reads holds the interpreter's lock for milliseconds at a time. `stream_rows` gives it away every few
rows, so that a screen drawn by another thread stays quick however long the file is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

from advisor.data.entries import Entry
from advisor.data.formats import Parser, Unreadable, format_of, parser_of
from advisor.data.reading import entries_of, row_of
from advisor.data.rows import Row
from advisor.data.sources import Source

T = TypeVar("T")

_BREATH_ROWS = 256
_BREATH_SECONDS = 1e-4


class Read(NamedTuple):
    """One row of a file.

    Attributes:
        entry: what stands there.
        format: what it is written in; empty where that cannot be told.
        row: the row without an id, or why there is none.
    """

    entry: Entry
    format: str
    row: Row | Unreadable


def stream_rows(source: Source) -> Iterator[Read]:
    """Yield the rows of an open file, each read in the format that it is written in.

    Raises:
        Fault: code 3, the file cannot be read on.
    """
    parsers: dict[str, Parser] = {}
    for number, entry in enumerate(entries_of(source), 1):
        yield _read(entry, parsers)
        if number % _BREATH_ROWS == 0:
            time.sleep(_BREATH_SECONDS)


def _read(entry: Entry, parsers: dict[str, Parser]) -> Read:
    kind = entry.value if isinstance(entry.value, Unreadable) else format_of(entry.value)
    if isinstance(kind, Unreadable):
        return Read(entry, "", kind)
    parser = parsers.get(kind)
    if parser is None:
        parser = parsers[kind] = parser_of(kind)
    read = parser(entry.value)
    return Read(entry, kind, read if isinstance(read, Unreadable) else row_of(read, "", ""))


class Reservoir(Generic[T]):
    """A uniform sample of a stream of unknown length (Vitter 1985, algorithm R), the same each time."""

    def __init__(self, size: int) -> None:
        self.kept: list[T] = []
        self.seen = 0
        self._size = size
        self._chance = random.Random(0)  # noqa: S311

    def take(self, item: T) -> None:
        """Let one more item pass by."""
        self.seen += 1
        if len(self.kept) < self._size:
            self.kept.append(item)
        elif (at := self._chance.randrange(self.seen)) < self._size:
            self.kept[at] = item

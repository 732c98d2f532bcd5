"""What the rows of a file say to the questions of suitability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from advisor.data.findings import label_set
from advisor.data.formats import Unreadable
from advisor.data.reading import read_file
from advisor.data.rows import Row
from advisor.data.sources import opened
from advisor.data.streaming import Reservoir, stream_rows
from rubrics.hints import Hint, find_hints

SAMPLED_ROWS = 5_000
"""Rows that `sampled_hints` looks at: all of a file of so many, else a sample."""


def hints_of(file: Path, language: str) -> tuple[Hint, ...]:
    """Return the hints of a file's rows, in the order of the questions; a row's own instruction is part of its prompt.

    Raises:
        Fault: the file cannot be read.
    """
    return _hints(read_file(file).rows, language)


@dataclass(frozen=True)
class SampledHints:
    """Hints, and of how many of the usable rows they come."""

    hints: tuple[Hint, ...]
    rows: int
    usable: int


def sampled_hints(
    file: Path, language: str, stopped: Callable[[], bool] = lambda: False
) -> SampledHints | None:
    """Return the hints of at most `SAMPLED_ROWS` of a file's rows; rows that cannot be read are passed over.

    Args:
        stopped: asked for each row; the file is not read on once it is true.

    Returns:
        None where it was stopped.

    Raises:
        Fault: the file as a whole cannot be read.
    """
    sample: Reservoir[Row] = Reservoir(SAMPLED_ROWS)
    with opened(file) as source:
        for read in stream_rows(source):
            if stopped():
                return None
            if not isinstance(read.row, Unreadable):
                sample.take(read.row)
    return SampledHints(_hints(sample.kept, language), len(sample.kept), sample.seen)


def _hints(rows: Iterable[Row], language: str) -> tuple[Hint, ...]:
    pairs = [("\n".join(part for part in (row.system, row.prompt) if part), row.answer) for row in rows]
    answers = [answer for _, answer in pairs]
    closed = label_set(answers) is not None
    statistics = {"closed_labels": closed, "labels": dict(Counter(answers)) if closed else None}
    return find_hints(pairs, statistics, language)

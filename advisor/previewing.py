"""The first rows of a data file as soon as they are read, and what the rest holds as it is read on.

A person who names a file wants to see at once that it is the right one, however long it is. So the file is read in
pieces and every piece gives a new, immutable preview; what stays in memory is a few rows and a sample of answers.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from advisor.data.formats import Unreadable, read_fields
from advisor.data.formats.pairs import lacks_names
from advisor.data.sources import Container, opened
from advisor.data.streaming import Read, Reservoir, stream_rows
from advisor.previews import LONGEST_TEXT, MOST_ROWS, Preview, PreviewRow
from advisor.proposals import MetricProposal, propose_metric

SAMPLED_ANSWERS = 2_000
"""Answers by which a metric is proposed: all of them in a file of so many rows, else a sample."""
_LOOK_ROWS = 256
"""Between two looks at the clock."""


def previews(
    path: Path, *, every: float = 0.25, clock: Callable[[], float] = time.monotonic
) -> Iterator[Preview]:
    """Yield previews of a file: one after its first rows, then one after each `every` seconds, the last of all of it.

    Args:
        every: seconds between two previews.
        clock: seconds, for tests.

    Raises:
        Fault: the file as a whole cannot be read: missing, a folder, binary, damaged; on the way too.
    """
    with opened(path) as source:
        gathered = _Gathered(path, source.container, source.notes)
        told = None
        for read in stream_rows(source):
            gathered.take(read)
            if gathered.read % _LOOK_ROWS == 0 and told is not None and clock() - told >= every:
                yield gathered.preview()
                told = clock()
            if gathered.read == MOST_ROWS:
                yield gathered.preview(propose=True)
                told = clock()
    yield gathered.preview(propose=True, finished=True)


@dataclass(slots=True)
class _Gathered:
    """What reading has come to."""

    path: Path
    container: Container
    notes: list[str]
    read: int = 0
    broken: int = 0
    not_plain: int = 0
    rows: list[PreviewRow] = field(default_factory=list)
    problems: list[PreviewRow] = field(default_factory=list)
    formats: Counter[str] = field(default_factory=Counter)
    keys: dict[str, None] = field(default_factory=dict)
    columns: tuple[tuple[str, str], ...] = ()
    answers: Reservoir[str] = field(default_factory=lambda: Reservoir(SAMPLED_ANSWERS))
    proposal: MetricProposal | None = None

    def take(self, read: Read) -> None:
        """Read one more row."""
        entry, kind, found = read
        self.read += 1
        if not self.columns and isinstance(entry.value, dict):
            self.columns = tuple((name, str(value)[:LONGEST_TEXT]) for name, value in entry.value.items())
        if kind:
            self.formats[kind] += 1
            if not entry.value.keys() <= self.keys.keys():
                self.keys.update(dict.fromkeys(entry.value))
        line = entry.line or entry.number
        if isinstance(found, Unreadable):
            self.broken += 1
            shown = PreviewRow(line, problem=entry.prefix + "; ".join(found.problems), fix=found.fix)
            if len(self.problems) < MOST_ROWS:
                self.problems.append(shown)
        else:
            self.not_plain += not found.plain
            self.answers.take(found.answer)
            shown = PreviewRow(line, found.prompt[:LONGEST_TEXT], found.answer[:LONGEST_TEXT])
        if len(self.rows) < MOST_ROWS:
            self.rows.append(shown)

    def preview(self, *, propose: bool = False, finished: bool = False) -> Preview:
        """Return what is known now; a proposal is made anew only where it is asked for."""
        if propose and self.answers.kept:
            self.proposal = propose_metric(self.answers.kept)
        chosen, count = self.formats.most_common(1)[0] if self.formats else ("", 0)
        known = read_fields(chosen) if chosen else ()
        unusable = self.broken + self._in_other_formats(count)
        names = [name for name, _value in self.columns]
        return Preview(
            path=self.path,
            container=self.container,
            format=chosen,
            fields=tuple(key for key in known if key in self.keys),
            ignored=tuple(key for key in self.keys if key not in known),
            columns=self.columns,
            rows=tuple(self.rows),
            problems=tuple(self.problems),
            read=self.read,
            unusable=unusable,
            not_plain=self.not_plain,
            proposal=self.proposal,
            notes=tuple(self.notes),
            finished=finished,
            lacks_names=finished and self.read == unusable and lacks_names(chosen, names),
        )

    def _in_other_formats(self, count: int) -> int:
        return self.formats.total() - count

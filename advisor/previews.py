"""What is known of a data file while it is read: small and immutable, so that a screen can show it at any moment.

`advisor.previewing` makes them; this module stands apart since a screen needs it before any file is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.data.sources import Container
    from advisor.proposals import MetricProposal

MOST_ROWS = 50
"""Rows and problems that a preview holds."""
LONGEST_TEXT = 2_000
"""Characters of a prompt or an answer that a preview holds."""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row as it stands in the file.

    Attributes:
        line: 1-based; of Parquet the row.
        prompt, answer: cut after `LONGEST_TEXT` characters; empty where the row cannot be read.
        problem: why it cannot be read, `field: expected X, found Y`; empty where it can.
        fix: what to do about that, where it can be said.
    """

    line: int
    prompt: str = ""
    answer: str = ""
    problem: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What is known of a file so far.

    Attributes:
        container: how the rows are packed: jsonl, json, csv, tsv or parquet.
        format: what most rows are written in; empty while none could be read.
        fields, ignored: names of the fields that the format reads and of those it does not, of what is there.
        columns: the fields of the first row, each with its value there as text, cut as a prompt is.
        rows: the first ones, at most `MOST_ROWS`, read or not.
        problems: the first rows that cannot be used, at most `MOST_ROWS`.
        read: rows read so far, those that cannot be used among them.
        unusable: rows that cannot be read or are written in another format than most.
        not_plain: rows with tools, calls, images or reasoning, which are not trained on.
        proposal: the metric for the answers sampled so far; None while there is none.
        notes: what was found out about the bytes (packed, a byte order mark).
        finished: the whole file was read.
        lacks_names: no row can be used as it is, and naming two of the fields would make pairs of them.
    """

    path: Path
    container: Container
    format: str
    fields: tuple[str, ...]
    ignored: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    rows: tuple[PreviewRow, ...]
    problems: tuple[PreviewRow, ...]
    read: int
    unusable: int
    not_plain: int
    proposal: MetricProposal | None
    notes: tuple[str, ...]
    finished: bool
    lacks_names: bool

    @property
    def usable(self) -> int:
        """Rows that a run can use."""
        return self.read - self.unusable

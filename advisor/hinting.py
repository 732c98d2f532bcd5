"""What the rows of a file say to the questions of suitability."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from advisor.data.findings import label_set
from advisor.data.reading import read_file
from rubrics.hints import Hint, find_hints


def hints_of(file: Path, language: str) -> tuple[Hint, ...]:
    """Return the hints of a file's rows, in the order of the questions; a row's own instruction is part of its prompt.

    Raises:
        Fault: the file cannot be read.
    """
    rows = read_file(file).rows
    answers = [row.answer for row in rows]
    closed = label_set(answers) is not None
    statistics = {"closed_labels": closed, "labels": dict(Counter(answers)) if closed else None}
    pairs = [("\n".join(part for part in (row.system, row.prompt) if part), row.answer) for row in rows]
    return find_hints(pairs, statistics, language)

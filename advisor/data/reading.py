"""Reading a file of rows, with every problem of the file found in one pass.

A person mends a file once, not once a line: so a line that cannot be read is noted and reading goes on, and one
`Fault` at the end lists all of it. What concerns the file as a whole (missing, empty, binary, UTF-16, damaged)
ends the reading at once, since line numbers would mean nothing. The file streams: what stays in memory is the rows.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from advisor.data.entries import Entry, json_array, json_lines, repeated_warning
from advisor.data.formats import (
    PAIRS,
    READABLE,
    TEXT,
    Conversation,
    Fields,
    Parser,
    Unreadable,
    format_of,
    map_texts,
    parser_of,
    read_fields,
)
from advisor.data.formats.conversation import as_messages, is_plain, kind_of, said
from advisor.data.gathered import (
    Gathered,
    Problem,
    evidence_of,
    leave_out,
    line_by_line,
    majority,
    refuse_lines,
    refuse_other_formats,
)
from advisor.data.named_fields import plain_fields
from advisor.data.rows import Message, Row
from advisor.data.sources import Container, Source, name_of, opened, refuse
from advisor.data.tables import csv_rows, parquet_rows
from rubrics.errors import ExitCode, Fault

__all__ = [
    "DataFile",
    "Record",
    "Records",
    "map_texts",
    "read_file",
    "read_plain_file",
    "read_records",
    "read_usable",
]

_CONTAINERS: dict[Container, Callable[[Source], Iterator[Entry]]] = {
    "jsonl": json_lines,
    "json": json_array,
    "csv": csv_rows,
    "tsv": csv_rows,
    "parquet": parquet_rows,
}
CONTAINER_NAMES = {"json": "a JSON array", "csv": "CSV", "tsv": "TSV", "parquet": "Parquet"}


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that was read without a problem.

    Attributes:
        path: as given; `-` is standard input.
        rows: at least one, in the order of the file, with ids `<stem>:<line>`.
        format: `question-answer`, `prompt-completion`, `input-output`, `openai`, `gemini`, `alpaca` or `sharegpt`.
        evidence: why the format was taken for that, and what was ignored; for a person to read.
        bytes_sha256: of the file's bytes, in hexadecimal.
        warnings: what is sound enough to read and worth mending, as `file:line: field: expected X, found Y; fix`.
    """

    path: Path
    rows: tuple[Row, ...]
    format: str
    evidence: str
    bytes_sha256: str
    warnings: tuple[str, ...] = ()


class Record(NamedTuple):
    """A row with what stands in the file: its line, the value, and what was read.

    `line` is 1-based and no two records have the same: in a JSON array and in Parquet it counts the rows.
    """

    line: int
    value: dict[str, Any]
    row: Row


@dataclass(frozen=True, slots=True)
class Records:
    """A file that was read without a problem, with its values as they stand.

    Attributes:
        file: what `read_file` returns.
        records: one a row, in the order of the file.
        fields: the fields of prompt and answer, where a person named them.
    """

    file: DataFile
    records: tuple[Record, ...]
    fields: Fields | None = None

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    @property
    def format(self) -> str:
        """The format's name."""
        return self.file.format


def read_file(
    path: Path,
    *,
    name: str = "",
    format: str | None = None,  # noqa: A002
    prompt_field: str | None = None,
    answer_field: str | None = None,
    with_fields: bool = False,
) -> DataFile:
    """Read a file of rows in any format and container (rule D9).

    Args:
        path: the file; `-` is standard input.
        name: what row ids begin with; the file's stem if empty. Two files of one run need different names.
        format: reads every row in this format; by default the one that most rows are written in.
        prompt_field, answer_field: read these two fields as a pair, whatever the rows are.
        with_fields: keep each row's other plain fields too.

    Raises:
        Fault: code 2 if there is no such file, it is a folder, or format or fields are wrong; code 3 if any line
            cannot be used; `problems` then holds every one as `file:line: field: expected X, found Y`.
    """
    return _read(path, name, _asked(format, prompt_field, answer_field, with_fields), None)


def read_records(
    path: Path,
    *,
    format: str | None = None,  # noqa: A002
    prompt_field: str | None = None,
    answer_field: str | None = None,
) -> Records:
    """Read a file as `read_file` does, and keep each row's value as it stands in the file; raises as it does."""
    asked = _asked(format, prompt_field, answer_field)
    values: list[tuple[int, dict[str, Any]]] = []
    file = _read(path, "", asked, values)
    return Records(file, _records(values, file), asked.fields)


def read_usable(path: Path) -> tuple[Records, tuple[str, ...]]:
    """Read the lines of a file that can be used, and say of each of the others why it cannot.

    Raises:
        Fault: as `read_file`, but for single lines only where no line can be used.
    """
    values: list[tuple[int, dict[str, Any]]] = []
    left_out: list[str] = []
    file = _read(path, "", _asked(None, None, None), values, left_out)
    return Records(file, _records(values, file)), tuple(left_out)


def _records(values: Sequence[tuple[int, dict[str, Any]]], file: DataFile) -> tuple[Record, ...]:
    return tuple(Record(line, value, row) for (line, value), row in zip(values, file.rows, strict=True))


def read_plain_file(path: Path, *, name: str = "", with_fields: bool = False) -> DataFile:
    """Read a file whose rows are asked of a model or trained on: turns of text must say all of them.

    Args:
        with_fields: keep each row's other plain fields too.

    Raises:
        Fault: as `read_file`; code 3 if rows hold tools, calls, images or reasoning.
    """
    file = read_file(path, name=name, with_fields=with_fields)
    other = [row for row in file.rows if not row.plain]
    if other:
        raise Fault(
            f"{len(other)} of {len(file.rows)} rows hold tools, tool calls, images or reasoning",
            where=str(path),
            fix="asking and training on these is not offered: remove the rows, or write them as turns of text; "
            "`advisor data check` and `convert` read them",
            code=ExitCode.BAD_DATA,
            problems=[
                f"{path}:{row.source.rpartition(':')[2]}: row: expected turns of text alone, "
                "found tools, calls, images or reasoning"
                for row in other
            ],
        )
    return file


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a person said that rows are to be read."""

    format: str | None
    fields: Fields | None
    with_fields: bool = False


def _asked(name: str | None, prompt: str | None, answer: str | None, with_fields: bool = False) -> _Asked:
    if (prompt is None) != (answer is None):
        raise Fault("--prompt-field and --answer-field go together", fix="give both")
    if name is not None and name not in (*READABLE, TEXT):
        known = ", ".join(READABLE)
        raise Fault(f"{name!r} is not a format", where="--format", fix=f"use one of {known}")
    if prompt is not None and answer is not None:
        if name is not None and name not in PAIRS:
            raise Fault("--format does not go with --prompt-field", fix="leave --format out")
        return _Asked(name or "prompt-completion", (prompt, answer), with_fields)
    return _Asked(name, None, with_fields)


def _read(
    path: Path,
    name: str,
    asked: _Asked,
    values: list[tuple[int, dict[str, Any]]] | None,
    left_out: list[str] | None = None,
) -> DataFile:
    with opened(path) as source, _without_collection():
        found = _gather(source, name or name_of(path), asked, values)
        notes = [*source.notes]
    container = CONTAINER_NAMES.get(source.container)
    if not found.total:
        kinds = {"json": "the file is an empty JSON array"}
        kinds |= dict.fromkeys(("csv", "tsv", "parquet"), "the file has columns and no rows")
        refuse(path, kinds.get(source.container, "the file is empty"), "give at least one row")
    chosen = asked.format or majority(found)
    refuse_other_formats(found, chosen)
    if found.problems:
        if left_out is None or not leave_out(found, values or []):
            refuse_lines(path, found, chosen)
        left_out += line_by_line(path, found)
    evidence = evidence_of(found, chosen, asked.fields, [container] if container else [], notes)
    return DataFile(path, tuple(found.rows), chosen, evidence, source.sha256, tuple(found.warnings))


@contextmanager
def _without_collection() -> Iterator[None]:
    """Rows make no cycles: without the collector, which would walk over all of them again and again, a million
    rows are read in two thirds of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _gather(
    source: Source, name: str, asked: _Asked, values: list[tuple[int, dict[str, Any]]] | None
) -> Gathered:
    found = Gathered()
    parsers: dict[str, Parser] = {}
    file_name = source.path.name if str(source.path) != "-" else "stdin"
    for number, value, repeated, line, prefix in entries_of(source):
        found.total += 1
        line = line or number
        kind = _kind(value, asked)
        if repeated:
            found.warnings.append(f"{source.path}:{line}: {prefix}{repeated_warning(repeated)}")
        if isinstance(kind, Unreadable):
            found.problems[number] = Problem(f"{line}: {prefix}", kind)
            continue
        parser = parsers.get(kind)
        if parser is None:
            parser = parsers[kind] = parser_of(kind, asked.fields)
        read = parser(value)
        found.keys.update(value)
        if isinstance(read, Unreadable):
            found.problems[number] = Problem(f"{line}: {prefix}", read)
            found.failed.append((number, kind))
            continue
        row = row_of(read, f"{name}:{number}", f"{file_name}:{line}")
        if asked.with_fields:
            row = replace(row, fields=plain_fields(value, read_fields(kind, asked.fields)))
        found.rows.append(row)
        found.formats.append(kind)
        found.numbers.append(number)
        if values is not None:
            values.append((number, value))
    return found


def entries_of(source: Source) -> Iterator[Entry]:
    """Yield what stands in an open file, value by value, sound or not.

    Raises:
        Fault: code 3, the file cannot be read on.
    """
    return _CONTAINERS[source.container](source)


def _kind(value: Any, asked: _Asked) -> str | Unreadable:
    if isinstance(value, Unreadable):
        return value
    if asked.format is None or asked.format == TEXT:
        return format_of(value)
    if not isinstance(value, dict):
        return Unreadable((f"row: expected an object, found {kind_of(value)}",))
    return asked.format


def row_of(read: Conversation, id: str, source: str) -> Row:  # noqa: A002
    """Return what the checks see of a conversation."""
    *before, answer = read.turns
    if len(before) == 1 and not before[0].parts and not answer.calls and not read.tools and not answer.parts:
        # The common pair, kept short; the general way gives the same.
        return Row(id, (Message(role="user", content=before[0].text),), answer.text, source, "", read.answers)
    return Row(id, as_messages(before), said(answer), source, "", read.answers, is_plain(read))

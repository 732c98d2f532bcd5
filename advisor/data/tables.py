"""Rows of a table: CSV and TSV with a header line, and Parquet.

A cell is text. In columns that hold lists or objects in a row of JSON (`messages`, `conversations`, `contents`,
`tools` ...) a cell holds their JSON text, and an empty cell means that the row has no such field.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from advisor.data.entries import Entry, StrictJson, read_json
from advisor.data.formats.conversation import Unreadable, shown
from advisor.data.sources import Source, refuse

STRUCTURED = frozenset(
    {"messages", "conversations", "contents", "systemInstruction", "system_instruction", "tools", "functions",
     "answers", "history"}
)  # fmt: skip
"""Columns whose cells hold JSON."""

_LONGEST_CELL = 256 << 20
_BATCH = 1024


def csv_rows(source: Source) -> Iterator[Entry]:
    """Yield the rows below the header; `number` is the line that a row begins on."""
    csv.field_size_limit(_LONGEST_CELL)
    # A byte that is no UTF-8 becomes a lone surrogate, so that its row is named and reading goes on.
    text = io.TextIOWrapper(source.stream, encoding="utf-8", errors="surrogateescape", newline="")
    reader = csv.reader(text, delimiter="\t" if source.container == "tsv" else ",", strict=True)
    header: list[str] | None = None
    number = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Entry(number, Unreadable((_csv_problem(error, number, reader.line_num),)))
            if "unexpected end of data" in str(error) or "field larger" in str(error):
                break
            number = reader.line_num + 1
            continue
        if cells is None:
            break
        if cells and header is None:
            header = _header(source, cells)
        elif cells and header is not None:
            yield _row(number, header, cells)
        number = reader.line_num + 1
    text.detach()


def _csv_problem(error: csv.Error, first: int, last: int) -> str:
    reason = str(error)
    if "unexpected end of data" in reason:
        return f"csv: expected a closing quote for the cell, found the end of the file (line {last}); double a quote inside a cell"
    if "NUL" in reason:
        return "csv: expected text, found a NUL byte"
    where = f" (line {last})" if last != first else ""
    return f"csv: expected cells with balanced quotes, found a fault{where}: {reason}"


def _header(source: Source, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        what = f"expected a header with each column once, found {shown(twice[0])} twice"
        refuse(source.path, what, "rename or remove one of the columns")
    return names


def _row(number: int, header: list[str], cells: list[str]) -> Entry:
    undecoded = next((cell for cell in cells if not cell.isascii() and _escaped(cell)), None)
    if undecoded is not None:
        byte = ord(_escaped(undecoded)) - 0xDC00
        return Entry(number, Unreadable((f"encoding: expected UTF-8, found byte 0x{byte:02x}",)))
    if len(cells) != len(header):
        problem = f"row: expected {len(header)} cells as in the header, found {len(cells)}; quote cells that hold the delimiter"
        return Entry(number, Unreadable((problem,)))
    value: dict[str, Any] = {}
    problems: list[str] = []
    for name, cell in zip(header, cells, strict=True):
        if name in STRUCTURED:
            _read_structured(name, cell, value, problems)
        elif name:
            value[name] = cell
    return Entry(number, Unreadable(tuple(problems)) if problems else value)


def _escaped(text: str) -> str:
    return next((character for character in text if "\udc80" <= character <= "\udcff"), "")


def _read_structured(name: str, cell: str, value: dict[str, Any], problems: list[str]) -> None:
    if not cell.strip():
        return
    if cell.lstrip()[0] not in "[{":
        value[name] = cell
        return
    read = read_json(cell.encode("utf-8", errors="surrogatepass"), StrictJson())
    if isinstance(read, Unreadable):
        problems += (f"{name}: {problem}" for problem in read.problems)
    else:
        value[name] = read


def parquet_rows(source: Source) -> Iterator[Entry]:
    """Yield the rows; `number` counts rows from 1."""
    import pyarrow
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(source.stream, memory_map=False) as file:
            for batch in file.iter_batches(batch_size=_BATCH):
                for value in batch.to_pylist():
                    number += 1
                    yield Entry(number, _parquet_row(value))
    except (pyarrow.ArrowException, OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        what = f"the Parquet file is damaged after row {number}: {reason}"
        refuse(source.path, what, "fetch or write the file again; nothing of it was used")


def _parquet_row(cells: Mapping[str, Any]) -> dict[str, Any] | Unreadable:
    value: dict[str, Any] = {}
    problems: list[str] = []
    for name, cell in cells.items():
        if name in STRUCTURED and isinstance(cell, str):
            _read_structured(name, cell, value, problems)
        elif (item := _plain(cell)) is not None:
            value[name] = item
    return Unreadable(tuple(problems)) if problems else value


def _plain(value: Any) -> Any:
    """Turn what Parquet can hold into what JSON can hold; fields that are null are left out of objects inside."""
    if isinstance(value, str | int | bool) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def cell_of(name: str, value: Any) -> str:
    """Return what a CSV cell holds for a value: text as it is, anything else as JSON, nothing for null."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

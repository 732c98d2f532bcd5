"""Writing rows to a file whose name says how: JSONL, a JSON array, CSV, TSV or Parquet, as it is, .gz or .zst.

The rows go to a new file beside the target that takes its name when all of them are written: a reader sees a
whole file or none, and a file that exists is replaced only when asked.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from advisor.data.output import STDOUT, check_output, new_file
from advisor.data.tables import cell_of
from rubrics.errors import ExitCode, Fault

_PACKED = {".gz": "gzip", ".zst": "zstd"}

Value = Mapping[str, Any]


def write_records(path: Path, records: Iterable[Value], *, force: bool = False) -> int:
    """Write rows by the suffix of the file's name; return how many.

    JSONL and JSON stream. CSV, TSV and Parquet need the columns of all rows first and hold them in memory; a
    field that some rows lack is an empty cell there, and a list or an object in a CSV cell is written as JSON.

    Args:
        path: ends in .jsonl, .json, .csv, .tsv or .parquet, each also with .gz or .zst; `-` is standard
            output, in JSONL.
        records: as they will stand in the file.
        force: replace a file that exists.

    Raises:
        Fault: code 2 if the suffix is unknown, the file exists or its folder does not; code 5 if there is no
            space; code 3 if Parquet cannot hold the values in one column. Nothing is left behind.
    """
    write, packing = (_json_lines, "") if path == STDOUT else _writer(path)
    check_output(path, force=force)
    with new_file(path, force=force) as raw, _packed(raw, packing) as stream:
        return write(stream, records)


def check_target(path: Path, *, inputs: Sequence[Path] = (), force: bool = False) -> None:
    """Refuse a file that could not be written, before rows are read for it.

    Raises:
        Fault: as `write_records`, code 2; also where the file is one of the inputs.
    """
    check_output(path, inputs=inputs, force=force)
    if path != STDOUT:
        _writer(path)


def _writer(path: Path) -> tuple[Callable[[IO[bytes], Iterable[Value]], int], str]:
    packing = _PACKED.get(path.suffix.lower(), "")
    suffix = Path(path.stem).suffix.lower() if packing else path.suffix.lower()
    if suffix not in _WRITERS:
        known = ", ".join(_WRITERS)
        raise Fault(
            f"expected a name that ends in {known}, also with .gz or .zst",
            where=str(path),
            fix="give such a name",
        )
    return _WRITERS[suffix], packing


@contextmanager
def _packed(raw: IO[bytes], packing: str) -> Iterator[IO[bytes]]:
    if packing == "gzip":
        import gzip

        # Neither name nor time goes into the file: the same rows give the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream:
            yield cast("IO[bytes]", stream)
    elif packing == "zstd":
        import pyarrow

        with pyarrow.CompressedOutputStream(raw, "zstd") as stream:
            yield stream
    else:
        yield raw


def _json_lines(stream: IO[bytes], records: Iterable[Value]) -> int:
    count = 0
    for record in records:
        stream.write(_json(record) + b"\n")
        count += 1
    stream.flush()
    return count


def _json_array(stream: IO[bytes], records: Iterable[Value]) -> int:
    count = 0
    for count, record in enumerate(records, 1):
        stream.write((b"[\n" if count == 1 else b",\n") + _json(record))
    stream.write(b"\n]\n" if count else b"[]\n")
    return count


def _json(record: Value) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode("utf-8", errors="surrogatepass")


def _csv(stream: IO[bytes], records: Iterable[Value], delimiter: str = ",") -> int:
    rows = list(records)
    columns = _columns(rows)
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        cells = [cell_of(name, row.get(name)) for name in columns]
        if any("\0" in cell for cell in cells):
            what = f"a table of text cannot hold a NUL character, found one in row {number}"
            raise Fault(what, fix="write JSONL instead, or remove the character", code=ExitCode.BAD_DATA)
        # A row of one empty cell would be a blank line, which readers skip.
        writer.writerow(cells) if cells != [""] else text.write('""\r\n')
    text.detach()
    return len(rows)


def _tsv(stream: IO[bytes], records: Iterable[Value]) -> int:
    return _csv(stream, records, "\t")


def _parquet(stream: IO[bytes], records: Iterable[Value]) -> int:
    import pyarrow
    from pyarrow import parquet

    rows = list(records)
    columns = _columns(rows)
    try:
        table = pyarrow.table({name: [_arrow(row.get(name)) for row in rows] for name in columns})
        parquet.write_table(table, stream)
    except pyarrow.ArrowException as error:
        what = f"Parquet holds one kind of value a column: {str(error).splitlines()[0][:200]}"
        raise Fault(what, fix="write JSONL instead", code=ExitCode.BAD_DATA) from None
    return len(rows)


def _arrow(value: Any) -> Any:
    """Objects become JSON text: a column's objects would all get the fields of each other."""
    return cell_of("", value) if isinstance(value, dict) or _holds_objects(value) else value


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


def _columns(rows: Sequence[Value]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


_WRITERS: dict[str, Callable[[IO[bytes], Iterable[Value]], int]] = {
    ".jsonl": _json_lines,
    ".json": _json_array,
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
}

"""Reading a file of rows, with every problem of the file found in one pass.

A person mends a file once, not once a line: so a line that cannot be read is noted and reading goes on, and one
`Fault` at the end lists all of it. What concerns the file as a whole (missing, empty, binary, UTF-16, a JSON
array) ends the reading at once, since line numbers would mean nothing.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from advisor.data.formats import SUPPORTED, Unreadable, format_of, parse, read_fields, shown
from advisor.data.named_fields import plain_fields
from advisor.data.rows import Row
from rubrics.errors import ExitCode, Fault

_UTF16_OR_32 = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_OTHER_KINDS = {".csv": "CSV", ".tsv": "TSV", ".parquet": "Parquet", ".xlsx": "Excel"}


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that was read without a problem.

    Attributes:
        path: as given.
        rows: at least one, in the order of the file, with ids `<stem>:<line>`.
        format: `question-answer`, `prompt-completion`, `input-output` or `openai`.
        evidence: why the format was taken for that, and what was ignored; for a person to read.
        bytes_sha256: of the file's bytes, in hexadecimal.
    """

    path: Path
    rows: tuple[Row, ...]
    format: str
    evidence: str
    bytes_sha256: str


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    value: Any
    """The parsed JSON, or `Unreadable`."""
    format: str | Unreadable


def read_file(path: Path, *, name: str = "") -> DataFile:
    """Read a JSONL file of rows (rule D9).

    Args:
        path: the file.
        name: what row ids begin with; the file's stem if empty. Two files of one run need different names.

    Raises:
        Fault: code 2 if there is no such file or it is a folder, code 3 if any line cannot be used; `problems`
            then holds every one as `file:line: field: expected X, found Y`.
    """
    content = _bytes_of(path)
    lines = [_read_line(number, line, start) for number, line, start in _lines_of(path, content)]
    chosen = _majority([line.format for line in lines])
    rows: list[Row] = []
    problems: dict[int, tuple[str, ...]] = {}
    for line in lines:
        row = _row_of(line, chosen, len(lines), path, name or path.stem)
        if isinstance(row, Unreadable):
            problems[line.number] = row.problems
        else:
            rows.append(row)
    if problems:
        _refuse_lines(path, problems, len(lines))
    evidence = _evidence(lines, chosen, has_mark=content.startswith(codecs.BOM_UTF8))
    return DataFile(path, tuple(rows), chosen, evidence, hashlib.sha256(content).hexdigest())


def _bytes_of(path: Path) -> bytes:
    where = str(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise Fault("there is no such file", where=where, fix="check the path") from None
    except IsADirectoryError:
        raise Fault("expected a file, found a folder", where=where, fix="name the JSONL file in it") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        fix = "check the path and its permissions"
        raise Fault(f"the file cannot be read: {reason}", where=where, fix=fix) from None
    kind = _OTHER_KINDS.get(path.suffix.lower())
    if kind:
        _refuse(path, f"{kind} is not read by this version", "convert it to JSONL: one JSON object a line")
    return content


def _lines_of(path: Path, content: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield the lines that are not blank: 1-based number, bytes, offset in the file."""
    _refuse_other_encodings(path, content)
    body = content.removeprefix(codecs.BOM_UTF8)
    if not body.strip():
        _refuse(path, "the file is empty", "give a JSONL file: one JSON object a line")
    _refuse_whole_json(path, body)
    start = len(content) - len(body)
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            yield number, line, start
        start += len(line) + 1


def _refuse_other_encodings(path: Path, content: bytes) -> None:
    for mark, encoding in _UTF16_OR_32.items():
        if content.startswith(mark):
            fix = f"convert it to UTF-8: iconv -f {encoding} -t UTF-8 '{path}' > converted.jsonl"
            _refuse(path, f"expected UTF-8, found {encoding} (its byte order mark)", fix)
    at = content.find(b"\0")
    if at >= 0:
        line = content.count(b"\n", 0, at) + 1
        what = f"expected text, found a binary file (a NUL byte at byte {at}, line {line})"
        _refuse(
            path,
            what,
            "give a JSONL file in UTF-8; text with NUL bytes is often UTF-16: convert it with iconv",
        )


def _refuse_whole_json(path: Path, body: bytes) -> None:
    """Refuse a JSON array, or one object written over several lines: both look broken on every line."""
    start = body.lstrip()
    first_line = start.split(b"\n", 1)[0]
    if start[:1] == b"{" and not isinstance(_json_of(first_line), Unreadable):
        return
    whole = _json_of(body)
    if isinstance(whole, list) and (b"\n" in start.rstrip() or not whole or isinstance(whole[0], dict)):
        fix = f"write one object a line: jq -c '.[]' '{path}' > rows.jsonl"
        _refuse(path, f"expected JSONL (one object a line), found a JSON array of {len(whole)}", fix)
    if isinstance(whole, dict):
        fix = f"write each row on one line: jq -c . '{path}' > rows.jsonl"
        _refuse(path, "expected JSONL (one object a line), found one JSON object over several lines", fix)


def _read_line(number: int, line: bytes, start: int) -> _Line:
    value = _json_of(line, start)
    return _Line(number, value, value if isinstance(value, Unreadable) else format_of(value))


def _json_of(line: bytes, start: int = 0) -> Any:
    """Parse one line that begins at byte `start` of its file, or say as `Unreadable` why it cannot be."""
    try:
        return json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        problem = (
            f"encoding: expected UTF-8, found byte 0x{byte:02x} at byte {start + error.start} of the file"
        )
    except json.JSONDecodeError as error:
        problem = f"json: expected valid JSON, found a fault at column {error.colno} ({error.msg})"
    except _NotJsonError as error:
        problem = f"json: expected a number, found {error}, which JSON does not have"
    except RecursionError:
        problem = "json: expected plain fields, found values nested too deeply"
    except ValueError:
        problem = "json: expected a number of ordinary size, found thousands of digits"
    return Unreadable((problem,))


class _NotJsonError(ValueError):
    """NaN or Infinity, which Python would read."""


def _no_constant(name: str) -> NoReturn:
    raise _NotJsonError(name)


def _majority(found: Sequence[str | Unreadable]) -> str:
    """Return the commonest supported format, the earlier one of equals; the first supported if there is none."""
    counts = Counter(name for name in found if isinstance(name, str))
    return counts.most_common(1)[0][0] if counts else SUPPORTED[0]


def _row_of(line: _Line, chosen: str, total: int, path: Path, name: str) -> Row | Unreadable:
    if isinstance(line.format, Unreadable):
        return line.format
    if line.format != chosen:
        return Unreadable((f"format: expected {chosen} as in most of the {total} rows, found {line.format}",))
    parsed = parse(line.value, chosen)
    if isinstance(parsed, Unreadable):
        return parsed
    return Row(
        id=f"{name}:{line.number}",
        messages=parsed.messages,
        answer=parsed.answer,
        answers=parsed.answers,
        source=f"{path.name}:{line.number}",
        fields=plain_fields(line.value, read_fields(chosen)),
    )


def _evidence(lines: Sequence[_Line], chosen: str, *, has_mark: bool) -> str:
    seen = set().union(*(line.value for line in lines))
    fields = [field for field in read_fields(chosen) if field in seen]
    ignored = sorted(seen.difference(fields))
    said = [f"{len(lines)} rows with {' and '.join(fields)}"]
    if ignored:
        said.append(f"ignored: {', '.join(map(shown, ignored))}")
    if has_mark:
        said.append("a UTF-8 byte order mark was skipped")
    return "; ".join(said)


def _refuse_lines(path: Path, problems: dict[int, tuple[str, ...]], total: int) -> NoReturn:
    listed = [f"{path}:{number}: {problem}" for number, found in problems.items() for problem in found]
    raise Fault(
        f"{len(problems)} of {total} lines cannot be used",
        where=str(path),
        fix="mend or remove the lines listed; lines are numbered from 1",
        code=ExitCode.BAD_DATA,
        problems=listed,
    )


def _refuse(path: Path, what: str, fix: str) -> NoReturn:
    raise Fault(what, where=str(path), fix=fix, code=ExitCode.BAD_DATA, problems=[f"{path}: {what}"])

"""Rows of a JSON file, one after the other: JSON lines, and the elements of a JSON array.

JSON is read strictly: NaN and Infinity are refused, and a key that stands twice in an object is noted.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple, NoReturn

from advisor.data.formats.conversation import Unreadable, shown
from advisor.data.sources import CHUNK, Source, refuse

LONGEST_LINE = 256 << 20
"""Bytes of a line; a longer one is refused, so that memory stays bounded."""

_SHORT_TOKEN = 16
"""Characters that a token cut off by the end of a buffer can have, a text left aside (`-Infinity` has 9)."""


class Entry(NamedTuple):
    """What stands at one place of a file.

    Attributes:
        number: 1-based, no two the same: the line, or the row of a JSON array or a Parquet file.
        value: the parsed value, or why there is none.
        repeated: keys that stand twice in one object.
        line: the line that the value begins on, where that is not its number.
        prefix: the value's own place on that line (`[3].`).
    """

    number: int
    value: Any
    repeated: tuple[str, ...] = ()
    line: int = 0
    prefix: str = ""


class NotJsonError(ValueError):
    """NaN or Infinity, which Python would read."""


class StrictJson:
    """A JSON parser that refuses what JSON does not have, and notes keys that stand twice in an object."""

    def __init__(self) -> None:
        self._repeated: list[str] = []
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=_no_constant)
        self.parse = self._decoder.decode
        self.parse_at = self._decoder.raw_decode

    def take_repeated(self) -> tuple[str, ...]:
        """Return the repeated keys since the last call."""
        if not self._repeated:
            return ()
        repeated = tuple(dict.fromkeys(self._repeated))
        self._repeated.clear()
        return repeated

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            seen: set[str] = set()
            self._repeated += [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
        return value


def _no_constant(name: str) -> NoReturn:
    raise NotJsonError(name)


def json_lines(source: Source) -> Iterator[Entry]:
    """Yield the lines that are not blank."""
    parser, start = StrictJson(), source.start
    for number, line in enumerate(iter(partial(source.stream.readline, LONGEST_LINE), b""), 1):
        if not line.isspace():
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                start += _skip_line(source)
                value: Any = Unreadable((f"line: expected at most {LONGEST_LINE:,} bytes, found more",))
            else:
                value = read_json(line, parser, start)
            if number == 1 and isinstance(value, Unreadable):
                _refuse_object_over_lines(source, line, parser)
            yield Entry(number, value, parser.take_repeated())
        start += len(line)


def _skip_line(source: Source) -> int:
    skipped = 0
    while rest := source.stream.readline(CHUNK):
        skipped += len(rest)
        if rest.endswith(b"\n"):
            break
    return skipped


def _refuse_object_over_lines(source: Source, line: bytes, parser: StrictJson) -> None:
    """Refuse one JSON object over several lines, which would look broken on every line."""
    if not line.lstrip().startswith(b"{"):
        return
    more = source.stream.peek(CHUNK)[:CHUNK] if hasattr(source.stream, "peek") else b""
    try:
        value, end = parser.parse_at((line + more).decode("utf-8", errors="ignore").lstrip())
    except (ValueError, RecursionError):
        return
    finally:
        parser.take_repeated()
    if isinstance(value, dict) and end > len(line.strip()):
        refuse(
            source.path,
            "expected JSONL (one object a line), found one JSON object over several lines",
            f"write each row on one line: jq -c . '{source.path}' > rows.jsonl",
        )


def read_json(line: bytes, parser: StrictJson, start: int = 0) -> Any:
    """Parse one line that begins at byte `start` of its file, or say as `Unreadable` why it cannot be."""
    try:
        return parser.parse(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return _not_utf8(error, start)
    except (ValueError, RecursionError) as error:
        if b"\0" in line:
            at = start + line.index(b"\0")
            return Unreadable((f"encoding: expected text, found a NUL byte at byte {at} of the file",))
        bare = line.rstrip(b"\r\n")
        # A fault at the end of the line would be said to lie behind it, on a line of its own.
        return Unreadable((_json_problem(error),)) if bare == line else read_json(bare, parser, start)


def _json_problem(error: Exception, column: int | None = None) -> str:
    if isinstance(error, json.JSONDecodeError):
        at = error.colno if column is None else column
        return f"json: expected valid JSON, found a fault at column {at} ({error.msg})"
    if isinstance(error, NotJsonError):
        return f"json: expected a number, found {error}, which JSON does not have"
    if isinstance(error, RecursionError):
        return "json: expected plain fields, found values nested too deeply"
    return "json: expected a number of ordinary size, found thousands of digits"


def _not_utf8(error: UnicodeDecodeError, start: int) -> Unreadable:
    byte = error.object[error.start]
    return Unreadable(
        (f"encoding: expected UTF-8, found byte 0x{byte:02x} at byte {start + error.start} of the file",)
    )


def json_array(source: Source) -> Iterator[Entry]:
    """Yield the elements of an array, each with the line it begins on; a fault in the JSON ends the reading."""
    text = _Buffer(source)
    parser, number = StrictJson(), 0
    try:
        text.skip("[")
        while text.next_character() != "]":
            if number:
                text.skip(",")
                text.next_character()
            line = text.line
            value = text.value(parser)
            number += 1
            yield Entry(number, value, parser.take_repeated(), line, f"[{number - 1}].")
        text.skip("]")
        if text.next_character():
            raise json.JSONDecodeError("Extra data after the array", text.kept, text.at)
    except UnicodeDecodeError as error:
        yield Entry(number + 1, _not_utf8(error, text.bytes_before), line=text.line_of_end())
    except (ValueError, RecursionError) as error:
        line, problem = text.fault(error)
        yield Entry(number + 1, Unreadable((problem,)), line=line)


class _Buffer:
    """The decoded text of a stream from the value that is being read on."""

    def __init__(self, source: Source) -> None:
        self._stream = source.stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._ended = False
        self._failure: UnicodeDecodeError | None = None
        self._column = 0
        self.kept = ""
        self.at = 0
        self.line = 1
        self.bytes_before = source.start

    def _more(self, size: int) -> bool:
        """Drop what was read and append at least one character, or say that there is no more."""
        if self._failure:
            raise self._failure
        self._pass_lines(self.at)
        self.kept, self.at = self.kept[self.at :], 0
        while not self._ended:
            chunk = self._stream.read(size)
            self._ended = not chunk
            text = self._decoded(chunk)
            if text:
                self.kept += text
                return True
        if self._failure:
            raise self._failure
        return False

    def _decoded(self, chunk: bytes) -> str:
        """Decode a chunk as far as it is UTF-8; what stands before a fault is read before the fault is raised."""
        # The decoder keeps the bytes of a character that the last chunk cut: positions count from those.
        start = self.bytes_before - len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(chunk, final=self._ended)
        except UnicodeDecodeError as error:
            self._failure, self._ended = error, True
            self.bytes_before = start
            return error.object[: error.start].decode("utf-8")
        self.bytes_before += len(chunk)
        return text

    def _pass_lines(self, end: int) -> None:
        self._column = (
            end - self.kept.rfind("\n", 0, end) - 1 if "\n" in self.kept[:end] else self._column + end
        )

    def _advance(self, end: int) -> None:
        self.line += self.kept.count("\n", self.at, end)
        self.at = end

    def next_character(self) -> str:
        """Pass white space; return the character there, or an empty text at the end."""
        while True:
            end = self.at
            while end < len(self.kept) and self.kept[end] in " \t\r\n":
                end += 1
            self._advance(end)
            if end < len(self.kept):
                return self.kept[end]
            if not self._more(CHUNK):
                return ""

    def skip(self, expected: str) -> None:
        if self.next_character() != expected:
            raise json.JSONDecodeError(f"Expecting '{expected}' delimiter", self.kept, self.at)
        self._advance(self.at + 1)

    def value(self, parser: StrictJson) -> Any:
        """Parse the value that begins here; a constant that JSON lacks spoils only this value."""
        spoilt: Unreadable | None = None
        parse_at = parser.parse_at
        while True:
            try:
                value, end = parse_at(self.kept, self.at)
            except NotJsonError as error:
                spoilt, parse_at = Unreadable((_json_problem(error),)), json.JSONDecoder().raw_decode
                continue
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos > len(self.kept) - _SHORT_TOKEN
                if not (cut and self._more(max(CHUNK, len(self.kept)))):
                    raise
                parser.take_repeated()
                continue
            if end < len(self.kept) or not self._more(CHUNK):
                self._advance(end)
                return spoilt or value

    def line_of_end(self) -> int:
        return self.line + self.kept.count("\n", self.at)

    def fault(self, error: Exception) -> tuple[int, str]:
        """Return the line of a fault in the JSON, and what it is."""
        line, column = self.line, None
        if isinstance(error, json.JSONDecodeError):
            line += self.kept.count("\n", self.at, error.pos)
            before = self.kept.rfind("\n", 0, error.pos)
            column = error.pos - before if before >= 0 else self._column + error.pos + 1
        return line, f"{_json_problem(error, column)}; the rest of the array was not read"


def repeated_warning(keys: tuple[str, ...]) -> str:
    """Say that keys stand twice."""
    names = ", ".join(shown(key) for key in keys[:5])
    return f"{names}: expected each key once, found it again in one object; the last one counts, remove the others"

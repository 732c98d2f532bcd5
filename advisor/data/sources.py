"""The bytes of a data file: opened, hashed as they pass, decompressed, and told apart by what they begin with.

A name is only a hint: gzip, Zstandard and Parquet are known by their first bytes. Everything streams; nothing here
holds a file as a whole, but for Parquet that comes compressed or through a pipe, which must be seekable.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import shlex
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, NoReturn, cast

from rubrics.errors import ExitCode, Fault

Container = Literal["jsonl", "json", "csv", "tsv", "parquet"]

STANDARD_INPUT = Path("-")
CHUNK = 1 << 20
_HEAD = 1 << 16
_SPOOLED = 64 << 20
_UTF16_OR_32 = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_GZIP, _ZSTD, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
_OTHERS = {b"PK\x03\x04": "a zip archive or an Excel workbook", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_GIVE = "give JSONL, a JSON array, CSV, TSV or Parquet, as it is or packed with gzip or zstd"


@dataclass
class Source:
    """An open data file.

    Attributes:
        path: as given; `-` is standard input.
        stream: the decompressed bytes, a byte order mark skipped.
        container: what the bytes are.
        start: bytes that were skipped before the stream.
        notes: what was found out on the way, for the evidence.
    """

    path: Path
    stream: IO[bytes]
    container: Container
    start: int
    digest: Any = field(repr=False)
    notes: list[str] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """Of the file's bytes, once they are read to the end."""
        return str(self.digest.hexdigest())


def name_of(path: Path) -> str:
    """Return what the rows of a file are called after: its stem without any suffix that says how it is packed."""
    if path == STANDARD_INPUT:
        return "stdin"
    return Path(_unpacked_name(path)).stem


def log_place(output: Path) -> Path:
    """Return where the log of changes to a file lies by default: beside it."""
    return output.with_name(f"{name_of(output)}.changes.jsonl")


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a data file.

    Raises:
        Fault: code 2 if there is no such file or it is a folder, code 3 if the bytes are none that can be read,
            also while the stream is read.
    """
    with _raw(path) as raw:
        hashed = _Hashed(raw)
        try:
            source = _source(path, io.BufferedReader(hashed, CHUNK), hashed)
            with source.stream:
                yield source
                hashed.drain()
        except (OSError, EOFError, zlib.error) as error:
            _refuse_damaged(path, error)


@contextmanager
def _raw(path: Path) -> Iterator[IO[bytes]]:
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    where = str(path)
    try:
        raw = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise Fault("there is no such file", where=where, fix="check the path") from None
    except IsADirectoryError:
        raise Fault("expected a file, found a folder", where=where, fix="name the data file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        fix = "check the path and its permissions"
        raise Fault(f"the file cannot be read: {reason}", where=where, fix=fix) from None
    with raw:
        yield cast("IO[bytes]", raw)


class _Hashed(io.RawIOBase):
    """Passes bytes on and hashes them."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = int(self._raw.readinto(buffer) or 0)  # type: ignore[attr-defined]
        self.digest.update(memoryview(buffer)[:count])
        return count

    def drain(self) -> None:
        """Read what a reader left, so that the hash is the whole file's."""
        buffer = bytearray(CHUNK)
        while self._raw and not self.closed and self.readinto(buffer):
            pass


def _source(path: Path, packed: io.BufferedReader, hashed: _Hashed) -> Source:
    stream, packing = _unpacked(packed)
    notes = [f"packed with {packing}"] if packing else []
    head = stream.peek(_HEAD)[:_HEAD]
    if head.startswith(_PARQUET):
        return Source(path, _seekable(stream), "parquet", 0, hashed.digest, notes)
    for mark, kind in _OTHERS.items():
        if head.startswith(mark):
            refuse(path, f"expected rows, found {kind}", _GIVE)
    if Path(_unpacked_name(path)).suffix.lower() == ".parquet":
        refuse(
            path, "expected Parquet, found a file that does not begin as one", "fetch or write the file again"
        )
    _refuse_other_encodings(path, head)
    start = 0
    if head.startswith(codecs.BOM_UTF8):
        start = len(stream.read(len(codecs.BOM_UTF8)))
        notes.append("a UTF-8 byte order mark was skipped")
    container = _container(path, head[start:])
    return Source(path, stream, container, start, hashed.digest, notes)


def _unpacked(packed: io.BufferedReader) -> tuple[io.BufferedReader, str]:
    head = packed.peek(8)
    if head.startswith(_GZIP):
        import gzip

        return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=packed)), CHUNK), "gzip"
    if head.startswith(_ZSTD):
        import pyarrow

        return io.BufferedReader(pyarrow.CompressedInputStream(packed, "zstd"), CHUNK), "zstd"
    return packed, ""


def _seekable(stream: io.BufferedReader) -> IO[bytes]:
    """Return a copy that can be sought in: Parquet is read from its end."""
    copy = tempfile.SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115
    while chunk := stream.read(CHUNK):
        copy.write(chunk)
    copy.seek(0)
    return cast("IO[bytes]", copy)


def _container(path: Path, head: bytes) -> Container:
    """Tell text containers apart: JSON by its first character, tables by their name or their first line."""
    body = head.lstrip()
    if not body:
        return "jsonl"
    if body.startswith(b"["):
        return (
            "json" if body[1:].lstrip()[:1] in (b"{", b"]", b"") or _breaks_after_bracket(body) else "jsonl"
        )
    suffix = Path(_unpacked_name(path)).suffix.lower()
    if body.startswith(b"{") or suffix in (".jsonl", ".json", ".ndjson"):
        return "jsonl"
    first = body.split(b"\n", 1)[0]
    if suffix == ".tsv" or (suffix != ".csv" and b"\t" in first):
        return "tsv"
    if suffix == ".csv" or (b"," in first and not first.startswith(b'"{')):
        return "csv"
    return "jsonl"


def _breaks_after_bracket(body: bytes) -> bool:
    return body[1:].lstrip(b" \t\r").startswith(b"\n")


def _unpacked_name(path: Path) -> str:
    name = path.name
    for suffix in (".gz", ".gzip", ".zst", ".zstd"):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def _refuse_other_encodings(path: Path, head: bytes) -> None:
    for mark, encoding in _UTF16_OR_32.items():
        if head.startswith(mark):
            fix = f"convert it to UTF-8: iconv -f {encoding} -t UTF-8 {shlex.quote(str(path))} > converted.jsonl"
            refuse(path, f"expected UTF-8, found {encoding} (its byte order mark)", fix)
    at = head.find(b"\0")
    if at >= 0:
        line = head.count(b"\n", 0, at) + 1
        what = f"expected text, found a binary file (a NUL byte at byte {at}, line {line})"
        refuse(path, what, f"{_GIVE}; text with NUL bytes is often UTF-16: convert it with iconv")


def _refuse_damaged(path: Path, error: Exception) -> NoReturn:
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    refuse(path, f"the file is damaged: {reason}", "fetch or pack the file again; nothing of it was used")


def refuse(path: Path, what: str, fix: str) -> NoReturn:
    """Refuse a file as a whole.

    Raises:
        Fault: always; code 3.
    """
    raise Fault(what, where=str(path), fix=fix, code=ExitCode.BAD_DATA, problems=[f"{path}: {what}"])

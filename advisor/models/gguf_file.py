"""A GGUF file given by a person: its metadata and content hash, and its conversion into the cache.

The metadata are read here in a few lines, since they decide how the file is converted; the format is described in
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Whether a file is whole is the trainer's to say.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

from advisor.interrupt import StopSignal
from advisor.models.catalogue import EMBEDDED, cache_folder
from advisor.models.conversion import Source, convert_once
from advisor.models.download import sha256_of
from trainer.events import Listener, Logged
from trainer.job import write_json

_FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LICENCE, _PRE_TOKENIZER = "general.license", "tokenizer.ggml.pre"
_SPLITS_DIGITS = ("smollm",)
_LARGE = 1 << 30


def get_gguf(path: Path, emit: Listener, stop: StopSignal) -> tuple[Path, str]:
    """The folder that a GGUF file was or is now converted into, and the file's SHA-256.

    Raises:
        Fault: not a whole GGUF file, or not convertible; exit code 5.
        Interrupted: a stop was asked for.
    """
    sha256 = _content_hash(path, emit, stop)
    source = _source(path, sha256)
    return convert_once(source, lambda work: path, emit, stop), sha256


def read_metadata(path: Path, wanted: Collection[str]) -> dict[str, Any]:
    """Metadata by key, as far as the file is readable; lists are passed over."""
    found: dict[str, Any] = {}
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                return {}
            _, _, count = struct.unpack("<IQQ", file.read(20))
            for _ in range(count):
                key = _read_string(file)
                value = _read_value(file, *struct.unpack("<I", file.read(4)))
                if key in wanted:
                    found[key] = value
                if len(found) == len(wanted):
                    break
    except (struct.error, KeyError, UnicodeDecodeError, OverflowError, OSError):
        return found
    return found


def _read_string(file: IO[bytes]) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > _LARGE:
        raise OverflowError(length)
    return file.read(length).decode()


def _read_value(file: IO[bytes], kind: int) -> Any:
    if kind == _STRING:
        return _read_string(file)
    if kind == _ARRAY:
        item, count = struct.unpack("<IQ", file.read(12))
        if item in _FIXED:
            file.seek(count * struct.calcsize(_FIXED[item]), os.SEEK_CUR)
        else:
            for _ in range(count):
                _read_value(file, item)
        return None
    return struct.unpack(f"<{_FIXED[kind]}", file.read(struct.calcsize(_FIXED[kind])))[0]


def _source(path: Path, sha256: str) -> Source:
    """An embedded model's own file keeps that model's name, so that it is converted once for both."""
    known = next((model for model in EMBEDDED.values() if model.gguf_sha256 == sha256), None)
    if known is not None:
        return Source(known.name, str(path), sha256, known.repair, known.licence)
    metadata = read_metadata(path, (_LICENCE, _PRE_TOKENIZER))
    return Source(
        name=re.sub(r"[^\w.-]+", "-", path.stem).lower()[:60],
        origin=str(path),
        sha256=sha256,
        repair="split-digits" if metadata.get(_PRE_TOKENIZER) in _SPLITS_DIGITS else None,
        licence=str(metadata.get(_LICENCE) or ""),
    )


def _content_hash(path: Path, emit: Listener, stop: StopSignal) -> str:
    """SHA-256 of the file; remembered by path, size and time of change, since models have gigabytes."""
    status = path.stat()
    stamp = {"path": str(path), "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    memory = cache_folder() / "hashes" / f"{hashlib.sha256(str(path).encode()).hexdigest()[:16]}.json"
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
        if known["stamp"] == stamp:
            return str(known["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        known = None
    if status.st_size > _LARGE:
        emit(Logged(message=f"reading {path.name} for its checksum, once"))
    with path.open("rb") as file:
        found = sha256_of(file, stop)
    write_json(memory, {"stamp": stamp, "sha256": found})
    return found

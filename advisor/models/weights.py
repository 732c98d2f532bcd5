"""Weight files looked at from outside: tensor shapes from safetensors headers, and content digests.

A safetensors file begins with the length of a JSON header (8 bytes, little endian) and the header itself, which
gives every tensor's dtype, shape and place: the format's documentation, https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rubrics.errors import ExitCode, Fault

_MIB = 1 << 20
_LONGEST_HEADER = 100 * _MIB
"""The limit of the format's own reader."""

_READ_FULLY = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)


@dataclass(frozen=True, slots=True)
class Tensor:
    """One stored tensor; `dtype` by the format's name (BF16, F32)."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model folder, sorted; with an index, exactly those that it names.

    Raises:
        Fault: none at all, or a shard of the index is missing; exit code 5.
    """
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        files = sorted(folder.glob("*.safetensors"))
        if not files:
            raise _no_weights(folder)
        return files
    named = sorted(set(_read_json(index).get("weight_map", {}).values()))
    missing = [name for name in named if not (folder / name).is_file()]
    if missing or not named:
        raise lacking(
            f"lacks {len(missing)} of its {len(named)} weight files",
            folder,
            "Download the model again.",
            missing,
        )
    return [folder / name for name in named]


def _no_weights(folder: Path) -> Fault:
    pickled = any(folder.glob("pytorch_model*.bin"))
    return lacking(
        "holds no weights as safetensors" + (", only pickled ones (pytorch_model*.bin)" if pickled else ""),
        folder,
        "Load and save it once with transformers: model.save_pretrained(FOLDER)."
        if pickled
        else "Download the model again, or point to the folder that holds its weights.",
    )


def read_tensors(folder: Path) -> list[Tensor]:
    """Name, dtype and shape of every tensor of a model folder, each name once.

    Raises:
        Fault: no weights, or a file that is damaged or cut off; exit code 5.
    """
    found: dict[str, Tensor] = {}
    for path in weight_files(folder):
        for tensor in _read_header(path):
            found.setdefault(tensor.name, tensor)
    return list(found.values())


def _read_header(path: Path) -> Iterator[Tensor]:
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if not 2 <= length <= _LONGEST_HEADER:
                raise ValueError("impossible header length")
            header: dict[str, Any] = json.loads(file.read(length))
        header.pop("__metadata__", None)
        ends = [entry["data_offsets"][1] for entry in header.values()]
        tensors = [Tensor(name, entry["dtype"], tuple(entry["shape"])) for name, entry in header.items()]
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"is not a whole safetensors file ({error})") from error
    expected, size = 8 + length + max(ends, default=0), path.stat().st_size
    if size < expected:
        raise _damaged(path, f"is cut off: it should have {expected:,} bytes and has {size:,}")
    yield from tensors


def content_digest(folder: Path) -> str:
    """SHA-256 that changes with what decides a model's answers.

    Config, tokenizer and template files enter fully; weight files by name, size and their first and last MiB,
    since reading gigabytes at every start would cost more than it protects.

    Raises:
        Fault: no weights; exit code 5.
    """
    digest = hashlib.sha256()
    for name in _READ_FULLY:
        path = folder / name
        if path.is_file():
            digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    for path in weight_files(folder):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode() + _ends(path))
    return digest.hexdigest()


def _ends(path: Path) -> bytes:
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(_MIB))
        if path.stat().st_size > _MIB:
            file.seek(max(-_MIB, _MIB - path.stat().st_size), os.SEEK_END)
            digest.update(file.read(_MIB))
    return digest.digest()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damaged(path, f"is not valid JSON ({error})") from error
    return data


def _damaged(path: Path, what: str) -> Fault:
    return lacking(what, path, "Download the model again.")


def lacking(what: str, where: Path | str, fix: str, problems: list[str] | None = None) -> Fault:
    """The fault of a model that cannot be used as it is: exit code 5."""
    return Fault(what, where=str(where), fix=fix, code=ExitCode.LACKING, problems=problems or ())

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from advisor.interrupt import StopSignal
from advisor.models.catalogue import read_manifest
from advisor.models.gguf_file import get_gguf, read_metadata
from rubrics.errors import ExitCode, Fault
from trainer.events import Listener


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf_bytes(pre_tokenizer: str) -> bytes:
    """A header with values of several kinds before the ones that are looked for, and no tensors."""
    values = [
        _string("general.architecture") + struct.pack("<I", 8) + _string("llama"),
        _string("llama.context_length") + struct.pack("<II", 4, 2048),
        _string("tokens") + struct.pack("<IIQ", 9, 8, 2) + _string("a") + _string("bc"),
        _string("scores") + struct.pack("<IIQ", 9, 6, 3) + bytes(12),
        _string("general.license") + struct.pack("<I", 8) + _string("mit"),
        _string("tokenizer.ggml.pre") + struct.pack("<I", 8) + _string(pre_tokenizer),
    ]
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(values)) + b"".join(values)


@pytest.mark.parametrize(("pre_tokenizer", "repair"), [("smollm", "split-digits"), ("gpt-2", None)])
def test_the_repair_follows_the_files_pre_tokenizer(
    pre_tokenizer: str,
    repair: str | None,
    cache: Path,
    tmp_path: Path,
    conversions: list[bytes],
    emit: Listener,
) -> None:
    file = tmp_path / "My Model.Q4.gguf"
    file.write_bytes(gguf_bytes(pre_tokenizer))

    folder, _ = get_gguf(file, emit, StopSignal())

    manifest = read_manifest(folder)
    assert manifest is not None
    assert (manifest.name, manifest.repair, manifest.licence) == ("my-model.q4", repair, "mit")


def test_is_converted_again_only_when_its_content_changes(
    cache: Path, tmp_path: Path, conversions: list[bytes], emit: Listener
) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(gguf_bytes("a"))

    first, _ = get_gguf(file, emit, StopSignal())
    again, _ = get_gguf(file, emit, StopSignal())
    file.write_bytes(gguf_bytes("another"))
    changed, _ = get_gguf(file, emit, StopSignal())

    assert first == again
    assert changed != first
    assert len(conversions) == 2


def test_metadata_of_a_cut_file_is_what_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(gguf_bytes("smollm")[:-30])

    assert read_metadata(file, ("general.license", "tokenizer.ggml.pre")) == {"general.license": "mit"}
    file.write_bytes(b"PK\x03\x04")
    assert read_metadata(file, ("general.license",)) == {}


@pytest.mark.children_unmeasured
def test_what_is_no_gguf_file_is_the_trainers_to_refuse(cache: Path, tmp_path: Path, emit: Listener) -> None:
    pytest.importorskip("torch", reason="needs the train extra")
    file = tmp_path / "m.gguf"
    file.write_bytes(b"not a model")

    with pytest.raises(Fault, match="is not a GGUF file") as caught:
        get_gguf(file, emit, StopSignal())

    assert caught.value.code == ExitCode.LACKING
    assert list((cache / "models").iterdir()) == []

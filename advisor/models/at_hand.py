"""What is known of a model that lies on this machine already; nothing is fetched or converted for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from advisor.models.catalogue import EMBEDDED, model_folder, read_manifest
from advisor.models.counting import load_codec
from advisor.models.facts import context_length, read_config
from advisor.models.naming import kind_of
from rubrics.errors import Fault
from trainer.conversation import ChatCodec


@dataclass(frozen=True)
class ModelAtHand:
    """A model whose folder is here.

    Attributes:
        context_length: tokens that it reads and writes together; None where its config does not say.
    """

    codec: ChatCodec
    context_length: int | None


def model_at_hand(name: str) -> ModelAtHand | None:
    """Look a model up by its name in a plan.

    Returns:
        None where the model was not fetched yet, cannot be used, or is a GGUF file, which is converted first.
    """
    folder = _folder_of(name)
    try:
        if folder is None:
            return None
        return ModelAtHand(load_codec(folder, _stamp(folder)), context_length(read_config(folder)))
    except (Fault, OSError):
        return None


def _folder_of(name: str) -> Path | None:
    kind = kind_of(name)
    if kind == "embedded":
        folder = model_folder(name, EMBEDDED[name].gguf_sha256)
        return folder if read_manifest(folder) is not None else None
    if kind == "folder":
        return Path(name).expanduser().resolve()
    if kind == "hub":
        from advisor.models.hub import cached_snapshot

        return cached_snapshot(name, None)
    return None


def _stamp(folder: Path) -> str:
    """Another tokenizer in the same folder is another codec."""
    return f"at {(folder / 'tokenizer.json').stat().st_mtime_ns}"

"""From a model's name to a folder that the trainer can load, with everything worth recording about it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.interrupt import StopSignal
from advisor.models.catalogue import EMBEDDED
from advisor.models.counting import count_tokens, load_codec
from advisor.models.embedded import get_embedded
from advisor.models.facts import (
    ModelFacts,
    TokenizerFacts,
    context_length,
    read_config,
    read_model_facts,
    read_tokenizer_facts,
)
from advisor.models.gguf_file import get_gguf
from advisor.models.hub import get_from_hub
from advisor.models.naming import Kind, kind_of
from advisor.models.weights import content_digest
from rubrics.errors import Fault
from trainer.conversation import ChatCodec
from trainer.events import Listener
from trainer.job import ModelSpec, Precision

__all__ = ["ModelFacts", "ResolvedModel", "TokenizerFacts", "count_tokens", "resolve"]

_POSSIBLE = (
    f"A model is one of: an embedded one ({', '.join(EMBEDDED)}), a folder saved with save_pretrained, "
    "a .gguf file, a hub id (ORGANISATION/NAME)."
)


@dataclass(frozen=True)
class ResolvedModel:
    """A model at hand.

    Attributes:
        name: as it was asked for.
        path: folder with config, tokenizer and safetensors, ready for `trainer.job.ModelSpec`.
        revision: commit on the hub, or SHA-256 of the GGUF file; None for a folder.
        digest: SHA-256 of the content (see `weights.content_digest`), for the keys of stages.
        template_is_plain: the model brings no chat template, so the documented plain one is used.
        context_length: tokens; None where the config does not say.
    """

    name: str
    kind: Kind
    path: Path
    revision: str | None
    digest: str
    chat_template_sha256: str
    template_is_plain: bool
    context_length: int | None
    facts: ModelFacts
    tokenizer: TokenizerFacts

    def to_dict(self) -> dict[str, Any]:
        """For environment.json and the report."""
        return {
            **vars(self),
            "path": str(self.path),
            "facts": self.facts.to_dict(),
            "tokenizer": self.tokenizer.to_dict(),
        }

    def spec(self, *, precision: Precision = "auto", quantised: bool = False) -> ModelSpec:
        """What the trainer is asked to load."""
        return ModelSpec(path=self.path, precision=precision, quantisation="nf4" if quantised else None)

    def codec(self) -> ChatCodec:
        """The model's chat template and tokenizer; read once per process."""
        return load_codec(self.path, self.digest)


def resolve(name: str, emit: Listener, stop: StopSignal, *, revision: str | None = None) -> ResolvedModel:
    """Find a model by embedded name, folder, GGUF file or hub id; fetch or convert it where needed, once.

    Args:
        revision: branch, tag or commit of a hub id; nothing else takes one.
    Raises:
        Fault: no such model (exit code 2); one that cannot be had or used (exit code 5).
        Interrupted: a stop was asked for; nothing half is left behind.
    """
    kind, path, found = _locate(name, emit, stop, revision)
    return describe(name, kind, path, found)


def _locate(
    name: str, emit: Listener, stop: StopSignal, revision: str | None
) -> tuple[Kind, Path, str | None]:
    """Kind, folder and revision of a name; a path that exists wins over a hub id of the same form."""
    kind = kind_of(name)
    if revision is not None and kind != "hub":
        raise Fault("only a hub id has revisions", where=name, fix="Leave the revision out.")
    path = Path(name).expanduser()
    if kind == "embedded":
        model = EMBEDDED[name]
        return kind, get_embedded(model, emit, stop), model.gguf_sha256
    if kind == "folder":
        return kind, path.resolve(), None
    if kind == "gguf":
        return (kind, *get_gguf(path.resolve(), emit, stop))
    if kind == "hub":
        return (kind, *get_from_hub(name, revision, emit, stop))
    if path.is_file():
        raise Fault("is a file, but not a .gguf file", where=name, fix=_POSSIBLE)
    raise _unknown(name)


def _unknown(name: str) -> Fault:
    close = difflib.get_close_matches(name.lower(), EMBEDDED, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]}?" if close else ""
    return Fault("there is no model of this name", where=name, fix=f"{_POSSIBLE}{hint}")


def describe(name: str, kind: Kind, path: Path, revision: str | None) -> ResolvedModel:
    """Read a model folder.

    Raises:
        Fault: it cannot be used: no config, weights, fast tokenizer or end token; exit code 5.
    """
    config = read_config(path)
    facts = read_model_facts(path, config)
    digest = content_digest(path)
    codec = load_codec(path, digest)
    return ResolvedModel(
        name=name,
        kind=kind,
        path=path,
        revision=revision,
        digest=digest,
        chat_template_sha256=codec.template.digest,
        template_is_plain=codec.template.is_plain,
        context_length=context_length(config),
        facts=facts,
        tokenizer=read_tokenizer_facts(path, codec),
    )

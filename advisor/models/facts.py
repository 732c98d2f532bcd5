"""What a model folder says about itself: shapes, parameters, tokenizer; read without torch."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.models.weights import Tensor, lacking, read_tensors
from trainer.conversation import ChatCodec

_EMBEDDING = re.compile(r"(^|\.)(embed\w*|\w*embeddings?|wte|wpe|lm_head|embed_out)\.weight$")
_NOT_LINEAR = re.compile(r"norm|(^|\.)ln_|\.experts\.")
"""Norms, and experts, which transformers fuses into tensors that are no linear layers (no LoRA, no NF4)."""

_HEAD = re.compile(r"(^|\.)(lm_head|embed_out)\.weight$")


@dataclass(frozen=True)
class ModelFacts:
    """Sizes of a causal language model.

    Attributes:
        model_type: transformers' short name (`llama`); `architecture` is its class.
        head_dim: width of one attention head; `key_value_heads` is smaller than `heads` with grouped queries.
        parameters: all values, a head that is tied to the embeddings counted once.
        embedding_parameters: token (and position) embeddings, and the head where it has weights of its own.
        linear_shapes: (out, in) of every linear layer that LoRA adapts and NF4 quantises: no embedding, no head.
        weight_dtype: of most stored values, by safetensors' name (`BF16`).
    """

    model_type: str
    architecture: str
    hidden_size: int
    intermediate_size: int
    layers: int
    heads: int
    key_value_heads: int
    head_dim: int
    vocab_size: int
    tie_word_embeddings: bool
    parameters: int
    embedding_parameters: int
    linear_shapes: tuple[tuple[int, int], ...]
    weight_dtype: str

    @property
    def linear_parameters(self) -> int:
        """Values in the linear layers."""
        return sum(rows * columns for rows, columns in self.linear_shapes)

    def to_dict(self) -> dict[str, Any]:
        """For artefacts: the shapes are summed up."""
        values = {name: value for name, value in vars(self).items() if name != "linear_shapes"}
        return {
            **values,
            "linear_layers": len(self.linear_shapes),
            "linear_parameters": self.linear_parameters,
        }


@dataclass(frozen=True)
class TokenizerFacts:
    """Special tokens as the folder names them, and what this program does with them.

    Attributes:
        end_ids: tokens at which an answer ends.
        pad_id: used for padding here; never an end token where the vocabulary offers another.
        pad_is_end: the folder's own pad token is an end token (KNOWLEDGE.md section 6, first row).
    """

    bos_token: str | None
    eos_token: str | None
    pad_token: str | None
    end_ids: tuple[int, ...]
    pad_id: int
    pad_is_end: bool
    vocabulary_size: int

    def to_dict(self) -> dict[str, Any]:
        """For artefacts."""
        return {**vars(self), "end_ids": list(self.end_ids)}


def read_config(folder: Path) -> dict[str, Any]:
    """The config of the language model; of a multimodal one its text part.

    Raises:
        Fault: no config.json, one that is no JSON, or weights that are quantised already; exit code 5.
    """
    path = folder / "config.json"
    if not path.is_file():
        fix = "Give a folder saved with save_pretrained, a hub id, a .gguf file or an embedded name."
        raise lacking("is not a model folder: it has no config.json", folder, fix)
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise lacking(f"is not valid JSON ({error})", path, "Download the model again.") from error
    if "quantization_config" in config:
        method = config["quantization_config"].get("quant_method", "an unknown method")
        fix = "Give the 16-bit model; --method qlora quantises it while loading."
        raise lacking(f"holds weights that are already quantised ({method})", folder, fix)
    return {"architectures": config.get("architectures"), **config, **config.get("text_config", {})}


def read_model_facts(folder: Path, config: Mapping[str, Any]) -> ModelFacts:
    """Sizes from config and weight headers.

    Raises:
        Fault: no or damaged weights, or a config without the sizes; exit code 5.
    """
    tensors = read_tensors(folder)
    tied = bool(config.get("tie_word_embeddings", not any(_HEAD.search(tensor.name) for tensor in tensors)))
    tensors = [tensor for tensor in tensors if not (tied and _HEAD.search(tensor.name))]
    embeddings = [tensor for tensor in tensors if _EMBEDDING.search(tensor.name)]
    hidden = _size(folder, config, "hidden_size", "n_embd", "d_model")
    heads = _size(folder, config, "num_attention_heads", "n_head")
    return ModelFacts(
        model_type=str(config.get("model_type", "")),
        architecture=str((config.get("architectures") or [""])[0]),
        hidden_size=hidden,
        intermediate_size=_size(
            folder, config, "intermediate_size", "n_inner", "ffn_dim", default=4 * hidden
        ),
        layers=_size(folder, config, "num_hidden_layers", "n_layer"),
        heads=heads,
        key_value_heads=_size(folder, config, "num_key_value_heads", default=heads),
        head_dim=_size(folder, config, "head_dim", default=hidden // heads),
        vocab_size=_size(folder, config, "vocab_size"),
        tie_word_embeddings=tied,
        parameters=sum(tensor.size for tensor in tensors),
        embedding_parameters=sum(tensor.size for tensor in embeddings),
        linear_shapes=tuple(_linear_shapes(tensors)),
        weight_dtype=_main_dtype(tensors),
    )


def context_length(config: Mapping[str, Any]) -> int | None:
    """Longest sequence in tokens that the model was built for, where its config says."""
    value = config.get("max_position_embeddings") or config.get("n_positions")
    return int(value) if value else None


def read_tokenizer_facts(folder: Path, codec: ChatCodec) -> TokenizerFacts:
    """Special tokens by their names in the folder, and by what the codec makes of them."""
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    pad = _token(config, "pad_token")
    pad_index = codec.tokenizer.token_to_id(pad) if pad else None
    return TokenizerFacts(
        bos_token=_token(config, "bos_token"),
        eos_token=_token(config, "eos_token"),
        pad_token=pad,
        end_ids=tuple(sorted(codec.end_ids)),
        pad_id=codec.pad_id,
        pad_is_end=pad_index in codec.end_ids,
        vocabulary_size=codec.tokenizer.get_vocab_size(),
    )


def _token(config: Mapping[str, Any], name: str) -> str | None:
    """A special token's text; the file holds either a string or an object with a content."""
    value = config.get(name)
    text = value.get("content") if isinstance(value, dict) else value
    return text if isinstance(text, str) and text else None


def _linear_shapes(tensors: Sequence[Tensor]) -> list[tuple[int, int]]:
    return [
        (tensor.shape[0], tensor.shape[1])
        for tensor in tensors
        if len(tensor.shape) == 2
        and tensor.name.endswith(".weight")
        and not _EMBEDDING.search(tensor.name)
        and not _NOT_LINEAR.search(tensor.name)
    ]


def _main_dtype(tensors: Sequence[Tensor]) -> str:
    sizes: Counter[str] = Counter()
    for tensor in tensors:
        sizes[tensor.dtype] += tensor.size
    return sizes.most_common(1)[0][0] if sizes else ""


def _size(folder: Path, config: Mapping[str, Any], *names: str, default: int | None = None) -> int:
    value = next((config[name] for name in names if config.get(name) is not None), default)
    if not isinstance(value, int) or value <= 0:
        what = f"does not say {names[0]}, so it is no causal language model that this program knows"
        raise lacking(what, folder / "config.json", "Choose another model.")
    return value

"""GGUF files to model folders that transformers loads in a tenth of a second.

Repairs are made on the way (KNOWLEDGE.md section 7): weights must be dequantised to be saved again, the end
token is not always the one that transformers reads, and the GGUF of SmolLM2 lost the tokenizer's digit split,
after which numbers are tokenised unlike in training.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from rubrics.errors import ExitCode, Fault

_MAGIC = b"GGUF"


def convert(source: Path, target: Path, repair: str | None) -> None:
    """Write the folder of a GGUF file; the folder appears whole or not at all.

    Raises:
        Fault: not a GGUF file, cut off, or of an architecture that transformers cannot read.
    """
    check_gguf(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        _convert(source, temporary)
        if repair == "split-digits":
            split_digits(temporary / "tokenizer.json")
        if target.exists():
            shutil.rmtree(target)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_gguf(source: Path) -> None:
    """Refuse what is not a whole GGUF file.

    Raises:
        Fault: no such file, wrong magic number, or tensors that reach beyond the file's end.
    """
    if not source.is_file():
        raise _broken(source, "is not there, or is no file")
    with source.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise _broken(source, "is not a GGUF file (it does not begin with GGUF)")
    from gguf import GGUFReader

    try:
        reader: Any = GGUFReader(source)
    except (ValueError, IndexError, OSError, KeyError) as error:
        raise _broken(source, f"is cut off or damaged: {error}") from error
    end = max((int(tensor.data_offset) + int(tensor.n_bytes) for tensor in reader.tensors), default=0)
    if end > source.stat().st_size or not reader.tensors:
        raise _broken(
            source, f"is cut off: tensors reach to byte {end:,}, the file has {source.stat().st_size:,}"
        )


def _broken(source: Path, what: str) -> Fault:
    return Fault(
        what,
        where=str(source),
        fix="Download the file again and compare its checksum.",
        code=ExitCode.LACKING,
    )


def _convert(source: Path, folder: Path) -> None:
    try:
        model = AutoModelForCausalLM.from_pretrained(
            source.parent,
            gguf_file=source.name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.bfloat16,
        )
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    except (ValueError, KeyError, NotImplementedError) as error:
        raise _broken(source, f"cannot be read by transformers: {error}") from error
    _name_special_tokens(tokenizer, source)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _name_special_tokens(tokenizer: Any, source: Path) -> None:
    """Take begin and end token from the file: transformers 5.17 gives a Llama's begin token for its end token."""
    from gguf import GGUFReader

    reader: Any = GGUFReader(source)
    for name in ("bos", "eos"):
        field = reader.get_field(f"tokenizer.ggml.{name}_token_id")
        if field is not None:
            setattr(tokenizer, f"{name}_token", tokenizer.convert_ids_to_tokens(int(field.contents())))


def split_digits(path: Path) -> None:
    """Give a tokenizer.json the pre-tokenizer that SmolLM2 was trained with: each digit a piece of its own."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.save(str(path))

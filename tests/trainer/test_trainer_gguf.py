"""GGUF files: a tiny one becomes the folder that it came from, and broken ones are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from trainer_jobs import run, run_process, write_job

pytest.importorskip("gguf", reason="needs the train extra")

from gguf import GGUFWriter

from rubrics.errors import ExitCode
from trainer.job import FAILURE_FILE, ConvertJob, Failure, ModelSpec
from trainer.model import load

_NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
_LAYER_NAMES = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def _gguf_name(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{_LAYER_NAMES[rest.removesuffix('.weight')]}.weight"


def _as_llama_cpp_orders(
    name: str, weight: np.ndarray[Any, Any], config: dict[str, Any]
) -> np.ndarray[Any, Any]:
    """llama.cpp keeps the halves of each rotary pair beside each other."""
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
    for kind, count in heads.items():
        if kind in name:
            rows, columns = weight.shape
            return weight.reshape(count, 2, rows // count // 2, columns).swapaxes(1, 2).reshape(rows, columns)
    return weight


@pytest.fixture(scope="module")
def tiny_gguf(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as a GGUF file in F32, its tokenizer without the digit split that SmolLM2's lost."""
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    config = json.loads((tiny_model / "config.json").read_text())
    tokenizer = json.loads((tiny_model / "tokenizer.json").read_text())
    tokens = sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].get)
    writer = GGUFWriter(str(path), "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(16)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token.startswith("<|") else 1 for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template((tiny_model / "chat_template.jinja").read_text())
    for name, tensor in load_file(tiny_model / "model.safetensors").items():
        writer.add_tensor(_gguf_name(name), _as_llama_cpp_orders(name, tensor.float().numpy(), config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _job(directory: Path, source: Path, target: Path, **more: Any) -> Path:
    return write_job(directory, ConvertJob(source=source, target=target, **more))


def test_a_gguf_file_becomes_the_folder_it_came_from(
    tiny_gguf: Path, tiny_model: Path, tmp_path: Path
) -> None:
    # given a GGUF file made of the tiny model
    target = tmp_path / "models" / "tiny"
    # when it is converted, with the digit split put back
    run(_job(tmp_path / "job", tiny_gguf, target, repair="split-digits"))
    # then the folder's model computes what the original does (it is stored in bf16), in the same chat format
    spec = {"precision": "fp32", "attention": "eager"}
    mine, original = load(ModelSpec(path=target, **spec)), load(ModelSpec(path=tiny_model, **spec))
    messages = [{"role": "user", "content": "My card has not arrived"}]
    ids = original.codec.prompt_ids(messages)
    assert mine.codec.prompt_ids(messages) == ids
    assert mine.codec.end_ids == original.codec.end_ids
    with torch.no_grad():
        one, other = (
            loaded.model(input_ids=torch.tensor([ids])).logits.flatten() for loaded in (mine, original)
        )
    assert float(torch.nn.functional.cosine_similarity(one, other, dim=0)) > 0.999
    # and each digit is a token of its own, and nothing temporary stays
    tokenizer = Tokenizer.from_file(str(target / "tokenizer.json"))
    assert tokenizer.encode("in 4711", add_special_tokens=False).tokens[-4:] == ["4", "7", "1", "1"]
    assert tokenizer.decode(tokenizer.encode("in 4711 ways", add_special_tokens=False).ids) == "in 4711 ways"
    assert [path.name for path in target.parent.iterdir()] == ["tiny"]


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(_half, "cut off", id="half"),
        pytest.param(lambda data: data[:-1000], "cut off", id="last bytes missing"),
        pytest.param(lambda data: data[:30], "cut off", id="header only"),
        pytest.param(lambda data: b"PK" + data, "not a GGUF file", id="something else"),
        pytest.param(lambda data: b"", "not a GGUF file", id="empty"),
    ],
)
def test_a_broken_gguf_file_is_refused(
    tiny_gguf: Path, tmp_path: Path, spoil: Callable[[bytes], bytes], words: str
) -> None:
    # given a file that is not a whole GGUF
    source = tmp_path / "broken.gguf"
    source.write_bytes(spoil(tiny_gguf.read_bytes()))
    target = tmp_path / "models" / "tiny"
    directory = _job(tmp_path / "job", source, target)
    # then the process says what is wrong with it and leaves no folder
    assert run_process(directory) == ExitCode.LACKING
    failure = Failure.model_validate_json((directory / FAILURE_FILE).read_bytes())
    assert words in failure.what
    assert failure.where == str(source)
    assert "Download" in failure.fix
    assert not target.exists()


def test_a_missing_gguf_file_is_refused(tmp_path: Path) -> None:
    # given a path that leads nowhere
    directory = _job(tmp_path / "job", tmp_path / "none.gguf", tmp_path / "target")
    # then that is a lack, and no fault of the program
    assert run_process(directory) == ExitCode.LACKING
    failure = Failure.model_validate_json((directory / FAILURE_FILE).read_bytes())
    assert failure.where == str(tmp_path / "none.gguf")
    assert not failure.traceback

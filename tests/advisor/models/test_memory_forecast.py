from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from advisor.interrupt import StopSignal
from advisor.models.facts import ModelFacts
from advisor.models.forecast import NF4_BYTES, memory_parts, trainable_parameters
from advisor.models.resolve import resolve
from trainer.conversation import Example
from trainer.job import Hyperparameters, ModelSpec


def _block(hidden: int, key_value: int, intermediate: int) -> list[tuple[int, int]]:
    attention = [(hidden, hidden), (key_value, hidden), (key_value, hidden), (hidden, hidden)]
    return [*attention, (intermediate, hidden), (intermediate, hidden), (hidden, intermediate)]


def smollm2() -> ModelFacts:
    shapes = tuple(_block(576, 192, 1536) * 30)
    linear = sum(rows * columns for rows, columns in shapes)
    return ModelFacts(
        model_type="llama",
        architecture="LlamaForCausalLM",
        hidden_size=576,
        intermediate_size=1536,
        layers=30,
        heads=9,
        key_value_heads=3,
        head_dim=64,
        vocab_size=49152,
        tie_word_embeddings=True,
        parameters=linear + 49152 * 576 + 61 * 576,
        embedding_parameters=49152 * 576,
        linear_shapes=shapes,
        weight_dtype="BF16",
    )


SETTING: dict[str, Any] = {
    "method": "lora",
    "rank": 16,
    "precision": "bf16",
    "micro_batch": 8,
    "length": 128,
    "supervised_tokens": 10,
    "attention": "eager",
}


def test_trainable_parameters_of_smollm2() -> None:
    assert smollm2().parameters == 134_515_008
    assert trainable_parameters(smollm2(), 16) == 4_884_480
    assert trainable_parameters(smollm2(), 1) * 16 == 4_884_480


def test_the_parts_by_hand() -> None:
    parts = memory_parts(smollm2(), **SETTING)

    assert parts["weights"] == 2 * 134_515_008
    assert parts["adapter"] == parts["gradients"] == 4 * 4_884_480
    assert parts["optimizer"] == 8 * 4_884_480
    assert parts["logits"] == 8 * 10 * 49152 * 12
    assert parts["total"] == sum(value for name, value in parts.items() if name != "total")


def test_nf4_stores_linear_layers_in_four_bits_and_nothing_else() -> None:
    parts = memory_parts(smollm2(), **{**SETTING, "method": "qlora"})

    assert pytest.approx((4 + 8 / 64 + 32 / (64 * 256)) / 8, abs=1e-3) == NF4_BYTES
    assert parts["weights"] == round(106_168_320 * NF4_BYTES) + 2 * (134_515_008 - 106_168_320)


@pytest.mark.parametrize("key", ["micro_batch", "length", "rank"])
def test_more_of_anything_takes_more_memory(key: str) -> None:
    more = memory_parts(smollm2(), **{**SETTING, key: 2 * SETTING[key]})

    assert more["total"] > memory_parts(smollm2(), **SETTING)["total"]


def test_eager_attention_grows_with_the_square_of_the_length() -> None:
    def activations(length: int, attention: str) -> int:
        return memory_parts(smollm2(), **{**SETTING, "length": length, "attention": attention})["activations"]

    assert activations(4096, "sdpa") / activations(2048, "sdpa") == pytest.approx(2, rel=0.01)
    assert activations(4096, "eager") / activations(2048, "eager") > 3


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_activations_are_what_autograd_keeps(precision: Any, attention: Any, tiny_model: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    from trainer.batches import collate
    from trainer.model import load
    from trainer.scoring import token_sums
    from trainer.training import attach_lora

    rows, length, answer = 4, 96, 8
    loaded = load(ModelSpec(path=tiny_model, precision=precision, attention=attention))
    model = attach_lora(loaded, Hyperparameters(rank=4)).train()
    batch = collate([_example(length - 9 * (row == 0), answer) for row in range(rows)], loaded.codec.pad_id)

    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, Any] = {}

    def pack(tensor: Any) -> Any:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        sums = token_sums(model, batch)
    measured = sum(t.untyped_storage().nbytes() for place, t in kept.items() if place not in own)

    facts = resolve(str(tiny_model), lambda event: None, StopSignal()).facts
    log_softmax = 4 * rows * answer * facts.vocab_size
    parts = memory_parts(
        facts,
        method="lora",
        rank=4,
        precision=precision,
        micro_batch=rows,
        length=length,
        supervised_tokens=answer,
        attention=attention,
    )
    workspace = _workspace(facts, precision, rows, length, attention)
    assert sums.tokens == rows * answer
    assert parts["activations"] - workspace == pytest.approx(measured - log_softmax, rel=0.1)


def _example(length: int, answer: int) -> Example:
    return Example(ids=[20 + index % 200 for index in range(length)], supervised_from=length - answer)


def _workspace(facts: ModelFacts, precision: str, rows: int, length: int, attention: str) -> int:
    element = 4 if precision == "fp32" else 2
    mlp = rows * length * facts.intermediate_size * (3 * element + 4)
    return max(mlp, 8 * rows * length**2 * facts.heads if attention == "eager" else 0)

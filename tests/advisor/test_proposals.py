"""What is proposed where the plan leaves a choice open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.models.facts import ModelFacts
from advisor.proposals import LEAST_UPDATES, epochs, learning_rate


def facts(model_type: str = "llama", hidden_size: int = 2048) -> ModelFacts:
    return ModelFacts(
        model_type=model_type,
        architecture="LlamaForCausalLM",
        hidden_size=hidden_size,
        intermediate_size=4 * hidden_size,
        layers=2,
        heads=4,
        key_value_heads=2,
        head_dim=64,
        vocab_size=1000,
        tie_word_embeddings=True,
        parameters=1_000_000,
        embedding_parameters=100_000,
        linear_shapes=((hidden_size, hidden_size),),
        weight_dtype="BF16",
    )


@pytest.mark.parametrize(
    ("model_type", "hidden_size", "rate"),
    [
        ("llama", 2048, 4.9e-4),
        ("llama", 4096, 2.9e-4),
        ("qwen3", 4096, 4.7e-4),
        ("llama", 576, 1.3e-3),
    ],
)
def test_the_rate_falls_with_the_width_as_in_the_source(model_type, hidden_size, rate):
    found, source = learning_rate(facts(model_type, hidden_size))

    assert found == pytest.approx(rate)
    assert "LoRA Without Regret" in source


@pytest.mark.parametrize(
    ("model_type", "hidden_size", "beyond"),
    [("llama", 2048, False), ("qwen2", 8192, False), ("llama", 576, True), ("mistral", 4096, True)],
)
def test_an_extrapolation_is_called_one(model_type, hidden_size, beyond):
    _, source = learning_rate(facts(model_type, hidden_size))

    assert ("extrapolated" in source) == beyond


@pytest.mark.parametrize(
    ("rows", "batch_size", "expected"),
    [(5000, 8, 1.0), (1000, 8, 2.0), (450, 8, 3.0), (50, 8, 5.0), (350, 16, 5.0), (90, 3, 4.0)],
)
def test_fewer_rows_get_more_passes(rows, batch_size, expected):
    assert epochs(rows, batch_size) == expected


@given(st.integers(1, 10_000), st.integers(1, 256))
def test_few_rows_get_a_hundred_updates_as_far_as_five_epochs_give_them(rows, batch_size):
    found = epochs(rows, batch_size)

    assert 1.0 <= found <= 5.0
    if rows < 2000:
        assert found * rows / batch_size >= LEAST_UPDATES or found == 5.0

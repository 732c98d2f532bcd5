"""What is proposed where the plan leaves a choice open."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.models.facts import ModelFacts
from advisor.proposals import LEAST_UPDATES, epochs, learning_rate, propose_metric
from rubrics.scoring import METRICS


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


LABELS = ["refund", "login", "other"] * 20
CALLS = ['[{"name": "f", "arguments": {"x": 1}}]', "[]"] * 5


@pytest.mark.parametrize(
    ("answers", "metric", "beside"),
    [
        (LABELS, "exact_match", {"label_match", "macro_f1"}),
        (["환불", "배송"] * 20, "exact_match", {"label_match", "macro_f1"}),
        (['{"a": 1}', "{}"] * 5, "json_equality", {"json_inside", "field_f1", "json_validity"}),
        (CALLS, "call_match", {"json_equality", "json_validity"}),
        (["[]"] * 10, "json_equality", {"json_inside", "field_f1", "json_validity"}),
        (["[1, 2", '{"a": 1}'], "squad_exact_match", set()),
        ([f"{at * 7}.5 km" for at in range(40)], "numeric_match", set()),
        ([f"QUEUE | SK-{at}" for at in range(40)], "exact_match", set()),
        ([f"the town of {chr(65 + at)}x{chr(97 + at)}" for at in range(20)], "squad_exact_match", set()),
        ([f"서울 {chr(0xAC00 + at)}동" for at in range(20)], "squad_exact_match", {"mixed_f1"}),
        (["Well, it depends on what you need."], "rouge_l", {"chrf", "length_ratio"}),
        ([f"{'word ' * 30}{at}" for at in range(20)], "rouge_l", {"chrf", "length_ratio"}),
    ],
)
def test_the_answers_propose_their_metric(answers, metric, beside):
    found = propose_metric(answers)

    assert (found.metric, set(found.beside)) == (metric, beside)
    assert len(found.reason) > 40
    assert METRICS[found.metric].decides
    assert not [answer for answer in answers if METRICS[metric].reference_problem(answer)]
    assert bool(found.warning) == (metric == "rouge_l")


def test_without_the_libraries_of_overlap_words_are_counted_and_it_is_said(monkeypatch):
    monkeypatch.setattr("advisor.proposals.find_spec", lambda name: None)

    english = propose_metric(["Well, it depends on what you need."])
    korean = propose_metric(["그것은 무엇이 필요하신지에 따라 달라집니다."])

    assert (english.metric, korean.metric) == ("token_f1", "mixed_f1")
    assert "[metrics]" in english.reason
    assert "rewards wording" in english.warning


@given(st.lists(st.text(max_size=30), min_size=1, max_size=12))
def test_any_answers_get_a_metric_that_can_score_them(answers):
    found = propose_metric(answers)

    for name in (found.metric, *found.beside):
        assert not [answer for answer in answers if METRICS[name].reference_problem(answer)]


@pytest.mark.parametrize(
    ("file", "field", "metric"),
    [
        ("classification/banking77_test.jsonl", "output", "exact_match"),
        ("output_format/restaurant8k_test.jsonl", "output", "json_equality"),
        ("summarisation/legal_plain_tosdr.jsonl", "output", "rouge_l"),
        ("korean/songys_chatbot.jsonl", "output", "rouge_l"),
    ],
)
def test_real_answers_propose_what_a_practitioner_would(shared_data, file, field, metric):
    rows = [json.loads(line) for line in (shared_data / file).read_text("utf-8").splitlines()[:3000]]

    assert propose_metric([row[field] for row in rows]).metric == metric

"""Answers with their scores, and the numbers drawn from them."""

from __future__ import annotations

import json

import pytest

from advisor.data.rows import Message, Row
from advisor.predictions import (
    Prediction,
    latency,
    mean_score,
    note_in_ledger,
    read_predictions,
    score_answers,
    summarise,
    write_predictions,
)
from trainer.job import Completion, read_json_lines

FIELDS = {
    "id", "prompt", "reference", "prediction", "scores",
    "prompt_tokens", "completion_tokens", "latency_s", "finish_reason",
}  # fmt: skip
"""A line of a prediction file, as the contract has it."""


def row(name: str, answer: str, *more: str) -> Row:
    return Row(
        name, (Message(role="user", content=f"ask {name}"),), answer, answers=(answer, *more) if more else ()
    )


def completion(name: str, text: str, latency_s: float = 0.5) -> Completion:
    return Completion(
        id=name, text=text, prompt_tokens=7, completion_tokens=2, latency_s=latency_s, finish_reason="stop"
    )


def scored(*latencies: float) -> list[Prediction]:
    rows = [row(f"r{at}", "yes") for at in range(len(latencies))]
    completions = [completion(f"r{at}", "yes", value) for at, value in enumerate(latencies)]
    return score_answers(rows, {item.id: item.messages for item in rows}, completions)


def test_answers_find_their_rows_whatever_order_they_come_in():
    rows = [row("a", "Paris", "the capital"), row("b", "Rome")]
    prompts = {item.id: item.messages for item in rows}

    found = score_answers(rows, prompts, [completion("b", "rome."), completion("a", "the capital")])

    assert [prediction.id for prediction in found] == ["a", "b"]
    assert found[0].scores == {"exact_match": 1.0, "squad_exact_match": 1.0, "token_f1": 1.0}
    assert found[1].scores == {"exact_match": 0.0, "squad_exact_match": 1.0, "token_f1": 1.0}
    assert (found[0].reference, found[0].prompt[0]["content"], found[0].prompt_tokens) == (
        "Paris",
        "ask a",
        7,
    )


def test_an_answer_that_never_came_is_no_silent_zero():
    with pytest.raises(KeyError):
        score_answers([row("a", "x")], {"a": ()}, [])


def test_a_prediction_file_has_the_contract_s_fields_and_reads_back(tmp_path):
    predictions = scored(0.1, 0.2)
    odd = predictions[0].model_copy(update={"prediction": "a\u2028b\n\x00 \U0001f600"})

    write_predictions(tmp_path / "answers.jsonl", [odd, predictions[1]])

    first = json.loads((tmp_path / "answers.jsonl").read_text(encoding="utf-8").split("\n")[0])
    assert first.keys() == FIELDS
    assert read_predictions(tmp_path / "answers.jsonl") == [odd, predictions[1]]


def test_a_mean_lies_in_its_interval():
    score = mean_score([1.0, 0.0, 1.0, 1.0], "exact_match")

    assert score.low < score.value == 0.75 < score.high
    assert summarise(scored(1.0))["exact_match"].value == 1.0


def test_there_is_no_mean_of_nothing():
    with pytest.raises(ValueError, match=r"no score|at least one"):
        summarise([])


def test_latency_is_told_by_median_and_tail():
    seconds = [float(at) for at in range(101)]

    assert latency(scored(*reversed(seconds))) == {"p50": 50.0, "p95": 95.0}
    assert latency(scored(3.0)) == {"p50": 3.0, "p95": 3.0}


def test_a_scoring_that_is_done_again_after_a_resume_is_entered_once(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    entries = [
        {"system": "few_shot", "split": "test", "n": 40},
        {"system": "tuned", "split": "test", "n": 40},
    ]

    for entry in [*entries, entries[0]]:
        note_in_ledger(ledger, entry)

    assert list(read_json_lines(ledger)) == entries

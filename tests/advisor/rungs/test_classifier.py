"""The rung without a language model: where it applies, and how good it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.data.reading import read_file
from advisor.data.rows import Message, Row
from advisor.example import example_folder
from advisor.rungs.classifier import applies, classify


def row(at: int, answer: str, prompt: str = "") -> Row:
    return Row(f"r{at}", (Message(role="user", content=prompt or f"message {at}"),), answer)


def test_it_applies_to_labels():
    assert applies([row(at, f"label {at % 4}") for at in range(60)]) == ""


def test_it_applies_to_the_bundled_example_for_parts_of_its_answers_repeat():
    assert applies(read_file(example_folder() / "desk.jsonl").rows) == ""


def test_it_does_not_apply_to_answers_that_never_repeat():
    reason = applies([row(at, f"a sentence of its own, number {at}") for at in range(60)])

    assert "answers are open: only 0% of the training rows" in reason


@pytest.mark.parametrize(("repeated", "is_rung"), [(14, False), (16, True)])
def test_a_quarter_of_repeated_answers_is_enough(repeated, is_rung):
    rows = [
        row(at, "the same long answer, word by word" if at < repeated else f"open answer {at}")
        for at in range(60)
    ]

    assert (applies(rows) == "") == is_rung


def test_it_does_not_apply_to_one_answer():
    assert "equal" in applies([row(at, "yes") for at in range(60)])


def test_it_answers_in_the_order_of_the_rows_and_costs_no_tokens():
    train = [
        row(at, ("refund", "delivery")[at % 2], ("money back", "parcel late")[at % 2] + f" {at}")
        for at in range(40)
    ]
    asked = [row(100, "?", "is my parcel late"), row(101, "?", "I want my money back")]

    found = list(classify(train, asked, seed=0))

    assert [(answer.id, answer.text) for answer in found] == [("r100", "delivery"), ("r101", "refund")]
    assert {(answer.prompt_tokens, answer.completion_tokens, answer.finish_reason) for answer in found} == {
        (0, 0, "stop")
    }


def test_the_same_seed_gives_the_same_answers():
    train = [row(at, f"label {at % 7}", f"word{at % 11} word{at % 5} word{at % 3}") for at in range(200)]

    first, second = ([answer.text for answer in classify(train, train[:50], seed=3)] for _ in range(2))

    assert first == second


@pytest.mark.unmeasured
def test_it_reaches_the_published_accuracy_on_banking77(shared_data: Path):
    folder = shared_data / "classification"
    train = read_file(folder / "banking77_train.jsonl").rows
    test = read_file(folder / "banking77_test.jsonl").rows

    answers = classify(train, test, seed=0)

    right = sum(answer.text == one.answer for answer, one in zip(answers, test, strict=True))
    assert right / len(test) >= 0.88

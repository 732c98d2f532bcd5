"""The bundled example: it passes the program's own checks and shows what a real support desk gets."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.data.checking import check_file
from advisor.data.reading import read_file
from advisor.data.rows import Row
from advisor.example import example_folder, example_plan
from advisor.rungs.prompts import short_task
from rubrics.suitability import Answer, assess
from rubrics.text import norm

LEAST_MESSAGES = 480
MOST_ALIKE = 0.5


@pytest.fixture(scope="module")
def rows() -> tuple[Row, ...]:
    return read_file(example_folder() / "desk.jsonl").rows


@pytest.fixture(scope="module")
def production() -> list[str]:
    text = (example_folder() / "production.jsonl").read_text(encoding="utf-8")
    return [json.loads(line)["question"] for line in text.splitlines()]


def parts(row: Row) -> tuple[str, str]:
    queue, bar, reference = row.answer.partition(" | ")
    assert bar, row
    return queue, reference


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def test_there_are_enough_messages_for_a_test_set_that_can_tell(rows):
    assert len(rows) >= LEAST_MESSAGES


def test_ten_queues_are_explained_in_the_task_and_none_is_rare(rows):
    counts = Counter(parts(row)[0] for row in rows)

    explained = re.findall(r"^([A-Z]+): ", example_plan().task, flags=re.MULTILINE)
    assert len(counts) == 10
    assert set(explained) == counts.keys()
    assert min(counts.values()) >= 30


def test_the_queues_cannot_be_guessed_from_the_short_task(rows):
    assert not any(parts(row)[0] in short_task(example_plan().task) for row in rows)


def test_the_second_part_of_an_answer_is_read_out_of_the_message(rows):
    for row in rows:
        _, reference = parts(row)
        digits = re.sub(r"\D", "", row.prompt)
        if reference == "none":
            assert not re.search(r"(?i)\bsk[-\s]?\d{5}\b", row.prompt), row
        else:
            assert re.fullmatch(r"SK-\d{5}", reference), row
            assert reference.removeprefix("SK-") in digits, row


def test_messages_come_with_and_without_a_reference(rows):
    share = sum(parts(row)[1] == "none" for row in rows) / len(rows)

    assert 0.2 < share < 0.8


@pytest.mark.parametrize(
    "words",
    [lambda text: text.split(), lambda text: re.findall(r"\w+", text)],
    ids=["between white space", "letters and digits"],
)
def test_no_two_messages_share_half_of_their_words(rows, words: Callable[[str], list[str]]):
    sets = [frozenset(words(norm(row.prompt))) for row in rows]

    near = [
        (rows[i].prompt, rows[j].prompt)
        for i in range(len(sets))
        for j in range(i)
        if jaccard(sets[i], sets[j]) >= MOST_ALIKE
    ]

    assert near == []


def test_messages_are_of_many_lengths(rows):
    lengths = sorted(len(row.prompt.split()) for row in rows)

    assert lengths[len(lengths) // 20] <= 8
    assert lengths[-len(lengths) // 20] >= 30


def test_the_program_s_own_checks_have_nothing_to_warn_of():
    found = check_file(example_folder() / "desk.jsonl")

    assert [finding for finding in found["findings"] if finding["severity"] != "info"] == []
    assert found["format"]["name"] == "question-answer"


def test_production_holds_other_messages_and_no_answers(rows, production):
    text = (example_folder() / "production.jsonl").read_text(encoding="utf-8")

    assert len(production) >= 100
    assert {norm(message) for message in production}.isdisjoint(norm(row.prompt) for row in rows)
    assert all(json.loads(line).keys() == {"question"} for line in text.splitlines())


def test_no_production_message_is_nearly_a_training_message(rows, production):
    known = [frozenset(norm(row.prompt).split()) for row in rows]

    near = [
        text
        for text in production
        if any(jaccard(frozenset(norm(text).split()), one) >= MOST_ALIKE for one in known)
    ]

    assert near == []


def test_the_plan_of_the_demo_is_whole():
    plan = example_plan()

    assert all(path.is_file() for path in plan.files().values())
    assert Path(plan.files()["data"]).name == "desk.jsonl"
    assert assess({key: Answer(value) for key, value in plan.answers.items()}).outcome == "suited"
    assert plan.production is not None
    assert plan.production.is_file()
    assert plan.max_minutes is not None
    assert plan.max_minutes <= 6

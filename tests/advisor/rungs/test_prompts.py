"""How each rung words its question, as `advisor help rungs` says."""

from __future__ import annotations

import json

import pytest

from advisor.data.rows import Message, Row
from advisor.rungs.prompts import (
    SHOTS,
    answer_facts,
    few_shot,
    instruction,
    instruction_text,
    pick_examples,
    short_task,
    with_system,
    zero_shot,
)

TASK = "Route the message.\n\nHALYARD: payment.\nKEDGE: lost things.\n\nOne line."


def row(number: int = 0, answer: str = "HALYARD", *, system: str = "", prompt: str = "") -> Row:
    turns = [Message(role="system", content=system)] if system else []
    turns.append(Message(role="user", content=prompt or f"message {number}"))
    return Row(f"r{number}", tuple(turns), answer)


def labelled(count: int = 60) -> list[Row]:
    return [row(at, ("HALYARD", "KEDGE", "CLEAT")[at % 3]) for at in range(count)]


def roles(turns: tuple[Message, ...]) -> list[str]:
    return [turn["role"] for turn in turns]


@pytest.mark.parametrize(
    ("task", "first"),
    [
        (TASK, "Route the message."),
        ("  one\nline  ", "one\nline"),
        ("a\n \t\nb", "a"),
        ("", ""),
        ("\n\nx\n\ny", "x"),
    ],
)
def test_the_short_task_is_the_first_paragraph(task, first):
    assert short_task(task) == first


def test_zero_shot_is_the_first_paragraph_and_the_row():
    turns = zero_shot(TASK)(row())

    assert roles(turns) == ["system", "user"]
    assert [turn["content"] for turn in turns] == ["Route the message.", "message 0"]


def test_without_a_task_the_row_stands_alone():
    assert zero_shot("")(row()) == row().messages


def test_a_row_keeps_its_own_system_turn():
    own = row(system="You are Bo.")

    assert zero_shot(TASK)(own) == own.messages
    assert with_system("today's prompt")(own) == own.messages


def test_the_present_prompt_stands_as_it_is_before_the_row():
    turns = with_system("today's prompt")(row())

    assert turns[0] == {"role": "system", "content": "today's prompt"}


def test_the_instruction_is_the_whole_task_and_what_the_answers_show():
    turns = instruction(TASK, answer_facts(labelled()))(row())

    assert roles(turns) == ["system", "user"]
    assert turns[0]["content"].startswith(TASK)
    assert turns[0]["content"].endswith("these labels and nothing else:\nCLEAT\nHALYARD\nKEDGE")


def test_the_instruction_joins_the_row_s_own_system_turn():
    turns = instruction(TASK, answer_facts(labelled()))(row(system="You are Bo."))

    assert roles(turns) == ["system", "user"]
    assert turns[0]["content"].startswith("You are Bo.\n\n" + TASK)


def test_open_answers_are_described_by_their_length():
    rows = [row(at, " ".join(["word"] * (1 + at % 5)) + f" {at}") for at in range(50)]

    text = instruction_text("", answer_facts(rows))

    assert text == "Answers have 2 to 6 words, usually 4. Answer with nothing else."


def test_json_answers_are_described_by_their_keys_most_frequent_first():
    rows = [row(at, json.dumps({"time": at} | ({"people": at} if at % 2 else {}))) for at in range(40)]

    facts = answer_facts(rows)

    assert facts.keys == ("time", "people")
    assert instruction_text("", facts).endswith(
        "one JSON object and nothing else. Keys that may occur: time, people."
    )


def test_a_few_answers_that_are_no_json_do_not_hide_the_keys_but_many_do():
    def rows(bad: int) -> list[Row]:
        return [row(at, "sorry" if at < bad else json.dumps({"k": at})) for at in range(40)]

    assert answer_facts(rows(4)).keys == ("k",)
    assert answer_facts(rows(5)).keys is None


def test_too_many_labels_are_not_listed():
    rows = [row(at, f"label {at % 151}") for at in range(1510)]

    assert answer_facts(rows).labels is None
    assert len(answer_facts(rows[:150] * 5).labels or ()) == 150


def test_few_shot_puts_solved_examples_between_instruction_and_row():
    examples = [row(1, "KEDGE", prompt="lost a hat"), row(2, "CLEAT", prompt="money back")]
    facts = answer_facts(labelled())

    turns = few_shot(TASK, facts, examples)(row(9))

    assert roles(turns) == ["system", "user", "assistant", "user", "assistant", "user"]
    assert [turn["content"] for turn in turns[1:5]] == ["lost a hat", "KEDGE", "money back", "CLEAT"]
    assert turns[0] == instruction(TASK, facts)(row(9))[0]
    assert turns[-1] == {"role": "user", "content": "message 9"}


def test_examples_share_the_start_of_every_prompt():
    prompt = few_shot(TASK, answer_facts(labelled()), pick_examples(labelled(), seed=0))

    assert prompt(row(1))[:-1] == prompt(row(2))[:-1]


def test_examples_are_chosen_by_the_seed():
    rows = labelled(300)

    assert pick_examples(rows, seed=1) == pick_examples(list(rows), seed=1)
    assert pick_examples(rows, seed=1) != pick_examples(rows, seed=2)


def test_examples_are_eight_different_rows_and_show_every_label():
    examples = pick_examples(labelled(300), seed=0)

    assert len({example.id for example in examples}) == len(examples) == SHOTS == 8
    assert {example.answer for example in examples} == {"HALYARD", "KEDGE", "CLEAT"}


def test_long_rows_are_examples_only_where_there_are_no_others():
    long = [row(100 + at, "HALYARD", prompt="word " * 80 + str(at)) for at in range(100)]

    assert all(len(example.prompt.split()) < 60 for example in pick_examples(long + labelled(30), seed=0))
    assert len(pick_examples(long, seed=0)) == SHOTS


def test_few_rows_are_all_examples():
    assert len(pick_examples(labelled(3), seed=0)) == 3

"""What rows say to the suitability questions: counted on real rows, shown, and accepted only where asked."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from rubrics.hints import accepted, find_hints
from rubrics.suitability import Answer, load_criteria


def hints_of(rows, **statistics) -> dict:
    return {hint.name if hint.name != "labels" else hint.key: hint for hint in find_hints(rows, statistics)}


def shared(shared_data, name: str) -> list[tuple[str, str]]:
    lines = (shared_data / name).read_text(encoding="utf-8").split("\n")
    return [(row["input"], row["output"]) for row in map(json.loads, filter(None, lines))]


def test_slot_filling_rows_are_json(shared_data):
    hint = hints_of(shared(shared_data, "output_format/restaurant8k_train3.jsonl"))["json"]

    assert (hint.key, hint.value, hint.suggests) == ("format", 1.0, "yes")
    assert hint.text == "100% of the answers parse as a JSON object or list."


def test_intents_are_a_closed_set_and_mostly_questions(shared_data):
    rows = shared(shared_data, "classification/banking77_train.jsonl")
    found = hints_of(rows, closed_labels=True, labels=dict(Counter(answer for _, answer in rows)))

    assert (found["consistency"].suggests, found["creative"].suggests) == ("yes", "no")
    assert "closed set of 77 labels" in found["consistency"].text
    marks = sum(prompt.rstrip().endswith("?") for prompt, _ in rows) / len(rows)
    assert found["questions"].value == pytest.approx(marks)
    assert found["questions"].suggests is None, "a question mark does not say whether facts are fresh"
    assert "once" not in found


def test_every_hint_belongs_to_a_question_and_is_written_in_both_languages():
    rows = [(f"Ticket AB-12{at}: was it paid in 2024?", f"Sorry, row {at}") for at in range(20)] * 2
    keys = {criterion.key for criterion in load_criteria()}

    english, korean = find_hints(rows, {}), find_hints(rows, {}, "ko")

    assert [hint.id for hint in english] == [hint.id for hint in korean]
    assert {hint.key for hint in english} <= keys
    for one, other in zip(english, korean, strict=True):
        assert one.text != other.text
        assert "{" not in one.text + other.text
        assert any("가" <= character <= "힣" for character in other.text)


def test_few_rows_say_nothing():
    assert find_hints([("a", "b")] * 9, {}) == ()


def test_a_hint_answers_only_open_questions_and_only_as_the_data():
    found = find_hints([(f"q {at}", '{"a": 1}') for at in range(20)], {})

    assert accepted(found, {}) == {"format": Answer("yes", "data")}
    assert accepted(found, {"format": Answer("unknown")}) == {"format": Answer("yes", "data")}
    assert accepted(found, {"format": Answer("no")}) == {}


@pytest.mark.parametrize("answer", ["{", "[" * 100_000, '"text"', "7", "{'a': 1}", ""])
def test_what_only_looks_like_json_is_none(answer):
    assert "json" not in hints_of([(f"q {at}", answer) for at in range(20)])

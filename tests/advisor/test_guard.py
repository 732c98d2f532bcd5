"""The guard set: what is read, what counts as a right answer, and when its fall is said and decides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.data.reading import read_file
from advisor.example import example_folder
from advisor.guard import GuardSet, guard_of, known_rows
from advisor.plan import Plan
from advisor.stages.guard import as_guard, compare_on_guard, guard_findings, guard_text, holds
from rubrics.compared import Guard, PairedResult
from rubrics.errors import ExitCode, Fault
from rubrics.outcome import compare_outcome
from rubrics.text import norm
from trainer.job import RowScores

DATA = Path("rows.jsonl")


def guard(declared: bool = False) -> GuardSet:
    return GuardSet("the guard set own.jsonl", declared, (), "digest")


def sums(right: list[int], loss: float = 1.0, tokens: int = 4) -> list[RowScores]:
    return [
        RowScores(id=str(at), loss=loss * tokens, correct=count, tokens=tokens)
        for at, count in enumerate(right)
    ]


def test_the_bundled_rows_are_general_and_share_nothing_with_the_example():
    found = guard_of(Plan(data=DATA))

    assert found is not None
    assert not found.declared
    assert len(found.rows) == 48
    assert len({norm(row.prompt) for row in found.rows}) == 48
    assert max(len(row.answer.split()) for row in found.rows) <= 5
    assert sum(any("가" <= letter <= "힣" for letter in row.prompt) for row in found.rows) == 4
    example = read_file(example_folder() / "desk.jsonl")
    assert known_rows(found, [example]) == 0
    assert known_rows(GuardSet("g", True, example.rows[:7], ""), [example]) == 7


@pytest.mark.parametrize(
    ("values", "name", "declared"),
    [
        ({}, "the bundled guard set", False),
        ({"guard": "default"}, "the bundled guard set", True),
        ({"guard": "none"}, None, False),
        ({"no_train": True}, None, False),
    ],
)
def test_the_plan_says_which_rows_and_whether_they_decide(values, name, declared):
    found = guard_of(Plan(data=DATA, **values))

    assert (found.name if found else None) == name
    assert bool(found and found.declared) == declared


def test_a_file_of_ones_own_is_read_in_any_format(tmp_path):
    path = tmp_path / "own.jsonl"
    rows = [
        {"messages": [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": "a"}]}
        for n in range(10)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    found = guard_of(Plan(data=DATA, guard=path))

    assert found is not None
    assert (found.name, found.declared, len(found.rows)) == ("the guard set own.jsonl", True, 10)
    path.write_text(json.dumps(rows[0]) + "\n")
    with pytest.raises(Fault, match="too few") as refused:
        guard_of(Plan(data=DATA, guard=path))
    assert refused.value.code == ExitCode.BAD_DATA


@pytest.mark.parametrize(
    ("text", "reference", "held"),
    [
        ("7 + 5 = 12.", "12", True),
        ("It is 112.", "12", False),
        ("paris", "Paris", True),
        ("A comparison", "Paris", False),
        ("수도는 서울입니다.", "서울", True),
        ("The sky is  blue", "The sky is blue.", True),
        ("", "No", False),
        ("I know.", "No", False),
    ],
)
def test_an_answer_holds_its_reference_as_a_word(text, reference, held):
    assert holds(text, [reference]) is held
    assert holds(text, ["another", reference]) is held


def test_answers_that_are_lost_are_a_sign_although_token_accuracy_rose():
    # As measured on a training for slots in JSON: short references are expected, and not known any more.
    found = compare_on_guard(
        guard(), sums([1] * 48, 3.4), sums([2] * 48, 7.2), [[1.0] * 14 + [0.0] * 34, [0.0] * 48]
    )

    (finding,) = guard_findings(found, None)

    assert found.measure == "answered"
    assert finding["rule"] == "L7"
    assert "fell by 29.2 points" in finding["message"]
    assert "its loss rose by 3.80 nats" in finding["message"]
    assert "fewer epochs, a lower rank or rate, or general rows mixed in" in finding["message"]
    assert found.changes["next_token_accuracy"].difference == pytest.approx(0.25)
    assert "decides nothing" in guard_text(found, [finding])


def test_without_short_answers_token_accuracy_is_what_falls():
    # 20 rows of 4 tokens: half of them lose 2, so 20 of 80 tokens; 0.75 before.
    found = compare_on_guard(guard(True), sums([3] * 20), sums([1, 3] * 10))

    (finding,) = guard_findings(found, None)

    assert found.measure == "next_token_accuracy"
    assert found.change.difference == pytest.approx(-0.25)
    # Row differences -0.5 and 0: deviation 0.5130 / 2, over the root of 20, times t(19) = 2.0930.
    assert found.change.high == pytest.approx(-0.25 + 2.0930 * 0.25649 / 20**0.5, abs=1e-4)
    assert "Next-token accuracy on the guard set own.jsonl (20 rows) fell by 25 points" in finding["message"]
    assert "from 0.750 to 0.500" in finding["message"]


@pytest.mark.parametrize(
    ("after", "allowed", "said"),
    [
        ([3] * 20, None, False),
        ([2] + [3] * 19, None, False),  # within chance
        ([1, 3] * 10, 0.2, False),  # surely fell, not surely by more than 20 points
        ([1, 3] * 10, 0.05, True),
    ],
)
def test_a_sign_is_a_fall_surely_beyond_what_is_allowed(after, allowed, said):
    found = compare_on_guard(guard(True), sums([3] * 20), sums(after))

    assert bool(guard_findings(found, allowed)) is said
    assert ("No fall is shown" in guard_text(found, guard_findings(found, allowed))) is not said


def test_a_loss_that_rises_by_little_is_no_sign_and_by_much_is_one():
    for rise, said in ((0.05, False), (0.5, True)):
        found = compare_on_guard(guard(), sums([3] * 20, 1.0), sums([3] * 20, 1.0 + rise))

        assert bool(guard_findings(found, None)) is said


def test_a_base_model_that_knows_nothing_is_named_as_no_measure():
    found = compare_on_guard(guard(), sums([1] * 20), sums([1] * 20), [[1.0] * 2 + [0.0] * 18, [0.0] * 20])

    assert guard_findings(found, None) == []
    assert "too few for a fall to show" in guard_text(found, [])


@pytest.mark.parametrize(("allowed", "rule"), [(None, "T2"), (0.05, "T2"), (0.3, "T3")])
def test_a_declared_guard_keeps_the_cheap_option_whatever_the_gain(allowed, rule):
    found = compare_on_guard(guard(True), sums([3] * 20), sums([1, 3] * 10))
    entry = as_guard(found, allowed)
    gain = PairedResult(0.2, 0.1, 0.3, 1e-6, 200, 45, 5)

    names = ("name", "difference", "high", "allowed")
    decided = compare_outcome(gain, min_gain=0.05, guards=[Guard(**{name: entry[name] for name in names})])

    assert decided.rule == rule
    assert ("guard set own.jsonl by 25 points" in decided.reason) == (rule == "T2")

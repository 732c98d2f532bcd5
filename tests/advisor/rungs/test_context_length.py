"""Prompts that do not fit into a model's context are left out with the reason, and only those."""

from __future__ import annotations

from pathlib import Path

from advisor.data.rows import Message, Row
from advisor.interrupt import StopSignal
from advisor.models.resolve import resolve
from advisor.rungs.context_length import too_long
from advisor.rungs.prompts import answer_facts, few_shot, instruction, zero_shot


def row(number: int, words: int) -> Row:
    return Row(str(number), (Message(role="user", content="order " * words),), "refund")


def test_only_the_rung_that_does_not_fit_is_left_out(tiny_model: Path) -> None:
    # given a context of 512 tokens, and eight examples of a hundred words each
    model = resolve(str(tiny_model), lambda event: None, StopSignal())
    rows = [row(number, 100) for number in range(8)]
    facts = answer_facts(rows)
    prompts = {
        "zero_shot": zero_shot("Sort it."),
        "instruction": instruction("Sort it.", facts),
        "few_shot": few_shot("Sort it.", facts, rows),
    }
    # when it is asked what fits
    found = too_long(model.codec(), model.context_length, prompts, [row(9, 100)], 12)
    # then the examples are left out, with the numbers
    assert list(found) == ["few_shot"]
    assert "the model's context of 512" in found["few_shot"]
    # and with rows that do not fit by themselves the plain prompt stays, so that those rows are named
    assert "zero_shot" not in too_long(model.codec(), model.context_length, prompts, [row(9, 2000)], 12)

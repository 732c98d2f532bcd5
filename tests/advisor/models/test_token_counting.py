from __future__ import annotations

from pathlib import Path

import pytest

from advisor.data.rows import Message, Row
from advisor.interrupt import StopSignal
from advisor.models.resolve import ResolvedModel, count_tokens, resolve
from rubrics.errors import ExitCode, Fault


@pytest.fixture
def model(tiny_model: Path) -> ResolvedModel:
    return resolve(str(tiny_model), lambda event: None, StopSignal())


def _row(index: int, prompt: str, answer: str) -> Row:
    return Row(f"r:{index}", (Message(role="user", content=prompt),), answer, source=f"r.jsonl:{index}")


def test_counts_are_those_of_training(model: ResolvedModel) -> None:
    rows = [_row(index, f"question {index} é 中" * (index % 7 + 1), f"a{index}") for index in range(2300)]

    counts = count_tokens(model)(rows)

    codec = model.codec()
    for row, (prompt, answer) in list(zip(rows, counts, strict=True))[::97]:
        example = codec.example([dict(turn) for turn in row.messages], row.answer)  # type: ignore[misc]
        assert (prompt, prompt + answer) == (example.supervised_from, len(example.ids))


def test_every_row_that_cannot_be_trained_on_is_named_at_once(model: ResolvedModel) -> None:
    rows = [
        _row(1, "fine", "yes"),
        _row(2, "no answer", ""),
        _row(3, "cut", "yes<|im_end|>no"),
        _row(4, "fine too", "no"),
    ]

    with pytest.raises(Fault, match="2 rows cannot be read by the model") as caught:
        count_tokens(model)(rows)

    assert caught.value.code == ExitCode.BAD_DATA
    assert [problem.split(": ")[0] for problem in caught.value.problems] == ["r.jsonl:2", "r.jsonl:3"]


def test_no_rows_have_no_counts(model: ResolvedModel) -> None:
    assert count_tokens(model)([]) == []

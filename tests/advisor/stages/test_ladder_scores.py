"""The ladder as it is measured: what has been answered is scored and told, rows that stand in train left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.data.rows import Message, Row
from advisor.predictions import Prediction
from advisor.rungs.prompts import zero_shot
from advisor.scoring import Scoring
from advisor.stages import ladder_scores
from advisor.stages.ladder_scores import LadderScores
from trainer.events import Event, JobStarted, Logged, Progress, RungAnswered, RungScored

ROWS = [Row(f"r{at}", (Message(role="user", content=f"row {at}"),), f"a{at}", "") for at in range(10)]


class Bench:
    def __init__(self, folder: Path) -> None:
        self.said: list[Event] = []
        self.heard: list[Event] = []
        self.file = folder / "baseline-dev/completions.jsonl"
        self.file.parent.mkdir()
        self.scores = LadderScores(Scoring(), folder, self.said.append)
        self.hear = self.scores.hearing(self.heard.append)

    def begin(self, split: str = "dev") -> None:
        self.scores.begin(split, ["zero_shot"], ROWS, {"zero_shot": zero_shot("Sort it")}, {"r0"})

    def answer(self, row: int, text: str, *, end: str = "\n") -> None:
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"id": f"zero_shot/r{row}", "text": text}) + end)

    def last(self) -> RungScored:
        return [event for event in self.said if isinstance(event, RungScored)][-1]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(ladder_scores, "_LEAST_SECONDS", 0.0)
    return Bench(tmp_path)


PROGRESS = Progress(task="generate", done=1, total=10)


def test_a_rung_is_announced_and_its_answers_are_scored_as_they_come(bench):
    bench.begin()
    assert (bench.last().done, bench.last().total, bench.last().value) == (0, 10, None)

    bench.answer(1, "a1")
    bench.answer(2, "wrong")
    bench.hear(PROGRESS)

    assert bench.heard == [PROGRESS]
    assert (bench.last().done, bench.last().n, bench.last().value) == (2, 2, 0.5)
    assert bench.last().low < 0.5 < bench.last().high
    shown = [event for event in bench.said if isinstance(event, RungAnswered)]
    assert [(event.id, event.reference, event.prediction, event.score) for event in shown] == [
        ("r1", "a1", "a1", 1.0),
        ("r2", "a2", "wrong", 0.0),
    ]
    assert shown[0].prompt == "system: Sort it\n\nuser: row 1"


def test_what_an_interrupted_try_has_answered_is_told_as_the_next_one_begins(bench):
    bench.answer(1, "a1")
    bench.answer(2, "wrong")
    bench.begin()
    assert bench.last().done == 0

    bench.hear(JobStarted(job="baseline-dev", kind="generate", pid=1))

    assert (bench.last().done, bench.last().n, bench.last().value) == (2, 2, 0.5)


def test_half_a_line_is_left_for_the_next_look(bench):
    bench.begin()
    bench.answer(1, "a1", end="")
    bench.hear(PROGRESS)
    assert bench.last().done == 0

    bench.file.write_text(bench.file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    bench.hear(PROGRESS)

    assert bench.last().done == 1


def test_a_row_that_stands_in_train_is_answered_and_not_scored(bench):
    bench.begin()
    bench.answer(0, "a0")
    bench.hear(PROGRESS)

    assert (bench.last().done, bench.last().n, bench.last().value) == (1, 0, None)


def test_only_dev_answers_are_shown(bench, tmp_path):
    (tmp_path / "baseline-test").mkdir()
    bench.file = tmp_path / "baseline-test/completions.jsonl"
    bench.begin("test")
    bench.answer(1, "a1")
    bench.hear(PROGRESS)

    assert bench.last().done == 1
    assert not any(isinstance(event, RungAnswered) for event in bench.said)


def test_other_events_pass_without_a_look(bench):
    bench.begin()
    bench.answer(1, "a1")

    bench.hear(Logged(message="x"))

    assert bench.last().done == 0


def test_in_the_end_every_row_counts_once(bench):
    def prediction(at: int) -> Prediction:
        values: dict[str, Any] = {"id": f"r{at}", "prompt": [], "reference": f"a{at}", "prediction": f"a{at}"}
        return Prediction(**values, scores={"exact_match": float(at % 2)})

    bench.begin()
    bench.answer(1, "a1")
    bench.hear(PROGRESS)

    bench.scores.done("zero_shot", [prediction(at) for at in range(10)])

    assert (bench.last().done, bench.last().n, bench.last().value) == (10, 9, pytest.approx(5 / 9))

"""The conversation in Korean over runs of every kind: no English sentence is said."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from english_left import english_in
from test_conversation import Core, Talked, core, place, run_with, talked  # noqa: F401

from advisor.texts import use_language
from trainer.events import (
    Event,
    EventWriter,
    Logged,
    Metric,
    Progress,
    RunEnded,
    RunStarted,
    StageFinished,
    StageStarted,
    Warned,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tui"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ladder_runs import decided
from made_runs import make_run, shipping
from training_runs import FORECAST

SKIP_TASK = [""] * 7
OWN = (
    "Sort it",
    "Route the message to its queue",
    "Route the message",
    "Answer with one queue",
    "has not come, where is it?",
    "just because",
    "Where is my parcel?",
    "a label that is much longer than any screen is wide",
)


@pytest.fixture(autouse=True)
def korean(place: Path) -> Iterator[None]:  # noqa: F811
    """Korean, with rows in Korean letters."""
    text = Path("rows.jsonl").read_text(encoding="utf-8")
    made = [json.loads(line) for line in text.splitlines()]
    for row in made:
        row["question"] = re.sub(
            "[a-z]", lambda letter: chr(0xAC00 + 588 * (ord(letter[0]) - 97) % 11172), row["question"]
        )
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
    use_language("ko")
    yield
    use_language("en")


def test_a_walk_with_mistakes_to_the_whole_report(talked: Talked) -> None:  # noqa: F811
    said = talked(
        "n", "Sort it", "absent.jsonl", "rows.jsonl", "", "rouge_9", "?", "auto", "140%", "", "0", "", "", "-1", "", "",
        "n", "y", "?", *["u"] * 9,
        "1", "g",
        "1", "", "cheap", "", "y", "n",
        "r", "o", "", "just because",
        "s", "1", "many", "2", "s", "2", "0", "16", "c", "l",
        "r", "1", "", "n", "w", "s", "rows.jsonl", "g",
        "g",
    )  # fmt: skip

    said = re.sub(r'"""가장 좋은(?s:.*?)sys\.argv\[1\].*', "", said)  # the code
    assert "9단계 중 9단계" in said
    assert "학습 전 판정: " in said
    assert english_in(said, OWN) == []


def test_rows_with_faults_and_their_mending(talked: Talked) -> None:  # noqa: F811
    rows = Path("rows.jsonl").read_text(encoding="utf-8").splitlines()
    odd = [
        {"question": "caf\u00c3\u00a9 {{name}}", "answer": "TODO"},
        {"question": "ann@acme.org", "answer": " q1 "},
    ]
    Path("faulty.jsonl").write_text(
        "".join(line + "\n" for line in [*rows, rows[0], rows[1], *map(json.dumps, odd)]), encoding="utf-8"
    )

    said = talked(
        "n", "", "faulty.jsonl", *SKIP_TASK, "y", "1", "2", "m", "9", "1", "rows.jsonl", "", "y", "g", "quit"
    )
    broken = talked("n", "", _broken(), "quit")

    assert "D1" in said
    assert english_in(said, OWN) == []
    assert english_in(broken) == []


def _broken() -> str:
    Path("broken.jsonl").write_text(
        '{"question": "q", "answer": "a"}\n{oops\n{"question": 3}\n' * 9, encoding="utf-8"
    )
    return "broken.jsonl"


def test_what_a_run_did_is_told_in_words(talked: Talked) -> None:  # noqa: F811
    events: list[Event] = [
        RunStarted(pid=1),
        StageStarted(stage="split"),
        StageFinished(stage="split", seconds=61, summary="train 1,050, dev 150, test 300"),
        StageFinished(stage="inspect", seconds=1, reused=True, summary="60 rows, no warnings"),
        Warned(message="3 rows of desk.jsonl stand in the data too: they show no forgetting"),
        Logged(message="another training is asked for: the former one lies in training.1"),
        Progress(task="generate", done=0, total=40),
        Progress(task="generate", done=40, total=40),
        StageStarted(stage="train"),
    ]
    run = run_with("one", *events)
    run.training.mkdir()
    writer = EventWriter(run.training / "events.jsonl")
    writer(Progress(task="train", done=3, total=12, unit="steps"))
    writer(Metric(step=3, epoch=0.1, values={"loss": 0.5, "eval_loss": 0.7}))
    writer(Progress(task="train", done=9, total=12, unit="steps"))
    writer.close()
    problems = ["rows.jsonl:3: question: expected text, found a number"] * 6
    EventWriter(run.events_file)(
        RunEnded(outcome="failed", what="no such file", fix="Check the path.", code=3, problems=problems)
    )

    said = talked("r", "1", "steps", "7", "y", "steps", "4", "y")

    assert "행 나누기: 1분 1초; 학습 1,050개, 개발 150개, 시험 300개" in said
    assert "행 검사: 그대로 씀" in said
    assert "rows.jsonl: 3, 3, 3, 3, 3, 3행: " in said
    assert english_in(said, OWN) == []


def test_a_verdict_with_its_plan(talked: Talked) -> None:  # noqa: F811
    decided(Path.cwd())
    Path("runs").mkdir()
    run = Path("run").rename("runs/one")
    forecast = {**FORECAST, "reductions": ["40 of 150 dev rows choose among the rungs (time limit)"]}
    measurement = {"measurement": {"device": "cpu", "device_memory_bytes": 2**34, "precision": "bf16"}}
    for name, values in (("forecast", forecast), ("measurement", measurement)):
        (run / f"{name}.json").write_text(json.dumps(values), encoding="utf-8")

    said = talked("r", "1", "r", "a", "s", "2", "0", "32", "c", "t", "steps", "4", "n")

    assert "다음을 위해 다시" in said or "바뀐 것" in said
    assert english_in(said, OWN) == []


def test_results_of_a_tuned_model(talked: Talked) -> None:  # noqa: F811
    make_run(Path("runs/desk"), shipping())

    said = talked("r", "1", "r", "1", "", "n", "w", "b", "g", "quit")

    assert "미세 조정한 모델" in said
    assert english_in(said, OWN) == []

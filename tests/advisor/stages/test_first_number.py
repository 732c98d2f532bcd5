"""The first number of a run: the classifier's dev score is told before the dry run, and the ladder takes it over."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "chat"))

from server import Answer, reply

from advisor import walk as walking
from advisor.interrupt import Interrupted
from advisor.run_directory import RunDirectory
from advisor.stages import first_number
from advisor.watching import RunState, RunWatch, fold_all
from rubrics.errors import Fault
from trainer.events import Event, JobStarted, Logged, RungAnswered, RungScored, StageStarted

OWN = {"latency_s", "duration_s", "stage_seconds", "created", "id", "directory"}
"""What is measured by a clock, or names the run."""


def is_scored(event: Event) -> bool:
    return isinstance(event, RungScored) and event.value is not None


def begins(stage: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, StageStarted) and event.stage == stage


def compared(value: Any) -> Any:
    """An artefact without what differs between two runs of one plan."""
    if isinstance(value, dict):
        return {key: compared(inner) for key, inner in value.items() if key not in OWN}
    return [compared(inner) for inner in value] if isinstance(value, list) else value


def left_by(run: RunDirectory) -> dict[str, Any]:
    """What a run leaves for a person: the ladder, its answers, the report."""
    answers = {
        path.name: [compared(json.loads(line)) for line in path.read_text().splitlines()]
        for path in sorted((run.path / "baselines").glob("*.jsonl"))
    }
    files = {name: json.loads((run.path / name).read_text()) for name in ("baselines.json", "report.json")}
    return answers | {name: compared(values) for name, values in files.items()}


def test_the_classifier_is_scored_before_the_dry_run_begins(desk):
    desk.walk(desk.run())

    scored = desk.at(is_scored)
    assert desk.at(begins("split")) < scored < desk.at(begins("measure"))
    assert scored < desk.at(lambda event: isinstance(event, JobStarted))
    first = desk.heard[scored]
    assert (first.rung, first.split, first.done, first.provisional) == (
        "classifier",
        "dev",
        first.total,
        False,
    )
    lines = [event.message for event in desk.heard if isinstance(event, Logged)]
    said = f"first number: the linear classifier; exact_match {first.value:.3f} "
    assert [line for line in lines if line.startswith(said) and line.endswith(f"on {first.n} dev rows")]


def test_the_ladder_takes_the_answers_over(desk):
    desk.walk(desk.run())

    dev = [ids for ids in desk.classified if len(ids) == desk.scores()[0].total]
    assert len(dev) == 1
    begun, first, last = desk.scores()
    assert (begun.done, first.model_dump(exclude={"time"})) == (0, last.model_dump(exclude={"time"}))
    shown = [
        event.id for event in desk.heard if isinstance(event, RungAnswered) and event.rung == "classifier"
    ]
    assert len(shown) == len(set(shown)) == 5


def test_what_a_run_leaves_is_the_same_as_without_it(desk, monkeypatch):
    early = desk.run("early")
    desk.walk(early)
    monkeypatch.setattr(walking, "tell_first_number", lambda context, ladder: None)
    late = desk.run("late")
    desk.walk(late)

    assert desk.at(begins("measure")) < desk.at(is_scored)
    assert left_by(early) == left_by(late)


def test_the_time_that_it_takes_is_the_ladders(desk, monkeypatch):
    seconds = count(0.0, 1000.0)
    monkeypatch.setattr(first_number, "time", SimpleNamespace(monotonic=lambda: next(seconds)))

    report = desk.walk(desk.run())

    assert report.run.stage_seconds["baseline"] >= 1000


def test_a_run_that_is_stopped_in_the_dry_run_goes_on_to_the_same(desk):
    whole = desk.run("whole")
    desk.walk(whole)
    stopped = desk.run("stopped")

    def stop() -> None:
        raise Interrupted

    desk.dry_run = stop
    with pytest.raises(Interrupted):
        desk.walk(stopped)
    watched = RunWatch(stopped.path).poll()
    assert [(rung.rung, rung.is_measured) for rung in watched.rungs] == [("classifier", True)]
    assert not (stopped.path / "baselines.json").exists()

    desk.dry_run = lambda: None
    desk.walk(stopped)
    assert left_by(stopped) == left_by(whole)


def test_a_run_that_is_stopped_in_the_ladder_is_not_told_a_first_number_again(desk, server):
    whole = desk.run("whole")
    desk.walk(whole)
    stopped = desk.run("stopped")

    server.respond = lambda request: Answer({"error": {"message": "no"}}, status=401)
    with pytest.raises(Fault):
        desk.walk(stopped)
    server.respond = lambda request: Answer(reply("q1"))
    desk.walk(stopped)

    assert desk.at(begins("baseline")) < desk.at(is_scored)
    assert left_by(stopped) == left_by(whole)


def test_a_measured_ladder_is_not_begun_again_where_the_dry_run_is(desk):
    run = desk.run()
    desk.walk(run)
    (run.path / "measurement.json").unlink()

    desk.walk(run)

    assert not any(isinstance(event, RungScored) for event in desk.heard)
    assert desk.classified == []


def test_under_a_time_limit_the_number_is_provisional(desk):
    run = desk.run(max_minutes=1.0)
    report = desk.walk(run)

    begun, first, last = desk.scores()
    assert begun.provisional
    assert first.provisional
    assert (last.done, last.provisional) == (40, False)
    assert first.done > last.done
    assert [entry.n for entry in report.baselines if (entry.rung, entry.split) == ("classifier", "dev")] == [
        40
    ]
    lines = [event.message for event in desk.heard if isinstance(event, Logged)]
    assert "this number is provisional: the time limit may leave fewer dev rows" in lines
    until_then = desk.heard[: desk.at(begins("baseline"))]
    assert [
        rung.provisional for rung in fold_all(RunState(), [("", event) for event in until_then]).rungs
    ] == [True]
    assert not any(rung.provisional for rung in RunWatch(run.path).poll().rungs)


@pytest.mark.parametrize(
    "change", [{"rungs": ("zero_shot",)}, {"no_train": True}], ids=["no-rung", "no-model"]
)
def test_there_is_none_where_it_is_no_rung_or_no_dry_run_is_waited_for(desk, change):
    desk.walk(desk.run(**change))

    assert desk.at(begins("baseline")) < desk.at(is_scored)


def test_open_answers_have_none(desk):
    rows = [json.loads(line) for line in desk.plan.data.read_text().splitlines()]
    for at, row in enumerate(rows):
        row["answer"] = f"my answer {at}"
    desk.plan.data.write_text("".join(json.dumps(row) + "\n" for row in rows))

    desk.walk(desk.run())

    assert desk.scores() == []

"""What lies in run directories: lists and reports, read only."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from advisor.plan import Plan
from advisor.reading_runs import list_runs, read_report
from advisor.run_directory import RunDirectory, create_run
from rubrics.errors import ExitCode, Fault
from trainer.events import Event, EventWriter, Progress, RunEnded, RunStarted


@pytest.fixture
def run(rows_file: Path, tmp_path: Path) -> RunDirectory:
    return create_run(Plan(data=rows_file, task="Route the message\n\nmore"), tmp_path / "runs/one")


def put(run: RunDirectory, name: str, value: object) -> None:
    (run.path / name).write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")


def only(run: RunDirectory) -> tuple[str, str]:
    entry = next(entry for entry in list_runs(run.path.parent) if entry.path == str(run.path))
    return entry.state, entry.outcome


def test_a_run_that_began_and_ended_early_is_interrupted(run):
    assert only(run) == ("interrupted", "")


def test_a_run_that_is_worked_on_is_running(run):
    with run.held():
        assert only(run)[0] == "running"


def test_a_run_with_its_report_is_finished_and_tells_the_last_outcome(run):
    put(run, "verdict.json", {"outcome": "FINE_TUNE"})
    put(run, "report.json", {})
    assert only(run) == ("finished", "FINE_TUNE")

    put(run, "comparison.json", {"outcome": "SHIP_TUNED"})
    assert only(run) == ("finished", "SHIP_TUNED")


def test_a_run_that_trained_and_was_killed_before_its_report_is_not_finished(run):
    put(run, "verdict.json", {"outcome": "FINE_TUNE"})
    put(run, "training.json", {})

    assert only(run)[0] == "interrupted"


def test_a_training_alone_is_finished_without_a_report(run):
    put(run, "training.json", {})

    assert only(run)[0] == "finished"


def say(run: RunDirectory, *events: Event) -> None:
    writer = EventWriter(run.events_file)
    for event in events:
        writer(event)
    writer.close()


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("done", "finished"), ("paused", "paused"), ("stopped", "interrupted"), ("failed", "interrupted")],
)
def test_how_the_last_session_ended_is_what_it_said(outcome, state, run):
    say(run, RunStarted(pid=1), RunEnded(outcome=outcome))

    assert only(run)[0] == state


def test_a_report_of_an_earlier_session_does_not_finish_a_run_that_was_killed_since(run):
    put(run, "report.json", {})
    say(run, RunStarted(pid=1), RunEnded(outcome="paused"), RunStarted(pid=2))
    assert only(run)[0] == "interrupted"

    say(run, *(Progress(task="ask", done=at, total=9_000) for at in range(2_000)))
    assert only(run)[0] == "interrupted"


@pytest.mark.parametrize("content", ["", "[]", "{", '"x"', "{}"])
def test_a_damaged_artefact_hides_no_run(content, run):
    put(run, "comparison.json", content)
    put(run, "verdict.json", {"outcome": "FIX_DATA"})

    assert only(run)[1] == "FIX_DATA"


def test_a_run_whose_plan_cannot_be_read_is_listed_with_the_reason(run):
    run.plan_file.write_text("data = [", encoding="utf-8")

    [entry] = list_runs(run.path.parent)

    assert "plan.toml" in entry.task


def test_the_newest_run_comes_first_and_other_folders_are_no_runs(run, rows_file):
    newer = create_run(Plan(data=rows_file), run.path.parent / "two")
    os.utime(newer.plan_file, (9e9, 9e9))
    (run.path.parent / "other").mkdir()

    assert [Path(entry.path).name for entry in list_runs(run.path.parent)] == ["two", "one"]


def test_there_are_no_runs_in_a_folder_that_is_not_there(tmp_path):
    assert list_runs(tmp_path / "absent") == []


def test_the_command_lists_them(run, advisor):
    ran = advisor("runs", "--folder", run.path.parent, "--json")

    [entry] = ran.json()["runs"]
    assert (entry["path"], entry["state"], entry["task"]) == (
        str(run.path),
        "interrupted",
        "Route the message",
    )
    assert advisor("runs", "--folder", run.path.parent, "--quiet").out == f"{run.path}\n"
    assert "Route the message" in advisor("runs", "--folder", run.path.parent).out


def test_the_command_says_where_runs_come_from_when_there_are_none(tmp_path, advisor):
    ran = advisor("runs", "--folder", tmp_path)

    assert (ran.code, ran.out) == (0, "")
    assert "advisor demo" in ran.err


def test_a_report_is_read_back(run, make_report):
    put(run, "report.json", make_report().to_json())

    assert read_report(run.path) == make_report()


@pytest.mark.parametrize(("content", "said"), [(None, "no report yet"), ("{}", "damaged"), ("{", "damaged")])
def test_a_report_that_is_not_there_or_broken_points_to_resume(content, said, run):
    if content is not None:
        put(run, "report.json", content)

    with pytest.raises(Fault, match=said) as raised:
        read_report(run.path)

    assert raised.value.code == ExitCode.WRONG_USE
    assert "advisor resume" in raised.value.fix

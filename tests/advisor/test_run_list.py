"""The list of runs as a screen looks at it: complete, cheap to look at again, and true while runs go on."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from advisor import run_list
from advisor.plan import Plan
from advisor.reading_runs import RunEntry, list_runs
from advisor.run_directory import RunDirectory, create_run
from advisor.run_list import RunList
from trainer.events import EventWriter, Progress, RunStarted, StageStarted


@pytest.fixture
def runs(rows_file: Path, tmp_path: Path) -> Path:
    for name in ("one", "two", "three"):
        create_run(Plan(data=rows_file, task=name), tmp_path / "runs" / name)
        time.sleep(0.01)
    return tmp_path / "runs"


def test_it_lists_what_advisor_runs_lists(runs):
    assert [listed.entry for listed in RunList(runs).poll()] == list_runs(runs)
    assert [listed.entry.task for listed in RunList(runs).poll()] == ["three", "two", "one"]


def test_a_folder_that_is_not_there_has_no_runs(tmp_path):
    listed = RunList(tmp_path / "absent")

    assert listed.poll() == ()
    assert listed.is_whole


def test_what_is_no_run_is_left_out(runs):
    (runs / "notes.txt").write_text("mine", encoding="utf-8")
    (runs / "folder").mkdir()

    assert len(RunList(runs).poll()) == 3


def test_a_look_at_which_nothing_happened_reads_nothing(runs, monkeypatch):
    listed = RunList(runs)
    before = listed.poll()
    monkeypatch.setattr(run_list, "read_entry", lambda path: pytest.fail(f"{path} was read again"))

    assert listed.poll() == before


def test_what_changes_is_seen(runs, rows_file):
    listed = RunList(runs)
    listed.poll()

    (runs / "one/verdict.json").write_text(json.dumps({"outcome": "FINE_TUNE"}), encoding="utf-8")
    shutil.rmtree(runs / "two")
    create_run(Plan(data=rows_file, task="four"), runs / "four")

    assert {found.entry.task: found.entry.outcome for found in listed.poll()} == {
        "one": "FINE_TUNE",
        "three": "",
        "four": "",
    }


def test_a_run_that_is_deleted_while_it_is_read_is_left_out(runs, monkeypatch):
    read = run_list.read_entry

    def deleted_first(path: Path) -> RunEntry:
        if path.name == "two":
            shutil.rmtree(path)
        return read(path)

    monkeypatch.setattr(run_list, "read_entry", deleted_first)
    listed = RunList(runs)

    assert [found.entry.task for found in listed.poll()] == ["three", "one"]
    assert [found.entry.task for found in listed.poll()] == ["three", "one"]


def test_of_many_runs_the_newest_are_read_first(runs):
    listed = RunList(runs)

    assert [found.entry.task for found in listed.poll(at_most=2)] == ["three", "two"]
    assert not listed.is_whole
    assert [found.entry.task for found in listed.poll(at_most=2)] == ["three", "two", "one"]
    assert listed.is_whole


def test_a_run_that_goes_on_says_what_it_is_at_until_it_ends(runs):
    listed = RunList(runs)
    listed.poll()
    run = RunDirectory(runs / "one")
    writer = EventWriter(run.events_file)
    with run.held():
        for event in (
            RunStarted(pid=1),
            StageStarted(stage="train"),
            Progress(task="train", done=1, total=4),
        ):
            writer(event)
        one = listed.poll()[-1]
        writer(Progress(task="train", done=2, total=4))
        later = listed.poll()[-1]

    assert one.entry.state == "running"
    assert one.activity is not None
    assert (one.activity.stage, one.activity.share()) == ("train", 0.25)
    assert later.activity is not None
    assert later.activity.share() == 0.5

    # a killed process writes nothing more
    writer.close()
    ended = listed.poll()[-1]
    assert (ended.entry.state, ended.activity) == ("interrupted", None)

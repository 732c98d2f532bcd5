"""Deleting a run: all of it, and nothing else."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import pytest

from advisor.deleting import delete_run, look_before_deleting, size_words
from advisor.plan import Plan
from advisor.reading_runs import list_runs
from advisor.run_directory import RunDirectory, create_run
from advisor.walk import WALK
from rubrics.errors import ExitCode, Fault


@pytest.fixture
def run(rows_file: Path, tmp_path: Path) -> RunDirectory:
    run = create_run(Plan(data=rows_file, task="Route it"), tmp_path / "runs/one")
    for name in (
        "splits/test.jsonl",
        "training/adapter/adapter.safetensors",
        "plan.1.toml",
        "earlier-1/x.json",
    ):
        file = run.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("0123456789", encoding="utf-8")
    return run


def test_a_run_goes_whole_and_its_neighbour_stays(run, rows_file):
    other = create_run(Plan(data=rows_file), run.path.parent / "two")
    planned = run.plan_file.stat().st_size

    looked = look_before_deleting(run.path)
    went = delete_run(run.path)

    assert went == looked
    assert (went.files, went.size, went.has_adapter) == (5, 40 + planned, True)
    assert not run.path.exists()
    assert [entry.path for entry in list_runs(run.path.parent)] == [str(other.path)]
    assert rows_file.exists()


def test_looking_touches_nothing(run):
    before = sorted(run.path.rglob("*"))

    look_before_deleting(run.path)

    assert sorted(run.path.rglob("*")) == before


def test_a_run_that_is_worked_on_is_refused(run):
    with run.held(), pytest.raises(Fault, match="a process works on this run") as raised:
        delete_run(run.path)
    assert "advisor stop" in raised.value.fix

    with (run.training / "lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Fault, match="a process works on this run"):
            delete_run(run.path)

    assert run.plan_file.exists()
    assert (run.training / "adapter/adapter.safetensors").exists()


def test_what_is_no_run_is_refused(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("text", encoding="utf-8")

    with pytest.raises(Fault, match="is not a run directory"):
        delete_run(tmp_path / "mine")
    with pytest.raises(Fault, match="no such run"):
        delete_run(tmp_path / "absent")

    assert (tmp_path / "mine/thesis.txt").exists()


def test_a_folder_of_a_person_with_a_plan_in_it_is_refused(run):
    (run.path / "thesis.txt").write_text("text", encoding="utf-8")

    with pytest.raises(Fault, match=r"holds what no run makes: thesis\.txt"):
        delete_run(run.path)

    assert (run.path / "thesis.txt").exists()
    assert (run.path / "splits/test.jsonl").exists()


@pytest.mark.parametrize("name", [*(stage.file for stage in WALK), ".verdict.json.12-34", "report.md"])
def test_what_a_stage_makes_belongs_to_the_run(name, run):
    (run.path / name).write_text("{}", encoding="utf-8")

    delete_run(run.path)

    assert not run.path.exists()


def test_a_link_out_of_the_run_is_refused_and_one_inside_goes_with_it(run, tmp_path):
    (run.path / "splits/inside").symlink_to(run.path / "splits/test.jsonl")
    (run.path / "jobs").symlink_to(tmp_path)

    with pytest.raises(Fault, match="holds a link to somewhere else") as raised:
        delete_run(run.path)
    assert raised.value.where == str(run.path / "jobs")

    (run.path / "jobs").unlink()
    delete_run(run.path)
    assert not run.path.exists()
    assert tmp_path.exists()


def test_a_link_in_place_of_a_run_is_refused(run, tmp_path):
    (tmp_path / "link").symlink_to(run.path)

    with pytest.raises(Fault, match="is a link"):
        delete_run(tmp_path / "link")

    assert run.plan_file.exists()


def test_what_was_deleted_in_part_is_told_and_can_be_deleted_again(run, monkeypatch):
    def fails(folder: Path) -> None:
        raise OSError(13, "Permission denied", str(folder))

    monkeypatch.setattr(shutil, "rmtree", fails)
    with pytest.raises(Fault, match="cannot be deleted: Permission denied"):
        delete_run(run.path)
    assert run.plan_file.exists()
    monkeypatch.undo()

    delete_run(run.path)
    assert not run.path.exists()


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (3_210_000, "3.2 MB"), (5 * 10**12, "5.0 TB")],
)
def test_sizes_are_told_in_words(size, words):
    assert size_words(size) == words


def test_the_place_that_a_person_stands_in_is_no_reason_to_fail(run, monkeypatch):
    monkeypatch.chdir(run.path.parent)

    delete_run(Path("one"))

    assert not list(run.path.parent.iterdir())


def test_the_command_deletes_when_told_so_and_asks_nobody_that_is_not_there(run, advisor):
    refused = advisor("delete", run.path)
    assert refused.code == ExitCode.WRONG_USE
    assert "--yes" in refused.err
    assert run.path.exists()

    ran = advisor("delete", run.path, "--yes", "--json")
    assert ran.json()["deleted"] == str(run.path)
    assert ran.json()["files"] == 5
    assert not run.path.exists()

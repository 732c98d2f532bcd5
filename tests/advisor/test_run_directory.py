"""The run directory: never overwritten, written by one process at a time, freed when its owner dies."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.plan import Plan
from advisor.run_directory import RunDirectory, create_run, open_run
from advisor.stopping import stop_run
from rubrics.errors import ExitCode, Fault
from trainer.events import EventWriter, Logged
from trainer.job import hold, lock_owner

_HOLD = """
import sys, time
from pathlib import Path
from advisor.run_directory import RunDirectory
with RunDirectory(Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def plan(rows_file: Path) -> Plan:
    return Plan(data=rows_file, task="Route the Message, to its queue!\n\nmore", seed=5)


@pytest.fixture
def run(plan: Plan, tmp_path: Path) -> RunDirectory:
    return create_run(plan, tmp_path / "run")


@pytest.fixture
def holder(run: RunDirectory) -> Iterator[subprocess.Popen[str]]:
    """Another process that works on the run."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(run.path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_new_run_holds_its_plan(plan, tmp_path):
    run = create_run(plan, tmp_path / "deep/run")

    assert run.plan() == plan.absolute()
    assert open_run(tmp_path / "deep/run") == run
    assert not run.is_live()


def test_a_run_without_a_name_is_named_by_time_and_task(plan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    run = create_run(plan, None)

    assert run.path.parent == tmp_path / "runs"
    assert run.path.name.endswith("-route-the-message-to")


def test_runs_that_begin_in_the_same_second_have_names_of_their_own(plan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert len({create_run(plan, None).path for _ in range(3)}) == 3


def test_a_task_without_latin_letters_leaves_the_name_of_the_file(plan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert create_run(plan.model_copy(update={"task": "문의 분류"}), None).path.name.endswith("-rows")


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_exists_is_never_overwritten(is_folder, plan, tmp_path):
    path = tmp_path / "run"
    path.mkdir() if is_folder else path.write_text("mine", encoding="utf-8")

    with pytest.raises(Fault, match="exists already") as raised:
        create_run(plan, path)

    assert raised.value.code == ExitCode.WRONG_USE
    assert f"advisor resume {path}" in raised.value.fix
    assert list(path.iterdir()) == [] if is_folder else path.read_text(encoding="utf-8") == "mine"


def test_the_command_says_how_to_go_on_with_a_run_that_exists(run, rows_file, advisor):
    ran = advisor("run", "--data", rows_file, "--out", run.path)

    assert ran.code == ExitCode.WRONG_USE
    assert f"advisor resume {run.path}" in ran.err


def test_a_place_where_nothing_can_be_made_is_refused(plan, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(Fault, match="cannot be made: Not a directory") as raised:
        create_run(plan, tmp_path / "file/run")

    assert "--out" in raised.value.fix


def test_a_full_disk_leaves_no_run_that_can_neither_be_resumed_nor_begun(plan, tmp_path, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("trainer.job.os.fsync", full)
    with pytest.raises(Fault, match="No space left") as raised:
        create_run(plan, tmp_path / "run")

    assert raised.value.code == ExitCode.LACKING
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["absent", "empty", "file"])
def test_what_is_no_run_cannot_be_opened(name, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(Fault, match=r"no such run|no plan\.toml") as raised:
        open_run(tmp_path / name)

    assert "advisor runs" in raised.value.fix


def test_two_processes_cannot_work_on_one_run(run, holder):
    with pytest.raises(Fault, match=f"process {holder.pid}") as raised, run.held():
        pytest.fail("held twice")

    assert raised.value.code == ExitCode.WRONG_USE
    assert "advisor stop" in raised.value.fix
    assert (run.owner(), run.is_live()) == (holder.pid, True)


def test_the_run_of_a_killed_owner_is_taken_over(run, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()

    assert run.owner() is None
    with run.held():
        assert run.owner() == os.getpid()
    assert not run.is_live()


def test_a_run_is_free_again_after_a_failure_in_it(run):
    with pytest.raises(RuntimeError), run.held():
        raise RuntimeError("in the work")

    assert not run.is_live()


def test_a_run_that_cannot_be_written_is_a_fault_with_a_way_out(run):
    (run.path / "lock").mkdir()

    with pytest.raises(Fault, match="cannot be written") as raised, run.held():
        pytest.fail("held")

    assert raised.value.code == ExitCode.LACKING


@pytest.mark.parametrize("job", ["training", "jobs/baseline-dev"])
def test_a_trainer_that_outlived_its_advisor_keeps_the_run_live(job, run):
    with hold(run.path / job / "lock"):
        assert (run.owner(), run.trainer_owner()) == (None, os.getpid())
        assert run.is_live()
    assert not run.is_live()


def test_events_of_the_run_and_its_jobs_come_by_time(run):
    for folder, time in ((run.training, 2), (run.path, 3), (run.jobs / "measure", 1)):
        writer = EventWriter(folder / "events.jsonl")
        writer(Logged(time=time, message=folder.name))
        writer.close()

    assert [event.time for event in run.events()] == [1, 2, 3]


def test_nothing_is_stopped_where_nothing_goes_on(run):
    assert stop_run(run) is False
    assert not run.stop_file.exists()


def test_a_stop_waits_until_the_owner_has_gone(run):
    leaves = """
import sys, time
from pathlib import Path
from advisor.run_directory import RunDirectory
run = RunDirectory(Path(sys.argv[1]))
with run.held():
    print("held", flush=True)
    while not run.stop_file.exists():
        time.sleep(0.02)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", leaves, str(run.path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()

    assert stop_run(run, patience=20) is True

    assert process.wait(timeout=20) == 0
    process.stdout.close()
    assert (run.is_live(), run.stop_file.exists()) == (False, False)


def test_an_owner_that_does_not_stop_is_named(run, holder):
    with pytest.raises(Fault, match=f"process {holder.pid}") as raised:
        stop_run(run, patience=0.2)

    assert raised.value.code == ExitCode.LACKING
    assert run.stop_file.exists()


def test_a_trainer_left_behind_is_asked_by_its_own_stop_file(run):
    with hold(run.training / "lock"), pytest.raises(Fault):
        stop_run(run, patience=0.2)

    assert (run.training / "stop").exists()
    assert not run.stop_file.exists()


def test_the_stop_command_says_whether_there_was_anything_to_stop(run, advisor):
    ran = advisor("stop", run.path, "--json")

    assert (ran.code, ran.json()) == (0, {"run": str(run.path), "was_live": False})


def test_asking_who_holds_a_lock_makes_no_lock(tmp_path):
    assert lock_owner(tmp_path / "lock") is None
    assert not (tmp_path / "lock").exists()

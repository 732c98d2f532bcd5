"""A run in a process of its own: started, watched, left, killed, resumed, and what its failures look like from outside."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advisor.attaching import follow, without_steps
from advisor.launching import Launched, launch, relaunch
from advisor.plan import Plan
from advisor.reading_runs import list_runs
from advisor.run_directory import RunDirectory, create_run
from advisor.stopping import stop_run
from advisor.watching import RunState, RunWatch
from rubrics.errors import ExitCode, Fault
from trainer.events import Logged, Metric, Progress, StageFinished, StageStarted, parse_event

pytestmark = pytest.mark.children_unmeasured

PATIENCE = 60.0
SLOW_ROWS = 6_000
"""Enough for a walk of several seconds that a test can meet half-way."""


def until(watch: RunWatch, holds: Callable[[RunState], bool]) -> RunState:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        state = watch.poll()
        if holds(state):
            return state
        time.sleep(0.02)
    raise AssertionError(f"still {state.life} at {state.activity.stage}: {state.log}")


@pytest.fixture
def plan(rows_file: Path) -> Plan:
    return Plan(data=rows_file, rungs=("classifier",), no_train=True, task="Sort it")


@pytest.fixture
def slow_plan(tmp_path: Path) -> Plan:
    path = tmp_path / "slow.jsonl"
    words = [f"w{at * 7919 % 9973}" for at in range(9_973)]
    with path.open("w", encoding="utf-8") as file:
        for at in range(SLOW_ROWS):
            text = " ".join(words[(at * 31 + step * step) % len(words)] for step in range(12))
            file.write(json.dumps({"question": text, "answer": f"q{at % 5}"}) + "\n")
    return Plan(data=path, rungs=("classifier",), no_train=True)


def test_a_launched_run_goes_to_its_end_alone(plan, tmp_path):
    launched = launch(plan, tmp_path / "run")

    assert RunDirectory(launched.path).owner() in (launched.pid, None)
    assert os.getsid(launched.pid) == launched.pid
    state = until(RunWatch(launched.path), lambda state: state.life == "finished")
    assert (state.owner, state.has_report, state.stage("decide").status) == (None, True, "done")
    assert state.stage("train").status == "skipped"
    assert state.artefacts["verdict"]["outcome"] == state.stage("decide").summary.split()[0]
    assert "verdict before training" in (launched.path / "run.log").read_text(encoding="utf-8")


def test_a_poll_in_which_nothing_happened_gives_an_equal_state(plan, tmp_path):
    watch = RunWatch(launch(plan, tmp_path / "run").path)
    until(watch, lambda state: state.life == "finished")

    assert watch.poll() == watch.poll()


def test_what_is_wrong_with_a_plan_is_a_fault_before_anything_starts(plan, rows_file, tmp_path):
    with pytest.raises(Fault, match="no such file"):
        launch(plan.model_copy(update={"data": tmp_path / "absent.jsonl"}), tmp_path / "run")
    with pytest.raises(Fault, match="cannot end after 'train'"):
        launch(plan, tmp_path / "run", until="train")
    with pytest.raises(Fault, match="no test rows"):
        launch(Plan(train=rows_file), tmp_path / "run")
    assert not (tmp_path / "run").exists()

    (tmp_path / "run").mkdir()
    with pytest.raises(Fault, match="exists already"):
        launch(plan, tmp_path / "run")


def test_rows_that_cannot_be_used_are_told_with_every_problem(tmp_path):
    rows = tmp_path / "bad.jsonl"
    rows.write_text('{"question": "q", "answer": "a"}\n{oops\n{"question": 1}\n', encoding="utf-8")

    try:
        launched = launch(Plan(data=rows, rungs=("classifier",), no_train=True), tmp_path / "run")
        state = until(RunWatch(launched.path), lambda state: state.life == "failed")
        assert state.fault is not None
        fault = state.fault.as_fault()
    except Fault as at_once:
        fault = at_once

    assert fault.code == ExitCode.BAD_DATA
    assert any("bad.jsonl:2" in line for line in [str(fault), *fault.problems])
    assert RunWatch(tmp_path / "run").poll().life == "failed"


def test_a_run_that_is_killed_died_and_goes_on_from_what_it_had(slow_plan, tmp_path):
    launched = launch(slow_plan, tmp_path / "run")
    watch = RunWatch(launched.path)
    until(watch, lambda state: state.stage("inspect").status == "done")

    os.kill(launched.pid, signal.SIGKILL)
    state = until(watch, lambda state: not state.is_live)

    assert (state.life, state.has_report) == ("died", False)
    assert list_runs(tmp_path)[0].state == "interrupted"

    again = relaunch(launched.path)
    state = until(watch, lambda state: state.life == "finished")
    assert again.pid != launched.pid
    assert (state.stage("inspect").status, state.stage("report").status) == ("reused", "done")
    assert state.stage("inspect").seconds > 0


def test_a_run_that_is_stopped_says_so_and_one_that_works_is_not_started_twice(slow_plan, tmp_path):
    launched = launch(slow_plan, tmp_path / "run")
    watch = RunWatch(launched.path)
    assert watch.poll().life == "running"
    with pytest.raises(Fault, match="another advisor works on this run"):
        relaunch(launched.path)

    RunDirectory(launched.path).stop_file.touch()
    assert watch.poll().life in ("stopping", "stopped")
    assert stop_run(RunDirectory(launched.path)) in (True, False)

    assert until(watch, lambda state: not state.is_live).life == "stopped"
    assert list_runs(tmp_path)[0].state == "interrupted"


def test_a_closed_terminal_leaves_the_run_alive(slow_plan, tmp_path):
    # given a front end of its own session that launches and is then hung up
    code = (
        "import sys, time; from pathlib import Path; from advisor.launching import launch; "
        "from advisor.plan import read_plan; "
        "print(launch(read_plan(Path(sys.argv[1])), Path(sys.argv[2])).pid, flush=True); time.sleep(60)"
    )
    (tmp_path / "plan.toml").write_text(slow_plan.to_toml(), encoding="utf-8")
    front = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "plan.toml"), str(tmp_path / "run")],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert front.stdout is not None
    pid = int(front.stdout.readline())
    assert RunWatch(tmp_path / "run").poll().owner == pid
    os.killpg(front.pid, signal.SIGHUP)
    front.wait()

    assert until(RunWatch(tmp_path / "run"), lambda state: not state.is_live).life == "finished"


def _limited(bytes_: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))


def test_a_full_disk_is_a_fault_that_says_what_to_do(slow_plan, tmp_path):
    # given files that cannot grow over 100 kB, as on a disk that is full
    run = create_run(slow_plan, tmp_path / "run")

    ended = subprocess.run(
        [sys.executable, "-m", "advisor", "resume", str(run.path)],
        preexec_fn=_limited(100_000),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == ExitCode.LACKING, ended.stderr
    state = RunWatch(run.path).poll()
    assert state.life == "failed"
    assert state.fault is not None
    assert "cannot be written" in state.fault.what
    assert "Free some space" in state.fault.fix
    assert state.disk_free is not None

    relaunch(run.path)
    assert until(RunWatch(run.path), lambda state: not state.is_live).life == "finished"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser writes everywhere")
def test_a_directory_that_cannot_be_written_is_told(plan, tmp_path):
    run = create_run(plan, tmp_path / "run")
    run.path.chmod(0o555)
    try:
        assert not RunWatch(run.path).poll().is_writable
        with pytest.raises(Fault, match="cannot be written"):
            relaunch(run.path)
    finally:
        run.path.chmod(0o755)


def test_a_log_that_cannot_be_written_is_told_before_anything_starts(plan, tmp_path):
    run = create_run(plan, tmp_path / "run")
    (run.path / "run.log").mkdir()

    with pytest.raises(Fault, match="cannot be written") as raised:
        relaunch(run.path)

    assert raised.value.code == ExitCode.LACKING
    assert not run.is_live()


def test_a_directory_that_was_removed_ends_a_launch_with_a_fault(plan, tmp_path):
    with pytest.raises(Fault, match="no such run"):
        relaunch(tmp_path / "gone")


def test_a_child_that_ends_at_once_is_told_with_its_last_lines(plan, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(Fault, match=r"ended at once \(exit code 1\)") as raised:
        launch(plan, tmp_path / "run")

    assert "advisor resume" in raised.value.fix


def finished(plan: Plan, path: Path) -> Launched:
    launched = launch(plan, path)
    until(RunWatch(path), lambda state: state.life == "finished")
    return launched


def test_attach_tells_a_run_that_has_ended_in_short(plan, tmp_path, advisor):
    path = finished(plan, tmp_path / "run").path

    ran = advisor("attach", path)
    as_json = advisor("attach", path, "--json")

    assert (ran.code, ran.out) == (0, "")
    assert "decide" in ran.err
    assert f"advisor report {path}" in ran.err
    assert as_json.json()["state"] == "finished"
    assert as_json.json()["verdict"] == json.loads((path / "verdict.json").read_text())["outcome"]
    assert advisor("attach", path, "--quiet").err == ""


def test_attach_gives_the_whole_event_stream(plan, tmp_path, advisor):
    path = finished(plan, tmp_path / "run").path

    ran = advisor("attach", path, "--json-events")

    said = [parse_event(line) for line in ran.out.splitlines()]
    assert said == RunDirectory(path).events()
    assert [type(event) for event in said][:2] == [type(said[0]), Logged]


def test_attach_follows_a_run_to_its_end(slow_plan, tmp_path):
    launched = launch(slow_plan, tmp_path / "run")
    heard: list[Any] = []

    state = follow(launched.path, heard.append)

    assert state.life == "finished"
    stages = [event.stage for event in heard if isinstance(event, StageFinished)]
    assert stages[0] == "assess"
    assert stages[-1] == "report"


def test_ctrl_c_leaves_the_run_running(slow_plan, tmp_path):
    launched = launch(slow_plan, tmp_path / "run")
    front = subprocess.Popen(
        [sys.executable, "-m", "advisor", "attach", str(launched.path)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert front.stderr is not None
    first = front.stderr.readline()
    front.send_signal(signal.SIGINT)
    rest = front.communicate(timeout=PATIENCE)[1]

    assert front.returncode == 0
    assert "the run goes on" in first + rest
    assert f"advisor stop {launched.path}" in first + rest
    assert RunWatch(launched.path).poll().owner == launched.pid
    assert until(RunWatch(launched.path), lambda state: not state.is_live).life == "finished"


def test_a_run_that_is_not_there_cannot_be_watched(tmp_path, advisor):
    assert advisor("attach", tmp_path / "absent").code == ExitCode.WRONG_USE


def test_of_steps_that_were_overtaken_only_the_last_is_told():
    def progress(done: int) -> Progress:
        return Progress(time=1, task="train", done=done)

    def metric(step: int) -> Metric:
        return Metric(time=1, step=step, epoch=0, values={"loss": 1.0})

    line, stage = Logged(time=1, message="a line"), StageStarted(time=1, stage="train")

    told = list(without_steps([stage, metric(1), progress(1), metric(2), progress(2), line, progress(3)]))

    assert told == [stage, metric(2), progress(2), line, progress(3)]

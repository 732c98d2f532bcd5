"""The trainer seen from the advisor: what it is asked, and how its failures are told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from advisor.interrupt import Interrupted, StopSignal
from advisor.jobs import (
    _raise_failure,
    check_train_extra,
    is_finished,
    read_result,
    run_jobs,
    write_job,
)
from rubrics.errors import ExitCode, Fault
from trainer.events import Event
from trainer.job import (
    FAILURE_FILE,
    LOG_FILE,
    RESULT_FILE,
    EvaluateJob,
    Failure,
    ModelSpec,
    read_job,
    write_json,
)


def job(max_length: int = 64) -> EvaluateJob:
    return EvaluateJob(model=ModelSpec(path=Path("/model")), max_length=max_length)


def end(directory: Path, code: int = 1, *, stopped: bool = False) -> None:
    """What the advisor makes of a child that has ended."""
    stop = StopSignal()
    if stopped:
        stop.set()
    _raise_failure([directory], code, stop)


def test_a_request_is_read_back_by_the_trainer(tmp_path):
    write_job(tmp_path / "jobs/one", job())

    assert read_job(tmp_path / "jobs/one") == job()


def test_the_same_request_keeps_its_result(tmp_path):
    write_job(tmp_path, job())
    write_json(tmp_path / RESULT_FILE, {"loss": 1.0})

    write_job(tmp_path, job())

    assert is_finished(tmp_path)
    assert read_result(tmp_path) == {"loss": 1.0}


def test_another_request_loses_the_result_of_the_former(tmp_path):
    write_job(tmp_path, job())
    write_json(tmp_path / RESULT_FILE, {"loss": 1.0})

    write_job(tmp_path, job(max_length=128))

    assert not is_finished(tmp_path)
    assert read_job(tmp_path) == job(max_length=128)


def test_finished_jobs_start_no_child(tmp_path, monkeypatch):
    monkeypatch.setattr("subprocess.Popen", lambda *arguments, **more: pytest.fail("a child was started"))
    write_job(tmp_path, job())
    write_json(tmp_path / RESULT_FILE, {"loss": 1.0})
    heard: list[Event] = []

    run_jobs([tmp_path], heard.append, StopSignal())

    assert heard == []


@pytest.mark.parametrize("absent", [["torch"], ["peft", "accelerate"]])
def test_missing_packages_are_named_with_the_extra_that_brings_them(absent, monkeypatch):
    for name in absent:
        # What importing a package that is not there comes to.
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(Fault) as raised:
        check_train_extra()

    assert raised.value.code == ExitCode.LACKING
    assert all(name in raised.value.what for name in absent)
    assert "transformers" not in raised.value.what
    assert "finetune-advisor[train]" in raised.value.fix


def test_a_run_without_the_extra_ends_before_anything_is_spent(rows_file, tmp_path, advisor, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)

    ran = advisor("run", "--data", rows_file, "--out", tmp_path / "run")

    assert ran.code == ExitCode.LACKING
    assert "pip install 'finetune-advisor[train]'" in ran.err
    assert not (tmp_path / "run/baselines.json").exists()


def test_the_classifier_alone_needs_no_extra(rows_file, tmp_path, advisor, monkeypatch):
    # Not by `sys.modules`, where scikit-learn looks for torch as well.
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    ran = advisor(
        "baseline", "--data", rows_file, "--rungs", "classifier", "--out", tmp_path / "run", "--json"
    )

    assert ran.code == 0, ran.err
    assert [entry["rung"] for entry in ran.json()["baselines"]] == ["classifier", "classifier"]


def test_a_job_that_ended_well_is_no_failure(tmp_path):
    write_json(tmp_path / RESULT_FILE, {})

    end(tmp_path, code=0)


def test_an_expected_failure_keeps_its_parts_across_the_processes(tmp_path):
    fault = Fault(
        "2 rows are too long",
        where="train.jsonl",
        fix="shorten them",
        code=ExitCode.BAD_DATA,
        problems=["r1", "r2"],
    )
    write_json(tmp_path / FAILURE_FILE, Failure.of(fault))

    with pytest.raises(Fault) as raised:
        end(tmp_path, code=3)

    told = raised.value
    assert (told.what, told.where, told.fix, told.code) == (fault.what, fault.where, fault.fix, fault.code)
    assert told.problems == ("r1", "r2")


def test_an_unexpected_failure_points_to_the_log(tmp_path):
    record = Failure(what="KeyError: 'x'", fix="report it", problems=["line 1"], traceback="Traceback ...")
    write_json(tmp_path / FAILURE_FILE, record)

    with pytest.raises(Fault, match="KeyError") as raised:
        end(tmp_path)

    assert raised.value.where == str(tmp_path / LOG_FILE)
    assert raised.value.code == ExitCode.PROGRAM_FAULT
    assert raised.value.problems == ("line 1",)


def test_a_crash_without_a_word_shows_the_end_of_the_log(tmp_path):
    lines = [f"line {number}" for number in range(40)]
    (tmp_path / LOG_FILE).write_bytes(("\n".join(lines) + "\nterminate called\n").encode() + b"\xff\n")

    with pytest.raises(Fault, match="killed by signal 9") as raised:
        end(tmp_path, code=-9)

    assert raised.value.code == ExitCode.LACKING
    assert "terminate called" in raised.value.problems
    assert "line 39" in raised.value.problems
    assert "line 0" not in raised.value.problems
    assert "advisor resume" in raised.value.fix
    assert "--batch-size" in raised.value.fix


def test_a_crash_before_the_first_line_is_told_too(tmp_path):
    with pytest.raises(Fault, match="exit code 7") as raised:
        end(tmp_path, code=7)

    assert raised.value.problems == ()


@pytest.mark.parametrize(("code", "stopped"), [(130, False), (-15, True), (1, True)])
def test_a_stop_that_was_asked_for_is_no_failure(code, stopped, tmp_path):
    with pytest.raises(Interrupted):
        end(tmp_path, code=code, stopped=stopped)


def test_a_failure_is_told_even_where_a_stop_was_asked_for(tmp_path):
    write_json(tmp_path / FAILURE_FILE, Failure(what="no space left", code=5))

    with pytest.raises(Fault, match="no space left"):
        end(tmp_path, code=5, stopped=True)

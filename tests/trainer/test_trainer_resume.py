"""Interrupted at any moment, a training goes on from its last checkpoint and ends like an undisturbed one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from trainer_jobs import (
    STANDARD,
    Training,
    assert_same_history,
    result_of,
    rows,
    run,
    run_process,
    stop_after,
    train,
    trained_steps,
    write_training,
)

import trainer
from rubrics.errors import ExitCode
from trainer import __main__ as process
from trainer.errors import Stopped
from trainer.events import Event, read_events
from trainer.job import FAILURE_FILE, RESULT_FILE, STOP_FILE
from trainer.training import last_checkpoint

REPOSITORY = Path(trainer.__file__).resolve().parent.parent


def _newest_whole(directory: Path) -> int:
    found = last_checkpoint(directory)
    return int(found.name.rpartition("-")[2]) if found else 0


def _same_adapter(one: Path, other: Path) -> bool:
    name = Path("adapter") / "adapter_model.safetensors"
    return (one / name).read_bytes() == (other / name).read_bytes()


@pytest.mark.parametrize("micro_batch", [4, 2])
def test_stopped_again_and_again_it_ends_like_an_undisturbed_run(
    tiny_model: Path, tmp_path: Path, undisturbed: Training, micro_batch: int
) -> None:
    # given stops in the middle of an epoch, at its border, and between two checkpoints of the second
    parameters = STANDARD.model_copy(update={"micro_batch_size": micro_batch})
    directory = write_training(tmp_path / "job", tiny_model, parameters)
    attempts: list[list[Event]] = []
    for step in (7, 10, 13):
        should_stop, events = stop_after(step)
        attempts.append(events)
        with pytest.raises(Stopped):
            run(directory, should_stop, events.append)
        assert _newest_whole(directory) == step
    # when it is run to its end
    attempts.append([])
    run(directory, emit=attempts[-1].append)
    # then no step was trained twice, and history, best step and adapter are those of the undisturbed run
    assert [step for events in attempts for step in trained_steps(events)] == list(range(1, 21))
    assert_same_history(result_of(directory), undisturbed.result, tolerance=1e-3)
    assert result_of(directory).best_step == undisturbed.result.best_step
    if micro_batch == STANDARD.micro_batch_size:
        assert _same_adapter(directory, undisturbed.directory)


@pytest.mark.parametrize("ask", ["signal", "file"])
def test_a_stop_saves_and_a_rerun_goes_on(
    tiny_model: Path, tmp_path: Path, undisturbed: Training, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    # given a process that is asked to stop in its fifth step
    directory = write_training(tmp_path / "job", tiny_model)
    asked = []

    def at_step_five(writer: process.EventWriter, event: Event) -> None:
        write(writer, event)
        if event.type == "progress" and event.task == "train" and event.done == 5 and not asked:
            asked.append(True)
            (directory / STOP_FILE).touch() if ask == "file" else os.kill(os.getpid(), signal.SIGTERM)

    write = process.EventWriter.__call__
    monkeypatch.setattr(process.EventWriter, "__call__", at_step_five)
    # when it runs
    code = run_process(directory)
    # then it ended in order at that step: saved, said so, and left no result and no failure
    assert code == ExitCode.INTERRUPTED
    assert _newest_whole(directory) == 5
    first = read_events(directory / "events.jsonl")
    assert (first[-1].type, first[-1].outcome) == ("job_finished", "stopped")
    assert not (directory / RESULT_FILE).exists()
    assert not (directory / FAILURE_FILE).exists()
    # and the very same command goes on to the same end
    assert run_process(directory) == ExitCode.OK
    assert trained_steps(read_events(directory / "events.jsonl")) == list(range(1, 21))
    assert_same_history(result_of(directory), undisturbed.result, tolerance=1e-3)
    assert _same_adapter(directory, undisturbed.directory)


def _start(directory: Path, folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "trainer", str(directory)],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_for(condition: Callable[[], bool], child: subprocess.Popen[bytes], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert child.poll() is None, "the trainer ended before it could be killed"
        assert time.monotonic() < end, "the trainer did not get there in time"
        time.sleep(0.002)


def test_killed_at_30_60_and_90_percent_it_ends_like_an_undisturbed_run(
    tiny_model: Path, tmp_path: Path
) -> None:
    # given 40 steps in two epochs, and a working folder whose files have the names of packages
    # (and enough dev rows that the process cannot run to its end between a look at its events and the kill)
    data = {"train": rows(80), "dev": rows(60, seed=1), "samples": 0}
    undisturbed = train(tmp_path / "undisturbed", tiny_model, **data)
    directory = write_training(tmp_path / "job", tiny_model, **data)
    for name in ("evaluate", "torch", "datasets"):
        (tmp_path / f"{name}.py").write_text(
            "raise SystemExit('a file of the working folder was imported')\n"
        )
    events_file = directory / "events.jsonl"
    # when the process is killed three times without warning
    for share in (0.3, 0.6, 0.9):
        before = len(trained_steps(read_events(events_file)))
        going_on_from = _newest_whole(directory)
        child = _start(directory, tmp_path)
        reached = 40 * share
        _wait_for(lambda reached=reached: any(  # type: ignore[misc]
            event.type == "progress" and event.done >= reached for event in read_events(events_file)
        ), child)  # fmt: skip
        child.send_signal(signal.SIGKILL)
        child.wait()
        # then it had begun right after its last whole checkpoint, and had lost at most a tenth of the steps
        steps = trained_steps(read_events(events_file))[before:]
        assert steps == list(range(going_on_from + 1, steps[-1] + 1))
        assert steps[-1] - _newest_whole(directory) <= 4
        assert not (directory / RESULT_FILE).exists()
    # and run to its end it has the losses, the best step and the adapter of the undisturbed run
    before, going_on_from = len(trained_steps(read_events(events_file))), _newest_whole(directory)
    assert _start(directory, tmp_path).wait(timeout=90) == ExitCode.OK
    assert trained_steps(read_events(events_file))[before:] == list(range(going_on_from + 1, 41))
    assert_same_history(result_of(directory), undisturbed.result, tolerance=1e-3)
    assert result_of(directory).best_step == undisturbed.result.best_step


def test_an_unfinished_checkpoint_is_not_used(
    tiny_model: Path, tmp_path: Path, undisturbed: Training
) -> None:
    # given a training stopped at step 6, and a checkpoint of step 8 whose saving was cut short
    directory = write_training(tmp_path / "job", tiny_model)
    should_stop, events = stop_after(6)
    with pytest.raises(Stopped):
        run(directory, should_stop, events.append)
    unfinished = directory / "checkpoint-8"
    shutil.copytree(directory / "checkpoint-6", unfinished)
    (unfinished / "complete").unlink()
    (unfinished / "adapter_model.safetensors").write_bytes(b"half")
    # when it goes on, and stops again before step 8
    should_stop, events = stop_after(7)
    with pytest.raises(Stopped):
        run(directory, should_stop, events.append)
    # then it went on from step 6, and the unfinished folder is gone
    assert trained_steps(events) == [7]
    assert not unfinished.exists()
    # and in the end the folder of step 8 or what followed it is a whole one
    run(directory)
    assert_same_history(result_of(directory), undisturbed.result, tolerance=1e-3)


@pytest.mark.parametrize("epochs", [2.0, 1.25])
def test_killed_after_the_last_checkpoint_nothing_is_trained_again(
    tiny_model: Path, tmp_path: Path, epochs: float
) -> None:
    # given a finished training whose result and adapter did not reach the disk
    done = train(tmp_path / "job", tiny_model, STANDARD.model_copy(update={"epochs": epochs}))
    (done.directory / RESULT_FILE).unlink()
    adapter = (done.directory / "adapter" / "adapter_model.safetensors").read_bytes()
    shutil.rmtree(done.directory / "adapter")
    # when it is run again
    events: list[Event] = []
    run(done.directory, emit=events.append)
    # then not one more step was trained, and result and adapter are what they were
    assert trained_steps(events) == []
    again = result_of(done.directory)
    assert_same_history(again, done.result, tolerance=0)
    assert (again.steps, again.best_step, again.epochs) == (
        done.result.steps,
        done.result.best_step,
        done.result.epochs,
    )
    assert again.trainable_parameters == done.result.trainable_parameters
    assert (done.directory / "adapter" / "adapter_model.safetensors").read_bytes() == adapter

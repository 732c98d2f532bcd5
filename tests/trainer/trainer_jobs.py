"""Job directories for the tests of the trainer, and ways to run them in this process."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trainer.__main__ as process
from trainer.events import Event, Metric
from trainer.job import (
    JOB_FILE,
    RESULT_FILE,
    Hyperparameters,
    Job,
    ModelSpec,
    TrainJob,
    TrainResult,
    read_job,
    write_json,
    write_json_lines,
)
from trainer.run import run_job
from trainer.workplace import ModelCache, Workplace

LABELS = ("refund", "delivery", "card", "transfer", "login", "other")
STEPS_AN_EPOCH = 10
STANDARD = Hyperparameters(
    rank=4, learning_rate=5e-3, epochs=2, batch_size=4, micro_batch_size=4, max_length=256, warmup_share=0.1
)
"""With `rows(40)`: 20 steps in two epochs, dev measured and a checkpoint written every second step."""


@dataclass
class Training:
    """A finished training: its directory, result and everything that it said."""

    directory: Path
    result: TrainResult
    events: list[Event] = field(default_factory=list)


def rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Chat rows of many lengths, the same for the same arguments."""
    chance = random.Random(seed)
    made = []
    for index in range(count):
        words = [
            chance.choice(
                ["my", "card", "parcel", "phone", "order", "came", "late", "and", "nobody", "answers"]
            )
        ]
        words += chance.choices(
            ["the", "transfer", "failed", "on", "Monday", "please", "help", "me", "now"],
            k=chance.randint(0, 25),
        )
        label = LABELS[len(words) % len(LABELS)]
        answer = " ".join([label] * chance.randint(1, 4))
        made.append(
            {"id": f"r{index}", "messages": [{"role": "user", "content": " ".join(words)}], "answer": answer}
        )
    return made


def write_job(directory: Path, job: Job, **files: list[dict[str, Any]]) -> Path:
    """Write a job directory; `files` are JSONL files by their stem."""
    directory.mkdir(parents=True, exist_ok=True)
    write_json(directory / JOB_FILE, job)
    for stem, content in files.items():
        write_json_lines(directory / f"{stem}.jsonl", content)
    return directory


def write_training(
    directory: Path,
    model: Path,
    parameters: Hyperparameters = STANDARD,
    *,
    train: list[dict[str, Any]] | None = None,
    dev: list[dict[str, Any]] | None = None,
    samples: int = 1,
    **spec: Any,
) -> Path:
    """Write a train job in fp32, where runs can be compared number by number."""
    job = TrainJob(
        model=ModelSpec(path=model, **{"precision": "fp32", "attention": "eager", **spec}),
        hyperparameters=parameters,
        samples=samples,
    )
    return write_job(directory, job, train=train or rows(40), dev=dev or rows(6, seed=1))


def run(
    directory: Path,
    should_stop: Callable[[], bool] = lambda: False,
    emit: Callable[[Event], None] = lambda event: None,
) -> None:
    """Run one job directory in this process."""
    run_job(read_job(directory), Workplace(directory, emit, should_stop), ModelCache())


def result_of(directory: Path) -> TrainResult:
    return TrainResult.model_validate_json((directory / RESULT_FILE).read_bytes())


def train(directory: Path, model: Path, parameters: Hyperparameters = STANDARD, **options: Any) -> Training:
    """Write a train job and run it to its end."""
    write_training(directory, model, parameters, **options)
    events: list[Event] = []
    run(directory, emit=events.append)
    return Training(directory, result_of(directory), events)


def run_process(*directories: Path) -> int:
    """What `python -m trainer DIR...` does, without paying for a new interpreter's imports."""
    kept = {number: os.dup(number) for number in (1, 2)}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    process._stop_asked = False
    try:
        # pytest's own sys.stdout and sys.stderr would bypass the descriptors that the process redirects.
        with (
            os.fdopen(1, "w", buffering=1, closefd=False) as stdout,
            os.fdopen(2, "w", buffering=1, closefd=False) as stderr,
            redirect_stdout(stdout),
            redirect_stderr(stderr),
        ):
            return process.main([str(directory) for directory in directories])
    finally:
        process._stop_asked = False
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)


def stop_after(step: int) -> tuple[Callable[[], bool], list[Event]]:
    """A question that becomes true at an optimizer step, and the list that an emitter must append to."""
    events: list[Event] = []
    return lambda: max(_progress(events), default=0) >= step, events


def _progress(events: list[Event]) -> list[float]:
    return [event.done for event in events if event.type == "progress" and event.task == "train"]


def trained_steps(events: list[Event]) -> list[int]:
    """Steps that were really computed, in order, by their loss."""
    return [event.step for event in events if isinstance(event, Metric) and "loss" in event.values]


def assert_same_history(one: TrainResult, other: TrainResult, tolerance: float) -> None:
    """Every value of every step, dev values and learning rates included.

    Not the epoch: where the last step of an epoch is a partial one, the Trainer counts it in micro-batches.
    """
    assert [point.step for point in one.history] == [point.step for point in other.history]
    for left, right in zip(one.history, other.history, strict=True):
        mine, theirs = (point.model_dump(exclude={"epoch"}, exclude_none=True) for point in (left, right))
        assert mine.keys() == theirs.keys(), f"step {left.step}"
        for name, value in mine.items():
            assert abs(value - theirs[name]) <= tolerance, f"{name} at step {left.step}"

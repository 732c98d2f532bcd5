"""What a run says while it works: one JSON line an event, appended and flushed.

Screens, progress bars and `--json-events` are folds of this stream. Each process writes a file of its own; a
reader merges them. A process that dies in the middle of a line leaves a partial line: writers start on a fresh
line, readers pass over what does not parse.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    time: float = Field(default_factory=time.time, description="seconds since the epoch")


class StageStarted(_Event):
    """A stage of the walk began."""

    type: Literal["stage_started"] = "stage_started"
    stage: str


class StageFinished(_Event):
    """A stage ended; `reused` when its artefact was still valid and nothing was done."""

    type: Literal["stage_finished"] = "stage_finished"
    stage: str
    seconds: float
    reused: bool = False
    summary: str = ""


class Progress(_Event):
    """How far a task is; `task` names it, `total` is None while unknown."""

    type: Literal["progress"] = "progress"
    task: str
    done: float
    total: float | None = None
    unit: str = "rows"


class Metric(_Event):
    """Values measured at one optimizer step, such as loss in nats a supervised token."""

    type: Literal["metric"] = "metric"
    step: int
    epoch: float
    values: dict[str, float]


class Sample(_Event):
    """One answer of the model as it is now, beside the reference; `id` is the dev row's."""

    type: Literal["sample"] = "sample"
    step: int
    id: str = ""
    prompt: str
    reference: str
    prediction: str


class Warned(_Event):
    """Something a person should know that stops nothing."""

    type: Literal["warning"] = "warning"
    message: str


class Logged(_Event):
    """A line of narration."""

    type: Literal["log"] = "log"
    message: str


class RunStarted(_Event):
    """An advisor began to work on a run; `until` names the stage after which it was asked to end, or is empty."""

    type: Literal["run_started"] = "run_started"
    pid: int
    until: str = ""


class RunEnded(_Event):
    """An advisor ended its work on a run.

    Attributes:
        outcome: `done`; `paused` where training is wanted and `until` ended the walk before it; `stopped` on request;
            `failed` with the fault in its parts (see `rubrics.errors.Fault`).
        code: exit code.
    """

    type: Literal["run_ended"] = "run_ended"
    outcome: Literal["done", "paused", "stopped", "failed"]
    what: str = ""
    where: str = ""
    fix: str = ""
    code: int = 0
    problems: list[str] = []


class RungScored(_Event):
    """The answers of one rung so far, by the metric that decides.

    Attributes:
        done: rows answered, of `total`.
        n: rows scored; rows that stand in train are answered and not scored.
        value, low, high: mean score with its 95% interval, 0..1; None where no row was scored.
    """

    type: Literal["rung_scored"] = "rung_scored"
    rung: str
    split: str
    metric: str
    done: int
    total: int
    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


class RungAnswered(_Event):
    """One of the first answers of a rung on dev, with its prompt, for a person to look at."""

    type: Literal["rung_answered"] = "rung_answered"
    rung: str
    id: str
    prompt: str
    reference: str
    prediction: str
    score: float


class DevScored(_Event):
    """The answers to a few dev rows during training, by the metric that decides: mean and 95% interval, 0..1."""

    type: Literal["dev_scored"] = "dev_scored"
    step: int
    metric: str
    n: int
    value: float
    low: float
    high: float


class JobStarted(_Event):
    """The trainer began a job."""

    type: Literal["job_started"] = "job_started"
    job: str
    kind: str
    pid: int


class JobFinished(_Event):
    """The trainer ended a job."""

    type: Literal["job_finished"] = "job_finished"
    job: str
    outcome: Literal["done", "stopped", "failed"]
    seconds: float


Event = Annotated[
    RunStarted
    | RunEnded
    | StageStarted
    | StageFinished
    | Progress
    | Metric
    | Sample
    | RungScored
    | RungAnswered
    | DevScored
    | Warned
    | Logged
    | JobStarted
    | JobFinished,
    Field(discriminator="type"),
]
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
_validate = _EVENT.validator.validate_json

Listener = Callable[[Event], None]


def parse_event(line: str | bytes) -> Event | None:
    """Return the event of one line, or None where the line is partial or of a kind not known here."""
    try:
        event: Event = _validate(line)
        return event
    except ValidationError:
        return None


class EventWriter:
    """Appends events to one file; safe to reopen after a crash."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        self._file.seek(0, os.SEEK_END)
        if self._file.tell():
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")

    def __call__(self, event: Event) -> None:
        """Append one event and flush it."""
        self._file.write(event.model_dump_json().encode() + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class EventTail:
    """Reads what was appended to an event file since the last call.

    Args:
        from_end: begins after what is there already.
    """

    def __init__(self, path: Path, *, from_end: bool = False) -> None:
        self._path = path
        self._offset = path.stat().st_size if from_end and path.exists() else 0
        self._file = _identity(path)

    def poll(self) -> Iterator[Event]:
        """Yield what the whole new lines say; a partial last line is left for the next call."""
        # Line by line: whoever stops listening in between hears the rest the next time.
        for lines in self.pieces(1):
            for line in lines:
                event = parse_event(line)
                if event is not None:
                    yield event

    def pieces(self, size: int) -> Iterator[list[bytes]]:
        """Yield the whole new lines, some at a time: the log of a long training need not be in memory at once.

        Args:
            size: bytes; lines are taken until there are as many.
        """
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            identity = _identity(self._path)
            if self._file not in (None, identity):
                self._offset = 0  # another file now: the former was set aside
            self._file = identity
            file.seek(self._offset)
            is_whole = True
            while is_whole and (lines := file.readlines(size)):
                is_whole = lines[-1][-1:] == b"\n"
                if not is_whole:
                    del lines[-1]
                self._offset += sum(map(len, lines))
                yield lines


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def read_events(path: Path) -> list[Event]:
    """Return every readable event of a file, oldest first; an absent file has none."""
    return list(EventTail(path).poll())

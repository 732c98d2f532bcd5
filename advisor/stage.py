"""A stage: a function from the plan and earlier artefacts to one artefact, done once and reused while valid.

Its output carries a hash of the stage's version, of the plan fields it reads, of its upstream artefacts' hashes
and of the content of data and model. A run is resumed by executing the stages whose output is missing or stale,
so that resume, re-run and recovery are one code path. Measured values (times, latencies) never enter a hash.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from advisor.data.production import Production
from advisor.data.reading import DataFile
from advisor.guard import GuardSet
from advisor.interrupt import StopSignal
from advisor.models.resolve import ResolvedModel
from advisor.plan import Plan
from advisor.run_directory import RunDirectory
from advisor.scoring import Scoring
from trainer.events import Listener, Logged, StageFinished, StageStarted, Warned, read_events
from trainer.job import write_json


class Artefact(BaseModel):
    """What a stage leaves; `input_hash` says from what."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    input_hash: str = ""


A = TypeVar("A", bound=Artefact)


@dataclass(frozen=True)
class Stage(Generic[A]):
    """How to make one artefact.

    Attributes:
        version: raised when the same inputs give another output than before.
        fields: plan fields that decide the output.
        reads: names of the stages whose artefacts it reads.
        facts: what of the plan decides the output where not a whole field does.
        content: digests of data and model that decide the output.
        make: does the work.
        summary: one line for a person about the artefact.
    """

    name: str
    file: str
    artefact: type[A]
    make: Callable[[Context], A]
    fields: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    facts: Callable[[Plan], Mapping[str, str]] = field(default=lambda plan: {})
    content: Callable[[Context], Mapping[str, str]] = field(default=lambda context: {})
    summary: Callable[[A], str] = field(default=lambda artefact: "")
    version: int = 1


def asked_of(stage: Stage[Any], plan: Plan) -> dict[str, Any]:
    """What of a plan decides the stage's output."""
    values = plan.model_dump(mode="json")
    return {**{name: values[name] for name in stage.fields}, **stage.facts(plan)}


def seconds_used(run: RunDirectory) -> float:
    """Working time of a run so far, in its finished stages; interruptions left out."""
    return sum(
        event.seconds
        for event in read_events(run.events_file)
        if isinstance(event, StageFinished) and not event.reused
    )


class Context:
    """What stages work with: plan, data, model, run directory, voice, stop signal, artefacts made so far.

    `model` is the local one; None where an endpoint answers and nothing is trained. The plan's metric is the one
    that decides, `auto` resolved; `scoring` says how answers are scored by it and by those beside it. `production`
    is a sample of real use where the plan names one; no stage trains on it or scores it. `guard` holds the rows on
    which the tuned model must not get worse; None where nothing is trained or none are wanted.
    """

    def __init__(
        self,
        plan: Plan,
        run: RunDirectory,
        emit: Listener,
        stop: StopSignal,
        files: Mapping[str, DataFile],
        model: ResolvedModel | None,
        scoring: Scoring | None = None,
        production: Production | None = None,
        guard: GuardSet | None = None,
        follow: Listener | None = None,
    ) -> None:
        self.scoring = scoring or Scoring()
        self.plan = plan
        self.run = run
        self.emit = emit
        self.follow = follow or emit
        self.stop = stop
        self.files = files
        self.model = model
        self.production = production
        self.guard = guard
        self.digests: dict[str, str] = {}
        self.paused = False
        self._artefacts: dict[str, Artefact] = {}
        self._started = time.monotonic()
        self._spent_before = seconds_used(run)

    def say(self, message: str) -> None:
        """A line of narration."""
        self.emit(Logged(message=message))

    def warn(self, message: str) -> None:
        """Something a person should know."""
        self.emit(Warned(message=message))

    def data_digests(self) -> dict[str, str]:
        """Content of the data files."""
        return {name: file.bytes_sha256 for name, file in self.files.items()}

    def model_digest(self) -> dict[str, str]:
        """Content of the local model; empty where none is used."""
        return {"model": self.model.digest} if self.model else {}

    def guard_digest(self) -> dict[str, str]:
        """Content of the guard rows; empty where there are none."""
        return {"guard": self.guard.digest} if self.guard else {}

    def seconds_spent(self) -> float:
        """Working time of this run, sessions before an interruption included."""
        return self._spent_before + time.monotonic() - self._started

    def seconds_left(self) -> float | None:
        """What `--max-minutes` leaves; None without a limit."""
        if self.plan.max_minutes is None:
            return None
        return self.plan.max_minutes * 60 - self.seconds_spent()

    def get(self, stage: Stage[A]) -> A:
        """The artefact of an earlier stage."""
        artefact = self._artefacts[stage.name]
        assert isinstance(artefact, stage.artefact)
        return artefact

    def has(self, stage: Stage[Any]) -> bool:
        """Whether a stage was part of this run."""
        return stage.name in self._artefacts

    def execute(self, stage: Stage[A]) -> A:
        """Reuse the stage's artefact while it is valid, else make it and write it."""
        self.stop.check()
        self.emit(StageStarted(stage=stage.name))
        start = time.monotonic()
        key = self._key(stage)
        artefact = self._valid(stage, key)
        reused = artefact is not None
        if artefact is None:
            artefact = stage.make(self).model_copy(update={"input_hash": key})
            write_json(self.run.path / stage.file, artefact)
        self._artefacts[stage.name] = artefact
        self.digests[stage.name] = key
        self.emit(
            StageFinished(
                stage=stage.name,
                seconds=time.monotonic() - start,
                reused=reused,
                summary=stage.summary(artefact),
            )
        )
        return artefact

    def _key(self, stage: Stage[Any]) -> str:
        inputs = {
            "stage": stage.name,
            "version": stage.version,
            "plan": asked_of(stage, self.plan),
            "reads": {name: self.digests.get(name) for name in stage.reads},
            "content": dict(stage.content(self)),
        }
        return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()

    def _valid(self, stage: Stage[A], key: str) -> A | None:
        path = self.run.path / stage.file
        try:
            artefact = stage.artefact.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        return artefact if artefact.input_hash == key else None

"""Reading a run directory as it grows: its events, who holds it, its small artefacts."""

from __future__ import annotations

import heapq
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from advisor.run_directory import RunDirectory
from advisor.run_names import RUN_LOG
from advisor.watching.folding import TRAINING, fold, fold_all
from advisor.watching.state import Finding, Life, RungState, RunState, TrainingState
from rubrics.learning import read_history
from trainer.event_log import LogTail, Metrics
from trainer.events import Event, EventTail, Listener
from trainer.job import EVENTS_FILE

ARTEFACTS = ("assessment", "split", "budget", "measurement", "baselines", "verdict", "forecast", "comparison")
_LARGEST_ARTEFACT = 8 * 2**20
_LOG_LINES, _LOG_BYTES = 20, 16 * 2**10
_DISK_STEP = 16 * 2**20
_STEPS_BETWEEN_READINGS = 50
"""The signs are read anew at each measurement of dev, and after so many steps."""


class RunEvents:
    """The events of a run and its jobs, merged by time; jobs that begin later are found.

    Args:
        in_bulk: for a fold of all of it, see `trainer.event_log.LogTail`.
    """

    def __init__(self, path: Path, *, in_bulk: bool = False) -> None:
        self._tail = LogTail if in_bulk else EventTail
        self._run = RunDirectory(path)
        self._tails: dict[str, EventTail | LogTail] = {}

    def poll(self) -> Iterator[tuple[str, Event | Metrics]]:
        """Yield what was said since the last call, each with the name of its job (empty: the advisor)."""
        # The advisor's own file first: what it says of a job comes after what the job said, which is read then.
        for name, file in (("", self._run.events_file), *self._job_files()):
            if name not in self._tails:
                self._tails[name] = self._tail(file)
        streams = [_named(name, tail) for name, tail in self._tails.items()]
        return heapq.merge(*streams, key=lambda item: item[1].time)

    def _job_files(self) -> Iterator[tuple[str, Path]]:
        yield TRAINING, self._run.training / EVENTS_FILE
        for file in sorted(self._run.jobs.glob(f"*/{EVENTS_FILE}")):
            yield file.parent.name, file


def _named(name: str, tail: EventTail | LogTail) -> Iterator[tuple[str, Event | Metrics]]:
    for event in tail.poll():
        yield name, event


class RunWatch:
    """Follows one run; call `poll` from one thread at a time, as often as a screen repaints."""

    def __init__(self, path: Path, listener: Listener | None = None) -> None:
        """Begin before the first event.

        Args:
            listener: hears each event as it is read.
        """
        self._run = RunDirectory(path)
        self._events = RunEvents(path, in_bulk=listener is None)
        self._listener = listener
        self._folded = RunState()
        self._seen: dict[str, tuple[int, int]] = {}
        self._artefacts: Mapping[str, Any] = MappingProxyType({})
        self._findings: tuple[Finding, ...] = ()
        self._read_at = (-1, -1, "")

    def poll(self) -> RunState:
        """The state as it is now; equal to the last one where nothing happened.

        Raises:
            OSError: an event file cannot be read.
        """
        # Who holds it is asked before events are read: a run that ends in between has said so by then.
        owner, trainer = self._run.owner(), self._run.trainer_owner()
        self._folded = fold_all(self._folded, self._heard() if self._listener else self._events.poll())
        self._read_artefacts()
        self._read_findings(self._folded.training)
        state = replace(
            self._folded,
            owner=owner,
            trainer=trainer,
            artefacts=self._artefacts,
            findings=self._findings,
            rungs=self._rungs(),
            has_report=(self._run.path / "report.json").exists(),
            disk_free=_disk_free(self._run.path),
            is_writable=self._run.is_writable(),
        )
        life = _life(state, stop_asked=self._run.stop_file.exists())
        if life in ("died", "starting") and (word := self._run.last_word()) is not None:
            state = fold(state, word)
            life = _life(state, stop_asked=False)
        log = _last_lines(self._run.path / RUN_LOG) if life in ("died", "failed") else ()
        return replace(state, life=life, log=log)

    def _heard(self) -> Iterator[tuple[str, Event | Metrics]]:
        for job, event in self._events.poll():
            assert self._listener is not None
            assert not isinstance(event, Metrics)
            self._listener(event)
            yield job, event

    def _read_artefacts(self) -> None:
        changed: dict[str, Any] = {}
        for name in ARTEFACTS:
            path = self._run.path / f"{name}.json"
            stamp = _stamp(path)
            if stamp is not None and stamp != self._seen.get(name):
                self._seen[name] = stamp
                changed[name] = _parsed(path) if stamp[1] <= _LARGEST_ARTEFACT else None
        if changed:
            merged = {**self._artefacts, **changed}
            self._artefacts = MappingProxyType({k: v for k, v in merged.items() if v is not None})

    def _read_findings(self, training: TrainingState) -> None:
        dev = training.series.get("eval_loss")
        read_at = (
            dev.last_step if dev else 0,
            training.step // _STEPS_BETWEEN_READINGS,
            training.status,
        )
        if read_at != self._read_at:
            self._read_at = read_at
            self._findings = findings(training)

    def _rungs(self) -> tuple[RungState, ...]:
        """The ladder as it was measured, once it is; what the events said until then."""
        live, ladder = self._folded.rungs, self._artefacts.get("baselines")
        if ladder is None or self._folded.stage("baseline").status == "running":
            return live
        said = {(rung.rung, rung.split): rung for rung in live}
        try:
            return tuple(_measured(entry, ladder["metric"], said) for entry in ladder["rungs"])
        except (LookupError, TypeError, AttributeError):
            return live  # of another version of the program; the walk makes such a one again


def findings(training: TrainingState) -> tuple[Finding, ...]:
    """The signs L1 to L5 that a training shows, as far as it has come."""
    so_far = training.status != "done"
    return tuple(
        Finding(found["rule"], found["message"], so_far) for found in read_history(training.history())
    )


def _measured(entry: Mapping[str, Any], metric: str, said: Mapping[tuple[str, str], RungState]) -> RungState:
    key = (entry["rung"], entry["split"])
    asked = entry["with_leaked"]["n"] if entry.get("with_leaked") else entry["n"]
    return replace(
        said.get(key, RungState(*key)),
        metric=metric,
        done=asked,
        total=asked,
        n=entry["n"],
        **entry["metrics"][metric],
        selected=entry["selected"],
        model=entry["model"],
        prompt_tokens=entry["prompt_tokens"],
        completion_tokens=entry["completion_tokens"],
        latency_p50=entry["latency_s"]["p50"],
    )


def _life(state: RunState, *, stop_asked: bool) -> Life:
    if state.owner is not None or state.trainer is not None:
        return "stopping" if stop_asked else "running"
    ended: dict[str, Life] = {
        "done": "finished",
        "paused": "paused",
        "stopped": "stopped",
        "failed": "failed",
    }
    if state.ending:
        return ended[state.ending]
    begun = state.session_started is not None or any(stage.started for stage in state.stages)
    return "died" if begun else "starting"


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _parsed(path: Path) -> Any:
    """The artefact; None where it is damaged, since the walk makes such a one again."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _disk_free(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path).free // _DISK_STEP * _DISK_STEP
    except OSError:
        return None


def _last_lines(path: Path) -> tuple[str, ...]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LOG_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ()
    return tuple(text.splitlines()[-_LOG_LINES:])

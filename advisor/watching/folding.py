"""The one fold of a run's events into its state.

`fold` is the definition; `fold_all` gives the same state for many events at once, in a time that lets a log of an
eight-hour training be opened while a person waits: it works on a mutable copy and puts measured values away in bulk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import Any

from advisor.watching.activity import fold_activity
from advisor.watching.series import Series, SeriesBuilder
from advisor.watching.state import (
    DevScore,
    Note,
    RungAnswer,
    RungState,
    RunState,
    SampleTrack,
    StageState,
    TrainingState,
)
from trainer.event_log import Metrics
from trainer.events import (
    DevScored,
    Event,
    JobFinished,
    JobStarted,
    Logged,
    Metric,
    Progress,
    RunEnded,
    RungAnswered,
    RungScored,
    RunStarted,
    Sample,
    StageFinished,
    StageStarted,
    Warned,
)
from trainer.job import Failure

TRAINING = "training"
"""Name of the main training's job; the trainings of a learning curve are jobs of other names."""

_MOST_NOTES, _MOST_WARNINGS = 200, 100
_MOST_TRACKS, _MOST_ANSWERS, _MOST_SCORES = 32, 12, 200
_RUNG_ANSWERS = 8
_LONGEST_TEXT = 4_000
_AT_ONCE = 1_024
"""Measured steps that wait to be put away together."""


def fold(state: RunState, event: Event, job: str = "") -> RunState:
    """The state after an event.

    Args:
        job: name of the job directory whose trainer said it; empty for the advisor itself.
    """
    return fold_all(state, [(job, event)])


def fold_all(state: RunState, events: Iterable[tuple[str, Event | Metrics]]) -> RunState:
    """The state after many events, each with the name of its job."""
    folder = _Folder(state)
    take = folder.take
    for job, event in events:
        take[type(event)](job, event)
    return folder.freeze()


class _Folder:
    """A state taken apart; `freeze` puts it together again."""

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._stages = {stage.name: stage for stage in state.stages}
        self._activity = state.activity
        self._progress: Progress | None = None
        self._measured: dict[str, float] = {}
        self._rungs = {(rung.rung, rung.split): rung for rung in state.rungs}
        self._notes = list(state.notes)
        self._warnings = {note.text: note for note in state.warnings}
        self._fault, self._ending = state.fault, state.ending
        self._until, self._session_started = state.until, state.session_started
        training = state.training
        self._status, self._step, self._steps = training.status, training.step, training.steps
        self._epoch = training.epoch
        self._series = {name: SeriesBuilder(series) for name, series in training.series.items()}
        self._waiting: tuple[list[int], list[dict[str, float]]] = ([], [])
        self._tracks = {(track.prompt, track.reference): track for track in training.samples}
        self._scores = list(training.scores)
        self.take: dict[type, Callable[[str, Any], None]] = {
            RunStarted: self._run_started,
            RunEnded: self._run_ended,
            StageStarted: self._stage_started,
            StageFinished: self._stage_finished,
            Progress: self._progressed,
            Metric: self._metric,
            Metrics: self._metrics,
            Sample: self._sample,
            RungScored: self._rung_scored,
            RungAnswered: self._rung_answered,
            DevScored: self._dev_scored,
            Warned: self._warned,
            Logged: self._logged,
            JobStarted: self._job_started,
            JobFinished: self._job_finished,
        }

    def _run_started(self, job: str, event: RunStarted) -> None:
        self._begin()
        self._until, self._session_started = event.until, event.time

    def _begin(self) -> None:
        """Something is going on again: how the last session ended is past."""
        self._fault, self._ending = None, ""
        for stage in self._stages.values():
            if stage.status == "running":
                self._stages[stage.name] = replace(stage, status="waiting")

    def _run_ended(self, job: str, event: RunEnded) -> None:
        self._ending = event.outcome
        if event.outcome == "failed":
            self._fault = Failure(**event.model_dump(include={"what", "where", "fix", "code", "problems"}))

    def _stage_started(self, job: str, event: StageStarted) -> None:
        self._begin()
        self._settle()
        self._activity = fold_activity(self._activity, event)
        names = [*dict.fromkeys([*self._stages, event.stage])]
        for name in names[: names.index(event.stage)]:
            if self._stages[name].status == "waiting":
                self._stages[name] = replace(self._stages[name], status="skipped")
        before = self._stages.get(event.stage, StageState(event.stage))
        self._stages[event.stage] = replace(before, status="running", started=event.time)
        if event.stage != names[-1]:
            # The report is the walk's last word, so there is none of a walk that goes on.
            self._stages[names[-1]] = replace(self._stages[names[-1]], status="waiting")

    def _stage_finished(self, job: str, event: StageFinished) -> None:
        before = self._stages.get(event.stage, StageState(event.stage))
        self._stages[event.stage] = replace(
            before,
            status="reused" if event.reused else "done",
            seconds=before.seconds if event.reused else event.seconds,
            summary=event.summary,
        )
        names = list(self._stages)
        if not event.reused:
            for name in names[names.index(event.stage) + 1 :]:
                self._stages[name] = replace(self._stages[name], status="waiting")
            self._note(Note(event.time, "stage", f"{event.stage}: {event.summary}".removesuffix(": ")))
        if event.stage == names[-1]:
            self._ending = "done"

    def _progressed(self, job: str, event: Progress) -> None:
        last = self._progress or self._activity
        if event.task == self._activity.task and event.done >= last.done:
            self._progress = event
        else:
            self._settle()
            self._activity = fold_activity(self._activity, event)
        if job == TRAINING and event.task == "train":
            self._steps = int(event.total or 0)

    def _metric(self, job: str, event: Metric) -> None:
        self._metrics(job, Metrics(event.time, [event.step], event.epoch, [event.values]))

    def _metrics(self, job: str, several: Metrics) -> None:
        if job != TRAINING:
            self._put_away()
            for measured in several.values:
                self._measured.update(measured)
            return
        if several.steps[0] < self._step:
            self._cut(several.steps[0])
        self._step, self._epoch = several.steps[-1], several.epoch
        steps, values = self._waiting
        steps += several.steps
        values += several.values
        if len(steps) >= _AT_ONCE:
            self._put_away()

    def _cut(self, step: int) -> None:
        """A resumed training does the steps since its checkpoint again."""
        self._put_away()
        for series in self._series.values():
            series.cut(step)
        self._scores = [score for score in self._scores if score.step < step]
        for key, track in list(self._tracks.items()):
            kept = tuple(answer for answer in track.answers if answer[0] < step)
            if kept:
                self._tracks[key] = replace(track, answers=kept)
            else:
                del self._tracks[key]

    def _put_away(self) -> None:
        at, (steps, values) = 0, self._waiting
        for names, group in groupby(values, key=tuple):
            alike = list(group)
            end = at + len(alike)
            columns = zip(*map(dict.values, alike), strict=True)
            for name, column in zip(names, columns, strict=True):
                if name not in self._series:
                    self._series[name] = SeriesBuilder()
                self._series[name].add(steps[at:end], column)
            self._measured.update(alike[-1])
            at = end
        self._waiting = ([], [])

    def _sample(self, job: str, event: Sample) -> None:
        if job != TRAINING:
            return
        key = (_short(event.prompt), _short(event.reference))
        before = self._tracks[key].answers if key in self._tracks else ()
        if key not in self._tracks and len(self._tracks) >= _MOST_TRACKS:
            return
        kept = [answer for answer in before if answer[0] < event.step]
        answers = [*kept, (event.step, _short(event.prediction))]
        if len(answers) > _MOST_ANSWERS:
            del answers[1]
        self._tracks[key] = SampleTrack(*key, tuple(answers))

    def _dev_scored(self, job: str, event: DevScored) -> None:
        score = DevScore(event.step, event.metric, event.n, event.value, event.low, event.high)
        earlier = [one for one in self._scores if one.step < event.step]
        self._scores = [*earlier, score][-_MOST_SCORES:]

    def _rung_scored(self, job: str, event: RungScored) -> None:
        before = self._rungs.get((event.rung, event.split), RungState(event.rung, event.split))
        self._rungs[event.rung, event.split] = replace(
            before,
            metric=event.metric,
            done=event.done,
            total=event.total,
            n=event.n,
            value=event.value,
            low=event.low,
            high=event.high,
            selected=None,
        )

    def _rung_answered(self, job: str, event: RungAnswered) -> None:
        before = self._rungs.get((event.rung, "dev"), RungState(event.rung, "dev"))
        others = [answer for answer in before.answers if answer.id != event.id]
        answer = RungAnswer(
            event.id, _short(event.prompt), _short(event.reference), _short(event.prediction), event.score
        )
        self._rungs[event.rung, "dev"] = replace(before, answers=(*others, answer)[-_RUNG_ANSWERS:])

    def _warned(self, job: str, event: Warned) -> None:
        note = Note(event.time, "warning", _short(event.message))
        self._note(note)
        self._warnings.pop(note.text, None)
        self._warnings[note.text] = note
        if len(self._warnings) > _MOST_WARNINGS:
            del self._warnings[next(iter(self._warnings))]

    def _logged(self, job: str, event: Logged) -> None:
        self._note(Note(event.time, "log", _short(event.message)))

    def _note(self, note: Note) -> None:
        self._notes.append(note)
        if len(self._notes) > 2 * _MOST_NOTES:
            del self._notes[:-_MOST_NOTES]

    def _job_started(self, job: str, event: JobStarted) -> None:
        self._settle()
        self._activity = fold_activity(self._activity, event)
        if job == TRAINING:
            self._status = "running"

    def _job_finished(self, job: str, event: JobFinished) -> None:
        if job == TRAINING:
            self._status = event.outcome

    def _settle(self) -> None:
        """Bring the activity up to date; of progress and values in a row only the last count."""
        if self._progress is not None:
            self._activity = fold_activity(self._activity, self._progress)
            self._progress = None
        self._put_away()
        if self._measured:
            self._activity = fold_activity(self._activity, Metric(step=0, epoch=0.0, values=self._measured))
            self._measured = {}

    def freeze(self) -> RunState:
        self._settle()
        return replace(
            self._state,
            stages=tuple(self._stages.values()),
            activity=self._activity,
            rungs=tuple(sorted(self._rungs.values(), key=lambda rung: rung.split != "dev")),
            notes=tuple(self._notes[-_MOST_NOTES:]),
            warnings=tuple(self._warnings.values()),
            training=self._training(),
            fault=self._fault,
            ending=self._ending,
            until=self._until,
            session_started=self._session_started,
        )

    def _training(self) -> TrainingState:
        left = None
        if self._status == "running" and self._activity.task == "train":
            left = self._activity.seconds_left(self._activity.at)
        series: dict[str, Series] = {name: one.freeze() for name, one in self._series.items()}
        return TrainingState(
            status=self._status,
            series=MappingProxyType(series),
            step=self._step,
            steps=self._steps,
            epoch=self._epoch,
            seconds_left=left,
            samples=tuple(self._tracks.values()),
            scores=tuple(self._scores),
        )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"

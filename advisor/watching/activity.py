"""What is in progress: the part of the state that a line, a bar and a screen share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trainer.events import Event, JobStarted, Metric, Progress, StageStarted


@dataclass(frozen=True)
class Activity:
    """What a run is at.

    Attributes:
        task: what is in progress, with `done` of `total` `unit`; empty before anything was told.
        started: time of the task's first event, seconds since the epoch; `begun_at` is what was done by then.
        at: time of its last event.
        metrics: last measured value of each name.
    """

    stage: str = ""
    task: str = ""
    done: float = 0.0
    total: float | None = None
    unit: str = ""
    started: float = 0.0
    begun_at: float = 0.0
    at: float = 0.0
    metrics: tuple[tuple[str, float], ...] = ()

    def share(self) -> float | None:
        """Share of the task that is done, 0..1."""
        return min(1.0, self.done / self.total) if self.total else None

    def rate(self) -> float | None:
        """Units a second since the task was first seen."""
        seconds, advanced = self.at - self.started, self.done - self.begun_at
        return advanced / seconds if seconds > 0 and advanced > 0 else None

    def seconds_left(self, now: float) -> float | None:
        """Time the task still takes at the pace since it was first seen."""
        advanced = self.done - self.begun_at
        if not self.total or advanced <= 0:
            return None
        return (self.total - self.done) * (now - self.started) / advanced


def fold_activity(activity: Activity, event: Event) -> Activity:
    """The activity after an event."""
    if isinstance(event, StageStarted):
        return Activity(stage=event.stage)
    if isinstance(event, JobStarted):
        # The same task begun by another job, or again after an interruption, has a pace of its own.
        return Activity(stage=activity.stage, metrics=activity.metrics)
    if isinstance(event, Progress):
        if event.task != activity.task or event.done < activity.done:
            activity = replace(activity, task=event.task, started=event.time, begun_at=event.done)
        return replace(activity, done=event.done, total=event.total, unit=event.unit, at=event.time)
    if isinstance(event, Metric):
        return replace(activity, metrics=tuple(sorted({**dict(activity.metrics), **event.values}.items())))
    return activity

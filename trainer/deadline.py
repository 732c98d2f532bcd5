"""When training must end, so that the work after it still fits into the time that was given."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from trainer.job import TrainJob


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast steps turn out to be.

    The load of the model, the looks at dev and the first step, which pays for what only a first step does, are no
    part of it: they say nothing about how long the later work takes.

    Attributes:
        share: of all steps that were timed, 0..1.
        seconds: that these took.
    """

    share: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """A limit that minds how fast this machine turns out to be.

    The steps and the work after them were estimated from the same dry run. Where steps take longer than that, as
    on a machine that others use too, the later work will as well, so more time is kept for it.

    Attributes:
        max_seconds: for training and the work after it, from `started` on; None sets no limit.
        expected_seconds: what all steps were estimated to take; None if that is not known.
        reserve_seconds: what the work after training was estimated to take.
        started: by the monotonic clock.
    """

    max_seconds: float | None
    expected_seconds: float | None = None
    reserve_seconds: float = 0.0
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, job: TrainJob) -> Deadline:
        """The limit that a job asks for, counted from now."""
        return cls(job.max_seconds, job.expected_seconds, job.reserve_seconds)

    def is_over(self, pace: Pace, last_look: float = 0.0, now: float | None = None) -> bool:
        """Whether training has to end.

        Args:
            last_look: seconds that looking at dev takes once more, as it does at the end.
        """
        if self.max_seconds is None:
            return False
        elapsed = (time.monotonic() if now is None else now) - self.started
        return elapsed + last_look + self.reserve_seconds * self._slowness(pace) >= self.max_seconds

    def _slowness(self, pace: Pace) -> float:
        if not self.expected_seconds or pace.share <= 0:
            return 1.0
        return max(1.0, pace.seconds / (self.expected_seconds * pace.share))

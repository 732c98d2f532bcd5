"""When training must end, so that the work after it still fits into the time that was given."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from trainer.job import TrainJob


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

    def is_over(self, share_done: float, now: float | None = None) -> bool:
        """Whether training has to end, with this share of its steps (0..1) done since `started`."""
        if self.max_seconds is None:
            return False
        elapsed = (time.monotonic() if now is None else now) - self.started
        return elapsed + self.reserve_seconds * self._slowness(elapsed, share_done) >= self.max_seconds

    def _slowness(self, elapsed: float, share_done: float) -> float:
        if not self.expected_seconds or share_done <= 0:
            return 1.0
        return max(1.0, elapsed / (self.expected_seconds * share_done))

"""Stopping: Ctrl-C, SIGTERM and `advisor stop` all set one flag that the work looks at."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


class Interrupted(Exception):
    """The run was asked to stop and has kept what it had; it can be resumed."""


class StopSignal:
    """Whether to stop: a signal came, or the run directory holds a stop file."""

    def __init__(self, stop_file: Path | None = None) -> None:
        self._event = threading.Event()
        self._stop_file = stop_file

    def set(self) -> None:
        """Ask for a stop."""
        self._event.set()

    def __bool__(self) -> bool:
        return self._event.is_set() or (self._stop_file is not None and self._stop_file.exists())

    def check(self) -> None:
        """Raise `Interrupted` where a stop was asked for."""
        if self:
            raise Interrupted


@contextmanager
def signals_stop(stop: StopSignal) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM set the flag: the first asks, a second Ctrl-C ends at once."""

    def ask(number: int, frame: FrameType | None) -> None:
        if stop and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""What a person sees of the event stream: a bar with the time left on a terminal, one line a change elsewhere.

Both show an `Activity`, which is folded from the events; a display only prints what changed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, TextIO

from advisor.watching.activity import Activity, fold_activity
from trainer.events import Event, Logged, Progress, StageFinished, StageStarted, Warned

_LINE_STEP = 0.25
"""Without a terminal a task's progress is told when this share of it more is done."""


class Display(Protocol):
    """Hears events; must be closed."""

    def __call__(self, event: Event) -> None:
        """Take one event."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class Silent:
    """Says nothing."""

    def __call__(self, event: Event) -> None:
        """Take one event."""

    def close(self) -> None:
        """Nothing to leave."""


class JsonEvents:
    """The event stream itself, one JSON line each."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Print one event."""
        self._stream.write(event.model_dump_json() + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing to leave."""


class Lines:
    """One line a change, for logs and pipes."""

    def __init__(
        self,
        stream: TextIO,
        described: Callable[[Event], str] | None = None,
        progressed: Callable[[Activity, float], str] | None = None,
    ) -> None:
        """Print to a stream.

        Args:
            described, progressed: say an event and how far a task is, in other words than `describe` and
                `progress_text`.
        """
        self._stream = stream
        self._described, self._progressed = described or describe, progressed or progress_text
        self._state = Activity()
        self._told = 0.0

    def __call__(self, event: Event) -> None:
        """Print what changed."""
        before, self._state = self._state, fold_activity(self._state, event)
        line = self._described(event)
        if line:
            self._print(line)
        elif isinstance(event, Progress):
            self._progress(before)

    def _progress(self, before: Activity) -> None:
        share = self._state.share()
        if self._state.task != before.task:
            self._told = 0.0
        if share is not None and (share - self._told >= _LINE_STEP or (share == 1 and self._told < 1)):
            self._told = share
            self._print("  " + self._progressed(self._state, time.time()))

    def _print(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing to leave."""


class Bar:
    """A live bar on a terminal, repainted by rich at most ten times a second."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._console = Console(file=stream, highlight=False, emoji=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("  {task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}", markup=False),
            console=self._console,
            transient=True,
            refresh_per_second=8,
        )
        self._bar: Any = None
        self._state = Activity()
        self._progress.start()

    def __call__(self, event: Event) -> None:
        """Move the bar, or print a line above it."""
        self._state = fold_activity(self._state, event)
        line = describe(event)
        if line:
            self._console.print(line, markup=False)
        if isinstance(event, StageStarted | StageFinished) and self._bar is not None:
            self._progress.remove_task(self._bar)
            self._bar = None
        if isinstance(event, Progress):
            self._move()

    def _move(self) -> None:
        state = self._state
        if self._bar is None:
            self._bar = self._progress.add_task(state.task, total=1.0, note="")
        self._progress.update(
            self._bar,
            description=state.task,
            completed=state.share() or 0.0,
            note=progress_text(state, time.time()).removeprefix(state.task + " "),
        )

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()


def describe(event: Event) -> str:
    """The line that an event deserves, or nothing."""
    if isinstance(event, StageFinished):
        time_taken = "kept" if event.reused else f"{event.seconds:.1f} s"
        return f"{event.stage:<9} {time_taken:>8}  {event.summary}".rstrip()
    if isinstance(event, Warned):
        return f"warning: {_printable(event.message)}"
    if isinstance(event, Logged):
        return f"  {_printable(event.message)}"
    return ""


def _printable(text: str) -> str:
    """Messages quote what others wrote (an endpoint, a library): no escape code of theirs moves the cursor."""
    return "".join(char if char.isprintable() else " " for char in text)


def progress_text(state: Activity, now: float) -> str:
    """`train 40/88 steps, loss 0.21, 1 min 20 s left`."""
    total = "" if state.total is None else f"/{_number(state.total)}"
    parts = [f"{state.task} {_number(state.done)}{total} {state.unit}"]
    values = dict(state.metrics)
    if state.task == "train" and "loss" in values:
        parts.append(f"loss {values['loss']:.3f}")
        if "eval_loss" in values:
            parts.append(f"dev loss {values['eval_loss']:.3f}")
    left = state.seconds_left(now)
    if left is not None and left >= 1:
        parts.append(f"{duration(left)} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """`45 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _number(value: float) -> str:
    return f"{value:,.0f}"


def display_for(*, quiet: bool, json_events: bool) -> Display:
    """The display that suits where the output goes."""
    if json_events:
        return JsonEvents(sys.stdout)
    if quiet:
        return Silent()
    return Bar(sys.stderr) if sys.stderr.isatty() else Lines(sys.stderr)

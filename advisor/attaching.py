"""Following a run from outside: what it said so far in short, then everything as it comes, until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from advisor.watching import RunState, RunWatch
from trainer.events import Event, Listener, Metric, Progress

_POLL_SECONDS = 0.2


def follow(
    path: Path,
    listener: Listener,
    *,
    whole: bool = False,
    is_left: Callable[[], bool] = lambda: False,
) -> RunState:
    """Pass on a run's events until nobody works on it; the state that it was left in.

    A run that has ended already is told from its beginning too, and left at once.

    Args:
        whole: passes on every event of the past; otherwise only the last of the steps that each task took.
        is_left: asked between two looks; true ends the following, and the run goes on.
    """
    heard: list[Event] = []
    watch = RunWatch(path, heard.append)
    state = watch.poll()
    for event in heard if whole else without_steps(heard):
        listener(event)
    heard.clear()
    while state.is_live and not is_left():
        time.sleep(_POLL_SECONDS)
        state = watch.poll()
        for event in heard:
            listener(event)
        heard.clear()
    return state


def without_steps(events: Iterable[Event]) -> Iterator[Event]:
    """Leave out progress and measured values that were overtaken by others before anything else was said."""
    steps: dict[type, Event] = {}
    for event in events:
        if isinstance(event, Progress | Metric):
            steps[type(event)] = event
            continue
        yield from steps.values()
        steps = {}
        yield event
    yield from steps.values()

"""What screens ask of the core that starts processes, writes, or looks at the clock: one place for tests to stand in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from advisor.plan import Plan
    from advisor.watching import RunState


class Launched(Protocol):
    """A run that was started; `advisor.launching.Launched`."""

    @property
    def path(self) -> Path:
        """Its directory, absolute."""
        ...


class Watch(Protocol):
    """Follows a run; `advisor.watching.RunWatch`."""

    def poll(self) -> RunState:
        """The state as it is now."""
        ...


def _launch(plan: Plan, out: Path | None = None, *, until: str = "") -> Launched:
    from advisor.launching import launch

    return launch(plan, out, until=until)


def _relaunch(
    path: Path, changes: dict[str, Any] | None = None, *, because: str = "", until: str = ""
) -> Launched:
    from advisor.launching import relaunch

    return relaunch(path, changes, because=because, until=until)


def _ask_to_stop(path: Path) -> None:
    from advisor.run_directory import open_run
    from advisor.stopping import ask_to_stop

    ask_to_stop(open_run(path))


def _watch(path: Path) -> Watch:
    from advisor.watching import RunWatch

    return RunWatch(path)


@dataclass(frozen=True)
class Services:
    """The core's doors; all but `now` block and belong into a thread.

    Attributes:
        launch: `advisor.launching.launch`.
        relaunch: `advisor.launching.relaunch`.
        ask_to_stop: asks whoever works on a run to save and go; returns at once.
        watch: opens a run to be followed.
        now: seconds since the epoch.
        runs: the folder whose runs the home screen lists.
    """

    launch: Callable[..., Launched] = _launch
    relaunch: Callable[..., Launched] = _relaunch
    ask_to_stop: Callable[[Path], None] = _ask_to_stop
    watch: Callable[[Path], Watch] = _watch
    now: Callable[[], float] = time.time
    runs: Path = field(default_factory=lambda: Path("runs"))

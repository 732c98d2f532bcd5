"""The wizard in this process over runs in processes of their own: what it shows and offers, and waiting for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

from advisor.tui.app import AdvisorApp
from advisor.tui.walk import WalkScreen
from advisor.watching import RunState


def run_of(app: AdvisorApp) -> RunState | None:
    """The run on the screen, as it was seen last."""
    return app.screen.walk_state.run if isinstance(app.screen, WalkScreen) else None


def is_live(app: AdvisorApp) -> bool:
    """Whether the screen says that a process works on its run."""
    run = run_of(app)
    return run is not None and run.is_live


def offered(app: AdvisorApp) -> set[str]:
    """The actions that have a key now."""
    return {active.binding.action for active in app.screen.active_bindings.values() if active.enabled}


def shown(app: AdvisorApp) -> str:
    """The screen's text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def words(app: AdvisorApp) -> str:
    """The screen's text without line ends and frames, in which a sentence can be found that was wrapped."""
    return " ".join(shown(app).replace("│", " ").split())


async def until(pilot: Pilot[Any], holds: Callable[[], bool], what: str, seconds: float = 200.0) -> None:
    """Let the application work until it holds."""
    for _ in range(int(seconds / 0.1)):
        if holds():
            return
        await pilot.pause(0.1)
    raise AssertionError(f"waited {seconds:.0f} s for {what}; the screen is\n{shown(pilot.app)}")  # type: ignore[arg-type]

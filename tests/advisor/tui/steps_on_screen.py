"""What the tests of steps share: the real steps in the rail, waiting for a condition, and what a screen says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from advisor.tui import rail, steps, walk
from advisor.tui.step import Step

PATIENCE = 20.0


def all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show every step in the rail, whichever of them are built already, so that pictures stay the same."""
    for module in (walk, rail):
        monkeypatch.setattr(module, "STEPS", steps.ALL_STEPS)


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let the application work until the condition holds; `Pilot.pause` would wait for threads that read on too."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.02)


def words(root: Widget, selector: str) -> str:
    """The text of a Static without its line ends and margins."""
    return " ".join(said(root, selector).split())


def said(root: Widget, selector: str) -> str:
    """The text of a Static as it is drawn."""
    widget = root.query_one(selector, Static)
    return "\n".join(strip.text.rstrip() for strip in widget.render_lines(widget.outer_size.region))


def too_wide(app: App[Any]) -> list[str]:
    """Parts of the step that reach beyond the width of the screen, or have to be scrolled sideways.

    Not told by the lines of the screen: those are cut to it, whatever stands on them.
    """
    step = app.screen.query_one(Step)
    return [
        str(widget)
        for widget in (step, *step.walk_children(Widget))
        if widget.is_on_screen and (widget.region.right > app.size.width or widget.max_scroll_x > 0)
    ]

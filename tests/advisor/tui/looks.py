"""The four looks in which every screen is compared with its picture, and when a screen stands still for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from steps_on_screen import until
from textual.pilot import Pilot
from textual.widgets._footer import FooterKey

from advisor.tui.app import AdvisorApp

Show = Callable[[Pilot[Any]], Awaitable[None]]
"""Brings an application to what is to be seen, and waits until it is there."""
AsPictured = Callable[[AdvisorApp, Show], bool]
"""Whether an application looks as in its picture; the fixture `as_pictured`."""


@dataclass(frozen=True)
class Look:
    """How a screen is looked at.

    Attributes:
        size: columns and lines.
    """

    name: str
    size: tuple[int, int] = (80, 24)
    language: str = "en"
    theme: str = "textual-dark"

    @property
    def is_wide(self) -> bool:
        """Whether there is room for a column of steps."""
        return self.size[0] > 100


LOOKS = (
    Look("narrow"),
    Look("wide", size=(140, 40)),
    Look("light", theme="textual-light"),
    Look("korean", language="ko"),
)


async def stand_still(pilot: Pilot[Any], seconds: float = 0.2) -> None:
    """Wait until nothing changes any more: the footer and charts are made anew a moment after what they show."""
    await until(pilot, lambda: names_its_keys(pilot.app))
    before = ""
    while (now := pilot.app.export_screenshot()) != before:
        before = now
        await asyncio.sleep(seconds)
        await pilot.pause()


def names_its_keys(app: Any) -> bool:
    """Whether the footer is there: one key of each action, as Textual's has it, and one of two that do a thing either way."""
    active = app.screen.active_bindings.values()
    wanted = {found.binding.action.partition("(")[0] for found in active if found.binding.show}
    shown = {key.action.partition("(")[0] for key in app.screen.query(FooterKey)}
    return not app.screen.query("Keys") or wanted == shown

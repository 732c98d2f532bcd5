"""A support desk's rows with known faults, and what the tests of the data step wait for."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from advisor.draft import Draft
from advisor.tui.app import AdvisorApp
from advisor.tui.services import Services
from advisor.tui.steps.data import DataStep
from advisor.tui.walk import WalkScreen

_WORDS = ("parcel", "card", "login", "invoice", "refund", "voucher", "app", "phone")
_REST = ("since Monday", "after the update", "in the morning", "at home", "with my new one")


def rows(count: int = 120) -> list[dict[str, Any]]:
    """Rows of four labels; the last ones repeat the third, one in other words, and contradict the tenth."""
    made = [
        {
            "question": f"My {_WORDS[at % 8]} {at} is not {_WORDS[at // 8 % 8]} {_REST[at % 5]}, what can I do about {at * 7}?",
            "answer": _WORDS[at % 4],
        }
        for at in range(count)
    ]
    made[3]["answer"] += "  "
    made[5]["question"] = "Write to ann.lee@example-mail.com about [bold]order[/] 17"
    repeated, contradicted = made[2], made[9]
    near = {**repeated, "question": repeated["question"].replace("about 14?", "about this?")}
    return [*made, repeated, repeated, near, {**contradicted, "answer": "login"}]


def write(path: Path, made: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made), encoding="utf-8")
    return path


def app_with(**fields: Any) -> AdvisorApp:
    """The wizard at the data step, its clock standing still."""
    return AdvisorApp(Services(now=lambda: 1_000_000.0), draft=Draft().changed(**fields), step="data")


async def until(pilot: Pilot[Any], condition: Callable[[], Any], seconds: float = 30) -> None:
    """Wait for something to be so.

    Raises:
        AssertionError: it is not, in that time.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, text_of(pilot.app)
        await asyncio.sleep(0.05)
    await pilot.pause()


async def seen(pilot: Pilot[Any], *texts: str) -> None:
    """Wait until all of these are on the screen."""
    await until(pilot, lambda: all(text in text_of(pilot.app) for text in texts))


def text_of(app: Any) -> str:
    """What is on the screen, as text."""
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )


def step_of(app: AdvisorApp) -> DataStep:
    return walk_of(app).query_one(DataStep)


def walk_of(app: AdvisorApp) -> WalkScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, WalkScreen))

"""What the data step looks like: findings, rows, fixes, faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from desk_rows import app_with, rows, seen, until, write
from looks import AsPictured, Look
from steps_on_screen import all_steps
from textual.pilot import Pilot

from advisor.texts import _
from advisor.tui.dialogs import Ask, AskText


@pytest.fixture
def desk() -> Path:
    """Rows with known faults."""
    return write(Path("desk.jsonl"), rows())


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Faults name the file as it was given: relative names look the same everywhere."""
    monkeypatch.chdir(tmp_path)
    all_steps(monkeypatch)


async def findings(pilot: Pilot[Any], look: Look) -> None:
    await seen(
        pilot,
        "D1  " + _("Exact duplicates"),
        *([_("Length of answers, in characters")] if look.is_wide else []),
    )


async def fixes(pilot: Pilot[Any], look: Look) -> None:
    await findings(pilot, look)
    await pilot.press("m")
    await seen(pilot, "[x] trim", "122", "124")


def test_the_findings_look(desk: Path, look: Look, as_pictured: AsPictured) -> None:
    assert as_pictured(app_with(data=desk), lambda pilot: findings(pilot, look))


def test_the_pictures_look(desk: Path, look: Look, as_pictured: AsPictured) -> None:
    async def show(pilot: Pilot[Any]) -> None:
        await findings(pilot, look)
        await pilot.press("h")
        await seen(pilot, _("Split"))

    assert as_pictured(app_with(data=desk), show)


def test_the_rows_of_a_finding_look(desk: Path, look: Look, as_pictured: AsPictured) -> None:
    async def show(pilot: Pilot[Any]) -> None:
        await findings(pilot, look)
        await pilot.press("down", "enter")
        await seen(pilot, "D3", "desk.jsonl:10", "desk.jsonl:124")

    assert as_pictured(app_with(data=desk), show)


def test_the_fixes_look(desk: Path, look: Look, as_pictured: AsPictured) -> None:
    assert as_pictured(app_with(data=desk), lambda pilot: fixes(pilot, look))


def test_the_mended_copy_looks(
    desk: Path, look: Look, as_pictured: AsPictured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "absolute", lambda path: path)
    app = app_with(data=desk)

    async def show(pilot: Pilot[Any]) -> None:
        await fixes(pilot, look)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Ask))

    assert as_pictured(app, show)


def test_a_file_that_cannot_be_read_looks(desk: Path, as_pictured: AsPictured) -> None:
    lines = desk.read_text().splitlines()
    lines[6] = '{"question": 1, "answer": null}'
    Path("broken.jsonl").write_text("\n".join(lines))

    assert as_pictured(app_with(data=Path("broken.jsonl")), lambda pilot: seen(pilot, "broken.jsonl:7:"))


def test_no_data_looks(as_pictured: AsPictured) -> None:
    without = _("There is no data yet.\n\nPress 1 to name a file on the Task step.").splitlines()[0]

    assert as_pictured(app_with(), lambda pilot: seen(pilot, without))

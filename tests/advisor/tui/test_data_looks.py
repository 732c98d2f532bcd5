"""What the data step looks like: findings, rows, fixes, faults; narrow and wide, light and dark, in Korean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from desk_rows import app_with, rows, seen, text_of, until, write
from steps_on_screen import all_steps
from textual.pilot import Pilot

from advisor.texts import use_language
from advisor.tui import walk

SIZES = [(80, 24), (140, 40)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("looks")
    write(place / "desk.jsonl", rows())
    lines = (place / "desk.jsonl").read_text().splitlines()
    lines[6] = '{"question": 1, "answer": null}'
    (place / "broken.jsonl").write_text("\n".join(lines))
    return place


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Faults name the file as it was given: relative names look the same everywhere."""
    monkeypatch.chdir(folder)
    all_steps(monkeypatch)


async def findings(pilot: Pilot[Any]) -> None:
    await seen(pilot, "D1  Exact duplicates")
    if pilot.app.size.width >= walk.NARROW:
        await seen(pilot, "Length of answers, in characters")


@pytest.mark.parametrize("size", SIZES)
def test_the_findings_look(size: tuple[int, int], snap_compare: Any) -> None:
    assert snap_compare(app_with(data=Path("desk.jsonl")), terminal_size=size, run_before=findings)


def test_the_findings_look_in_light(snap_compare: Any) -> None:
    app = app_with(data=Path("desk.jsonl"))

    async def ready(pilot: Pilot[Any]) -> None:
        app.theme = "textual-light"
        await findings(pilot)

    assert snap_compare(app, terminal_size=SIZES[0], run_before=ready)


def test_the_findings_look_in_korean(snap_compare: Any) -> None:
    use_language("ko")

    async def ready(pilot: Pilot[Any]) -> None:
        await seen(pilot, "완전히 같은 행")

    assert snap_compare(app_with(data=Path("desk.jsonl")), terminal_size=SIZES[0], run_before=ready)


def test_the_pictures_look_where_there_is_little_room(snap_compare: Any) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await findings(pilot)
        await pilot.press("h")
        await seen(pilot, "Split", "4 labels")

    assert snap_compare(app_with(data=Path("desk.jsonl")), terminal_size=SIZES[0], run_before=ready)


@pytest.mark.parametrize("size", SIZES)
def test_the_rows_of_a_finding_look(size: tuple[int, int], snap_compare: Any) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await findings(pilot)
        await pilot.press("down", "enter")
        await seen(pilot, "D3", "desk.jsonl:10", "desk.jsonl:124", "Cases 1 to 1 of 1")

    assert snap_compare(app_with(data=Path("desk.jsonl")), terminal_size=size, run_before=ready)


@pytest.mark.parametrize("size", SIZES)
def test_the_fixes_look(size: tuple[int, int], snap_compare: Any) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await findings(pilot)
        await pilot.press("m")
        await seen(pilot, "[x] trim", "122 of 124 rows stay")

    assert snap_compare(app_with(data=Path("desk.jsonl")), terminal_size=size, run_before=ready)


def test_a_file_that_cannot_be_read_looks(snap_compare: Any) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await seen(pilot, "broken.jsonl:7:", "Press r")

    assert snap_compare(app_with(data=Path("broken.jsonl")), terminal_size=SIZES[0], run_before=ready)


def test_no_data_looks(snap_compare: Any) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "There is no data yet." in text_of(pilot.app))

    assert snap_compare(app_with(), terminal_size=SIZES[0], run_before=ready)

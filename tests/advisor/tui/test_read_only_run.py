"""A run whose directory can really not be written: everything is read, and whatever writes says so and how to go on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import small_disks
from made_runs import make_run, shipping
from steps_on_screen import PATIENCE, until
from textual.pilot import Pilot

from advisor.interrupt import StopSignal
from advisor.launching import relaunch
from advisor.plan import Plan
from advisor.report.model import Report
from advisor.run_directory import RunDirectory, create_run
from advisor.tui.app import AdvisorApp
from advisor.tui.home.table import RunTable
from advisor.tui.services import Services
from advisor.tui.steps.results.rows import RowsScreen
from advisor.tui.walk import WalkScreen
from advisor.walk import walk
from advisor.watching import RunWatch
from rubrics.errors import ExitCode
from trainer.events import EventWriter, RunStarted, StageStarted

SIZE = (98, 40)


@pytest.fixture
def closed(tmp_path: Path, make_report: Callable[..., Report]) -> Iterator[Path]:
    """A run whose tuned model won, in a folder of runs; nothing can be written in it any more."""
    run = make_run(tmp_path / "runs" / "desk", shipping(), report=make_report())
    with small_disks.read_only(run):
        yield run


@pytest.fixture
def half_way(tmp_path: Path, rows_file: Path) -> RunDirectory:
    """A run of the classifier that was killed while its rows were checked."""
    plan = Plan(data=rows_file, rungs=("classifier",), no_train=True, task="Sort it")
    run = create_run(plan, tmp_path / "runs" / "half")
    writer = EventWriter(run.events_file)
    writer(RunStarted(pid=1))
    writer(StageStarted(stage="inspect"))
    writer.close()
    return run


def app_of(run: Path | None = None, *, step: str = "", runs: Path | None = None) -> AdvisorApp:
    return AdvisorApp(Services(runs=runs or Path("runs")), run=run, step=step)


def text(app: AdvisorApp) -> str:
    """The screen's words, wrapped sentences put together."""
    strips = app.screen._compositor.render_strips()
    lines = ["".join(segment.text for segment in strip) for strip in strips]
    return " ".join("\n".join(lines).replace("│", " ").split())


async def says(pilot: Pilot[Any], *parts: str) -> None:
    app = pilot.app
    assert isinstance(app, AdvisorApp)
    deadline = time.monotonic() + PATIENCE
    while missing := [part for part in parts if part not in text(app)]:
        assert time.monotonic() < deadline, f"{missing} is not in {text(app)}"
        await asyncio.sleep(0.02)


async def test_verdict_results_rows_and_report_of_a_closed_run_are_read(closed: Path) -> None:
    # given a run that can only be read, opened by its path
    app = app_of(closed, step="results")
    async with app.run_test(size=SIZE) as pilot:
        # then the heading says so, and every page of it is there
        await says(pilot, "! read only", "Ship the tuned model", "30 fixed")
        await pilot.press("v")
        await says(pilot, "100 rows")
        assert isinstance(app.screen, RowsScreen)
        await pilot.press("escape", "o")
        await says(pilot, "Run one of 2026")
        await pilot.press("escape", "5")
        await says(pilot, "30 points are left above the best cheap option")
        await pilot.press("7")
        await says(pilot, "! The run directory can only be read. To go on with the run, make it writable")


async def test_overruling_a_verdict_that_cannot_be_written_says_what_to_do(closed: Path) -> None:
    before = (closed / "plan.toml").read_bytes()
    app = app_of(closed, step="verdict")
    async with app.run_test(size=SIZE) as pilot:
        await says(pilot, "30 points are left")
        # when the verdict is overruled, which is written at once
        await pilot.press("o")
        await pilot.press(*"costly", "enter")
        # then it says that it cannot be, where, and two ways on
        await says(pilot, "✗ cannot be written", "What to do: Make the folder writable", "copy it to a place")
        assert str(closed) in text(app).replace(" ", "")
        await pilot.press("escape")
        assert isinstance(app.screen, WalkScreen)
    assert (closed / "plan.toml").read_bytes() == before


async def test_the_report_of_a_closed_run_is_saved_elsewhere(closed: Path, tmp_path: Path) -> None:
    app = app_of(closed, step="results")
    async with app.run_test(size=SIZE) as pilot:
        await says(pilot, "Ship the tuned model")

        async def save(file: Path) -> None:
            await pilot.press("s", "ctrl+u")
            app.screen.query_one("Input").value = str(file)  # type: ignore[attr-defined]
            await pilot.press("enter")

        # when it is saved into the run, then that is refused with a way on
        await save(closed / "mine.md")
        await says(pilot, "✗ cannot be written", "What to do: Give another place.")
        await pilot.press("escape")
        # and elsewhere it can be saved
        await save(tmp_path / "mine.md")
        await until(pilot, lambda: (tmp_path / "mine.md").exists())
    assert "Ship the tuned model" in (tmp_path / "mine.md").read_text(encoding="utf-8")


async def test_a_closed_run_is_listed_and_not_deleted(closed: Path) -> None:
    before = sorted(closed.rglob("*"))
    app = app_of(runs=closed.parent)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: bool(app.screen.query(RunTable)) and "desk" in text(app))
        # when it is to be deleted
        await pilot.press("d")
        # then nothing is asked that cannot be done
        await says(pilot, "✗ cannot be deleted: its folder cannot be written", "Make the folder writable")
        await pilot.press("escape")
        # and enter opens it
        await pilot.press("enter")
        await says(pilot, "! read only", "Ship the tuned model")
    assert sorted(closed.rglob("*")) == before


async def test_a_run_half_way_is_not_resumed_where_it_cannot_be_written_and_its_copy_is(
    half_way: RunDirectory, tmp_path: Path
) -> None:
    with small_disks.read_only(half_way.path):
        app = app_of(runs=half_way.path.parent)
        async with app.run_test(size=SIZE) as pilot:
            await until(
                pilot, lambda: bool(app.screen.query(RunTable)) and "a copy that can go on" in text(app)
            )
            assert "! read only" in text(app)
            # when it is resumed from the list, then it says why not, and how
            await pilot.press("r")
            await says(pilot, "✗ cannot be written", "copy it to a place that is (`cp -r`, then")
            await pilot.press("escape", "enter")
            # and opened it says so before any key is pressed
            await says(pilot, "! read only", "which may have ended it. Make it writable, or copy it, first")
        # and the key of the list makes a copy, opens it, and that goes on
        copy = tmp_path / "elsewhere"
        app = app_of(runs=half_way.path.parent)
        async with app.run_test(size=SIZE) as pilot:
            await until(
                pilot, lambda: bool(app.screen.query(RunTable)) and "a copy that can go on" in text(app)
            )
            await pilot.press("y")
            await says(pilot, "Copy the run to which folder?", f"{half_way.path.name}-copy")
            app.screen.query_one("Input").value = str(copy)  # type: ignore[attr-defined]
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, WalkScreen))
            assert "! read only" not in text(app)
    launched = relaunch(copy)
    watch = RunWatch(launched.path)
    async with app_of(copy, step="options").run_test(size=SIZE) as pilot:
        await until(pilot, lambda: watch.poll().life == "finished")


def test_commands_read_a_closed_run_and_say_that_they_cannot_write_it(
    advisor: Any, rows_file: Path, tmp_path: Path
) -> None:
    # given a finished run that can only be read
    plan = Plan(data=rows_file, rungs=("classifier",), no_train=True, task="Sort it")
    run = create_run(plan, tmp_path / "run").path
    walk(plan, RunDirectory(run), lambda event: None, StopSignal())
    with small_disks.read_only(run):
        # then what reads works
        assert "finished" in advisor("attach", run, "--plain").err
        assert advisor("report", run, "--format", "json").json()["verdict"]["outcome"]
        assert advisor("stop", run).code == 0
        # and what writes is refused with what to do
        for words in (("resume", run), ("delete", run, "--yes")):
            refused = advisor(*words)
            assert refused.code == ExitCode.LACKING, refused.err
            assert "cannot be" in refused.err
            assert "writable" in refused.err


def test_a_full_disk_takes_the_last_word_where_no_file_grows(
    advisor: Any, rows_file: Path, tmp_path: Path
) -> None:
    # given a run whose event file ends at the end of a page, on a disk without a page left
    with small_disks.small_disk(tmp_path / "disk", 2) as disk:
        plan = Plan(data=rows_file, rungs=("classifier",), no_train=True, task="Sort it")
        run = create_run(plan, disk / "run")
        with run.held():
            pass
        run.events_file.write_text(" " * 4095 + "\n")
        small_disks.fill(disk, leave=0)
        # when it is resumed
        ended = advisor("resume", run.path)
        assert ended.code == ExitCode.LACKING, ended.err
        assert run.events_file.stat().st_size == 4096
        # then who opens it reads why it ended, with room again as well
        small_disks.make_room(disk)
        state = RunWatch(run.path).poll()
        assert (state.life, state.fault and state.fault.what) == (
            "failed",
            "cannot be written: No space left on device",
        )
        assert json.loads(advisor("attach", run.path, "--json").out)["fault"]["where"] == str(run.path)
        # and the word is gone once somebody goes on
        assert advisor("resume", run.path).code == 0
        assert run.last_word() is None
        assert RunWatch(run.path).poll().life == "finished"


def test_a_run_on_a_full_disk_can_be_deleted_to_make_room(
    advisor: Any, rows_file: Path, tmp_path: Path
) -> None:
    with small_disks.small_disk(tmp_path / "disk", 2) as disk:
        plan = Plan(data=rows_file, rungs=("classifier",), no_train=True, task="Sort it")
        run = create_run(plan, disk / "run")
        with run.held():
            pass
        small_disks.fill(disk, leave=0)
        assert advisor("delete", run.path, "--yes").code == 0
        assert not run.path.exists()

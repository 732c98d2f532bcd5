"""The list of runs on a screen: what it shows and what can be done with a run, on real run directories."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from advisor.interrupt import StopSignal
from advisor.plan import Plan
from advisor.run_directory import RunDirectory, create_run
from advisor.texts import _, use_language
from advisor.tui import rail
from advisor.tui import walk as tui_walk
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs import Ask, Explain
from advisor.tui.home import HomeScreen
from advisor.tui.home.comparing import CompareScreen
from advisor.tui.home.table import RunTable
from advisor.tui.services import Services
from advisor.tui.step import Step
from advisor.tui.steps import StepEntry
from advisor.tui.walk import WalkScreen
from advisor.walk import walk
from rubrics.errors import Fault
from trainer.events import EventWriter, Progress, RunEnded, RunStarted, StageStarted

NOW = 1_800_000_000.0
PATIENCE = 20.0


class _Entry(StepEntry):
    """A step that stands in for the real ones, which have tests of their own."""

    def load(self) -> type[Step]:
        return Step


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    use_language("en")
    entries = tuple(
        _Entry(key, "Step", key.capitalize(), key) for key in ("task", "options", "verdict", "results")
    )
    for module in (tui_walk, rail):
        monkeypatch.setattr(module, "STEPS", entries)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_file: Path) -> Path:
    """A folder of its own to stand in, so that paths on the screen are the same everywhere."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(
    name: str,
    task: str,
    minutes: float,
    *,
    ended: str = "",
    outcome: str = "",
    report: bool = False,
    rows: str = "rows.jsonl",
) -> RunDirectory:
    """A run as it lies on disk, made so many minutes ago."""
    run = create_run(Plan(data=Path(rows), task=task), Path("runs") / name)
    writer = EventWriter(run.events_file)
    writer(RunStarted(pid=1))
    if ended:
        writer(RunEnded(outcome=ended))  # type: ignore[arg-type]
    writer.close()
    if outcome:
        (run.path / "verdict.json").write_text(f'{{"outcome": "{outcome}"}}', encoding="utf-8")
    if report:
        (run.path / "report.json").write_text("{}", encoding="utf-8")
    at = NOW - 60 * minutes
    os.utime(run.plan_file, (at, at))
    return run


@pytest.fixture
def four_runs(place: Path) -> dict[str, RunDirectory]:
    return {
        "old": made("20270112-old", "Answer from the handbook", 3 * 24 * 60, ended="stopped"),
        "paused": made(
            "20270114-desk", "Route the message to its queue", 130, ended="paused", outcome="FINE_TUNE"
        ),
        "done": made(
            "20270115-mail", "Name the sender", 50, ended="done", outcome="PROMPT_IS_ENOUGH", report=True
        ),
        "live": made("20270115-live", "주문 메시지를 담당 부서로 보냅니다", 4),
    }


@pytest.fixture
def held() -> Any:
    """Keeps runs held by this process, as a run that goes on is by its advisor."""
    with ExitStack() as stack:
        yield lambda run: stack.enter_context(run.held())


@dataclass
class Called:
    """What a screen asked of the core."""

    relaunched: list[Path]
    stopped: list[Path]


@pytest.fixture
def called() -> Called:
    return Called([], [])


@pytest.fixture
def app(place: Path, called: Called) -> AdvisorApp:
    def relaunch(path: Path, *more: Any, **named: Any) -> Any:
        called.relaunched.append(path)
        return RunDirectory(path.resolve())

    services = Services(relaunch=relaunch, ask_to_stop=called.stopped.append, now=lambda: NOW)
    return AdvisorApp(services)


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"still {pilot.app.screen}"
        await pilot.pause(0.02)
    await pilot.pause()


async def at_home(pilot: Pilot[Any], runs: int) -> HomeScreen:
    """The home screen, once so many runs are listed."""
    await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
    home = pilot.app.screen
    assert isinstance(home, HomeScreen)
    await until(
        pilot, lambda: home.query_one(RunTable).row_count == runs and _("reading …") not in heading(home)
    )
    return home


def heading(home: HomeScreen) -> str:
    return str(home.query_one("#heading", Static).render())


def lines(home: HomeScreen) -> list[str]:
    table = home.query_one(RunTable)
    return [" | ".join(cell.plain for cell in table.get_row_at(at)) for at in range(table.row_count)]


def under_cursor(home: HomeScreen) -> str:
    listed = home.query_one(RunTable).at_cursor()
    return Path(listed.entry.path).name if listed else ""


def keys(home: HomeScreen) -> set[str]:
    return {key for key, active in home.active_bindings.items() if active.enabled}


async def test_runs_are_listed_newest_first_with_state_outcome_and_age(app, four_runs, held):
    held(four_runs["live"])
    async with app.run_test(size=(140, 40)) as pilot:
        home = await at_home(pilot, 4)

        assert [line.split(" | ")[1:5] for line in lines(home)] == [
            ["● running", "주문 메시지를 담당 부서로 보냅니다", "", "4 min ago"],
            ["✓ finished", "Name the sender", "A cheap option is enough", "50 min ago"],
            ["‖ paused", "Route the message to its queue", "Fine-tuning is worth a try", "2 h ago"],
            ["■ interrupted", "Answer from the handbook", "", "3 days ago"],
        ]
        assert "4 runs in runs" in heading(home)


async def test_without_runs_a_new_walk_begins_and_the_empty_list_says_what_to_do(app, place):
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        await pilot.press("ctrl+o")
        home = await at_home(pilot, 0)

        assert "no runs here yet" in str(home.query_one("#empty", Static).render())
        assert not home.query_one(RunTable).display
        assert not {"r", "s", "d", "c", "m"} & keys(home)

        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        assert str(app.screen.walk_state.draft.get("data")).endswith("desk.jsonl")


async def test_enter_opens_the_walk_on_the_run(app, four_runs):
    async with app.run_test() as pilot:
        await at_home(pilot, 4)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))

        assert app.screen.walk_state.run_path == four_runs["done"].path
        await until(pilot, lambda: app.screen.walk_state.run is not None)


async def test_a_run_that_was_deleted_meanwhile_is_told_and_the_list_goes_on(app, four_runs, monkeypatch):
    monkeypatch.setattr("advisor.tui.home.screen._LOOK_SECONDS", 60)
    async with app.run_test() as pilot:
        home = await at_home(pilot, 4)
        four_runs["live"].path.rename(four_runs["live"].path.parent.parent / "elsewhere")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        await pilot.press("escape")

        assert app.screen is home


async def test_a_run_that_goes_on_is_followed_and_its_end_is_seen(app, four_runs):
    writer = EventWriter(four_runs["live"].events_file)
    async with app.run_test() as pilot:
        with four_runs["live"].held():
            writer(StageStarted(stage="train"))
            writer(Progress(task="train", done=3, total=12, unit="steps"))
            home = await at_home(pilot, 4)
            await until(
                pilot, lambda: "the model is trained: 25%" in str(home.query_one("#details", Static).render())
            )
            assert {"s", "m", "d"} <= keys(home)
            assert "r" not in keys(home)
            writer(Progress(task="train", done=6, total=12, unit="steps"))
            await until(
                pilot, lambda: "the model is trained: 50%" in str(home.query_one("#details", Static).render())
            )
        writer.close()
        await until(pilot, lambda: "■ interrupted" in lines(home)[0])

        assert "r" in keys(home)


async def test_a_run_that_is_begun_elsewhere_comes_on_top_and_the_cursor_stays(app, four_runs):
    async with app.run_test() as pilot:
        home = await at_home(pilot, 4)
        await pilot.press("down", "down")
        assert under_cursor(home) == "20270114-desk"

        made("20270115-new", "Begun elsewhere", 0)
        await until(pilot, lambda: home.query_one(RunTable).row_count == 5)

        assert "Begun elsewhere" in lines(home)[0]
        assert under_cursor(home) == "20270114-desk"


async def test_resume_starts_the_run_again_and_watches_it(app, four_runs, called):
    async with app.run_test() as pilot:
        await at_home(pilot, 4)
        await pilot.press("down", "r")
        await pilot.pause(0.1)
        assert called.relaunched == []

        await pilot.press("down", "r")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))

        assert called.relaunched == [Path("runs/20270114-desk")]
        assert app.screen.walk_state.run_path == four_runs["paused"].path


async def test_what_keeps_a_run_from_being_resumed_is_told(app, four_runs):
    def refuses(path: Path) -> Any:
        raise Fault("cannot be written: No space left", where=str(path), fix="Free some space.")

    app.services = replace(app.services, relaunch=refuses)
    async with app.run_test() as pilot:
        home = await at_home(pilot, 4)
        await pilot.press("end", "r")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        shown = " ".join(str(part.render()) for part in app.screen.query(Static))
        assert "No space left" in shown
        assert "Free some space." in shown
        await pilot.press("escape")

        assert app.screen is home


async def test_stop_asks_first(app, four_runs, held, called):
    held(four_runs["live"])
    async with app.run_test() as pilot:
        home = await at_home(pilot, 4)
        await until(pilot, lambda: "s" in keys(home))
        await pilot.press("s", "c")
        assert called.stopped == []
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("s")
        await until(pilot, lambda: called.stopped == [Path("runs/20270115-live")])


async def test_delete_tells_what_goes_and_asks(app, four_runs):
    (four_runs["old"].training / "adapter").mkdir(parents=True)
    (four_runs["old"].training / "adapter/weights").write_bytes(b"x" * 2_000_000)
    async with app.run_test() as pilot:
        home = await at_home(pilot, 4)
        await pilot.press("end", "d")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        asked = " ".join(str(part.render()) for part in app.screen.query(Static))
        assert "20270112-old" in asked
        assert "3 files, 2.0 MB" in asked
        assert "adapter goes with it" in asked
        await pilot.press("enter")
        assert four_runs["old"].path.exists()

        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        # The same key again, as by a finger that stays on it, deletes nothing.
        await pilot.press("d")
        assert four_runs["old"].path.exists()
        await pilot.press("y")
        await until(pilot, lambda: home.query_one(RunTable).row_count == 3)

        assert not four_runs["old"].path.exists()
        assert under_cursor(home) == "20270114-desk"


async def test_a_run_that_goes_on_is_not_deleted(app, four_runs, held):
    held(four_runs["live"])
    async with app.run_test() as pilot:
        home = await at_home(pilot, 4)
        await pilot.press("d")
        await until(pilot, lambda: any("s stops it" in found.message for found in app._notifications))

        assert home.query_one(RunTable).row_count == 4


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real runs of the classifier alone: one, one with a target, one on other rows."""
    folder = tmp_path_factory.mktemp("measured")
    rows = folder / "rows.jsonl"
    letters = "abcdefghijklmnopqrstuvwxyz"
    questions = [" ".join(letters[(at * step) % 26] * 3 for step in range(1, 9)) for at in range(60)]
    lines = [{"question": f"{text} {at}", "answer": f"q{at % 3}"} for at, text in enumerate(questions)]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    for name, more in (("older", {}), ("newer", {"target": 0.9}), ("other", {"seed": 1})):
        plan = Plan(data=rows, rungs=("classifier",), no_train=True, task=name, **more)
        walk(plan, create_run(plan, folder / name), lambda event: None, StopSignal())
    return folder


@pytest.fixture
def two_of(measured: Path, place: Path) -> Callable[..., None]:
    """Copies of two of them, the first made earlier."""

    def call(*names: str) -> None:
        for minutes, name in zip((90, 5), names, strict=True):
            shutil.copytree(measured / name, Path("runs") / name)
            at = NOW - 60 * minutes
            os.utime(Path("runs") / name / "plan.toml", (at, at))

    return call


def compared(screen: CompareScreen) -> str:
    return "\n".join(str(part.render()) for part in screen.query(".block").results(Static))


async def test_two_marked_runs_are_compared(app, two_of):
    two_of("older", "newer")
    async with app.run_test(size=(140, 40)) as pilot:
        home = await at_home(pilot, 2)
        await pilot.press("c")
        assert app.screen is home
        await pilot.press("m", "down", "m")
        assert "2 of 2 marked" in heading(home)
        assert [line[0] for line in lines(home)] == ["◆", "◆"]
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))

        told = compared(app.screen)
        assert told.index("A  runs/older") < told.index("B  runs/newer")
        assert "On the same 12 test rows" in told
        assert "B fixes 0 and breaks 0" in told
        await pilot.press("escape")
        assert app.screen is home


async def test_runs_on_other_rows_say_why_they_are_not_compared(app, two_of):
    two_of("older", "other")
    async with app.run_test(size=(140, 40)) as pilot:
        await at_home(pilot, 2)
        await pilot.press("m", "down", "m", "c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))

        assert "the two hold different rows" in compared(app.screen)


async def test_of_three_marks_the_oldest_goes_and_a_run_without_a_report_is_told(app, four_runs):
    async with app.run_test() as pilot:
        home = await at_home(pilot, 4)
        await pilot.press("m", "down", "m", "down", "m")
        assert [line[0] for line in lines(home)] == [" ", "◆", "◆", " "]
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        await pilot.press("escape", "m")

        assert [line[0] for line in lines(home)] == [" ", "◆", " ", " "]


async def test_a_plan_file_is_opened_and_a_wrong_one_told(app, four_runs):
    Path("mine.toml").write_text('data = "rows.jsonl"\ntask = "Mine"\n', encoding="utf-8")
    async with app.run_test() as pilot:
        home = await at_home(pilot, 4)
        for name, expected in (("absent.toml", Explain), ("mine.toml", WalkScreen)):
            await pilot.press("o")
            await until(pilot, lambda: app.screen is not home)
            await pilot.press(*["backspace"] * len("advisor.toml"), *name, "enter")
            await until(pilot, lambda kind=expected: isinstance(app.screen, kind))
            if expected is Explain:
                await pilot.press("escape")

        assert app.screen.walk_state.draft.get("task") == "Mine"
        assert not app.screen.is_unsaved


async def test_help_names_the_keys(app, four_runs):
    async with app.run_test(size=(80, 40)) as pilot:
        await at_home(pilot, 4)
        await pilot.press("question_mark")
        await until(pilot, lambda: not isinstance(app.screen, HomeScreen))
        shown = " ".join(str(part.render()) for part in app.screen.query(Static))

        assert "goes on does not need this program" in shown


async def test_a_task_in_foreign_words_is_shown_and_not_obeyed(app, place):
    made("one", "[bold]not markup[/] \x1b[31mred\x1b[0m " + "긴" * 200, 1)
    async with app.run_test() as pilot:
        home = await at_home(pilot, 1)

        assert "[bold]not markup[/]" in lines(home)[0]
        assert "\x1b" not in lines(home)[0]


@pytest.mark.unmeasured
async def test_a_thousand_runs_are_listed_while_keys_are_answered(app, place):
    first = made("run-0000", "task 0", 0)
    for at in range(1, 1_000):
        copy = Path(f"runs/run-{at:04}")
        copy.mkdir()
        (copy / "plan.toml").write_bytes(first.plan_file.read_bytes())
        os.utime(copy / "plan.toml", (NOW - 60 * at, NOW - 60 * at))
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        home = app.screen
        began = time.monotonic()
        await until(pilot, lambda: home.query_one(RunTable).row_count > 0)
        first_rows = time.monotonic() - began
        assert "run-0000" in lines(home)[0] + under_cursor(home)
        await pilot.press("down", "down")
        assert under_cursor(home) == "run-0002"
        await at_home(pilot, 1_000)

        assert first_rows < 5
        assert under_cursor(home) == "run-0002"
        await pilot.press("end")
        assert under_cursor(home) == "run-0999"


def test_home_looks(app, four_runs, held, as_pictured):
    held(four_runs["live"])

    async def show(pilot: Pilot[Any]) -> None:
        await at_home(pilot, 4)
        await pilot.press("down", "m")

    assert as_pictured(app, show)


def test_the_empty_home_looks(app, place, as_pictured):
    async def show(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        await pilot.press("ctrl+o")
        await at_home(pilot, 0)

    assert as_pictured(app, show)


def test_compared_runs_look(app, two_of, monkeypatch, as_pictured):
    monkeypatch.setattr("advisor.two_runs.time_words", lambda seconds: "2 s")
    two_of("older", "newer")

    async def show(pilot: Pilot[Any]) -> None:
        await at_home(pilot, 2)
        await pilot.press("m", "down", "m", "c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))

    assert as_pictured(app, show)

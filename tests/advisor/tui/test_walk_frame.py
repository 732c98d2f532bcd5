"""The walk's frame: rail, keys, the one state, what is asked before something is lost. Steps stand in for the real ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input, Static
from training_runs import screen_text

from advisor.draft import Draft
from advisor.plan import Plan
from advisor.run_directory import RunDirectory, create_run
from advisor.texts import N_
from advisor.tui import rail, walk
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs import Ask, AskText, Explain
from advisor.tui.help import HelpScreen
from advisor.tui.services import Services
from advisor.tui.step import Step
from advisor.tui.steps import StepEntry
from advisor.tui.walk import WalkScreen
from advisor.watching import RunState
from rubrics.errors import Fault

SIZE = (80, 24)


class _Stand(Step):
    HELP = N_("Quit")
    BINDINGS = [Binding("x", "fill", N_("Training")), Binding("f", "fail", "Fail")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield Input(id="field")
        yield Input(id="written")
        yield Static(id="shown")

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "written":
            self.change(task=event.value)

    def show(self, state: walk.WalkState) -> None:
        super().show(state)
        life = state.run.life if state.run else "none"
        self.query_one("#shown", Static).update(f"{state.draft.get('task')} {life}")

    def action_fill(self) -> None:
        self.change(task="filled")

    def action_fail(self) -> None:
        self.fault(Fault("it broke", where="rows.jsonl:7", fix="Mend it."))


class _Entry(StepEntry):
    def load(self) -> type[Step]:
        return _Stand


@dataclass
class _Watch:
    states: list[RunState]

    def poll(self) -> RunState:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ("task", "suitability", "options", "verdict", "training", "results")
    entries = tuple(_Entry(key, "_Stand", key.capitalize(), f"why {key}") for key in keys)
    for module in (walk, rail):
        monkeypatch.setattr(module, "STEPS", entries)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"question": "a", "answer": "b"}\n')
    return create_run(Plan(data=rows, task="of the run"), tmp_path / "run")


def _screen(app: AdvisorApp) -> WalkScreen:
    screen = app.screen
    assert isinstance(screen, WalkScreen)
    return screen


def _text(app: AdvisorApp, selector: str) -> str:
    return str(app.screen.query(selector).last(Static).render())


async def test_keys_lead_through_the_steps_and_keep_what_is_typed() -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        # given a field that has the focus and takes letters
        await pilot.press("tab", "n", "2")
        assert app.screen.query_one("#field", Input).value == "n2"
        # when keys that no field takes are pressed, or letters once the field is left
        await pilot.press("ctrl+n")
        assert _screen(app).here == "suitability"
        await pilot.press("ctrl+n")
        assert _screen(app).here == "options"
        await pilot.press("ctrl+b", "1")
        # then the first step is as it was left
        assert _screen(app).here == "task"
        assert app.screen.query_one("#step-task #field", Input).value == "n2"


async def test_the_walk_ends_at_its_ends() -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("ctrl+b")
        assert _screen(app).here == "task"
        for _ in range(9):
            await pilot.press("ctrl+n")
        assert _screen(app).here == "results"


async def test_a_click_in_the_rail_goes_there_and_a_narrow_screen_has_one_line() -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.click("#rail-verdict")
        assert _screen(app).here == "verdict"
        assert "▸4 · Verdict" in str(app.screen.query_one("#rail-verdict", Static).render())
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.screen.query_one("#rail-line").display
        assert not app.screen.query_one("#rail-verdict").display
        assert "▸4/6 Verdict" in str(app.screen.query_one("#rail-line", Static).render())


async def test_what_a_step_fills_in_is_shown_by_the_others() -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("escape", "x", "ctrl+n")
        await pilot.pause()
        assert _screen(app).walk_state.draft == Draft().changed(task="filled")
        assert _text(app, "#step-suitability #shown") == "filled none"


async def test_help_names_the_keys_of_the_step() -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("escape", "question_mark")
        assert isinstance(app.screen, HelpScreen)
        assert ("x", "Training") in app.screen.keys
        # What moves about is the same in every program and would hide the rest.
        assert not {"Scroll Up", "Page Left", "Focus Next"} & {what for _key, what in app.screen.keys}
        await pilot.press("escape")
        assert isinstance(app.screen, WalkScreen)


async def test_the_palette_names_the_keys_of_walk_and_step_and_does_what_they_do() -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("escape")
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        assert {"Next", "Back", "Help", "Training", "Quit", "Go to a step: Ship"} <= commands.keys()
        assert "Scroll Up" not in commands
        result = commands["Next"].callback()
        assert result is not None
        await result
        await pilot.pause()
        assert _screen(app).here == "suitability"


async def test_a_fault_says_where_and_what_to_do() -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("escape", "f")
        assert isinstance(app.screen, Explain)
        shown = " ".join(str(widget.render()) for widget in app.screen.query(Static))
        assert "✗ it broke" in shown
        assert "rows.jsonl:7" in shown
        assert "What to do: Mend it." in shown


@pytest.mark.parametrize(("key", "leaves"), [("escape", False), ("c", False), ("d", True)])
async def test_quitting_asks_where_answers_would_be_lost(key: str, leaves: bool) -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("escape", "x", "ctrl+q")
        assert isinstance(app.screen, Ask)
        await pilot.press(key)
        await pilot.pause()
        assert (app._exit is True) == leaves


async def test_the_palettes_quit_asks_too_and_is_the_only_one() -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("escape", "x")
        await pilot.pause()
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert len(titles) == len(set(titles))
        await pilot.press("ctrl+p", *"Quit")
        await _until(pilot.pause, lambda: "Quit" in screen_text(app))
        await pilot.pause(0.5)
        await pilot.press("enter")
        await _until(pilot.pause, lambda: isinstance(app.screen, Ask))
        assert app._exit is False


async def test_textuals_own_way_out_asks_too() -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("escape", "x")
        await pilot.pause()
        await app.run_action("quit")
        await pilot.pause()
        assert isinstance(app.screen, Ask)


@pytest.mark.parametrize("size", [(80, 24), (60, 24), (200, 50)])
async def test_the_ways_out_of_a_step_are_always_seen(size: tuple[int, int]) -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=size) as pilot:
        await pilot.press("escape")
        await pilot.pause()
        for way in ("^n Next", "^b Back", "^o Runs", "? Help", "^q Quit"):
            assert way in screen_text(app), way
        assert "x Training" in screen_text(app)


async def test_a_question_waits_for_the_end_of_a_word(run: RunDirectory) -> None:
    states = [RunState(life="paused")]
    app = AdvisorApp(Services(watch=lambda path: _Watch(states)), run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot.pause, lambda: _screen(app).walk_state.run is not None)
        await _until(pilot.pause, lambda: _screen(app).step is not None)
        await pilot.pause()
        # given a field of what a run is measured by
        app.screen.query_one("#written", Input).focus()
        await pilot.press(*"my y")
        await pilot.pause()
        # then no letter of what is typed there answers a question
        assert isinstance(app.screen, WalkScreen)
        assert app.screen.query_one("#written", Input).value == "my y"
        assert _screen(app).walk_state.run_path == run.path
        # nor does news of the run take away what was typed
        states[:] = [RunState(life="finished")]
        await _until(pilot.pause, lambda: "finished" in _text(app, "#heading"))
        assert _screen(app).step is not None
        assert _screen(app).step.state.draft.get("task") == "my y"
        # when the field is left, it is asked, with all that was typed
        await pilot.press("tab")
        await _until(pilot.pause, lambda: isinstance(app.screen, Ask))
        await pilot.press("y")
        await pilot.pause()
        assert _screen(app).walk_state.draft.get("task") == "my y"
        assert _screen(app).walk_state.run_path is None


async def test_what_is_written_and_taken_back_asks_nothing(run: RunDirectory) -> None:
    app = AdvisorApp(Services(watch=lambda path: _Watch([RunState(life="paused")])), run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot.pause, lambda: _screen(app).walk_state.run is not None)
        await _until(pilot.pause, lambda: _screen(app).step is not None)
        await pilot.pause()
        field = app.screen.query_one("#written", Input)
        field.focus()
        await pilot.press("a")
        await pilot.pause()
        field.value = "of the run"
        await pilot.pause()
        await pilot.press("tab")
        await pilot.pause()
        assert isinstance(app.screen, WalkScreen)


async def test_every_choice_of_a_question_can_be_read() -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("escape", "x", "ctrl+q")
        await pilot.pause()

        seen = screen_text(app)
        assert "Stay [c]" in seen
        assert "Leave without them [d]" in seen


async def test_quitting_from_a_dialog_asks_too() -> None:
    app = AdvisorApp(draft=Draft())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("escape", "x", "question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("ctrl+q")
        assert isinstance(app.screen, Ask)
        assert app._exit is False
        await pilot.press("ctrl+q", "d")
        await pilot.pause()
        assert app._exit is True


async def test_quitting_asks_nothing_where_nothing_would_be_lost() -> None:
    app = AdvisorApp(draft=Draft().changed(task="as it was given"))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert app._exit is True


async def test_answers_are_saved_as_a_plan_and_never_over_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "advisor.toml").write_text("mine")
    rows = tmp_path / "rows.jsonl"
    rows.write_text("{}\n")
    app = AdvisorApp(draft=Draft().changed(data=rows))
    async with app.run_test(size=SIZE) as pilot:
        # given changed answers, and a file of the proposed name
        await pilot.press("escape", "x", "ctrl+q", "s")
        assert isinstance(app.screen, AskText)
        await pilot.press("enter")
        # then it is not touched, and the answers are still there
        assert isinstance(app.screen, Explain)
        assert (tmp_path / "advisor.toml").read_text() == "mine"
        # when another name is given
        await pilot.press("escape", "ctrl+q", "s", *"2.toml", "enter")
        await pilot.pause()
        assert app._exit is True
    assert 'task = "filled"' in (tmp_path / "2.toml").read_text()


async def test_a_run_is_followed_to_the_step_it_is_at(run: RunDirectory) -> None:
    training = replace(RunState().training, status="running")
    states = [RunState(life="starting"), RunState(life="running", training=training)]
    app = AdvisorApp(Services(watch=lambda path: _Watch(states)), run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot.pause, lambda: _screen(app).here != "task")
        # the first state tells that nothing was measured yet
        assert _screen(app).here == "options"
        await _until(pilot.pause, lambda: _screen(app).walk_state.run == states[-1])
        await pilot.press("escape", "5")
        await pilot.pause()
        assert _text(app, "#step-training #shown") == "of the run running"
        assert "● running" in _text(app, "#heading")


class _Gated:
    """A run whose log takes long to be read."""

    def __init__(self, state: RunState) -> None:
        self.state, self.read = state, threading.Event()

    def poll(self) -> RunState:
        self.read.wait(20)
        return self.state


async def test_no_step_is_shown_before_the_run_is_read(run: RunDirectory) -> None:
    watch = _Gated(RunState(life="running", training=replace(RunState().training, status="running")))
    app = AdvisorApp(Services(watch=lambda path: watch), run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert _screen(app).step is None
        assert "Reading what the run has said" in _text(app, "#why")
        assert "of the run" in _text(app, "#heading")

        watch.read.set()
        await _until(pilot.pause, lambda: _screen(app).step is not None)
        assert _screen(app).here == "training"
        assert _text(app, "#why") == "why training"


async def test_who_goes_to_a_step_while_the_run_is_read_stays_there(run: RunDirectory) -> None:
    watch = _Gated(RunState(life="running", training=replace(RunState().training, status="running")))
    app = AdvisorApp(Services(watch=lambda path: watch), run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("2")
        watch.read.set()
        await _until(pilot.pause, lambda: _screen(app).walk_state.run is not None)
        await pilot.pause()

        assert _screen(app).here == "suitability"


async def test_what_a_run_is_measured_by_changes_only_in_a_new_walk(run: RunDirectory) -> None:
    app = AdvisorApp(Services(watch=lambda path: _Watch([RunState(life="paused")])), run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot.pause, lambda: _screen(app).walk_state.run is not None)
        await pilot.press("escape", "x")
        await pilot.pause()
        assert isinstance(app.screen, Ask)
        # when it is not wanted, the run and its answers stay
        await pilot.press("n")
        assert _screen(app).walk_state.run_path == run.path
        assert _screen(app).walk_state.draft.get("task") == "of the run"
        # when it is, the other answers are taken along
        await pilot.press("escape", "x", "y")
        await pilot.pause()
        assert _screen(app).walk_state.run_path is None
        assert _screen(app).walk_state.draft.get("task") == "filled"
        assert _screen(app).walk_state.draft.get("data") == run.plan().data


async def test_ctrl_c_asks_first_and_stops_when_pressed_again(run: RunDirectory) -> None:
    stopped: list[Path] = []
    services = Services(watch=lambda path: _Watch([RunState(life="running")]), ask_to_stop=stopped.append)
    app = AdvisorApp(services, run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot.pause, lambda: _screen(app).walk_state.run is not None)
        await pilot.press("ctrl+c")
        assert isinstance(app.screen, Ask)
        await pilot.press("c")
        assert stopped == []
        await pilot.press("ctrl+c", "ctrl+c")
        await _until(pilot.pause, lambda: bool(stopped))
        assert stopped == [run.path]
        assert isinstance(app.screen, WalkScreen)


async def test_a_run_is_left_running_and_how_to_watch_it_is_said(run: RunDirectory) -> None:
    services = Services(watch=lambda path: _Watch([RunState(life="running")]), ask_to_stop=_never)
    app = AdvisorApp(services, run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot.pause, lambda: _screen(app).walk_state.run is not None)
        await pilot.press("ctrl+c", "l")
        await pilot.pause()
    assert app.return_value == f"The run goes on. Watch it again: advisor attach {run.path}"


async def test_a_run_directory_that_cannot_be_read_is_told(run: RunDirectory) -> None:
    class Broken:
        def poll(self) -> RunState:
            raise PermissionError(13, "Permission denied", "events.jsonl")

    app = AdvisorApp(Services(watch=lambda path: Broken()), run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot.pause, lambda: isinstance(app.screen, Explain))
        assert "Permission denied" in " ".join(str(w.render()) for w in app.screen.query(Static))
        await pilot.press("escape")
        await _until(pilot.pause, lambda: isinstance(app.screen, WalkScreen) and app.screen.step is not None)


async def test_a_run_that_cannot_be_read_for_a_moment_is_followed_again(run: RunDirectory) -> None:
    class Flaky:
        def __init__(self) -> None:
            self.is_away = threading.Event()

        def poll(self) -> RunState:
            if self.is_away.is_set():
                raise OSError(5, "Input/output error")
            return RunState(life="running")

    watch = Flaky()
    app = AdvisorApp(Services(watch=lambda path: watch), run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot.pause, lambda: _screen(app).walk_state.run is not None)
        watch.is_away.set()
        await _until(pilot.pause, lambda: isinstance(app.screen, Explain))
        await pilot.press("escape")
        assert "! cannot be read" in _text(app, "#heading")
        watch.is_away.clear()
        await _until(pilot.pause, lambda: "● running" in _text(app, "#heading"))


async def test_quitting_beside_a_run_says_how_to_watch_it_again(run: RunDirectory) -> None:
    app = AdvisorApp(Services(watch=lambda path: _Watch([RunState(life="running")])), run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot.pause, lambda: _screen(app).walk_state.run is not None)
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert app.return_value == f"The run goes on. Watch it again: advisor attach {run.path}"


async def test_leaving_a_run_that_has_ended_waits_for_nothing(run: RunDirectory) -> None:
    app = AdvisorApp(Services(watch=lambda path: _Watch([RunState(life="finished")])), run=run.path)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot.pause, lambda: _screen(app).walk_state.run is not None)
        follow = next(worker for worker in app.screen.workers if worker.group == "follow")
        begun = time.monotonic()
        await pilot.press("ctrl+o")
        await _until(pilot.pause, lambda: follow.is_finished)
        assert time.monotonic() - begun < 0.9  # the next look at a run that has ended is a second away


def test_sixteen_colours_are_the_terminals_own() -> None:
    app = AdvisorApp(ansi=True)
    assert app.current_theme.ansi
    app.action_toggle_light()
    assert app.current_theme.ansi
    assert not app.current_theme.dark
    app.action_toggle_light()
    assert app.current_theme.dark


def _never(path: Path) -> None:
    raise AssertionError("nobody asked for it")


async def _until(pause: Callable[[], object], holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        await pause(0.02)  # type: ignore[call-arg, misc]
    raise AssertionError("it never came")

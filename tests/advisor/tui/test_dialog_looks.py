"""What stands over or before the screens: questions, faults, help, the palette, and the wait for a long log."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ladder_runs import decided
from looks import AsPictured, names_its_keys
from steps_on_screen import all_steps, until
from textual.command import CommandList, CommandPalette
from textual.pilot import Pilot
from textual.widgets import TextArea
from textual.worker import get_current_worker
from training_runs import Doors, a_run, application, done, paused

from advisor.draft import Draft
from advisor.plan import read_plan
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs import Ask, AskText, Explain, tell_fault
from advisor.tui.help import HelpScreen
from advisor.tui.services import Watch
from advisor.tui.steps.options.own_prompt import TypedPrompt
from advisor.watching import RunWatch
from rubrics.errors import Fault


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative names look the same everywhere."""
    monkeypatch.chdir(tmp_path)
    all_steps(monkeypatch)


def wizard(step: str = "task") -> AdvisorApp:
    return AdvisorApp(Doors().services(), draft=Draft(), step=step)


async def begun(pilot: Pilot[Any]) -> None:
    """The step is on the screen and, where there is a run, shows it."""
    walk = pilot.app.screen
    await until(pilot, lambda: walk.step is not None and walk.step.state.run_path == walk.walk_state.run_path)
    await until(pilot, lambda: walk.walk_state.run_path is None or walk.step.state.run is not None)
    # What comes to stand over it would keep the footer from being made.
    await until(pilot, lambda: names_its_keys(pilot.app))


async def on(pilot: Pilot[Any], screen: type) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, screen))


def test_the_question_before_answers_are_lost_looks(as_pictured: AsPictured) -> None:
    async def show(pilot: Pilot[Any]) -> None:
        await begun(pilot)
        pilot.app.screen.step.change(task="Sort the messages")
        await until(pilot, lambda: pilot.app.screen.is_unsaved)
        await pilot.press("ctrl+q")
        await on(pilot, Ask)

    assert as_pictured(wizard(), show)


def test_the_question_why_a_verdict_is_overruled_looks(tmp_path: Path, as_pictured: AsPictured) -> None:
    async def show(pilot: Pilot[Any]) -> None:
        await begun(pilot)
        await pilot.press("o")
        await on(pilot, AskText)
        await pilot.press("enter")  # without a reason, which it says

    assert as_pictured(application(decided(tmp_path), "verdict"), show)


def test_a_fault_looks(as_pictured: AsPictured) -> None:
    Path("advisor.toml").write_text('data = "rows.jsonl"\ntarget = 90\nmetrics = "bleu"\nseed = "one"\n')
    with pytest.raises(Fault) as refused:
        read_plan(Path("advisor.toml"))

    async def show(pilot: Pilot[Any]) -> None:
        await begun(pilot)
        tell_fault(pilot.app, refused.value)
        await on(pilot, Explain)

    assert as_pictured(wizard(), show)


def test_the_field_for_a_prompt_of_ones_own_looks(as_pictured: AsPictured) -> None:
    async def show(pilot: Pilot[Any]) -> None:
        await begun(pilot)
        await pilot.press("p", "t")
        await on(pilot, TypedPrompt)
        pilot.app.screen.query_one(
            TextArea
        ).text = "You route messages of a support desk.\nAnswer with a queue."

    assert as_pictured(wizard("options"), show)


def test_help_looks(tmp_path: Path, as_pictured: AsPictured) -> None:
    async def show(pilot: Pilot[Any]) -> None:
        await begun(pilot)
        await pilot.press("question_mark")
        await on(pilot, HelpScreen)

    assert as_pictured(application(a_run(tmp_path, done()), "training"), show)


def test_the_palette_looks(as_pictured: AsPictured) -> None:
    async def show(pilot: Pilot[Any]) -> None:
        await begun(pilot)
        await pilot.press("ctrl+p")
        await on(pilot, CommandPalette)
        await until(pilot, lambda: pilot.app.screen.query_one(CommandList).option_count > 5)

    assert as_pictured(wizard(), show)


def test_the_wait_for_a_long_log_looks(tmp_path: Path, as_pictured: AsPictured) -> None:
    def read_on(path: Path) -> Watch:
        worker = get_current_worker()
        while not worker.is_cancelled:
            time.sleep(0.02)
        return RunWatch(path)  # which nobody asks any more

    app = application(a_run(tmp_path, paused()), "")
    app.services = replace(app.services, watch=read_on)

    async def show(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: str(pilot.app.screen.query_one("#why").render()))

    assert as_pictured(app, show)

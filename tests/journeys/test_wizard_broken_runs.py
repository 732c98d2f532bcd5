"""What the wizard shows, and offers, when the processes of a run are killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from journey_tools import advisor, trained_share
from textual.pilot import Pilot

from advisor.plan import read_plan
from advisor.run_directory import RunDirectory
from advisor.stopping import stop_run
from advisor.texts import use_language
from advisor.tui.app import AdvisorApp
from advisor.tui.services import Services
from advisor.tui.walk import WalkScreen


@pytest.fixture
def long_run(plan: list[str], tmp_path: Path) -> Iterator[RunDirectory]:
    """A run that trains the two-layer model for long, started as the wizard starts it."""
    use_language("en")
    path = tmp_path / "advisor.toml"
    made = advisor("init", *plan, "--epochs", 90, "--guard", "none", "--out", path, cwd=tmp_path)
    assert made.code == 0, made.err
    launched = Services().launch(read_plan(path), tmp_path / "run")
    run = RunDirectory(launched.path)
    yield run
    stop_run(run)


def _kill(run: RunDirectory) -> None:
    owners = [run.trainer_owner(), run.owner()]
    for owner in owners:
        if owner is not None:
            os.kill(owner, signal.SIGKILL)


@pytest.mark.journey
@pytest.mark.timeout(1200)
async def test_a_killed_training_is_told_with_a_key_that_goes_on(long_run: RunDirectory) -> None:
    app = AdvisorApp(run=long_run.path, step="training")
    async with app.run_test(size=(100, 40)) as pilot:
        await _until(pilot, lambda: trained_share(long_run.path) > 0.02, "the training")
        # when its processes are gone
        _kill(long_run)
        # then the screen says so, and going on is a key
        await _until(pilot, lambda: not _is_live(app), "the end of the run")
        await _until(pilot, lambda: "ended without a word" in _shown(app), "what happened")
        assert "go_on" in _offered(app), _shown(app)
        # and that key goes on from the last checkpoint
        await pilot.press("c")
        await _until(pilot, lambda: _is_live(app), "going on")
        assert long_run.is_live()


def _is_live(app: AdvisorApp) -> bool:
    screen = app.screen
    return (
        isinstance(screen, WalkScreen) and screen.walk_state.run is not None and screen.walk_state.run.is_live
    )


def _offered(app: AdvisorApp) -> set[str]:
    return {active.binding.action for active in app.screen.active_bindings.values() if active.enabled}


def _shown(app: AdvisorApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def _until(pilot: Pilot[Any], holds: Callable[[], bool], what: str, seconds: float = 200.0) -> None:
    for _ in range(int(seconds / 0.1)):
        if holds():
            return
        await pilot.pause(0.1)
    raise AssertionError(f"waited {seconds:.0f} s for {what}; the screen is\n{_shown(pilot.app)}")  # type: ignore[arg-type]

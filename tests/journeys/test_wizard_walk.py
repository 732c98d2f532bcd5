"""A newcomer's whole path through the wizard, key by key, to the results; and the printed command that gives the same.

With the two-layer model it takes seconds; with the embedded one minutes, and is run by `make journeys`.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from journey_tools import advisor
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from advisor.models.resolve import ResolvedModel
from advisor.plan import RUNGS
from advisor.report.model import Report
from advisor.texts import use_language
from advisor.tui.app import AdvisorApp
from advisor.tui.walk import WalkScreen

PATIENCE = 900.0
SETTINGS = {"epochs": "0.4", "guard": "none"}


async def walked(folder: Path, model: Path | None) -> tuple[Path, str]:
    """Walk from the first screen to the results on the bundled example; returns the run directory and its command."""
    app = AdvisorApp()
    async with app.run_test(size=(100, 40)) as pilot:
        await _until(pilot, lambda: bool(app.screen.query("TaskStep Button")), "the first step")
        # Task: the bundled example, without its time limit, since a limit makes the rows that are asked depend on
        # how busy the machine is
        await pilot.press("e")
        await _until(pilot, lambda: _draft(app).get("data") is not None, "the example")
        await _write(pilot, app, "#field-max_minutes Input", "")
        if model is not None:
            await pilot.press("escape", "m")
            await _write(pilot, app, "#field-model Input", str(model))
        # Suitability: the example's own answers, the rest skipped with one key
        await pilot.press("escape", "ctrl+n")
        await _until(pilot, lambda: bool(app.screen.query("SuitabilityStep Static")), "the questions")
        await pilot.press("s")
        await _until(pilot, lambda: _walk(app).here == "data", "the next step")
        # Data: what was found
        await _until(pilot, lambda: "530" in _shown(app), "the rows' health")
        # Cheap options: the two cheapest
        await pilot.press("ctrl+n")
        await _until(pilot, lambda: bool(app.screen.query("#rungs")), "the options")
        for rung in ("instruction", "few_shot"):
            app.screen.query_one("#rungs", OptionList).highlighted = RUNGS.index(rung)
            await pilot.press("space")
            await _until(pilot, lambda rung=rung: rung not in _draft(app).get("rungs"), f"no {rung}")
        await _until(pilot, lambda: "measure" in _offered(app), "a forecast")
        await pilot.press("m")
        await _until(pilot, lambda: _life(app) == "paused", "the measurement", PATIENCE)
        # Verdict: accepted
        await pilot.press("ctrl+n")
        await _until(pilot, lambda: "FINE_TUNE" in _shown(app), "the verdict")
        await pilot.press("a")
        # Plan: shortened
        await _until(pilot, lambda: _walk(app).here == "plan", "the plan")
        await pilot.press("e")
        for field, value in SETTINGS.items():
            await _write(pilot, app, f"#setting-{field} Input", value)
        await pilot.press("escape")
        await _until(pilot, lambda: "start" in _offered(app), "the start of training")
        await pilot.press("t")
        # Training, then Results
        await _until(pilot, lambda: _walk(app).here == "training", "the training")
        await _until(pilot, lambda: _life(app) == "finished", "the end of the run", PATIENCE)
        await pilot.press("ctrl+n")
        await _until(pilot, lambda: "exact_match" in _shown(app), "the results")
        assert _report(_run(app)).comparison is not None
        shown = _shown(app)
        assert any(word in shown for word in ("SHIP_TUNED", "KEEP_BASELINE", "INCONCLUSIVE")), shown
        # Plan again: the command that makes the whole run
        await pilot.press("escape", "6")
        await _until(pilot, lambda: "copy_whole" in _offered(app), "the command")
        await pilot.press("w")
        await pilot.pause()
        return _run(app), app.clipboard


def _report(run: Path) -> Report:
    return Report.model_validate_json((run / "report.json").read_bytes())


def same_by_command(run: Path, command: str, folder: Path) -> None:
    """The command that the screen printed makes the same plan, the same splits and the same verdict."""
    words = shlex.split(command)
    assert words[:2] == ["advisor", "run"]
    other = folder / "by-command"
    outcome = advisor(*words[1:], "--until", "decide", "--out", other, cwd=folder)
    assert outcome.code == 0, outcome.err
    assert (other / "plan.toml").read_text() == (run / "plan.toml").read_text()
    for name in ("train", "dev", "test"):
        file = f"splits/{name}.jsonl"
        assert (other / file).read_bytes() == (run / file).read_bytes(), name
    verdicts = [json.loads((path / "verdict.json").read_text()) for path in (other, run)]
    assert verdicts[0] == verdicts[1]


@pytest.mark.timeout(1500)
async def test_a_newcomer_walks_to_the_results_and_the_command_gives_the_same(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(
        "COVERAGE_PROCESS_CONFIG", raising=False
    )  # the journey's processes start sooner without
    use_language("en")
    run, command = await walked(tmp_path, tiny_model)
    same_by_command(run, command, tmp_path)


@pytest.mark.journey
@pytest.mark.timeout(3000)
async def test_a_newcomer_walks_to_the_results_with_the_embedded_model(
    embedded_model: ResolvedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    use_language("en")
    run, command = await walked(tmp_path, None)
    report = _report(run)
    base, _, tuned = report.evaluations
    assert base.loss is not None
    assert tuned.loss is not None
    assert tuned.loss < 0.5 * base.loss
    same_by_command(run, command, tmp_path)


def _walk(app: AdvisorApp) -> WalkScreen:
    screen = app.screen
    assert isinstance(screen, WalkScreen), " ".join(str(w.render()) for w in screen.query(Static))
    return screen


def _draft(app: AdvisorApp) -> Any:
    return _walk(app).walk_state.draft


def _life(app: AdvisorApp) -> str:
    run = _walk(app).walk_state.run
    assert run is None or run.fault is None, run.fault
    return run.life if run is not None else ""


def _run(app: AdvisorApp) -> Path:
    path = _walk(app).walk_state.run_path
    assert path is not None
    return path


def _shown(app: AdvisorApp) -> str:
    """Everything on the screen, as text."""
    width = app.size.width
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip)[:width] for strip in lines)


def _offered(app: AdvisorApp) -> set[str]:
    """The actions that keys lead to now."""
    return {active.binding.action for active in app.screen.active_bindings.values() if active.enabled}


async def _write(pilot: Pilot[Any], app: AdvisorApp, selector: str, text: str) -> None:
    """Put the cursor into a field and type, in place of what stands there."""
    field = app.screen.query_one(selector, Input)
    field.focus()
    await pilot.pause()
    field.select_all()
    await pilot.press("delete", *text)
    assert field.value == text


async def _until(pilot: Pilot[Any], holds: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    for _ in range(int(seconds / 0.1)):
        if holds():
            return
        await pilot.pause(0.1)
    raise AssertionError(f"waited {seconds:.0f} s for {what}; the screen is\n{_shown(pilot.app)}")  # type: ignore[arg-type]

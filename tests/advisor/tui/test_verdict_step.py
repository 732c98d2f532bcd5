"""The Verdict step over the panel's situations: what it says, accepting it, overruling it, and before there is one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ladder_runs import a_run, decided, ended, measured, measuring, outcomes, verdict_of
from steps_on_screen import all_steps, said, words
from textual.pilot import Pilot
from textual.widgets import Collapsible, Input
from training_runs import Doors, application, screen_text
from training_runs import until as until_of

from advisor.draft import Draft
from advisor.outcomes import GLYPHS, OUTCOMES
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs import AskText
from advisor.tui.steps.verdict import VerdictStep
from advisor.tui.walk import WalkScreen
from trainer.events import EventWriter, StageStarted
from trainer.job import hold

SIZE, WIDE = (80, 24), (140, 40)
PATIENCE = 30.0
"""Seconds, on a machine that does much else."""
REASON = "it must run offline"


@pytest.fixture(autouse=True)
def stable(monkeypatch: pytest.MonkeyPatch) -> None:
    all_steps(monkeypatch)


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    await until_of(pilot, condition, PATIENCE)


def screen_of(app: AdvisorApp) -> WalkScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, WalkScreen))


def step_of(app: AdvisorApp) -> VerdictStep:
    step = screen_of(app).step
    assert isinstance(step, VerdictStep)
    return step


def draft_of(app: AdvisorApp) -> Draft:
    return screen_of(app).walk_state.draft


def says(app: AdvisorApp, *texts: str) -> Callable[[], bool]:
    return lambda: all(text in " ".join(screen_text(app).split()) for text in texts)


async def shown(pilot: Pilot[Any]) -> VerdictStep:
    """Wait until the run is read and shown."""
    app = pilot.app
    assert isinstance(app, AdvisorApp)
    await until(pilot, lambda: isinstance(app.screen, WalkScreen) and app.screen.step is not None)
    await until(pilot, lambda: step_of(app).state.run is not None)
    await pilot.pause()
    return step_of(app)


@pytest.mark.parametrize(("outcome", "case"), outcomes().items())
async def test_every_outcome_is_told_in_large_with_its_reasons_and_rule(outcome, case, tmp_path):
    verdict = verdict_of(case)
    app = application(decided(tmp_path, case), "verdict")
    async with app.run_test(size=WIDE) as pilot:
        step = await shown(pilot)

        assert OUTCOMES[outcome].headline.upper() in said(step, "#headline")
        assert GLYPHS[outcome] in said(step, "#headline")
        assert OUTCOMES[outcome].meaning in words(step, "#meaning")
        assert f"{outcome} · rule {verdict['rule']}" in words(step, "#meaning")
        assert " ".join(verdict["reasons"][0].split()) in words(step, "#reasons")
        for flip in verdict["flip"]:
            assert " ".join(flip["text"].split()) in words(step, "#flips")


async def test_the_evidence_has_rows_and_interval_of_every_score(tmp_path):
    app = application(decided(tmp_path), "verdict")
    async with app.run_test(size=WIDE) as pilot:
        step = await shown(pilot)

        assert "prompt with examples, dev ★ 200 0.60 [0.531, 0.665]" in words(step, "#evidence")
        assert "prompt with examples, test ★ 400 0.60 [0.551, 0.647]" in words(step, "#evidence")
        assert "├" in said(step, "#evidence")
        assert "smallest gain that the test rows can show 5.6 points" in words(step, "#facts")


async def test_what_to_beware_of_is_read_from_the_run(tmp_path):
    app = application(decided(tmp_path), "verdict")
    async with app.run_test(size=WIDE) as pilot:
        step = await shown(pilot)
        await until(pilot, lambda: "2 test rows stand in the training rows" in words(step, "#cautions"))
        assert "40 of 200 dev rows choose among the rungs" in words(step, "#cautions")


async def test_rules_are_folded_away_and_unfold_on_a_key(tmp_path):
    app = application(decided(tmp_path), "verdict")
    async with app.run_test(size=SIZE) as pilot:
        step = await shown(pilot)
        rules = step.query_one("#considered", Collapsible)
        assert rules.collapsed

        await pilot.press("r")
        await until(pilot, says(app, "R1 does not hold: More than 5% of the test rows"))

        await pilot.press("end")
        await until(pilot, says(app, "▸ R14 decides: No other rule holds."))
        assert "R12 not known" in words(step, "#rules")
        await pilot.press("r")
        await until(pilot, lambda: rules.collapsed)


@pytest.mark.parametrize(
    ("outcome", "leads_to"),
    [("FINE_TUNE", "plan"), ("PROMPT_IS_ENOUGH", "results"), ("NOT_SUITED", "results")],
)
async def test_accepting_goes_where_the_verdict_leads(outcome, leads_to, tmp_path):
    app = application(decided(tmp_path, outcomes()[outcome]), "verdict")
    async with app.run_test(size=SIZE) as pilot:
        step = await shown(pilot)
        before = step.state.draft

        await pilot.press("a")

        await until(pilot, lambda: screen_of(app).here == leads_to)
        assert draft_of(app) == before


async def test_overruling_needs_a_reason_which_is_kept_and_can_be_taken_back(tmp_path):
    app = application(decided(tmp_path, outcomes()["PROMPT_IS_ENOUGH"]), "verdict")
    async with app.run_test(size=SIZE) as pilot:
        step = await shown(pilot)
        before = step.state.draft

        # when no reason is given, nothing is overruled
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        app.screen.query_one(Input).value = "  "
        await pilot.press("enter")
        await until(pilot, says(app, "✗ a reason is needed"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        assert draft_of(app) == before
        assert screen_of(app).here == "verdict"

        # when one is given, the plan comes next and knows it
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        app.screen.query_one(Input).value = REASON
        await pilot.press("enter")
        await until(pilot, lambda: screen_of(app).here == "plan")
        assert draft_of(app) == before.changed(force_train=True, overruled=REASON)
        assert screen_of(app).walk_state.changes() == {"force_train": True, "overruled": REASON}

        # and the verdict says so until it is taken back
        await pilot.press("5")
        await until(pilot, lambda: screen_of(app).here == "verdict")
        await until(pilot, lambda: f"You overrule it: {REASON}" in words(step, "#now"))
        await pilot.press("a")
        await until(pilot, lambda: screen_of(app).here == "results")
        assert draft_of(app) == before


async def test_a_training_that_is_advised_can_be_refused_for_a_reason_that_the_run_takes_at_once(tmp_path):
    doors, run = Doors(), decided(tmp_path)
    app = application(run, "verdict", doors)
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        app.screen.query_one(Input).value = REASON
        await pilot.press("enter")

        await until(pilot, lambda: screen_of(app).here == "results")
        await until(pilot, lambda: bool(doors.relaunched))
        assert doors.relaunched == [(run.path, {"no_train": True}, REASON)]


async def test_nothing_is_decided_while_a_run_works_on_what_would_change(tmp_path):
    run = decided(tmp_path)
    with hold(run.path / "lock"):
        app = application(run, "verdict")
        async with app.run_test(size=SIZE) as pilot:
            step = await shown(pilot)
            await until(pilot, lambda: step.state.run.is_live)
            await pilot.press("o", "a")
            await pilot.pause()

            assert screen_of(app).here == "verdict"
            assert isinstance(app.screen, WalkScreen)
            assert "The run is at work" in words(step, "#now")
            assert "Overrule" not in screen_text(app)


# Before there is one, and while it changes ------------------------------------------------------------------------------


async def test_without_a_run_it_leads_to_the_cheap_options():
    app = application(None, "verdict")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, says(app, "No verdict yet: the cheap options (4) are measured first."))

        await pilot.press("a", "o", "r")
        await pilot.pause()

        assert screen_of(app).here == "verdict"
        assert isinstance(app.screen, WalkScreen)
        assert "Accept" not in screen_text(app)


@pytest.mark.parametrize(
    ("last", "text"),
    [
        ([], "The run ended without a word."),
        ([ended("failed", what="the disk is full", code=5)], "The run failed: the disk is full"),
    ],
    ids=["killed", "failed"],
)
async def test_a_run_that_ended_before_its_verdict_says_why(last, text, tmp_path):
    app = application(a_run(tmp_path, [*measuring(), *last]), "verdict")
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot)
        await until(pilot, says(app, text, "once the cheap options (4) are measured"))


async def test_the_verdict_comes_by_itself_and_is_marked_while_it_is_made_anew(tmp_path):
    run = a_run(tmp_path, measured(with_verdict=False))
    with hold(run.path / "lock"):
        app = application(run, "verdict")
        async with app.run_test(size=SIZE) as pilot:
            step = await shown(pilot)
            assert not step.query_one("#considered").display

            (run.path / "verdict.json").write_text(json.dumps(verdict_of("already solved")))
            await until(pilot, says(app, "A CHEAP OPTION IS ENOUGH"))

            writer = EventWriter(run.events_file)
            writer(StageStarted(stage="baseline"))
            writer.close()
            await until(pilot, says(app, "This verdict is being made anew"))


async def test_hostile_and_endless_reasons_are_shown_as_they_are(tmp_path):
    run = decided(tmp_path)
    verdict = verdict_of("already solved")
    verdict["reasons"] = ["[bold red]\x1b[31mred\u202e [/]", "한" * 300]
    (run.path / "verdict.json").write_text(json.dumps(verdict))
    app = application(run, "verdict")
    async with app.run_test(size=SIZE) as pilot:
        step = await shown(pilot)
        assert "[bold red]�[31mred� [/]" in words(step, "#reasons")
        assert words(step, "#reasons").count("한") == 300


async def test_what_is_shown_is_repainted_only_where_it_changed(tmp_path):
    app = application(decided(tmp_path), "verdict")
    async with app.run_test(size=SIZE) as pilot:
        step = await shown(pilot)
        await until(pilot, lambda: "Beware" in words(step, "#cautions"))
        updates: list[str] = []
        for widget in step.query("Words"):
            widget.update = lambda *given, name=widget.id: updates.append(str(name))  # type: ignore[method-assign]

        for _ in range(5):
            step.show(step.state)

        assert updates == []


# Looks ----------------------------------------------------------------------------------------------------------------


def test_the_verdict_looks(tmp_path, as_pictured):
    async def show(pilot: Pilot[Any]) -> None:
        step = await shown(pilot)
        await until(pilot, lambda: bool(words(step, "#cautions")))

    assert as_pictured(application(decided(tmp_path), "verdict"), show)


def test_rules_look(tmp_path, as_pictured):
    app = application(decided(tmp_path, outcomes()["PROMPT_IS_ENOUGH"]), "verdict")

    async def show(pilot: Pilot[Any]) -> None:
        step = await shown(pilot)
        await until(pilot, lambda: bool(words(step, "#cautions")))
        await pilot.press("r")
        await until(pilot, lambda: "R3" in screen_text(app))

    assert as_pictured(app, show)

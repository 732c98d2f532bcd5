"""The step Verdict on verdicts of the panel's situations: what is shown, and what accepting and overruling do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Collapsible
from training_runs import Doors, application, done, paused, until

from advisor.evidence import facts_of
from advisor.outcomes import OUTCOMES
from advisor.run_directory import RunDirectory
from advisor.texts import use_language
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs import AskText
from advisor.tui.words import Words
from rubrics.decide import decide_report
from rubrics.rulebook import Outcome

sys.path.append(str(Path(__file__).parents[2] / "rubrics"))
from panel import cases, decide_inputs
from training_runs import a_run

SIZE = (100, 40)


def _case(outcome: str) -> dict[str, Any]:
    """The first situation of the panel with that outcome, as the two artefacts of a run."""
    for case in cases("before"):
        inputs = decide_inputs(case)
        verdict = decide_report(inputs)["verdict"]
        if verdict["outcome"] == outcome:
            metrics = [{**entry, "metrics": _with_limits(entry["metrics"])} for entry in inputs["baselines"]]
            return {"verdict": verdict, "baselines": {"metric": inputs["task"]["metric"], "rungs": metrics}}
    raise AssertionError(f"the panel has no situation with {outcome}")


def _with_limits(metrics: dict[str, Any]) -> dict[str, Any]:
    """Scores as the program measures them have limits; those of the panel need none."""
    return {
        name: {"value": score["value"], "low": max(0, score["value"] - 0.1), "high": min(1, score["value"] + 0.1)}
        for name, score in metrics.items()
    }


def _run(folder: Path, outcome: str = "FINE_TUNE", **fields: Any) -> RunDirectory:
    case = _case(outcome)
    rungs = [{**rung, **_MEASURED} for rung in case["baselines"]["rungs"]]
    baselines = {**case["baselines"], "rungs": rungs}
    events = paused() if outcome == "FINE_TUNE" else done()[:0] + paused()
    return a_run(folder, events, artefacts={"verdict": case["verdict"], "baselines": baselines}, **fields)


_MEASURED = {
    "model": "m",
    "prompt_tokens": 100,
    "completion_tokens": 10,
    "latency_s": {"p50": 0.1, "p95": 0.2},
    "with_leaked": None,
}


def _said(app: AdvisorApp, name: str) -> str:
    said = app.screen.query_one(f"#{name}", Words).said
    return said.plain if said is not None else ""


async def _shown(pilot: Pilot[Any], app: AdvisorApp) -> None:
    await until(pilot, lambda: app.screen.query("#headline") and _said(app, "headline"))


@pytest.mark.parametrize("outcome", [outcome.value for outcome in Outcome])
async def test_an_outcome_is_shown_with_its_reasons_numbers_rules_and_flips(outcome: str, tmp_path: Path) -> None:
    run = _run(tmp_path, outcome)
    verdict = _case(outcome)["verdict"]
    app = application(run, "verdict")
    async with app.run_test(size=SIZE) as pilot:
        await _shown(pilot, app)
        assert OUTCOMES[outcome].headline in _said(app, "headline")
        assert outcome in _said(app, "headline")
        for reason in verdict["reasons"]:
            assert reason in _said(app, "reasons")
        for flip in verdict["flip"]:
            assert flip["text"] in _said(app, "flips")
        for rule in verdict["considered"]:
            assert f"{rule['rule']:<4}" in _said(app, "rules")
            assert rule["reason"] in _said(app, "rules")
        assert f"{verdict['rule']:<4}▶ decides" in _said(app, "rules")
        assert _said(app, "rules").count("▶ decides") == 1
        assert "n = " in _said(app, "facts")
        assert not app.screen.query_one("#doors").has_class("-none")


async def test_before_there_is_a_verdict_it_says_where_to_go_and_offers_nothing() -> None:
    app = application(None, "verdict")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.screen.query("#missing") and _said(app, "missing"))
        assert "step 4" in _said(app, "missing")
        assert not app.screen.query_one("#doors").display
        keys = {active.binding.description for active in app.screen.active_bindings.values()}
        assert not keys & {"Accept", "Overrule", "Rules considered"}


@pytest.mark.parametrize(("outcome", "step"), [("FINE_TUNE", "plan"), ("PROMPT_IS_ENOUGH", "results")])
async def test_accepting_goes_where_the_verdict_leads(outcome: str, step: str, tmp_path: Path) -> None:
    app = application(_run(tmp_path, outcome), "verdict")
    async with app.run_test(size=SIZE) as pilot:
        await _shown(pilot, app)
        await pilot.press("a")
        await until(pilot, lambda: app.screen.here == step)


async def test_training_against_the_verdict_needs_a_reason_that_goes_into_the_plan(tmp_path: Path) -> None:
    app = application(_run(tmp_path, "PROMPT_IS_ENOUGH"), "verdict")
    async with app.run_test(size=SIZE) as pilot:
        await _shown(pilot, app)
        # given no reason, the dialog stays and says what it wants
        await pilot.press("o", "enter")
        assert isinstance(app.screen, AskText)
        await pilot.press(*"latency", "enter")
        await until(pilot, lambda: getattr(app.screen, "here", "") == "plan")
        # then the draft holds it, and the step shows it beside the verdict
        assert app.screen.walk_state.changes() == {"force_train": True, "overruled": "latency"}
        await pilot.press("escape", "5")
        await until(pilot, lambda: "latency" in _said(app, "overruled"))
        # when the verdict is accepted after all, both go
        await pilot.press("escape", "a")
        await until(pilot, lambda: app.screen.walk_state.changes() == {})


async def test_not_training_against_the_verdict_is_written_into_the_run_at_once(tmp_path: Path) -> None:
    doors = Doors()
    run = _run(tmp_path)
    app = application(run, "verdict", doors)
    async with app.run_test(size=SIZE) as pilot:
        await _shown(pilot, app)
        await pilot.press("o", *"no GPU", "enter")
        await until(pilot, lambda: bool(doors.relaunched))
    assert doors.relaunched == [(run.path, {"no_train": True}, "no GPU")]


async def test_the_rules_unfold_on_a_key(tmp_path: Path) -> None:
    app = application(_run(tmp_path), "verdict")
    async with app.run_test(size=SIZE) as pilot:
        await _shown(pilot, app)
        assert app.screen.query_one(Collapsible).collapsed
        await pilot.press("r")
        assert not app.screen.query_one(Collapsible).collapsed
        await pilot.press("r")
        assert app.screen.query_one(Collapsible).collapsed


def test_the_facts_name_the_chosen_option_with_rows_and_interval() -> None:
    case = _case("PROMPT_IS_ENOUGH")
    verdict = case["verdict"]
    found = facts_of(verdict, case["baselines"])

    labels = [fact.label for fact in found]
    assert labels[:2] == ["{rung}, dev rows", "{rung}, test rows"]
    assert found[0].names == (("rung", verdict["evidence"]["rung"]),)
    assert "[" in found[0].value
    assert "n = " in found[0].value
    assert "Smallest gain worth it" in labels
    assert facts_of(verdict, None) == found[2:]


@pytest.mark.parametrize(
    ("name", "size", "language", "theme"),
    [
        ("narrow", (80, 24), "en", "textual-dark"),
        ("wide", (140, 40), "en", "textual-dark"),
        ("light", (80, 24), "en", "textual-light"),
        ("korean", (80, 24), "ko", "textual-dark"),
    ],
)
def test_looks(
    name: str,
    size: tuple[int, int],
    language: str,
    theme: str,
    tmp_path: Path,
    snap_compare: Any,
) -> None:
    use_language(language)
    app = application(_run(tmp_path, "PROMPT_IS_ENOUGH" if name == "light" else "FINE_TUNE"), "verdict")

    async def show(pilot: Any) -> None:
        app.theme = theme
        await _shown(pilot, app)
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=size, run_before=show)

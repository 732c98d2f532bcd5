"""The step Suitability on a screen: one question at a time, hints beside it, the score at once."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from steps_on_screen import all_steps, until, words
from textual.pilot import Pilot
from textual.widgets import Button, OptionList

from advisor.draft import Draft
from advisor.example import example_plan
from advisor.tui.app import AdvisorApp
from advisor.tui.steps.suitability.look import bar
from advisor.tui.steps.suitability.step import SuitabilityStep
from rubrics.suitability import load_criteria


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    all_steps(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wizard(**fields: Any) -> AdvisorApp:
    return AdvisorApp(draft=Draft().changed(**fields), step="suitability")


def json_rows(rows: int = 30) -> Path:
    path = Path("rows.jsonl")
    lines = ({"question": f"Order AB{at}?", "answer": json.dumps({"order": at})} for at in range(rows))
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


async def begun(pilot: Pilot[Any]) -> SuitabilityStep:
    await until(pilot, lambda: getattr(pilot.app.screen, "step", None) is not None)
    step: SuitabilityStep = pilot.app.screen.query_one(SuitabilityStep)
    await until(pilot, lambda: "score" in words(step, "#score") or "점수" in words(step, "#score"))
    return step


def answers(app: AdvisorApp) -> dict[str, str]:
    return dict(app.screen.walk_state.draft.get("answers"))


async def test_answers_go_to_the_plan_and_show_in_the_score_at_once():
    app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        step = await begun(pilot)
        assert words(step, "#question").startswith("1. Does the task need the language")
        assert "○ Unclear so far." in words(step, "#score")
        await pilot.press("y")
        assert words(step, "#question").startswith("2. ")
        assert "score +1: for +1, against 0 · 9 of 10 questions open" in words(step, "#score")
        await pilot.press("n", "u")
        await until(pilot, lambda: len(answers(app)) == 3)

        assert answers(app) == {"domain": "yes", "format": "no", "consistency": "unknown"}
        assert words(step, "#strip").startswith("1✓ 2✗ 3? 4○")


async def test_keys_that_come_faster_than_the_walk_answers_are_all_kept():
    app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        step = await begun(pilot)
        for _ in range(10):
            step.action_answer("yes")
        await until(pilot, lambda: len(answers(app)) == 10)
        assert len(step._answers) == 10


async def test_an_answer_is_revisited_changed_and_taken_back():
    app = wizard(answers={"domain": "yes", "format": "yes"})
    async with app.run_test(size=(80, 24)) as pilot:
        step = await begun(pilot)
        assert "✓ yes (+1):" in words(step, "#answer")
        await pilot.press("n")
        await until(pilot, lambda: answers(app)["domain"] == "no")
        assert words(step, "#question").startswith("3. ")
        await pilot.press("left")
        assert words(step, "#question").startswith("2. ")
        await pilot.press("backspace")
        await until(pilot, lambda: "format" not in answers(app))
        assert "No answer yet." in words(step, "#answer")
        await pilot.press("left", "left")
        assert words(step, "#question").startswith("10. ")


async def test_a_blocker_shows_its_effect():
    app = wizard(answers={"domain": "yes", "format": "yes", "consistency": "yes"})
    async with app.run_test(size=(80, 24)) as pilot:
        step = await begun(pilot)
        assert "✓ Suited so far" in words(step, "#score")
        await pilot.press("right", "right", "right", "right", "y")

        assert "✗ Not suited: a yes to question 5 rules it out" in words(step, "#score")


async def test_one_key_skips_the_rest():
    app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await pilot.press("y", "s")

        await until(pilot, lambda: app.screen.here != "suitability")
        assert answers(app) == {"domain": "yes"}


async def test_a_hint_stands_beside_its_question_and_answers_only_when_it_is_taken():
    app = wizard(data=json_rows())
    async with app.run_test(size=(80, 24)) as pilot:
        step = await begun(pilot)
        await until(pilot, lambda: "Your rows:" in words(step, "#hint"))
        assert "100% of the prompts hold an abbreviation or a code" in words(step, "#hint")
        assert not step.query_one("#take-hint", Button).display
        assert "h" not in app.screen.active_bindings
        await pilot.press("h")
        assert answers(app) == {}
        await pilot.press("right")

        assert "parse as a JSON object or list. This suggests yes; h takes it." in words(step, "#hint")
        assert step.query_one("#take-hint", Button).display
        await pilot.press("h")
        await until(pilot, lambda: answers(app) == {"format": "yes"})


async def test_without_a_file_or_with_a_bad_one_the_questions_stand():
    app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        step = await begun(pilot)
        assert "No data file yet" in words(step, "#hint")
        step.change(data=Path("none.jsonl"))
        await until(pilot, lambda: "No hints: there is no such file" in words(step, "#hint"))
        Path("bad.jsonl").write_text("no json\n" * 30)
        step.change(data=Path("bad.jsonl"))
        await until(pilot, lambda: "Your rows say nothing to this question." in words(step, "#hint"))
        await pilot.press("y")
        await until(pilot, lambda: answers(app) == {"domain": "yes"})


@pytest.mark.unmeasured
async def test_a_million_rows_are_sampled_while_questions_are_answered():
    Path("rows.jsonl").write_bytes(b'{"question": "what", "answer": "that"}\n' * 1_000_000)
    app = wizard(data=Path("rows.jsonl"))
    async with app.run_test(size=(80, 24)) as pilot:
        step = await begun(pilot)
        await until(pilot, lambda: "being read for hints" in words(step, "#hint"))
        began = time.monotonic()
        step.action_answer("yes")
        await until(pilot, lambda: answers(app) == {"domain": "yes"})

        assert time.monotonic() - began < 2
        assert "being read for hints" in words(step, "#hint")


async def test_the_list_of_questions_is_gone_through_where_there_is_room():
    app = wizard(answers={"domain": "yes"})
    async with app.run_test(size=(140, 40)) as pilot:
        step = await begun(pilot)
        questions = step.query_one(OptionList)
        assert app.focused is questions
        assert questions.get_option_at_index(0).prompt.plain.startswith(" 1 ✓ yes · Does the task")
        await pilot.press("down", "down")
        assert words(step, "#question").startswith("3. ")
        await pilot.press("y")
        assert questions.highlighted == 3
        assert "✓ yes" in questions.get_option_at_index(2).prompt.plain
        await pilot.click("#answer-no")
        await until(pilot, lambda: answers(app).get("behaviour") == "no")


async def test_the_examples_answers_are_shown():
    app = AdvisorApp(draft=Draft.of(example_plan()), step="suitability")
    async with app.run_test(size=(80, 24)) as pilot:
        step = await begun(pilot)

        assert "✓ Suited so far" in words(step, "#score")
        assert "3 of 10 questions open" in words(step, "#score")


@pytest.mark.parametrize(
    ("score", "drawn"),
    [
        (0, "-4 ····│·┊· +4"),
        (3, "-4 ····███· +4"),
        (-2, "-4 ··▒▒│·┊· +4"),
        (-4, "-4 ▒▒▒▒│·┊· +4"),
        (4, "-4 ····████ +4"),
    ],
)
def test_the_bar_is_filled_from_zero(score, drawn):
    assert bar(score, -4, 4, 2, 14) == drawn.replace("-", "−")


def test_every_question_fits_the_smallest_screen():
    assert all(len(criterion.question) <= 2 * 76 for criterion in load_criteria())


def on_the_second_question(**fields: Any) -> AdvisorApp:
    return wizard(data=json_rows(), answers={"domain": "yes", "creative": "no", **fields})


@pytest.mark.parametrize("answers", [{}, {"changing": "yes"}], ids=["open", "ruled out"])
def test_suitability_looks(answers, as_pictured):
    async def show(pilot: Pilot[Any]) -> None:
        step = await begun(pilot)
        step.action_move(1)
        await until(pilot, lambda: "≡" in words(step, "#hint") and "h " in words(step, "#hint"))

    assert as_pictured(on_the_second_question(**answers), show)

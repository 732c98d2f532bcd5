"""Ship on a screen: the winner first, its path and code to take away, and what to do where nothing is worth it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from looks import AsPictured
from made_runs import Made, change_artefact, make_run, pattern, shipping
from steps_on_screen import all_steps
from textual.pilot import Pilot
from textual.widgets import Input, Static

from advisor.draft import Draft
from advisor.report.model import Report
from advisor.shipping import Shipment, read_shipment
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs import AskText, Explain
from advisor.tui.steps.ship import step as ship_step
from advisor.tui.steps.ship.step import ShipStep

PATIENCE = 20.0


@pytest.fixture(autouse=True)
def whole_rail(monkeypatch: pytest.MonkeyPatch) -> None:
    all_steps(monkeypatch)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """As much of a model folder as writing code for it reads."""
    from tokenizers import Tokenizer, models

    folder = tmp_path / "model"
    folder.mkdir()
    Tokenizer(models.WordLevel({"</s>": 0, "<unk>": 1}, unk_token="<unk>")).save(
        str(folder / "tokenizer.json")
    )
    (folder / "tokenizer_config.json").write_text('{"eos_token": "</s>", "unk_token": "<unk>"}')
    return folder


@pytest.fixture
def run(tmp_path: Path, model: Path, make_report: Callable[..., Report]) -> Path:
    """A run whose tuned model won."""
    return make_run(tmp_path / "desk", shipping(), report=make_report(), model=model)


@pytest.fixture
def same_paths(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Paths on the screen are those of another person's folder, the same everywhere."""

    def read(path: Path) -> Shipment:
        found, before = read_shipment(path), str(tmp_path)
        offers = [
            replace(
                offer,
                place=Path(str(offer.place).replace(before, "/home/ada/runs")),
                code=offer.code.replace(before, "/home/ada/runs"),
                commands=tuple(command.replace(before, "/home/ada/runs") for command in offer.commands),
            )
            for offer in found.offers
        ]
        return replace(found, offers=tuple(offers))

    monkeypatch.setattr(ship_step, "read_shipment", read)


def app_of(run: Path | None) -> AdvisorApp:
    return AdvisorApp(draft=Draft() if run is None else None, run=run, step="ship")


def page(app: Any) -> str:
    return "\n".join(str(words.render()) for words in app.screen.query("ShipStep Words"))


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, page(pilot.app)
        await pilot.pause(0.02)
    await pilot.pause()


async def on_page(pilot: Pilot[Any], text: str) -> None:
    await until(pilot, lambda: bool(pilot.app.screen.query(ShipStep)) and text in page(pilot.app))


async def test_the_winner_with_its_path_its_checks_and_its_code(run: Path) -> None:
    app = app_of(run)
    async with app.run_test(size=(140, 60)) as pilot:
        await on_page(pilot, "✓ Ship the tuned model")
        text, offers = page(app), read_shipment(run).offers
        assert "Use: tuned model" in text
        assert str(run / "training" / "adapter") in text
        assert "Read the 2 rows that training broke" in text
        assert "pip install torch transformers peft" in text
        # when keys take code and path along
        await pilot.press("c")
        assert app.clipboard == offers[0].code
        await pilot.press("p")
        assert app.clipboard == str(run / "training" / "adapter")
        # and the one that lost is looked at
        await pilot.press("o")
        await on_page(pilot, "The other one: best cheap option (prompt with examples)")
        await pilot.press("c")
        assert app.clipboard == offers[1].code


async def test_the_code_is_saved_to_a_new_file_only(run: Path, tmp_path: Path) -> None:
    (tmp_path / "there.py").write_text("mine")
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_page(pilot, "✓ Ship the tuned model")
        for name in ("answer.py", "there.py"):
            await pilot.press("w")
            await until(pilot, lambda: isinstance(app.screen, AskText))
            app.screen.query_one(Input).value = str(tmp_path / name)
            await pilot.press("enter")
            await until(pilot, (tmp_path / name).exists)
        await until(pilot, lambda: isinstance(app.screen, Explain))
        assert "exists already" in str(app.screen.query(Static).first().render())
    assert (tmp_path / "answer.py").read_text() == read_shipment(run).offers[0].code
    assert (tmp_path / "there.py").read_text() == "mine"


async def test_where_nothing_is_worth_shipping_it_says_what_to_collect(run: Path) -> None:
    change_artefact(run, "comparison", outcome="INCONCLUSIVE", rows_needed=400)
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_page(pilot, "○ Nothing is worth shipping yet")
        assert "300 more test rows, 400 in all" in page(app)
        assert "Meanwhile there is: best cheap option" in page(app)


async def test_the_checks_follow_what_was_measured(
    tmp_path: Path, make_report: Callable[..., Report]
) -> None:
    made = Made(pattern(20, 2), pattern(20, 18), selected="classifier", outcome="PROMPT_IS_ENOUGH")
    target = {"description": "Route", "metric": "exact_match", "target": 0.95, "min_gain": 0.05}
    report = make_report(comparison=None, evaluations=[], task=target)
    app = app_of(make_run(tmp_path / "desk", made, report=report))
    async with app.run_test(size=(100, 40)) as pilot:
        await on_page(pilot, "does not reach the target of 0.95")
        assert "Score rows of real use" in page(app)
        assert "D2: 2 near duplicates" in page(app)
        assert "broke" not in page(app)


async def test_before_a_run_there_is_nothing_to_take() -> None:
    app = app_of(None)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_page(pilot, "There is nothing to ship yet")
        await pilot.press("c", "w", "p", "o")
        assert app.clipboard == ""
        assert bool(app.screen.query(ShipStep))


async def test_a_model_folder_that_is_gone_is_told(run: Path, model: Path) -> None:
    (model / "tokenizer.json").unlink()
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Explain))
        assert "has no tokenizer.json" in str(app.screen.query(Static).first().render())
        # and it stays on the page once the dialog is closed
        await pilot.press("escape")
        await on_page(pilot, "✗ has no tokenizer.json")


def test_ship_looks(run: Path, same_paths: None, as_pictured: AsPictured) -> None:
    assert as_pictured(app_of(run), lambda pilot: on_page(pilot, "pip install"))


def test_nothing_worth_shipping_looks(run: Path, same_paths: None, as_pictured: AsPictured) -> None:
    change_artefact(run, "comparison", outcome="INCONCLUSIVE", rows_needed=400)
    assert as_pictured(app_of(run), lambda pilot: on_page(pilot, "400"))

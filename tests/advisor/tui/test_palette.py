"""Every key of the real steps that has a description can be found and done by its name in the palette."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_runs import make_run, shipping
from steps_on_screen import all_steps
from textual.binding import Binding
from textual.widgets._footer import FooterKey
from tokenizers import Tokenizer, models
from training_runs import a_run, application, until
from training_runs import training as training_events

from advisor.tui.app import AdvisorApp
from advisor.tui.steps import ALL_STEPS
from trainer.job import hold

OFFERED = {
    "task": "Choose a file",
    "suitability": "Skip the rest",
    "data": "Look again",
    "options": "Own prompt",
    "verdict": "Overrule",
    "plan": "Copy the command",
    "training": "Zoom in",
    "results": "Rows one by one",
    "ship": "Copy the code",
}
"""A key of each step that can be used in the run that it is tried with."""


@pytest.fixture(autouse=True)
def real_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    all_steps(monkeypatch)


def described(app: AdvisorApp) -> dict[str, Binding]:
    """The keys of the step on the screen that can be used now, shown in the footer or not, by their names."""
    step: Any = app.screen.step
    bindings = [binding for binding in type(step).BINDINGS if isinstance(binding, Binding)]
    can_be_used = [
        binding
        for binding in bindings
        if binding.description and step.check_action(*_parsed(binding.action)) is True
    ]
    return {binding.description: binding for binding in can_be_used}


def _model(folder: Path) -> Path:
    """As much of a model folder as writing code for it reads."""
    model = folder / "model"
    model.mkdir()
    vocabulary = models.WordLevel({"</s>": 0, "<unk>": 1}, unk_token="<unk>")
    Tokenizer(vocabulary).save(str(model / "tokenizer.json"))
    (model / "tokenizer_config.json").write_text('{"eos_token": "</s>", "unk_token": "<unk>"}')
    return model


def _parsed(action: str) -> tuple[str, tuple[object, ...]]:
    from textual.actions import parse

    _namespace, name, parameters = parse(action)
    return name, parameters


@pytest.mark.parametrize("key", [entry.key for entry in ALL_STEPS])
async def test_every_key_with_a_description_is_in_the_palette(key: str, tmp_path: Path) -> None:
    is_training = key == "training"
    run = a_run(tmp_path, training_events()) if is_training else None
    path = run.path if run is not None else make_run(tmp_path / "desk", shipping(), model=_model(tmp_path))
    app = application(run, key) if run is not None else AdvisorApp(run=path, step=key)
    with hold(path / "lock" if is_training else tmp_path / "lock"):
        async with app.run_test(size=(140, 40)) as pilot:
            await until(
                pilot, lambda: app.screen.step is not None and OFFERED[key] in described(app), seconds=30
            )
            app.screen.step.focus()
            await pilot.pause()
            titles = {command.title for command in app.get_system_commands(app.screen)}
            wanted = set(described(app))
            assert wanted <= titles, wanted - titles


@pytest.mark.parametrize("key", [entry.key for entry in ALL_STEPS])
async def test_every_key_that_can_be_used_is_in_sight_at_80_columns(key: str, tmp_path: Path) -> None:
    is_training = key == "training"
    run = a_run(tmp_path, training_events()) if is_training else None
    path = run.path if run is not None else make_run(tmp_path / "desk", shipping(), model=_model(tmp_path))
    app = application(run, key) if run is not None else AdvisorApp(run=path, step=key)
    with hold(path / "lock" if is_training else tmp_path / "lock"):
        async with app.run_test(size=(80, 24)) as pilot:
            await until(
                pilot, lambda: app.screen.step is not None and OFFERED[key] in described(app), seconds=30
            )
            app.screen.step.focus()
            await until(pilot, lambda: _in_sight(app) >= _shown_by(app), seconds=30)


def _shown_by(app: AdvisorApp) -> set[str]:
    """The step's actions that belong into the footer now."""
    return {_parsed(binding.action)[0] for binding in described(app).values() if binding.show}


def _in_sight(app: AdvisorApp) -> set[str]:
    """Actions of the footer's keys that stand whole on the screen."""
    return {
        _parsed(key.action)[0].rpartition(".")[2]
        for key in app.screen.query(FooterKey)
        if key.region.width and app.screen.region.contains_region(key.region)
    }

"""Settings that may be left alone: what is proposed, and how a written value is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from advisor.amendable import AMENDABLE
from advisor.plan import Plan
from advisor.training_settings import read_setting, settings_of, written

FORECAST: dict[str, Any] = {
    "hyperparameters": {"epochs": 3.0, "learning_rate": 1.3e-3, "max_length": 64, "rank": 16, "batch_size": 8}
}
MEASUREMENT: dict[str, Any] = {"precision": "bf16"}


def proposals(*given: Any) -> dict[str, str]:
    return {setting.field: setting.proposed for setting in settings_of(*given)}


def test_every_setting_may_change_after_a_run_began():
    assert {setting.field for setting in settings_of()} <= set(AMENDABLE)


def test_what_is_left_open_is_proposed_from_the_forecast():
    found = proposals(Plan(data=Path("rows.jsonl")), FORECAST, MEASUREMENT)

    assert found["epochs"] == "3"
    assert found["learning_rate"] == "0.0013"
    assert found["max_length"] == "64"
    assert found["precision"] == "bf16"


def test_what_the_plan_settled_is_not_called_a_proposal():
    plan = Plan(data=Path("rows.jsonl"), epochs=3, precision="bf16")

    found = proposals(plan, FORECAST, MEASUREMENT)

    assert (found["epochs"], found["precision"], found["learning_rate"]) == ("", "auto", "0.0013")


def test_without_a_forecast_only_what_needs_none_is_proposed():
    found = proposals()

    assert (found["rank"], found["batch_size"], found["epochs"]) == ("16", "8", "")


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("epochs", " 2.5 ", 2.5),
        ("rank", "4", 4),
        ("learning_curve", "yes", True),
        ("learning_curve", "no", False),
        ("guard", "none", "none"),
        ("guard", "mine.jsonl", Path("mine.jsonl")),
        ("precision", "fp32", "fp32"),
        ("max_minutes", "", None),
    ],
)
def test_a_fitting_value_is_read_as_the_plan_holds_it(field, text, value):
    assert read_setting(field, text) == value


@pytest.mark.parametrize(("field", "text"), [("rank", "0"), ("epochs", "many"), ("precision", "fp16")])
def test_a_value_that_does_not_fit_stays_as_it_was_written(field, text):
    assert read_setting(field, text) == text


@pytest.mark.parametrize("field", [setting.field for setting in settings_of() if setting.proposed])
def test_a_proposal_can_be_read_back(field):
    proposed = proposals()[field]

    assert written(field, read_setting(field, proposed)) == proposed

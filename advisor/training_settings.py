"""The settings of a training that a person may leave alone: what is taken then, and where that comes from.

Each is a plan field; a value that a person writes is read here, so that a wrong one can be shown beside its field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from advisor.plan import Plan, PrecisionChoice
from advisor.texts import N_


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        field: of the plan.
        label: what it is called; an entry of the catalogue, as `source` and `help` are.
        proposed: what is taken where it is left open, as a person would write it; empty where nothing is.
        source: where that comes from.
        choices: the values there are; empty where any fitting one may be written.
    """

    field: str
    label: str
    proposed: str
    source: str
    choices: tuple[str, ...] = ()


def settings_of(
    plan: Plan | None = None,
    forecast: Mapping[str, Any] | None = None,
    measurement: Mapping[str, Any] | None = None,
) -> tuple[Setting, ...]:
    """The settings with what the program proposes.

    Args:
        plan: of the run that was forecast. What it settles was not proposed, and the proposal is not known.
        forecast: of forecast.json; without one what depends on rows and model is not known yet.
        measurement: the trainer's measurement of measurement.json.
    """
    used = forecast["hyperparameters"] if forecast else {}
    known = {
        name: value for name, value in used.items() if plan is None or getattr(plan, name, value) is None
    }
    is_measured = measurement is not None and (plan is None or plan.precision == "auto")
    precision = str(measurement["precision"]) if measurement and is_measured else "auto"
    return (
        Setting("epochs", N_("Epochs"), _number(known.get("epochs")), N_("by the number of rows")),
        Setting("rank", N_("Rank"), str(_default("rank")), N_("16 to 64 is usual for LoRA")),
        Setting(
            "learning_rate",
            N_("Learning rate"),
            _number(known.get("learning_rate")),
            N_("by the width of the model, after LoRA Without Regret"),
        ),
        Setting(
            "max_length",
            N_("Maximum length"),
            _number(known.get("max_length")),
            N_("the longest row, in tokens"),
        ),
        Setting(
            "batch_size",
            N_("Batch size"),
            str(_default("batch_size")),
            N_("under 32, after LoRA Without Regret"),
        ),
        Setting(
            "precision", N_("Precision"), precision, N_("measured on this device"), get_args(PrecisionChoice)
        ),
        Setting("max_minutes", N_("Time limit, minutes"), "", N_("none: the whole run takes what it takes")),
        Setting(
            "learning_curve",
            N_("Learning curve"),
            "no",
            N_("trains on a quarter and on half of the rows too, to see whether more rows would help"),
            ("no", "yes"),
        ),
        Setting(
            "guard",
            N_("Guard rows"),
            "default",
            N_("the bundled rows inform about forgetting; a file of yours decides"),
        ),
        Setting(
            "guard_margin", N_("Guard margin"), "", N_("a fall on your guard rows that is accepted, 0 to 1")
        ),
        Setting(
            "margin",
            N_("Margin"),
            "",
            N_("a loss of score that is accepted if the tuned model saves, 0 to 1"),
        ),
    )


def _default(name: str) -> Any:
    return Plan.model_fields[name].default


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def read_setting(field: str, text: str) -> Any:
    """The value that a person wrote, as the plan holds it; None for nothing, the text itself where it does not fit."""
    written = text.strip()
    if not written:
        return None
    annotation = Plan.model_fields[field]
    try:
        return TypeAdapter(annotation.rebuild_annotation()).validate_python(written)
    except ValidationError:
        return written


def written(field: str, value: Any) -> str:
    """A value of the plan as a person would write it; empty for one that was left open."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)

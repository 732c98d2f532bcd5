"""The ways of training side by side: memory against the device's, time, cost, and which one is recommended.

Read from the forecast of a run; nothing is loaded or measured here. What was not measured stays unknown: the dry run
tries the plan's method alone, so the others have a predicted memory and no time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from advisor.run_files import unfit
from advisor.texts import N_

Limit = Literal["", "memory"]

REASONS = {
    "lora": N_("it leaves the model's weights as they are, and it fits into the memory"),
    "lora_unknown": N_("it leaves the model's weights as they are; the memory of this device is not known"),
    "qlora": N_("it is the only one that fits into the memory"),
    "": N_(
        "no method fits into the memory: lower the maximum length or the batch size, or choose a smaller model"
    ),
}


@dataclass(frozen=True)
class MethodForecast:
    """One method of training.

    Attributes:
        memory_bytes: predicted at the peak of a step.
        memory_measured_bytes: the same in the dry run; None where the method was not tried.
        share: of the device's memory, by the larger of the two; above 1 it does not fit; None where that is not known.
        seconds: of training, predicted from the dry run's rate; None where the method was not tried.
        after_seconds: of scoring the tuned model, and of the learning curve where one was asked for.
        trainable_parameters: of the adapter, the same for every method of the same rank.
        limit: what keeps it from being used.
    """

    method: str
    memory_bytes: int
    memory_measured_bytes: int | None
    share: float | None
    seconds: float | None
    after_seconds: float | None
    trainable_parameters: int
    limit: Limit = ""


@dataclass(frozen=True)
class Methods:
    """The methods that the forecast knows, the plan's own first.

    Attributes:
        parts: predicted bytes of the plan's method by what they are for (weights, activations and so on).
        device_memory_bytes: in all, or what a container allows; None where not known.
        training_cost: in the currency of the plan's prices; None where the plan names none. A device of one's own has
            no price here.
        recommended: empty where none fits.
        reason: why, an entry of the catalogue.
    """

    rows: tuple[MethodForecast, ...]
    parts: Mapping[str, int]
    device: str
    device_memory_bytes: int | None
    training_cost: float | None
    recommended: str
    reason: str

    def named(self, method: str) -> MethodForecast | None:
        """One method; None where the forecast does not know it."""
        return next((row for row in self.rows if row.method == method), None)


def methods_of(
    forecast: Mapping[str, Any], measurement: Mapping[str, Any], training_cost: float | None = None
) -> Methods:
    """Put the methods of a forecast side by side.

    Args:
        forecast: of forecast.json.
        measurement: the trainer's measurement of measurement.json, whose device it is.
        training_cost: of the plan.

    Raises:
        Fault: either is not what the stage writes.
    """
    try:
        return _methods(forecast, measurement, training_cost)
    except (LookupError, TypeError) as error:
        raise unfit(error, "forecast.json") from error


def _methods(
    forecast: Mapping[str, Any], measurement: Mapping[str, Any], training_cost: float | None
) -> Methods:
    device_memory = measurement.get("device_memory_bytes")
    tried = _row(forecast, forecast, device_memory)
    others = [_row(other, forecast, device_memory) for other in forecast["alternatives"]]
    rows = (tried, *others)
    recommended, reason = _recommended(rows)
    return Methods(
        rows=rows,
        parts=forecast.get("memory", {}),
        device=str(measurement["device"]),
        device_memory_bytes=device_memory,
        training_cost=training_cost,
        recommended=recommended,
        reason=reason,
    )


def _row(values: Mapping[str, Any], forecast: Mapping[str, Any], device_memory: int | None) -> MethodForecast:
    is_tried = values is forecast
    measured = values["memory_measured_bytes"] if is_tried else None
    share = max(values["memory_bytes"], measured or 0) / device_memory if device_memory else None
    return MethodForecast(
        method=str(values["method"]),
        memory_bytes=values["memory_bytes"],
        memory_measured_bytes=measured,
        share=share,
        seconds=values["seconds"] if is_tried else None,
        after_seconds=_after(forecast) if is_tried else None,
        trainable_parameters=forecast["trainable_parameters"],
        limit="memory" if share is not None and share > 1 else "",
    )


def _after(forecast: Mapping[str, Any]) -> float:
    curve = forecast.get("curve")
    return float(forecast.get("scoring_seconds", 0.0)) + float(curve["seconds"] if curve else 0.0)


def _recommended(rows: tuple[MethodForecast, ...]) -> tuple[str, str]:
    """LoRA where it fits, else QLoRA where that does (KNOWLEDGE.md section 1: the 4-bit base is for when LoRA does
    not fit, and on a CPU it was less accurate)."""
    for method in ("lora", "qlora"):
        row = next((row for row in rows if row.method == method), None)
        if row is not None and not row.limit:
            key = "lora_unknown" if method == "lora" and row.share is None else method
            return method, REASONS[key]
    return "", REASONS[""]

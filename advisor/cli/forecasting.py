"""`advisor forecast`: what a training would take, before anything is spent on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.cli.options import OUTPUT_OPTIONS, TRAIN_FLAGS, plan_of, takes
from advisor.cli.running import with_run

if TYPE_CHECKING:
    from advisor.report.model import ForecastPart


@takes(*TRAIN_FLAGS, *OUTPUT_OPTIONS)
def forecast(**flags: Any) -> None:
    """Memory and time of a training by method, from a dry run at the longest rows.

    Nothing is trained: two steps are tried and thrown away. Local hardware has no price of its own.

    Example: advisor forecast --data desk.jsonl --model smollm2-135m --method lora --json
    """
    from advisor.cli.show import out, out_json
    from advisor.run_directory import create_run
    from advisor.walk import forecast_only

    plan = plan_of(flags)

    def work(directory: Any, display: Any, stop: Any) -> int:
        found = forecast_only(directory.plan(), directory, display, stop)
        display.close()
        if flags["json_"]:
            out_json(found.model_dump(mode="json"))
        elif not flags["json_events"]:
            out("\n".join(_page(found)))
        return 0

    with_run(lambda: create_run(plan, flags["out"]), flags, work)


def _page(found: ForecastPart) -> list[str]:
    from advisor.cli.show import table
    from advisor.display import duration

    methods = [
        (found.method, found.memory_bytes),
        *((other["method"], other["memory_bytes"]) for other in found.alternatives),
    ]
    share = found.device_memory_bytes
    rows = [
        [
            method + (" *" if method == found.method else ""),
            _gib(size),
            "" if share is None else f"{size / share:.0%}",
            duration(found.seconds) if method == found.method and found.seconds is not None else "",
        ]
        for method, size in methods
    ]
    head = ["method (* of the plan)", "memory", f"of {found.device}", "time"]
    lines = [table(head, rows), ""]
    if found.memory_measured_bytes is not None:
        lines.append(f"measured in the dry run: {_gib(found.memory_measured_bytes)}")
    lines.append(f"trainable parameters: {found.trainable_parameters:,}")
    return [*lines, *(f"note: {note}" for note in found.notes)]


def _gib(size: int) -> str:
    return f"{size / 2**30:.2f} GiB"

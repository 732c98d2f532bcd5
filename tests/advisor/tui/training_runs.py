"""Run directories as a run leaves them before, during and after its training; nothing is trained for them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from advisor.plan import Plan
from advisor.run_directory import RunDirectory, create_run
from advisor.tui.app import AdvisorApp
from advisor.tui.services import Services
from trainer.events import (
    DevScored,
    Event,
    EventWriter,
    JobFinished,
    JobStarted,
    Logged,
    Metric,
    Progress,
    RunEnded,
    RunStarted,
    Sample,
    StageFinished,
    StageStarted,
    Warned,
)
from trainer.job import EVENTS_FILE

GIB = 2**30
NOW = 1_700_000_000.0
STEPS = 400
LONG = "a label that is much longer than any screen is wide " * 4

VERDICT = {"outcome": "FINE_TUNE", "rule": "R14", "reasons": ["Far from the target."]}
AGAINST = {"outcome": "PROMPT_IS_ENOUGH", "rule": "R5", "reasons": ["The target is reached."]}
MEASUREMENT: dict[str, Any] = {
    "measurement": {"device": "cpu", "device_memory_bytes": 16 * GIB, "precision": "bf16"}
}
FORECAST: dict[str, Any] = {
    "method": "lora",
    "memory_bytes": 3 * GIB,
    "memory": {"weights": 2 * GIB, "activations": GIB},
    "memory_measured_bytes": int(3.5 * GIB),
    "seconds": 780.0,
    "scoring_seconds": 95.0,
    "trainable_parameters": 4_884_480,
    "alternatives": [{"method": "qlora", "memory_bytes": 2 * GIB}],
    "hyperparameters": {
        "epochs": 3.0,
        "rank": 16,
        "learning_rate": 0.0013,
        "max_length": 64,
        "batch_size": 8,
    },
    "train_rows": 1_050,
    "notes": ["learning rate 0.0013: LoRA Without Regret's rate by width"],
    "reductions": [],
    "curve": None,
}


def a_plan(folder: Path, **fields: Any) -> Plan:
    """A plan on a small file of rows."""
    rows = folder / "rows.jsonl"
    if not rows.exists():
        rows.write_text("".join(json.dumps({"question": f"q{n}", "answer": "b"}) + "\n" for n in range(60)))
    return Plan(data=rows, task="Route the message to its queue", **fields)


def a_run(
    folder: Path,
    events: Iterable[tuple[str, Event]] = (),
    *,
    artefacts: dict[str, Any] | None = None,
    **fields: Any,
) -> RunDirectory:
    """A run directory with these events, each with the name of its job, and these artefacts."""
    run = create_run(a_plan(folder, **fields), folder / "run")
    files = {"": run.events_file, "training": run.training / EVENTS_FILE}
    writers = {job: EventWriter(path) for job, path in files.items()}
    for job, event in events:
        writers[job](event)
    for writer in writers.values():
        writer.close()
    known = {"verdict": VERDICT, "forecast": FORECAST, "measurement": MEASUREMENT}
    for name, values in {**known, **(artefacts or {})}.items():
        if values is not None:
            (run.path / f"{name}.json").write_text(json.dumps(values), encoding="utf-8")
    return run


def paused() -> list[tuple[str, Event]]:
    """Everything before training, which is wanted."""
    return [
        ("", RunStarted(time=NOW, pid=7, until="forecast")),
        ("", StageStarted(time=NOW + 1, stage="forecast")),
        ("", StageFinished(time=NOW + 2, stage="forecast", seconds=1, summary="lora, 3.5 GiB")),
        ("", RunEnded(time=NOW + 3, outcome="paused")),
    ]


def training(steps: int = 200, *, samples: bool = True) -> list[tuple[str, Event]]:
    """A training that goes on, at a step; it learns, with noise, and is measured every 40 steps."""
    events: list[tuple[str, Event]] = [
        ("", RunStarted(time=NOW, pid=7)),
        ("", StageStarted(time=NOW, stage="train")),
        ("", Warned(time=NOW, message="the disk is slow")),
        ("", Logged(time=NOW, message="training on 1,050 rows")),
        ("training", JobStarted(time=NOW, job="training", kind="train", pid=8)),
    ]
    for step in range(1, steps + 1):
        events += [("training", one) for one in _step(step)]
        if step % 40 == 0:
            events += [("training", one) for one in _measured(step, samples=samples)]
    return events


def _step(step: int) -> list[Event]:
    at, loss = NOW + step / 2, 3 * math.exp(-step / 90) + 0.3 + 0.2 * math.sin(step * 7.3)
    values = {
        "loss": loss,
        "learning_rate": 1.3e-3 * (1 - step / STEPS),
        "grad_norm": 1 + 0.3 * math.cos(step),
        "next_token_accuracy": 1 - min(0.9, loss / 4),
        "tokens_per_second": 3_900 + 150 * math.sin(step),
        "memory_bytes": 3.4 * GIB,
    }
    return [
        Metric(time=at, step=step, epoch=3 * step / STEPS, values=values),
        Progress(time=at, task="train", done=step, total=STEPS, unit="steps"),
    ]


def _measured(step: int, *, samples: bool) -> list[Event]:
    at, loss = NOW + step / 2, 3 * math.exp(-step / 90) + 0.5
    share = 1 - min(0.9, loss / 4)
    found: list[Event] = [
        Metric(
            time=at,
            step=step,
            epoch=3 * step / STEPS,
            values={"eval_loss": loss, "eval_next_token_accuracy": share},
        ),
        DevScored(
            time=at,
            step=step,
            metric="exact_match",
            n=8,
            value=share,
            low=share / 2,
            high=min(1, share * 1.5),
        ),
    ]
    if samples:
        answer = "refund" if step >= 120 else f"delivery or {step}"
        found += [
            Sample(
                time=at,
                step=step,
                id="r1",
                prompt="My parcel is broken",
                reference="refund",
                prediction=answer,
            ),
            Sample(time=at, step=step, id="r2", prompt=LONG, reference=LONG, prediction=f"\x1b[31m[b]{LONG}"),
        ]
    return found


def done() -> list[tuple[str, Event]]:
    """A training that came to its end, and the run with it."""
    end = [
        ("training", JobFinished(time=NOW + 300, job="training", outcome="done", seconds=300)),
        ("", StageFinished(time=NOW + 301, stage="train", seconds=301, summary="step 400 of 400")),
        ("", RunEnded(time=NOW + 400, outcome="done")),
    ]
    return [*training(STEPS), *end]


def stopped() -> list[tuple[str, Event]]:
    """A training that was stopped on request."""
    end = [
        ("training", JobFinished(time=NOW + 300, job="training", outcome="stopped", seconds=300)),
        ("", RunEnded(time=NOW + 301, outcome="stopped")),
    ]
    return [*training(), *end]


def failed() -> list[tuple[str, Event]]:
    """A training whose disk was full."""
    fault = {
        "what": "cannot be written: No space left on device",
        "where": "/runs/one/training/checkpoints",
        "fix": "Free some space or make the folder writable, then `advisor resume` the run.",
    }
    end = [
        ("training", JobFinished(time=NOW + 300, job="training", outcome="failed", seconds=300)),
        ("", RunEnded(time=NOW + 301, outcome="failed", code=5, **fault)),
    ]
    return [*training(), *end]


@dataclass
class Doors:
    """Services that note what was asked of them, over the real watching of a run."""

    relaunched: list[tuple[Path, dict[str, Any], str]] = field(default_factory=list)
    until: list[str] = field(default_factory=list)
    asked_to_stop: list[Path] = field(default_factory=list)
    refuse: Exception | None = None

    def services(self) -> Services:
        """What the application is given."""
        return Services(relaunch=self._relaunch, ask_to_stop=self.asked_to_stop.append, now=lambda: NOW)

    def _relaunch(self, path: Path, changes: Any = None, *, because: str = "", until: str = "") -> Any:
        if self.refuse is not None:
            raise self.refuse
        self.until.append(until)
        self.relaunched.append((path, dict(changes or {}), because))


def application(run: RunDirectory | None, step: str, doors: Doors | None = None, **more: Any) -> AdvisorApp:
    """The wizard at a step of this run."""
    path = run.path if run is not None else None
    return AdvisorApp((doors or Doors()).services(), run=path, step=step, **more)


async def until(pilot: Pilot[Any], condition: Any, seconds: float = 10.0) -> None:
    """Wait until something holds on the screen."""
    for _ in range(int(seconds / 0.05)):
        await pilot.pause(0.05)
        if condition():
            return
    raise AssertionError(f"did not come about within {seconds} s:\n{screen_text(pilot.app)}")


def screen_text(app: Any) -> str:
    """The screen's characters, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

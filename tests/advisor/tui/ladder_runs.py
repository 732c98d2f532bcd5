"""Run directories as a run leaves them while its ladder is measured, and after its verdict; no model is asked for them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "rubrics"))

from panel import cases, decide_inputs
from training_runs import LONG, NOW, a_plan

from advisor.run_directory import RunDirectory, create_run
from rubrics.decide import decide_report
from rubrics.statistics.intervals import wilson
from trainer.events import (
    Event,
    EventWriter,
    Progress,
    RunEnded,
    RungAnswered,
    RungScored,
    RunStarted,
    StageFinished,
    StageStarted,
)

RUNGS = ("classifier", "zero_shot", "instruction", "few_shot")
SCORES = {"classifier": 0.55, "zero_shot": 0.2, "instruction": 0.35, "few_shot": 0.6}
DEV, TEST = 200, 400
BEFORE = ("assess", "inspect", "split", "measure", "budget")


def a_run(
    folder: Path, events: Iterable[Event], artefacts: dict[str, Any] | None = None, **plan: Any
) -> RunDirectory:
    """A run directory of these events and artefacts."""
    run = create_run(a_plan(folder, **plan), folder / "run")
    writer = EventWriter(run.events_file)
    for event in events:
        writer(event)
    writer.close()
    for name, values in (artefacts or {}).items():
        (run.path / f"{name}.json").write_text(json.dumps(values), encoding="utf-8")
    return run


def measuring(done: int = 60, *, total: int = DEV) -> list[Event]:
    """A ladder that is being measured on dev: the classifier is done, the prompts have `done` answers each."""
    events: list[Event] = [RunStarted(time=NOW, pid=7, until="forecast")]
    for at, stage in enumerate(BEFORE):
        events += [
            StageStarted(time=NOW + at, stage=stage),
            StageFinished(time=NOW + at, stage=stage, seconds=1, summary="done"),
        ]
    events.append(StageStarted(time=NOW + 9, stage="baseline"))
    events += [scored(rung, "dev", 0, total) for rung in RUNGS]
    events.append(scored("classifier", "dev", total, total))
    events += [scored(rung, "dev", done, total) for rung in RUNGS[1:]]
    events += [answer for rung in RUNGS[1:] for answer in answers(rung)]
    asked = 3 * total
    events += [
        Progress(time=NOW + 10, task="generate", done=0, total=asked, unit="answers"),
        Progress(time=NOW + 70, task="generate", done=3 * done, total=asked, unit="answers"),
    ]
    return events


def scored(rung: str, split: str, done: int, total: int) -> RungScored:
    """How a rung does after so many rows."""
    more: dict[str, float] = {}
    if done:
        right = round(SCORES[rung] * done)
        interval = wilson(right, done)
        more = {"value": interval.value, "low": interval.low, "high": interval.high}
    return RungScored(
        time=NOW + 10, rung=rung, split=split, metric="exact_match", done=done, total=total, n=done, **more
    )


def answers(rung: str) -> list[Event]:
    """Sample answers: a right one, a wrong one, and one of the kind that breaks screens."""
    given = (
        ("r1", "Where is my parcel?", "delivery", "delivery", 1.0),
        ("r2", "내 카드가 아직 오지 않았어요", "카드 배송", "", 0.0),
        ("r3", LONG, LONG, f"\x1b[31m[bold]{LONG}\u202e", 0.0),
    )
    return [
        RungAnswered(
            time=NOW + 11,
            rung=rung,
            id=row,
            prompt=f"system: Route the message\n\nuser: {prompt}",
            reference=reference,
            prediction=prediction,
            score=score,
        )
        for row, prompt, reference, prediction, score in given
    ]


def ended(outcome: str = "paused", **fault: Any) -> Event:
    """How the last session ended."""
    return RunEnded(time=NOW + 90, outcome=outcome, **fault)


def measured(*, with_verdict: bool = True) -> list[Event]:
    """A ladder that is measured, and the verdict."""
    events = [event for event in measuring(DEV) if not isinstance(event, Progress)]
    events += [scored(rung, "test", TEST, TEST) for rung in ("zero_shot", "few_shot")]
    events.append(
        StageFinished(
            time=NOW + 80,
            stage="baseline",
            seconds=70,
            summary="best on dev: few_shot; exact_match 0.600 [0.551, 0.647] on 400 test rows",
        )
    )
    if with_verdict:
        events += [
            StageStarted(time=NOW + 81, stage="decide"),
            StageFinished(time=NOW + 81, stage="decide", seconds=0.1, summary="FINE_TUNE (R14)"),
            ended(),
        ]
    return events


def ladder() -> dict[str, Any]:
    """baselines.json of that ladder."""
    asked = [(rung, "dev", DEV) for rung in RUNGS] + [
        (rung, "test", TEST) for rung in ("zero_shot", "few_shot")
    ]
    return {
        "metric": "exact_match",
        "selected": "few_shot",
        "skipped": {"prompt_file": "no --prompt-file was given"},
        "rungs": [_entry(*one) for one in asked],
    }


def _entry(rung: str, split: str, n: int) -> dict[str, Any]:
    event = scored(rung, split, n, n)
    return {
        "rung": rung,
        "model": "smollm2-135m",
        "split": split,
        "n": n,
        "metrics": {"exact_match": {"value": event.value, "low": event.low, "high": event.high}},
        "prompt_tokens": 0 if rung == "classifier" else 45 * n,
        "completion_tokens": 0 if rung == "classifier" else 3 * n,
        "latency_s": {"p50": 0.001 if rung == "classifier" else 0.12, "p95": 0.3},
        "selected": rung == "few_shot",
        "with_leaked": None,
    }


def verdict_of(case: str) -> dict[str, Any]:
    """The verdict on a situation of the panel."""
    found = next(one for one in cases("before") if one["id"] == case)
    verdict: dict[str, Any] = decide_report(decide_inputs(found))["verdict"]
    return verdict


def outcomes() -> dict[str, str]:
    """A situation of the panel for each outcome."""
    found: dict[str, str] = {}
    for case in cases("before"):
        found.setdefault(case["expect"]["outcome"], case["id"])
    return found


def decided(folder: Path, case: str = "stable pattern, far from the target", **plan: Any) -> RunDirectory:
    """A run with this situation's verdict."""
    artefacts = {
        "baselines": ladder(),
        "verdict": verdict_of(case),
        "budget": {"reductions": ["40 of 200 dev rows choose among the rungs (time limit)"]},
        "split": {"leaked": ["r1", "r2"]},
    }
    return a_run(folder, measured(), artefacts, **plan)

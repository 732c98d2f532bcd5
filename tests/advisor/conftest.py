"""The program run in this process, and a report made by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from advisor.__main__ import main
from advisor.report.model import Report
from trainer.events import (
    DevScored,
    Event,
    JobFinished,
    JobStarted,
    Logged,
    Metric,
    Progress,
    RunEnded,
    RungAnswered,
    RungScored,
    RunStarted,
    Sample,
    StageFinished,
    StageStarted,
    Warned,
)


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)


Advisor = Callable[..., Ran]


@pytest.fixture
def advisor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Advisor:
    """Run the program's own entry with these arguments, exit codes and messages included."""

    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["advisor", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return call


@pytest.fixture
def one_of_each() -> list[Event]:
    """An event of every kind, with seconds 1 to 14."""
    return [
        StageStarted(time=1, stage="train"),
        JobStarted(time=2, job="training", kind="train", pid=7),
        Progress(time=3, task="train", done=10, total=40, unit="steps"),
        Metric(time=4, step=10, epoch=0.5, values={"loss": 0.5}),
        Sample(time=5, step=10, prompt="a\nb", reference="c", prediction="\u2028\x1b[31m"),
        Warned(time=6, message="slow"),
        Logged(time=7, message="a line"),
        JobFinished(time=8, job="training", outcome="done", seconds=2),
        StageFinished(time=9, stage="train", seconds=8.2, summary="good"),
        DevScored(time=10, step=10, metric="exact_match", n=8, value=0.5, low=0.2, high=0.8),
        RungScored(
            time=11, rung="zero_shot", split="dev", metric="exact_match", done=1, total=9, n=1, value=1
        ),
        RungAnswered(time=12, rung="zero_shot", id="r1", prompt="a", reference="b", prediction="b", score=1),
        RunStarted(time=13, pid=8, until="decide"),
        RunEnded(time=14, outcome="failed", what="no space", fix="free some", code=5),
    ]


def _score(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


def _scores(value: float) -> dict[str, Any]:
    return {name: _score(value) for name in ("exact_match", "squad_exact_match", "token_f1")}


def _baseline(rung: str, split: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "rung": rung,
        "model": "smollm2-135m",
        "split": split,
        "n": 100,
        "metrics": _scores(value),
        "prompt_tokens": 5_000,
        "completion_tokens": 300,
        "latency_s": {"p50": 0.1, "p95": 0.3},
        "cost": None,
        "selected": rung == "few_shot",
        "with_leaked": None,
    } | more


def report_values(**changed: Any) -> dict[str, Any]:
    """A whole report as JSON: everything was done, and the tuned model won."""
    point = {"step": 10, "loss": 0.4, "learning_rate": 1e-3, "next_token_accuracy": 0.8}
    measured = {"eval_loss": 0.5, "eval_next_token_accuracy": 0.75, "epoch": 0.5, "grad_norm": 1.2}
    values = {
        "schema": 1,
        "run": {
            "id": "one",
            "created": "2026-01-02T03:04:05+00:00",
            "version": "0.1.0",
            "seed": 0,
            "duration_s": 300.0,
            "directory": "/runs/one",
            "command": "advisor run --data rows.jsonl",
            "stage_seconds": {"train": 200.0, "assess": 0.01},
            "reductions": ["400 of 3,000 test rows are scored (time limit)"],
        },
        "task": {
            "description": "Route the message",
            "metric": "exact_match",
            "target": 0.8,
            "min_gain": 0.05,
            "margin": None,
        },
        "suitability": {
            "outcome": "suited",
            "score": 3.0,
            "criteria": [
                {
                    "id": "S1",
                    "question": "A house vocabulary?",
                    "answer": "yes",
                    "source": "user",
                    "effect": 1.0,
                    "reason": "the model cannot know it",
                    "reference": "guide",
                }
            ],
        },
        "data": {
            "rows": 500,
            "format": "question-answer",
            "findings": [
                {
                    "check": "D2",
                    "severity": "warning",
                    "count": 2,
                    "rows": ["desk:1"],
                    "message": "2 near duplicates",
                    "fix": "remove one",
                    "details": {"pairs": 1},
                    "example": "x",
                }
            ],
            "splits": {"train": 350, "dev": 50, "test": 100},
            "leaked": [],
            "statistics": {},
        },
        "baselines": [
            _baseline("zero_shot", "dev", 0.2),
            _baseline("few_shot", "dev", 0.6),
            _baseline("zero_shot", "test", 0.2),
            _baseline("few_shot", "test", 0.6),
        ],
        "verdict": {
            "outcome": "FINE_TUNE",
            "rule": "R14",
            "reasons": ["Far from the target."],
            "evidence": {"best": 0.6},
            "considered": [
                {
                    "rule": rule,
                    "condition": f"Condition of {rule}.",
                    "held": held,
                    "outcome": "FINE_TUNE" if held is True else None,
                    "reason": f"What {rule} saw.",
                    "source": "KNOWLEDGE section 8",
                }
                for rule, held in (("R1", False), ("R11", "unknown"), ("R14", True))
            ],
            "flip": [
                {"field": "target", "value": 0.6, "outcome": "PROMPT_IS_ENOUGH", "text": "A lower target."}
            ],
            "minimum_detectable_effect": 0.08,
        },
        "forecast": {
            "method": "lora",
            "memory_bytes": 2**30,
            "memory_measured_bytes": 2**30 + 5,
            "seconds": 180.0,
            "seconds_measured": 200.0,
            "trainable_parameters": 4_884_480,
            "alternatives": [{"method": "qlora", "memory_bytes": 2**29}],
            "memory": {"weights": 2**29},
            "notes": ["learning rate 0.001: by width"],
        },
        "training": {
            "method": "lora",
            "config": {"rank": 16},
            "steps": 20,
            "epochs": 1.0,
            "history": [point | measured, point | dict.fromkeys(measured) | {"step": 20}],
            "best_step": 10,
            "stopped_early": False,
            "findings": [{"rule": "L1", "message": "Dev loss rose."}],
            "adapter": "training/adapter",
            "train_rows": 350,
            "device": "cpu",
        },
        "evaluations": [
            {
                "system": system,
                "split": "test",
                "n": 100,
                "metrics": _scores(value),
                "loss": loss,
                "next_token_accuracy": None if loss is None else 0.7,
                "supervised_tokens": None if loss is None else 900,
            }
            for system, value, loss in (("base", 0.2, 2.5), ("best_baseline", 0.6, None), ("tuned", 0.9, 0.1))
        ],
        "comparison": {
            "metric": "exact_match",
            "baseline": "few_shot",
            "tuned": "tuned",
            "difference": 0.3,
            "low": 0.2,
            "high": 0.4,
            "p_value": 1e-7,
            "test": "exact McNemar",
            "fixed": 32,
            "broken": 2,
            "both_right": 58,
            "both_wrong": 8,
            "outcome": "SHIP_TUNED",
            "n": 100,
            "rule": "T3",
            "reason": "The tuned model is better.",
            "target": "met",
            "rows_needed": None,
        },
        "skipped_rungs": {"prompt_file": "no --prompt-file was given"},
        "ledger": [{"system": "tuned", "split": "test", "n": 100}],
        "advice": "Ship the tuned model.",
    }
    return values | changed


@pytest.fixture
def make_report() -> Callable[..., Report]:
    """A whole report, with some parts changed."""
    return lambda **changed: Report.model_validate(report_values(**changed))


@pytest.fixture
def rows_file(tmp_path: Any) -> Any:
    """A small file of rows, well-formed and different."""
    path = tmp_path / "rows.jsonl"
    letters = "abcdefghijklmnopqrstuvwxyz"
    rows = [
        {
            "question": " ".join(letters[(at * step) % 26] * 3 for step in range(1, 9)) + f" {at}",
            "answer": f"q{at % 3}",
        }
        for at in range(60)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path

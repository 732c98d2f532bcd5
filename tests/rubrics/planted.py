"""Measurements in the shape of report.json, sound in every respect, with faults planted on request."""

from __future__ import annotations

import copy
from typing import Any

from rubrics.suitability import load_criteria

ANSWERS = {"creative": "no", "changing": "no", "fresh_facts": "no", "agreement": "yes", "economics": "no"}


def scored(rung: str, split: str, value: float, n: int = 400, **more: Any) -> dict[str, Any]:
    """One entry of `baselines`; without limits Wilson's are taken."""
    return {
        "rung": rung,
        "model": "m",
        "split": split,
        "n": n,
        "metrics": {"accuracy": {"value": value}},
    } | more


def finding(check: str, count: int, severity: str = "error", **details: Any) -> dict[str, Any]:
    """One entry of `data.findings`."""
    return {
        "check": check,
        "severity": severity,
        "count": count,
        "rows": [],
        "message": "seen",
        "fix": "mend",
        "details": details,
    }


def answers(**changed: str) -> dict[str, Any]:
    """The `suitability` object with some answers changed."""
    given = ANSWERS | changed
    blocked = "yes" in (given["creative"], given["changing"])
    return {
        "outcome": "unsuited" if blocked else "suited",
        "score": 4,
        "criteria": [
            {"id": entry.id, "answer": given.get(entry.key, "unknown"), "source": "user"}
            for entry in load_criteria()
        ],
    }


def data(*findings: dict[str, Any], train: int = 1400, test: int = 400) -> dict[str, Any]:
    """The `data` object."""
    return {
        "rows": 2000, "format": "question-answer", "findings": list(findings),
        "splits": {"train": train, "dev": 200, "test": test},
    }  # fmt: skip


def report(**changed: Any) -> dict[str, Any]:
    """A task that should be fine-tuned (R14): far under its target, good data, strong test set."""
    sound = {
        "task": {"description": "sort mail", "metric": "accuracy", "target": 0.9, "min_gain": 0.05},
        "suitability": answers(),
        "data": data(),
        "baselines": [
            scored("zero_shot", "dev", 0.55, 200),
            scored("few_shot", "dev", 0.60, 200, selected=True),
            scored("zero_shot", "test", 0.54),
            scored("few_shot", "test", 0.61, selected=True),
        ],
        "discordance": 0.15,
    }
    return copy.deepcopy(sound | changed)


def plan(**changed: Any) -> dict[str, Any]:
    """The `task` object."""
    return {"description": "sort mail", "metric": "accuracy", "target": 0.9, "min_gain": 0.05} | changed


def baselines(rung: str, dev: float, test: float, n: int = 400) -> list[dict[str, Any]]:
    """One rung on both splits."""
    return [scored(rung, "dev", dev, 200, selected=True), scored(rung, "test", test, n, selected=True)]


PRICES = {
    "training": 100, "labelling": 0, "hosting_per_month": 10, "retraining_per_month": 5,
    "baseline_per_request": 0.01, "tuned_per_request": 0.001,
}  # fmt: skip

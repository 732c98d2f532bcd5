"""The panel of planted situations as inputs of `advisor decide`; panel.yaml says how it is to be read."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

from rubrics.suitability import Answer, assess

FILE = Path(__file__).with_name("panel.yaml")
_PARTS = (
    "discordance",
    "churn",
    "independent",
    "deviation",
    "failures",
    "prices",
    "volume",
    "probe",
    "agreement",
)
_AFTER = ("comparison", "evaluations", "training")


@functools.cache
def panel() -> dict[str, Any]:
    """The file; a bare yes or no is the word, not a boolean, where answers stand."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def cases(part: str) -> list[Any]:
    """The situations before or after training."""
    return panel()[part]


def decide_inputs(case: dict[str, Any]) -> dict[str, Any]:
    """The situation in the shape of report.json."""
    sound = panel()["sound"]
    task = {"description": case["situation"], **sound["task"], **case.get("task", {})}
    rows = sound["rows"] | case.get("rows", {})
    answers = {key: _word(value) for key, value in (sound["answers"] | case.get("answers", {})).items()}
    parts = {name: case.get(name, sound.get(name)) for name in _PARTS}
    return {
        "task": task,
        "suitability": assess({key: Answer(value) for key, value in answers.items()}).to_dict(),
        "data": {
            "rows": rows["all"],
            "format": "question-answer",
            "findings": case.get("findings", sound["findings"]),
            "splits": {split: rows[split] for split in ("train", "dev", "test")},
        },
        "baselines": _baselines(case, sound, task["metric"], rows),
        **{name: value for name, value in parts.items() if value is not None},
        **{name: case[name] for name in _AFTER if name in case},
    }


def _word(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, value)


def _baselines(case: dict[str, Any], sound: dict[str, Any], metric: str, rows: dict[str, int]) -> list[Any]:
    scores, extracted = case.get("scores", sound["scores"]), case.get("extracted", {})
    chosen = max(scores, key=lambda rung: scores[rung][0])
    entries = []
    for rung, values in scores.items():
        for at, split in enumerate(("dev", "test")):
            metrics = {metric: {"value": values[at]}}
            if rung in extracted:
                metrics["label_match"] = {"value": extracted[rung][at]}
            entry = {"rung": rung, "model": "m", "split": split, "n": rows[split], "metrics": metrics}
            entries.append(entry | {"selected": rung == chosen})
    return entries

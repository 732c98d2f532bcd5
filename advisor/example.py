"""The bundled example, and the plan that `advisor demo` carries out on it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from advisor.plan import Plan


def example_folder() -> Path:
    """Where the example's files lie in the installed package."""
    return Path(str(files("advisor") / "examples"))


def example_plan() -> Plan:
    """A plan of under six minutes on two cores.

    The house vocabulary and the fixed form speak for fine-tuning, so the answers that a member of that support
    desk would give are filled in. Rank, rate and batch are those of tests/benchmarks/example_recipes.py that reach
    most in 150 steps.
    """
    folder = example_folder()
    return Plan(
        data=folder / "desk.jsonl",
        production=folder / "production.jsonl",
        task=(folder / "task.txt").read_text(encoding="utf-8").strip(),
        answers={
            "domain": "yes",
            "format": "yes",
            "consistency": "yes",
            "creative": "no",
            "changing": "no",
            "fresh_facts": "no",
            "agreement": "yes",
        },
        rungs=("classifier", "zero_shot", "instruction", "few_shot"),
        rank=8,
        learning_rate=1e-3,
        batch_size=4,
        epochs=3,
        max_minutes=5.8,
    )

"""Runs of the installed program that several tests look at."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from filelock import FileLock
from journey_tools import Outcome, advisor, wait_for

from advisor.example import example_folder
from advisor.launching import launch
from advisor.plan import Plan
from advisor.watching import RunWatch


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of the example's rows."""
    path = tmp_path_factory.mktemp("rows") / "desk.jsonl"
    lines = (example_folder() / "desk.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:200]), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def plan(rows: Path, tiny_model: Path) -> list[str]:
    """A plan that trains the two-layer model for two epochs in fp32, whatever the verdict."""
    words = ["--data", rows, "--model", tiny_model, "--task", "Route the message.", "--precision", "fp32"]
    words += ["--epochs", 2, "--batch-size", 2, "--learning-rate", 1e-3, "--rungs", "classifier,zero_shot"]
    return [*map(str, words), "--force-train"]


@pytest.fixture(scope="session")
def whole_run(plan: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """An undisturbed run with the two-layer model, and what it printed; made once for all workers of a test run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "whole"
    printed = folder / "printed.json"
    with FileLock(f"{folder}.lock"):
        if not printed.exists():
            folder.mkdir()
            outcome = advisor("run", *plan, "--out", folder / "run", "--json", cwd=folder)
            assert outcome.code == 0, outcome.err
            printed.write_text(json.dumps(vars(outcome)), encoding="utf-8")
    return folder / "run", Outcome(**json.loads(printed.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def few_rows_plan(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A plan that needs the trainer only to measure and to train: the two-layer model on few rows, for long."""
    rows = tmp_path_factory.mktemp("few") / "rows.jsonl"
    lines = (example_folder() / "desk.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    rows.write_text("".join(lines[:120]), encoding="utf-8")
    return Plan(
        data=rows,
        model=str(tiny_model),
        task="Route the message.",
        precision="fp32",
        epochs=90,
        batch_size=2,
        learning_rate=1e-3,
        rungs=("classifier",),
        guard="none",
        force_train=True,
    )


@pytest.fixture(scope="session")
def paused_run(few_rows_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that waits before its training; tests go on with a copy of it."""
    path = launch(few_rows_plan, tmp_path_factory.mktemp("paused") / "run", until="forecast").path
    watch = RunWatch(path)
    wait_for(lambda: watch.poll().life == "paused", "the run to pause", 300)
    return path

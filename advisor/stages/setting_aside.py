"""A training that is asked for anew with other settings: what the former one left moves out of its way.

A train job goes on from the checkpoints in its directory, and a scoring job keeps its result while its request is the
same, which names the adapter by its path: left in place, another training's weights and answers would be taken for
this one's.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from advisor.run_directory import RunDirectory
from rubrics.errors import Fault
from trainer.job import JOB_FILE, Hyperparameters, ModelSpec, TrainJob, read_job, read_json_lines

_REPORTED = ("training.json", "evaluation.json", "comparison.json", "report.json", "report.md")
"""Copied beside what is moved, so that the former result can be read with the adapter that it is of."""


def set_aside(
    run: RunDirectory, directory: Path, job: TrainJob, rows: Sequence[Mapping[str, Any]]
) -> Path | None:
    """Move a training that differs from the one asked for, and the jobs that score it, to `earlier-N`.

    Args:
        directory: of the train job, which may not exist yet.
        rows: what is trained on.
    Returns:
        The new place; None where nothing had to move.
    """
    if not (directory / JOB_FILE).exists() or _is_same(directory, job, rows):
        return None
    place = next(path for path in (run.path / f"earlier-{n}" for n in count(1)) if not path.exists())
    moved = [directory, *_scoring(run, directory)]
    for one in moved:
        target = place / one.relative_to(run.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        one.rename(target)
    for name in _REPORTED:
        if (run.path / name).exists():
            shutil.copy2(run.path / name, place / name)
    return place


def _is_same(directory: Path, job: TrainJob, rows: Sequence[Mapping[str, Any]]) -> bool:
    try:
        former = read_job(directory)
    except Fault:
        return False
    if not isinstance(former, TrainJob) or _decisive(former) != _decisive(job):
        return False
    return list(read_json_lines(directory / "train.jsonl")) == list(rows)


def _decisive(job: TrainJob) -> tuple[ModelSpec, Hyperparameters]:
    """What of a request decides the weights; the rest says how fast, or is settled by the first try."""
    spec = job.model.model_copy(update={"attention": None, "precision": "auto"})
    return spec, job.hyperparameters.model_copy(update={"micro_batch_size": 1})


def _scoring(run: RunDirectory, training: Path) -> list[Path]:
    """The jobs whose model has this training's adapter."""
    found = []
    for file in sorted(run.jobs.glob(f"*/{JOB_FILE}")):
        try:
            job = read_job(file.parent)
        except Fault:
            continue
        model = getattr(job, "model", None)
        if model is not None and model.adapter is not None and model.adapter.is_relative_to(training):
            found.append(file.parent)
    return found

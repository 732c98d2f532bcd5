"""Training: one job of the trainer, which goes on from its last checkpoint after any interruption."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from advisor.budget import SAFETY, START_SECONDS
from advisor.data.rows import Row
from advisor.data.splitting import stratified_sample
from advisor.jobs import read_result, run_jobs, write_job
from advisor.predictions import mean_score
from advisor.stage import Artefact, Context, Stage
from advisor.stages.baseline import BASELINE
from advisor.stages.budget import speed_of, watched_rows
from advisor.stages.evaluate import prepare_evaluation
from advisor.stages.forecast import FORECAST
from advisor.stages.measure import MEASURE, training_rows
from advisor.stages.setting_aside import set_aside
from advisor.stages.split import rows_of
from rubrics.learning import cut_short, read_history
from trainer.events import DevScored, Event, Listener, Sample
from trainer.job import ModelSpec, TrainJob, TrainResult, write_json, write_json_lines

ADAPTER = "adapter"

_LEAST_SECONDS = 60.0
"""A training that the time left would end at once is given this long, so that something can be compared."""
_MOST_SAMPLES, _SAMPLES_SHARE = 24, 0.04
"""Dev rows that are answered as a training goes on, and the share of its time that they may take (ours)."""
_TIMES = ("max_seconds", "expected_seconds", "reserve_seconds")


class Training(Artefact):
    """How the training went; `config` is read back from the libraries, not from the request.

    `steps` were run of `planned_steps`, fewer for want of time where `out_of_time`.
    """

    method: str
    config: dict[str, Any]
    steps: int
    epochs: float
    history: list[dict[str, Any]]
    best_step: int
    stopped_early: bool
    findings: list[dict[str, str]]
    adapter: str
    seconds: float
    memory_measured_bytes: int
    train_rows: int
    trainable_parameters: int
    device: str
    planned_steps: int | None = None
    out_of_time: bool = False


def trained_rows(context: Context) -> list[Row]:
    """The rows that are trained on: all, or a sample of what the time limit allows."""
    rows, count = rows_of(context, "train"), context.get(FORECAST).train_rows
    return list(stratified_sample(rows, count, context.plan.seed))


def training_spec(context: Context) -> ModelSpec:
    """The model for training, with what was measured once."""
    assert context.model is not None
    measured = context.get(MEASURE).measurement
    return ModelSpec.model_validate(
        {
            "path": context.model.path,
            "precision": measured.precision,
            "attention": measured.attention_training,
            "quantisation": "nf4" if context.get(FORECAST).method == "qlora" else None,
        }
    )


def _make(context: Context) -> Training:
    forecast = context.get(FORECAST)
    directory = context.run.training
    rows = trained_rows(context)
    job = TrainJob(
        model=training_spec(context),
        hyperparameters=forecast.hyperparameters,
        samples=_samples(context),
        **_time_limit(context),
    )
    write_training(context, directory, job, rows)
    # In one child with the scoring that follows, if any: imports are paid once.
    scoring = prepare_evaluation(context) if context.has(BASELINE) else []
    run_jobs([directory, *scoring], _telling_scores(context, job.samples), context.stop)
    result = TrainResult.model_validate(read_result(directory))
    _note_identity(context)
    return Training(
        method=forecast.method,
        config={**result.effective, "precision": result.precision, "attention": result.attention},
        steps=result.steps,
        epochs=result.epochs,
        history=[point.model_dump() for point in result.history],
        best_step=result.best_step,
        stopped_early=result.stopped_early,
        findings=[
            *([cut_short(result.steps, result.planned_steps)] if result.out_of_time else []),
            *read_history([point.model_dump() for point in result.history], result.best_step),
        ],
        adapter=f"training/{ADAPTER}",
        seconds=result.seconds,
        memory_measured_bytes=result.peak_memory_bytes,
        train_rows=len(rows),
        trainable_parameters=result.trainable_parameters,
        device=result.device,
        planned_steps=result.planned_steps,
        out_of_time=result.out_of_time,
    )


def write_training(context: Context, directory: Path, job: TrainJob, rows: list[Row]) -> Path:
    """Write a train job with its rows and return its directory; another training in its place is set aside."""
    asked = training_rows(context, rows)
    if (place := set_aside(context.run, directory, job, asked)) is not None:
        context.say(f"another training is asked for: the former one lies in {place.name}")
    write_json_lines(directory / "train.jsonl", asked)
    write_json_lines(directory / "dev.jsonl", training_rows(context, watched_rows(context)))
    write_job(directory, _same_limit(directory, job))
    return directory


def _samples(context: Context) -> int:
    """How many watched dev rows are answered at each evaluation: what a small share of the training's time allows."""
    forecast, watched = context.get(FORECAST), len(watched_rows(context))
    if forecast.seconds is None:
        return min(1, watched)
    each = forecast.hyperparameters.evaluations * speed_of(context).answer_tuned
    return max(1, min(_MOST_SAMPLES, watched, int(_SAMPLES_SHARE * forecast.seconds / each)))


def _telling_scores(context: Context, samples: int) -> Listener:
    """A listener that passes on what the trainer says, and scores the answers of each evaluation."""
    rows = {row.id: row for row in watched_rows(context)}
    metric = context.scoring.metric
    score = context.scoring.scorers[metric]
    scores: dict[int, list[float]] = {}

    def hear(event: Event) -> None:
        context.follow(event)
        if not isinstance(event, Sample) or event.id not in rows:
            return
        found = scores.setdefault(event.step, [])
        found.append(score(event.prediction, rows[event.id].references))
        if len(found) == samples:
            mean = mean_score(found, metric)
            context.emit(DevScored(step=event.step, metric=metric, n=samples, **mean.model_dump()))

    return hear


def _time_limit(context: Context) -> dict[str, Any]:
    """What is left of the plan's time, and what the steps and the scoring after them were estimated to take."""
    forecast, left = context.get(FORECAST), context.seconds_left()
    if left is None or forecast.seconds is None:
        return {}
    steps = forecast.train_rows * forecast.hyperparameters.epochs * speed_of(context).train
    return {
        "max_seconds": max(_LEAST_SECONDS, left - START_SECONDS),
        "expected_seconds": steps,
        # The models are loaded again for scoring, which takes no longer than a start.
        "reserve_seconds": forecast.scoring_seconds / SAFETY + START_SECONDS,
    }


def _same_limit(directory: Any, job: TrainJob) -> TrainJob:
    """A resumed training keeps its request, unless another time limit led to another forecast."""
    path = directory / "job.json"
    if not path.exists():
        return job
    former = json.loads(path.read_text(encoding="utf-8"))
    if former.get("expected_seconds") != job.expected_seconds:
        return job
    return job.model_copy(update={name: former[name] for name in _TIMES if name in former})


def _note_identity(context: Context) -> None:
    """Store with the adapter what it was trained on top of and with which template."""
    assert context.model is not None
    write_json(
        context.run.training / ADAPTER / "advisor.json",
        {
            "model": context.model.name,
            "model_digest": context.model.digest,
            "chat_template_sha256": context.model.chat_template_sha256,
            "task": context.plan.task,
        },
    )


def _summary(training: Training) -> str:
    early = ", stopped early" if training.stopped_early else ""
    return f"{training.steps} steps, {training.epochs:g} epochs, best at step {training.best_step}{early}"


TRAIN = Stage(
    name="train",
    file="training.json",
    artefact=Training,
    make=_make,
    fields=("task", "seed"),
    reads=("split", "measure", "budget", "forecast"),
    content=lambda context: context.model_digest(),
    summary=_summary,
)

"""Would more rows help? The same training on 25, 50 and 100% of the rows, scored on dev, and a power law through it.

Every training has the same optimizer steps and settings, so that only the rows differ; each keeps its best
checkpoint, as the main training does. The subsets are nested. The last point is the main training itself where it
has those steps. Test rows are not touched: the curve is one more choice, and choices are made on dev.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from pydantic import BaseModel, ConfigDict

from advisor.budget import CURVE_SHARES, CurveAllowance
from advisor.chat.local import LocalModel, read_completions
from advisor.chat.protocol import ChatRequest
from advisor.data.rows import Row
from advisor.data.splitting import stratified_sample
from advisor.jobs import is_finished, run_jobs, write_job
from advisor.predictions import Prediction, Score, mean_score, score_answers, write_predictions
from advisor.rungs.prompts import zero_shot
from advisor.stage import Artefact, Context, Stage
from advisor.stages.baseline import answer_room
from advisor.stages.budget import dev_rows, watched_rows
from advisor.stages.forecast import FORECAST
from advisor.stages.guard import read_row_scores
from advisor.stages.inspect import INSPECT
from advisor.stages.measure import base_spec, training_rows
from advisor.stages.train import ADAPTER, TRAIN, Training, trained_rows, training_spec, write_training
from rubrics.learning_curve import REACH, Kind, Point, falls, fit_curve, outlook
from rubrics.statistics import Z, errors_between, standard_errors
from trainer.job import EvaluateJob, RowScores, TrainJob, write_json_lines

LOSS_WORTH = 0.05
"""Fall of dev loss, as a share of what it is, that counts as help where no score is there (ours)."""

_TIME_LEFT = 0.8
"""A curve is not begun where less than this share of its predicted time is left."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CurvePoint(_Part):
    """One training.

    Attributes:
        share: of the training rows.
        main: it is the run's main training.
        loss: nats a supervised token on the dev rows; `loss_error` is its standard error over rows.
        score: by the plan's metric; None where dev rows were not answered.
    """

    share: float
    rows: int
    main: bool
    loss: float
    loss_error: float
    next_token_accuracy: float
    score: Score | None


class Prospect(_Part):
    """What a power law through the points says of more rows.

    Attributes:
        helps: whether the gain is worth it: surely, surely not, or not to be told.
        rows: training rows looked ahead to, twice those there are.
        gain: expected there over now, with 80% limits; a fall of loss counts as a gain. None where more rows did
            worse, which no learning curve describes.
        worth: smallest gain that counts as help.
        rows_likely, rows_surely: that reach the target; None without one, or out of reach.
    """

    helps: str
    rows: int
    gain: float | None
    low: float | None
    high: float | None
    worth: float
    rising: bool
    rows_likely: int | None
    rows_surely: int | None
    text: str


class Curve(Artefact):
    """The learning curve; `refused` says why there is none."""

    refused: str
    steps: int
    dev_rows: int
    metric: str
    points: list[CurvePoint]
    by_metric: Prospect | None
    by_loss: Prospect | None
    text: str
    notes: list[str]


def _make(context: Context) -> Curve:
    allowed = context.get(FORECAST).curve
    assert allowed is not None
    refused = _refusal(context, allowed)
    if refused:
        context.warn(refused)
        return _none(context, refused)
    shares = CURVE_SHARES[: allowed.trainings]
    run_jobs(_prepare(context, allowed, shares), context.follow, context.stop)
    for share in shares:
        _drop_checkpoints(_folder(context, share))
    losses = [read_row_scores(_job(context, share, "loss")) for share in CURVE_SHARES]
    answers = [_predictions(context, share) for share in CURVE_SHARES] if allowed.answers else []
    return _curve(context, allowed, losses, answers)


def _refusal(context: Context, allowed: CurveAllowance) -> str:
    """Why there is no curve, found out by the forecast or since; empty where there is one."""
    if allowed.refused:
        return allowed.refused
    if allowed.trainings < len(CURVE_SHARES) and not ran_its_course(
        context.get(TRAIN), context.get(FORECAST).hyperparameters.patience
    ):
        return "no learning curve: the time limit cut the main training short, so no other has the same steps"
    left = context.seconds_left()
    begun = (_folder(context, CURVE_SHARES[0]) / "job.json").exists()
    if left is not None and not begun and left < _TIME_LEFT * allowed.seconds:
        return (
            f"no learning curve: it takes about {allowed.seconds / 60:.1f} min, and {max(0.0, left) / 60:.1f} "
            "are left of the time limit"
        )
    return ""


def ran_its_course(training: Training, patience: int) -> bool:
    """Whether a training ended by its steps or by patience, and not by the clock."""
    if training.steps >= int(training.config["max_steps"]):
        return True
    measured = [point["step"] for point in training.history if point.get("eval_loss") is not None]
    return len([step for step in measured if step > training.best_step]) >= patience


def nested(rows: Sequence[Row], seed: int) -> dict[float, list[Row]]:
    """Draw the subsets, each within the next larger one, labels in their shares where answers are closed."""
    subsets: dict[float, list[Row]] = {}
    larger = tuple(rows)
    for share in sorted(CURVE_SHARES, reverse=True):
        larger = stratified_sample(larger, round(share * len(rows)), seed)
        subsets[share] = list(larger)
    return subsets


def _prepare(context: Context, allowed: CurveAllowance, shares: Sequence[float]) -> list[Path]:
    """Write every job: each training, then what its model is scored by."""
    subsets = nested(trained_rows(context), context.plan.seed)
    directories: list[Path] = []
    for share in CURVE_SHARES:
        if share in shares:
            directories.append(_training_job(context, share, subsets[share], allowed.steps))
        directories.append(_loss_job(context, share))
        if allowed.answers:
            directories.append(_answers_job(context, share))
    return directories


def _training_job(context: Context, share: float, rows: list[Row], steps: int) -> Path:
    parameters = context.get(FORECAST).hyperparameters.model_copy(update={"max_steps": steps})
    job = TrainJob(model=training_spec(context), hyperparameters=parameters, samples=0)
    return write_training(context, _folder(context, share), job, rows)


def _loss_job(context: Context, share: float) -> Path:
    directory = _job(context, share, "loss")
    write_json_lines(directory / "rows.jsonl", training_rows(context, watched_rows(context)))
    spec = base_spec(context).model_copy(update={"adapter": _adapter(context, share)})
    write_job(directory, EvaluateJob(model=spec, max_length=context.get(INSPECT).max_length))
    return directory


def _answers_job(context: Context, share: float) -> Path:
    spec = base_spec(context).model_copy(update={"adapter": _adapter(context, share)})
    model = LocalModel(context.plan.model, spec, context.run.jobs, context.follow, context.stop)
    prompt, room = zero_shot(context.plan.task), answer_room(context)
    requests = [ChatRequest(row.id, "zero_shot", prompt(row), room) for row in dev_rows(context)]
    return model.prepare(_job(context, share, "dev").name, requests)


def _folder(context: Context, share: float) -> Path:
    return context.run.jobs / f"curve-{share:.0%}".removesuffix("%")


def _job(context: Context, share: float, kind: str) -> Path:
    folder = _folder(context, share)
    return folder.with_name(f"{folder.name}-{kind}")


def _adapter(context: Context, share: float) -> Path:
    """Where a point's adapter lies: the main training's unless the point has a training of its own."""
    allowed = context.get(FORECAST).curve
    assert allowed is not None
    own = share in CURVE_SHARES[: allowed.trainings]
    return (_folder(context, share) if own else context.run.training) / ADAPTER


def _drop_checkpoints(training: Path) -> None:
    """Only the best adapter of a finished training is needed; its checkpoints are several times as large."""
    if is_finished(training):
        for folder in training.glob("checkpoint-*"):
            shutil.rmtree(folder)


def _predictions(context: Context, share: float) -> list[Prediction]:
    rows, prompt = dev_rows(context), zero_shot(context.plan.task)
    completions = read_completions(_job(context, share, "dev"))
    predictions = score_answers(rows, {row.id: prompt(row) for row in rows}, completions, context.scoring)
    write_predictions(context.run.path / "evaluation" / f"curve-{round(100 * share)}.dev.jsonl", predictions)
    return predictions


def _curve(
    context: Context,
    allowed: CurveAllowance,
    losses: Sequence[Sequence[RowScores]],
    answers: Sequence[Sequence[Prediction]],
) -> Curve:
    metric, plan, training = context.plan.metric, context.plan, context.get(TRAIN)
    sizes = [len(rows) for _, rows in sorted(nested(trained_rows(context), plan.seed).items())]
    scores = [[prediction.scores[metric] for prediction in predictions] for predictions in answers]
    by_loss = loss_prospect(sizes, losses, plan.seed)
    informative = any(any(row) for row in scores)
    by_metric = (
        score_prospect(sizes, scores, metric, plan.min_gain, plan.target, plan.seed) if informative else None
    )
    leading = (
        f"By {metric} on {len(scores[0]):,} dev rows: {by_metric.text}"
        if by_metric
        else f"By loss on {len(losses[0]):,} dev rows: {by_loss.text}"
    )
    return Curve(
        refused="",
        steps=allowed.steps,
        dev_rows=len(losses[0]),
        metric=metric,
        points=_points(allowed, sizes, losses, scores, metric),
        by_metric=by_metric,
        by_loss=by_loss,
        text=leading,
        notes=_notes(scores, metric, unfinished=training.best_step >= training.steps),
    )


def _points(
    allowed: CurveAllowance,
    sizes: Sequence[int],
    losses: Sequence[Sequence[RowScores]],
    scores: Sequence[Sequence[float]],
    metric: str,
) -> list[CurvePoint]:
    tokens = [row.tokens for row in losses[0]]
    errors = standard_errors([[row.loss for row in system] for system in losses], tokens)
    return [
        CurvePoint(
            share=share,
            rows=sizes[at],
            main=at >= allowed.trainings,
            loss=sum(row.loss for row in losses[at]) / sum(tokens),
            loss_error=errors[at],
            next_token_accuracy=sum(row.correct for row in losses[at]) / sum(tokens),
            score=mean_score(scores[at], metric) if scores else None,
        )
        for at, share in enumerate(CURVE_SHARES)
    ]


def loss_prospect(sizes: Sequence[int], losses: Sequence[Sequence[RowScores]], seed: int) -> Prospect:
    """Fit the losses of three trainings on the same dev rows."""
    tokens = [row.tokens for row in losses[0]]
    sums = [[row.loss for row in system] for system in losses]
    means = [sum(system) / sum(tokens) for system in sums]
    between, own = errors_between(sums, tokens), standard_errors(sums, tokens)
    return _prospect(sizes, means, between, own, "loss", LOSS_WORTH * means[-1], None, seed)


def score_prospect(
    sizes: Sequence[int],
    scores: Sequence[Sequence[float]],
    metric: str,
    worth: float,
    target: float | None,
    seed: int,
) -> Prospect:
    """Fit the scores of three trainings on the same dev rows."""
    ones = [1.0] * len(scores[0])
    # Where hardly a row changed the errors come out as nothing; one row more or less is always possible.
    between = [max(error, 1 / len(ones)) for error in errors_between(scores, ones)]
    intervals = [mean_score(row, metric) for row in scores]
    own = [(found.high - found.low) / (2 * Z) for found in intervals]
    return _prospect(sizes, [fmean(row) for row in scores], between, own, "score", worth, target, seed)


def _prospect(
    sizes: Sequence[int],
    values: Sequence[float],
    between: Sequence[float],
    own: Sequence[float],
    kind: Kind,
    worth: float,
    target: float | None,
    seed: int,
) -> Prospect:
    """Gains are told by the errors of differences, a target by the errors of the values themselves."""
    compared = [Point(*point) for point in zip(sizes, values, between, strict=True)]
    if falls(compared, kind):
        return _no_prospect(sizes, values, kind, worth)
    gains = fit_curve(compared, kind, seed)
    level = fit_curve([Point(*point) for point in zip(sizes, values, own, strict=True)], kind, seed)
    seen = outlook(gains, max(worth, 1e-6), target=target, level=level)
    return Prospect(
        helps=seen.helps,
        rows=seen.rows,
        gain=seen.gain.value,
        low=seen.gain.low,
        high=seen.gain.high,
        worth=worth,
        rising=seen.rising,
        rows_likely=seen.target[0] if seen.target else None,
        rows_surely=seen.target[1] if seen.target else None,
        text=seen.text,
    )


def _no_prospect(sizes: Sequence[int], values: Sequence[float], kind: Kind, worth: float) -> Prospect:
    """Training had not come to its end with the most rows, so nothing is known of still more."""
    moved = "rises" if kind == "loss" else "falls"
    text = (
        f"the {kind} {moved} with more rows, from {values[0]:.3f} at {sizes[0]:,} to {values[-1]:.3f} at "
        f"{sizes[-1]:,}, which no learning curve does. At the same steps each row of the whole is seen "
        f"{sizes[-1] / sizes[0]:.2g} times less often than one of the smallest part: train longer (--epochs) before "
        "collecting rows."
    )
    return Prospect(
        helps="unknown",
        rows=2 * max(sizes),
        gain=None,
        low=None,
        high=None,
        worth=worth,
        rising=False,
        rows_likely=None,
        rows_surely=None,
        text=text,
    )


def _notes(scores: Sequence[Sequence[float]], metric: str, *, unfinished: bool) -> list[str]:
    notes = [
        "One training a point, with one seed: another seed moves a point too, which the intervals leave out.",
        f"The curve is extended to at most {REACH:g} times the rows; farther a power law is a guess.",
    ]
    if scores and not any(any(row) for row in scores):
        notes.insert(0, f"{metric} is 0 at every point, so only the loss says something.")
    if unfinished:
        notes.insert(
            0,
            "Dev loss was best at the last step of the main training, so longer training may bring what more rows "
            "would.",
        )
    return notes


def _none(context: Context, refused: str) -> Curve:
    return Curve(
        refused=refused,
        steps=0,
        dev_rows=0,
        metric=context.plan.metric,
        points=[],
        by_metric=None,
        by_loss=None,
        text=refused[:1].upper() + refused[1:] + ".",
        notes=[],
    )


CURVE = Stage(
    name="curve",
    file="curve.json",
    artefact=Curve,
    make=_make,
    fields=("task", "metric", "target", "min_gain", "seed"),
    reads=("split", "measure", "budget", "forecast", "train"),
    content=lambda context: context.model_digest(),
    summary=lambda curve: curve.text,
)

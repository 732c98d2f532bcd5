"""What will training take? Memory by part and time, predicted, and checked against the dry run."""

from __future__ import annotations

from typing import Any

from advisor import proposals
from advisor.budget import (
    SAFETY,
    START_SECONDS,
    CurveAllowance,
    Past,
    TrainingAllowance,
    allow_curve,
    allow_training,
)
from advisor.models.forecast import memory_parts, trainable_parameters
from advisor.stage import Artefact, Context, Stage
from advisor.stages.baseline import BASELINE
from advisor.stages.budget import BUDGET, asked_rungs, speed_of, watched_rows
from advisor.stages.contenders import to_ask
from advisor.stages.guard import GuardCost, guard_cost
from advisor.stages.inspect import INSPECT
from advisor.stages.measure import MEASURE
from advisor.stages.split import SPLIT
from trainer.job import Hyperparameters, Method, planned_steps

METHODS: tuple[Method, ...] = ("lora", "qlora")


class Forecast(Artefact):
    """The contract's `forecast` object, with what training was decided on.

    Attributes:
        memory: predicted bytes by part for the method.
        memory_measured_bytes: peak of the dry run at the longest rows.
        seconds: predicted from the dry run's rate.
        scoring_seconds: the same of scoring the test rows afterwards, by the options that dev leaves open too, and the
            guard rows.
        guard: of them what the guard rows take; None where there are none.
        curve: what the learning curve takes besides; None where none was asked for.
        train_rows: rows that are trained on.
        notes: where proposals come from, and what a time limit took away.
    """

    method: str
    memory_bytes: int
    memory: dict[str, int]
    memory_measured_bytes: int | None
    seconds: float | None
    scoring_seconds: float
    trainable_parameters: int
    trainable_parameters_measured: int | None
    alternatives: list[dict[str, Any]]
    hyperparameters: Hyperparameters
    train_rows: int
    notes: list[str]
    reductions: list[str]
    guard: GuardCost | None = None
    curve: CurveAllowance | None = None


def _make(context: Context) -> Forecast:
    assert context.model is not None
    plan, facts = context.plan, context.model.facts
    measured, split = context.get(MEASURE).measurement, context.get(SPLIT)
    rate, source = proposals.learning_rate(facts) if plan.learning_rate is None else (plan.learning_rate, "")
    method = proposals.method_of(plan.method)
    epochs = plan.epochs or proposals.epochs(split.train, plan.batch_size)
    base = Hyperparameters(
        method=method,
        rank=plan.rank,
        learning_rate=rate,
        epochs=epochs,
        batch_size=plan.batch_size,
        micro_batch_size=min(plan.batch_size, measured.micro_batch_size or plan.batch_size),
        max_length=context.get(INSPECT).max_length,
        seed=plan.seed,
    )
    guard = guard_cost(context)
    allowance = _allowance(context, base, guard.seconds if guard else 0.0)
    parameters = base.model_copy(update={"epochs": allowance.epochs, "evaluations": allowance.evaluations})
    memory = _memory(context, parameters, method)
    curve = _curve(context, parameters, allowance) if plan.learning_curve else None
    return Forecast(
        method=method,
        memory_bytes=sum(memory.values()),
        memory=memory,
        memory_measured_bytes=measured.train_peak_memory_bytes,
        seconds=allowance.seconds if measured.train_tokens_per_second else None,
        scoring_seconds=allowance.scoring_seconds + _contender_seconds(context),
        trainable_parameters=trainable_parameters(facts, plan.rank),
        trainable_parameters_measured=measured.trainable_parameters,
        alternatives=[_alternative(context, parameters, other) for other in METHODS if other != method],
        hyperparameters=parameters,
        train_rows=allowance.rows,
        notes=[*([f"learning rate {rate:g}: {source}"] if source else []), *_curve_notes(curve)],
        reductions=[*allowance.reductions, *(curve.reductions if curve else ())],
        guard=guard,
        curve=curve,
    )


def _allowance(context: Context, parameters: Hyperparameters, guard_seconds: float) -> TrainingAllowance:
    return allow_training(
        seconds=context.seconds_left(),
        speed=speed_of(context),
        rows=context.get(SPLIT).train,
        epochs=parameters.epochs,
        dev_rows=len(watched_rows(context)),
        test_rows=context.get(BUDGET).test_rows,
        evaluations=parameters.evaluations,
        guard_seconds=guard_seconds,
        past=_past(context),
    )


def _past(context: Context) -> Past:
    budget, split = context.get(BUDGET), context.get(SPLIT)
    return Past(
        spent=context.seconds_spent(),
        is_local=context.has(BASELINE) and context.plan.endpoint is None,
        asked_rungs=asked_rungs(context.plan),
        dev_rows=budget.dev_rows,
        test_rows=budget.test_rows,
        all_dev=split.dev,
        all_test=split.test,
    )


def _contender_seconds(context: Context) -> float:
    """What a local model takes to answer the test rows on the rungs that dev leaves open."""
    if context.plan.endpoint:
        return 0.0
    asked = [rung for rung in to_ask(context) if rung != "classifier"]
    return len(asked) * context.get(BUDGET).test_rows * speed_of(context).answer


def _curve(context: Context, parameters: Hyperparameters, main: TrainingAllowance) -> CurveAllowance:
    """What of the learning curve fits into the time that training and scoring leave."""
    left = context.seconds_left()
    if left is not None:
        left = left * SAFETY - 2 * START_SECONDS - main.seconds - main.scoring_seconds
    return allow_curve(
        seconds=left,
        speed=speed_of(context),
        rows=main.rows,
        steps=planned_steps(parameters, main.rows),
        batch_size=parameters.batch_size,
        watched_rows=len(watched_rows(context)),
        dev_rows=context.get(BUDGET).dev_rows,
        evaluations=parameters.evaluations,
    )


def _curve_notes(curve: CurveAllowance | None) -> list[str]:
    """The cost of the learning curve, before it is spent."""
    if curve is None:
        return []
    if curve.refused:
        return [curve.refused]
    return [
        f"learning curve: {curve.trainings} more trainings of {curve.steps:,} steps on 25"
        f"{' and 50' if curve.trainings == 2 else ', 50 and 100'}% of the rows, about {curve.seconds / 60:.1f} min"
    ]


def _memory(context: Context, parameters: Hyperparameters, method: Method) -> dict[str, int]:
    assert context.model is not None
    measured, found = context.get(MEASURE).measurement, context.get(INSPECT)
    parts = memory_parts(
        context.model.facts,
        method=method,
        rank=parameters.rank,
        precision=measured.precision,
        micro_batch=parameters.micro_batch_size,
        length=measured.longest_row_tokens,
        supervised_tokens=int(found.tokens["longest_answer"]) + 1,
        attention=measured.attention_training,
    )
    return {name: value for name, value in parts.items() if name != "total"}


def _alternative(context: Context, parameters: Hyperparameters, method: Method) -> dict[str, Any]:
    return {"method": method, "memory_bytes": sum(_memory(context, parameters, method).values())}


def _summary(forecast: Forecast) -> str:
    measured = forecast.memory_measured_bytes
    gib = f"{forecast.memory_bytes / 2**30:.1f} GiB predicted"
    seen = f", {measured / 2**30:.1f} GiB measured" if measured else ""
    time = f", {forecast.seconds / 60:.1f} min" if forecast.seconds is not None else ""
    curve = f"; {_curve_notes(forecast.curve)[0]}" if forecast.curve else ""
    found = (
        f"{forecast.method}, {forecast.trainable_parameters:,} trainable parameters, {gib}{seen}"
        f"{time} for {forecast.train_rows:,} rows x {forecast.hyperparameters.epochs:g} epochs{curve}"
    )
    return "; ".join([found, *forecast.reductions])


FORECAST = Stage(
    name="forecast",
    file="forecast.json",
    artefact=Forecast,
    make=_make,
    fields=(
        "method",
        "epochs",
        "rank",
        "learning_rate",
        "batch_size",
        "max_minutes",
        "guard",
        "learning_curve",
        "seed",
    ),
    reads=("inspect", "split", "measure", "budget", "baseline"),
    content=lambda context: {**context.model_digest(), **context.guard_digest()},
    summary=_summary,
)

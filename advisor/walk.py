"""The walk itself: stages in order, from a plan to a report. Both front ends call this and nothing else."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from advisor import __version__
from advisor.data.production import read_production
from advisor.guard import guard_of, known_rows
from advisor.interrupt import Interrupted, StopSignal
from advisor.jobs import check_train_extra
from advisor.models.resolve import ResolvedModel, resolve
from advisor.plan import Plan
from advisor.plan_files import read_files
from advisor.report.model import ForecastPart, Report
from advisor.room import not_written
from advisor.run_directory import RunDirectory
from advisor.scoring import scoring_of
from advisor.stage import Context, Stage
from advisor.stages.assess import ASSESS
from advisor.stages.baseline import BASELINE
from advisor.stages.budget import BUDGET
from advisor.stages.compare import COMPARE
from advisor.stages.curve import CURVE
from advisor.stages.decide import DECIDE, TRAIN_OUTCOME
from advisor.stages.evaluate import EVALUATE
from advisor.stages.forecast import FORECAST
from advisor.stages.inspect import INSPECT
from advisor.stages.measure import MEASURE
from advisor.stages.report import REPORT, forecast_part
from advisor.stages.split import SPLIT
from advisor.stages.train import TRAIN, Training
from rubrics.errors import ExitCode, Fault
from trainer.events import Event, EventWriter, Listener, RunEnded, RunStarted
from trainer.job import write_json

_TOLD_PROBLEMS = 50
"""Of a fault's single problems, in the event that a watcher reads."""
_PACKAGES = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "bitsandbytes",
    "datasets",
    "tokenizers",
    "openai",
)


WALK: tuple[Stage[Any], ...] = (
    ASSESS,
    INSPECT,
    SPLIT,
    MEASURE,
    BUDGET,
    BASELINE,
    DECIDE,
    FORECAST,
    TRAIN,
    EVALUATE,
    COMPARE,
    CURVE,
    REPORT,
)
"""Every stage in the order of the walk; which of them a run has is in `walk`."""

UNTIL = (DECIDE.name, FORECAST.name)
"""Stages after which a walk may be asked to end, each with a report; training comes later."""


def walk(plan: Plan, run: RunDirectory, listener: Listener, stop: StopSignal, *, until: str = "") -> Report:
    """Do the whole job, or as far as it makes sense; what was done before is reused.

    Args:
        listener: hears every event, besides the run's event file.
        until: name of the last stage wanted before the report, one of `UNTIL`; empty for all.

    Raises:
        Fault: an expected failure; everything done so far is kept.
        Interrupted: a stop was asked for; `advisor resume` goes on.
    """
    check_test_rows(plan)
    check_until(until)
    with opened(plan, run, listener, stop, until) as context:
        report = _stages(context, until)
        context.paused = bool(until) and wants_training(context)
        return report


def check_until(until: str) -> None:
    """Refuse a stage after which no report can be made.

    Raises:
        Fault: names those after which one can; exit code 2.
    """
    if until and until not in UNTIL:
        raise Fault(
            f"a run cannot end after {until!r}", where="--until", fix=f"Use one of {', '.join(UNTIL)}."
        )


def check_test_rows(plan: Plan) -> None:
    """Refuse a plan that could measure nothing.

    Raises:
        Fault: it names no test rows and no file to split; exit code 2.
    """
    if plan.data is None and plan.test is None:
        raise Fault("no test rows", where="--test", fix="Give --test FILE, or one file to split by --data.")


@contextmanager
def opened(
    plan: Plan, run: RunDirectory, listener: Listener, stop: StopSignal, until: str = ""
) -> Iterator[Context]:
    """Hold the run while stages work on it; its event file says when that began and how it ended."""
    with run.held():
        run.stop_file.unlink(missing_ok=True)
        try:
            writer = EventWriter(run.events_file)
        except OSError as error:
            raise not_written(error, run.path) from error

        def emit(event: Event) -> None:
            writer(event)
            listener(event)

        try:
            with _told(emit, run, until):
                context = open_context(plan, run, emit, listener, stop)
                yield context
                emit(RunEnded(outcome="paused" if context.paused else "done"))
        finally:
            with suppress(OSError):  # a full disk is told already
                writer.close()


@contextmanager
def _told(emit: Listener, run: RunDirectory, until: str) -> Iterator[None]:
    """Say that work begins, and why it ended where it did not end well."""
    try:
        emit(RunStarted(pid=os.getpid(), until=until))
        yield
    except (Interrupted, KeyboardInterrupt):
        _last_word(emit, run, RunEnded(outcome="stopped", code=int(ExitCode.INTERRUPTED)))
        raise
    except OSError as error:
        fault = not_written(error, run.path)
        _last_word(emit, run, _failed(fault))
        raise fault from error
    except Fault as fault:
        _last_word(emit, run, _failed(fault))
        raise
    except Exception as error:
        _last_word(emit, run, _failed(Fault(f"{type(error).__name__}: {error}", code=ExitCode.PROGRAM_FAULT)))
        raise


def _failed(fault: Fault) -> RunEnded:
    return RunEnded(
        outcome="failed",
        what=fault.what,
        where=fault.where,
        fix=fault.fix,
        code=int(fault.code),
        problems=list(fault.problems[:_TOLD_PROBLEMS]),
    )


def _last_word(emit: Listener, run: RunDirectory, event: RunEnded) -> None:
    """A full disk must not hide why the run ended, from whoever opens it later either."""
    try:
        emit(event)
    except OSError:
        with suppress(OSError):
            run.leave_last_word(event)


def open_context(
    plan: Plan, run: RunDirectory, emit: Listener, follow: Listener, stop: StopSignal
) -> Context:
    """Read the data and find the model; both fail before anything is spent."""
    files = read_files(plan)
    scoring = scoring_of(plan, [row for file in files.values() for row in file.rows])
    plan = plan.model_copy(update={"metric": scoring.metric})
    production = read_production(plan.production) if plan.production else None
    guard = guard_of(plan)
    model = None
    if needs_local_model(plan):
        check_train_extra()
        # A conversion's own events lie in the cache, where nobody who watches this run would look.
        model = resolve(plan.model, emit, stop)
    write_json(run.path / "environment.json", environment(plan, model))
    return Context(plan, run, emit, stop, files, model, scoring, production, guard, follow)


def needs_local_model(plan: Plan) -> bool:
    """Whether anything is asked of a local model: the ladder without an endpoint, or a training."""
    asks_local = plan.endpoint is None and any(rung != "classifier" for rung in plan.rungs)
    return asks_local or not plan.no_train


def environment(plan: Plan, model: ResolvedModel | None) -> dict[str, object]:
    """What the numbers depend on besides the plan."""
    return {
        "advisor": __version__,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "seed": plan.seed,
        "model": model.to_dict() if model else None,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def train_only(plan: Plan, run: RunDirectory, listener: Listener, stop: StopSignal) -> Training:
    """Train without the ladder, the verdict and the score; raises as `walk` does."""
    with opened(plan, run, listener, stop) as context:
        _execute(context, INSPECT, SPLIT, MEASURE, BUDGET, FORECAST)
        return context.execute(TRAIN)


def forecast_only(plan: Plan, run: RunDirectory, listener: Listener, stop: StopSignal) -> ForecastPart:
    """Measure rates and memory by a dry run and forecast a training; nothing is asked or trained. Raises as `walk`."""
    with opened(plan, run, listener, stop) as context:
        _execute(context, INSPECT, SPLIT, MEASURE, BUDGET, FORECAST)
        return ForecastPart.model_validate(forecast_part(context))


def _stages(context: Context, until: str) -> Report:
    context.say(f"the metric is {context.plan.metric} ({context.scoring.reason})")
    if context.scoring.warning:
        context.warn(f"{context.plan.metric}: {context.scoring.warning}")
    if context.guard and (known := known_rows(context.guard, context.files.values())):
        context.warn(f"{known} rows of {context.guard.name} stand in the data too: they show no forgetting")
    _execute(context, ASSESS, INSPECT, SPLIT)
    if context.model is not None:
        context.execute(MEASURE)
    _execute(context, BUDGET, BASELINE, DECIDE)
    if not until and wants_training(context):
        _execute(context, FORECAST, TRAIN, EVALUATE, COMPARE)
        if context.plan.learning_curve:
            context.execute(CURVE)
    elif context.has(MEASURE) and until != DECIDE.name and not context.plan.no_train:
        context.execute(FORECAST)
    return context.execute(REPORT).report


def _execute(context: Context, *stages: Stage[Any]) -> None:
    for stage in stages:
        context.execute(stage)


def wants_training(context: Context) -> bool:
    """The verdict says so, or the plan insists."""
    plan = context.plan
    if plan.no_train:
        return False
    return plan.force_train or context.get(DECIDE).outcome == TRAIN_OUTCOME

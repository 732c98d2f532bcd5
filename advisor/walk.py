"""The walk itself: stages in order, from a plan to a report. Both front ends call this and nothing else."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from advisor import __version__
from advisor.data.named_fields import check_fields, keep_fields
from advisor.data.production import read_production
from advisor.data.reading import DataFile, read_plain_file
from advisor.guard import guard_of, known_rows
from advisor.interrupt import StopSignal
from advisor.jobs import check_train_extra
from advisor.models.resolve import ResolvedModel, resolve
from advisor.plan import Plan
from advisor.report.model import Report
from advisor.run_directory import RunDirectory, lacks_space
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
from advisor.stages.report import REPORT
from advisor.stages.split import SPLIT
from advisor.stages.train import TRAIN, Training
from rubrics.errors import Fault
from trainer.events import Event, EventWriter, Listener, Logged, StageFinished, StageStarted, Warned
from trainer.job import write_json

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


def walk(plan: Plan, run: RunDirectory, listener: Listener, stop: StopSignal, *, until: str = "") -> Report:
    """Do the whole job, or as far as it makes sense; what was done before is reused.

    Args:
        listener: hears every event, besides the run's event file.
        until: name of the last stage wanted; empty for all.

    Raises:
        Fault: an expected failure; everything done so far is kept.
        Interrupted: a stop was asked for; `advisor resume` goes on.
    """
    check_test_rows(plan)
    with opened(plan, run, listener, stop) as context:
        return _stages(context, until)


def check_test_rows(plan: Plan) -> None:
    """Refuse a plan that could measure nothing.

    Raises:
        Fault: it names no test rows and no file to split; exit code 2.
    """
    if plan.data is None and plan.test is None:
        raise Fault("no test rows", where="--test", fix="Give --test FILE, or one file to split by --data.")


@contextmanager
def opened(plan: Plan, run: RunDirectory, listener: Listener, stop: StopSignal) -> Iterator[Context]:
    """Hold the run while stages work on it."""
    with run.held():
        run.stop_file.unlink(missing_ok=True)
        writer = EventWriter(run.events_file)

        def emit(event: Event) -> None:
            # What the trainer says stands in its own event file already.
            if isinstance(event, StageStarted | StageFinished | Warned | Logged):
                writer(event)
            listener(event)

        try:
            yield open_context(plan, run, emit, listener, stop)
        except OSError as error:
            raise lacks_space(error, run.path) from error
        finally:
            writer.close()


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
        model = resolve(plan.model, follow, stop)
    write_json(run.path / "environment.json", environment(plan, model))
    return Context(plan, run, emit, stop, files, model, scoring, production, guard)


def read_files(plan: Plan) -> Mapping[str, DataFile]:
    """Read every data file; the ids of rows name their file by its flag where files are several.

    Raises:
        Fault: rows cannot be used, or hold tools, calls or images; exit code 3. A field that the plan names is in none
            of the rows to be scored; exit code 2.
    """
    wanted = dict.fromkeys(plan.slices, "--slice")
    if plan.cluster_field:
        wanted[plan.cluster_field] = "--cluster-field"
    files = {
        name: read_plain_file(path, name="" if name == "data" else name, with_fields=bool(wanted))
        for name, path in plan.files().items()
    }
    if not wanted:
        return files
    scored = files.get("test") or files.get("data") or files["train"]
    check_fields([dict(row.fields) for row in scored.rows], wanted, str(scored.path))
    return {
        name: replace(file, rows=keep_fields(file.rows, plan.cluster_field, plan.slices))
        for name, file in files.items()
    }


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


def _stages(context: Context, until: str) -> Report:
    context.say(f"metric: {context.plan.metric} ({context.scoring.reason})")
    if context.scoring.warning:
        context.warn(f"{context.plan.metric}: {context.scoring.warning}")
    if context.guard and (known := known_rows(context.guard, context.files.values())):
        context.warn(f"{known} rows of {context.guard.name} stand in the data too: they show no forgetting")
    _execute(context, ASSESS, INSPECT, SPLIT)
    if context.model is not None:
        context.execute(MEASURE)
    _execute(context, BUDGET, BASELINE, DECIDE)
    if until != DECIDE.name and wants_training(context):
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

"""The report: every artefact in the contract's one JSON object, and its Markdown page."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from advisor import __version__
from advisor.cautions import cautions_by_metric
from advisor.prices import MONEY_FIELDS
from advisor.report import markdown
from advisor.report.advice import advice
from advisor.report.model import Report
from advisor.stage import Artefact, Context, Stage
from advisor.stages.baseline import BASELINE
from advisor.stages.budget import BUDGET, dev_rows, test_rows
from advisor.stages.compare import COMPARE
from advisor.stages.curve import CURVE
from advisor.stages.decide import DECIDE, measured_parts, overrules
from advisor.stages.evaluate import EVALUATE
from advisor.stages.forecast import FORECAST
from advisor.stages.guard import guard_findings, guard_text
from advisor.stages.inspect import INSPECT
from advisor.stages.measure import MEASURE
from advisor.stages.split import SPLIT, clusters_of
from advisor.stages.train import TRAIN, Training
from rubrics.economics import account
from rubrics.measurements import from_report
from trainer.events import StageFinished, read_events
from trainer.job import read_json_lines, write_json, write_text


class Written(Artefact):
    """The report as it was written."""

    report: Report


def _make(context: Context) -> Written:
    report = build(context)
    write_json(context.run.path / "report.json", report.to_json())
    write_text(context.run.path / "report.md", markdown.render(report, context.run.path))
    return Written(report=report)


def build(context: Context) -> Report:
    """Put the artefacts together."""
    parts = measured_parts(context)
    found, split = context.get(INSPECT), context.get(SPLIT)
    values: dict[str, Any] = {
        "run": _run(context),
        "task": {
            **parts["task"],
            "metric_reason": context.scoring.reason,
            "metric_warning": context.scoring.warning,
        },
        "suitability": parts["suitability"],
        "data": {**parts["data"], "leaked": split.leaked, "statistics": found.statistics},
        "baselines": [_with_cautions(context, entry) for entry in parts["baselines"]],
        "verdict": _dump(context.get(DECIDE)),
        "forecast": _forecast(context),
        "training": _training(context),
        "evaluations": [_with_cautions(context, _dump(entry)) for entry in context.get(EVALUATE).systems]
        if context.has(EVALUATE)
        else [],
        "comparison": _dump(context.get(COMPARE)) if context.has(COMPARE) else None,
        "guard": _guard(context),
        "learning_curve": _dump(context.get(CURVE)) if context.has(CURVE) else None,
        **{name: parts[name] for name in ("discordance", "churn", "independent", "deviation", "failures")},
        "prices": parts["prices"],
        "volume": parts["volume"],
        "economics": account(from_report(parts)),
        "overruled": _overruled(context),
        "skipped_rungs": context.get(BASELINE).skipped,
        "ledger": list(read_json_lines(context.run.ledger)),
    }
    report = Report.model_validate(values)
    return report.model_copy(update={"advice": advice(report)})


def _with_cautions(context: Context, entry: Mapping[str, Any]) -> dict[str, Any]:
    """A scored entry with what to beware of in its intervals, on the rows that count."""
    rows, leaked = {"dev": dev_rows, "test": test_rows}[entry["split"]](context), context.get(SPLIT).leaked
    kept = [row for row in rows if row.id not in leaked]
    clusters = clusters_of(context, [row.id for row in kept])
    scores = {name: score["value"] for name, score in entry["metrics"].items()}
    groups = None if clusters is None else len(set(clusters))
    return {**entry, "cautions": cautions_by_metric(scores, [row.answer for row in kept], groups)}


def _dump(artefact: Artefact) -> dict[str, Any]:
    return artefact.model_dump(exclude={"input_hash"})


def _run(context: Context) -> dict[str, Any]:
    events = read_events(context.run.events_file)
    created = datetime.datetime.fromtimestamp(context.run.created(), datetime.UTC)
    reductions = list(context.get(BUDGET).reductions)
    if context.has(FORECAST) and context.has(TRAIN):
        reductions += context.get(FORECAST).reductions
    seconds: dict[str, float] = {}
    for event in events:
        if isinstance(event, StageFinished) and not event.reused:
            seconds[event.stage] = seconds.get(event.stage, 0.0) + event.seconds
    return {
        "id": context.run.path.name,
        "created": created.isoformat(timespec="seconds"),
        "version": __version__,
        "seed": context.plan.seed,
        "duration_s": context.seconds_spent(),
        "directory": str(context.run.path),
        "command": context.plan.command(),
        "stage_seconds": seconds,
        "reductions": reductions,
    }


def _forecast(context: Context) -> dict[str, Any] | None:
    if not context.has(FORECAST):
        return None
    return forecast_part(context, context.get(TRAIN) if context.has(TRAIN) else None)


def forecast_part(context: Context, training: Training | None = None) -> dict[str, Any]:
    """The contract's `forecast` object; what was measured is the training's where there was one."""
    found, measured = context.get(FORECAST), context.get(MEASURE).measurement
    return {
        "method": found.method,
        "memory_bytes": found.memory_bytes,
        "memory_measured_bytes": training.memory_measured_bytes if training else found.memory_measured_bytes,
        "seconds": found.seconds,
        "seconds_measured": training.seconds if training else None,
        "trainable_parameters": found.trainable_parameters,
        "alternatives": found.alternatives,
        "memory": found.memory,
        "notes": found.notes,
        "curve_seconds": found.curve.seconds if found.curve and not found.curve.refused else None,
        "device": measured.device,
        "device_memory_bytes": measured.device_memory_bytes,
    }


def _training(context: Context) -> dict[str, Any] | None:
    if not context.has(TRAIN):
        return None
    left_out = {"input_hash", "seconds", "memory_measured_bytes", "trainable_parameters"}
    training = context.get(TRAIN).model_dump(exclude=left_out)
    guard = context.get(EVALUATE).guard if context.has(EVALUATE) else None
    if guard is not None:
        training["findings"] = [
            *training["findings"],
            *guard_findings(guard, context.plan.guard_margin),
        ]
    return training


def _overruled(context: Context) -> dict[str, Any] | None:
    plan, outcome = context.plan, context.get(DECIDE).outcome
    if not overrules(plan, outcome):
        return None
    choice = "train" if plan.force_train else "no_train"
    return {"outcome": outcome, "choice": choice, "reason": plan.overruled}


def _guard(context: Context) -> dict[str, Any] | None:
    found = context.get(EVALUATE).guard if context.has(EVALUATE) else None
    if found is None:
        return None
    allowed = context.plan.guard_margin
    findings = guard_findings(found, allowed)
    return {
        **found.model_dump(),
        **found.change.model_dump(),
        "allowed": allowed,
        "fell": bool(findings),
        "text": guard_text(found, findings),
    }


REPORT = Stage(
    name="report",
    file="report.state.json",
    artefact=Written,
    make=_make,
    fields=(
        "task",
        "metric",
        "target",
        "min_gain",
        "margin",
        "guard_margin",
        "force_train",
        "no_train",
        "overruled",
        *MONEY_FIELDS,
    ),
    reads=(
        "assess",
        "inspect",
        "split",
        "budget",
        "baseline",
        "decide",
        "forecast",
        "train",
        "evaluate",
        "compare",
        "curve",
    ),
    summary=lambda written: written.report.advice,
    version=2,
)

"""The verdict: the rules R1 to R14 over what was measured."""

from __future__ import annotations

from typing import Any

from advisor.stage import Artefact, Context, Stage
from advisor.stages.assess import ASSESS
from advisor.stages.baseline import BASELINE
from advisor.stages.budget import BUDGET
from advisor.stages.inspect import INSPECT
from advisor.stages.split import SPLIT
from rubrics.decide import decide_report

TRAIN_OUTCOME = "FINE_TUNE"


class VerdictReport(Artefact):
    """The contract's `verdict` object."""

    outcome: str
    rule: str
    reasons: list[str]
    evidence: dict[str, Any]
    considered: list[dict[str, Any]]
    flip: list[dict[str, Any]]
    minimum_detectable_effect: float | None


def measured_parts(context: Context) -> dict[str, Any]:
    """What was measured before training, in the shape of report.json."""
    plan, split, ladder = context.plan, context.get(SPLIT), context.get(BASELINE)
    found = context.get(INSPECT)
    return {
        "task": {
            "description": plan.task,
            "metric": plan.metric,
            "target": plan.target,
            "min_gain": plan.min_gain,
            "margin": plan.margin,
        },
        "suitability": context.get(ASSESS).model_dump(exclude={"input_hash"}),
        "data": {
            "rows": found.rows,
            "format": found.format,
            "findings": found.findings,
            "splits": {"train": split.train, "dev": split.dev, "test": split.test},
        },
        "baselines": [entry.model_dump(exclude={"input_hash"}) for entry in ladder.rungs],
        "discordance": ladder.discordance,
    }


def _make(context: Context) -> VerdictReport:
    return VerdictReport(**decide_report(measured_parts(context))["verdict"])


DECIDE = Stage(
    name="decide",
    file="verdict.json",
    artefact=VerdictReport,
    make=_make,
    fields=("metric", "target", "min_gain"),
    reads=(ASSESS.name, INSPECT.name, SPLIT.name, BUDGET.name, BASELINE.name),
    summary=lambda verdict: f"{verdict.outcome} ({verdict.rule})",
)

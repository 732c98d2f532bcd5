"""The verdict: the rules R1 to R14 over what was measured."""

from __future__ import annotations

from typing import Any

from advisor.plan import Plan
from advisor.prices import MONEY_FIELDS, prices_of, token_cost, volume_of
from advisor.stage import Artefact, Context, Stage
from advisor.stages.assess import ASSESS
from advisor.stages.baseline import BASELINE, Rung, failures_file
from advisor.stages.budget import BUDGET
from advisor.stages.inspect import INSPECT
from advisor.stages.split import SPLIT
from advisor.tagging import read_tags
from rubrics.decide import decide_report
from rubrics.failures import answer_from_tags, counted_tags
from rubrics.rulebook import load_rulebook
from rubrics.suitability import Answer, assess

TRAIN_OUTCOME = "FINE_TUNE"


class VerdictReport(Artefact):
    """The contract's `verdict` object."""

    outcome: str
    rule: str
    case: str = ""
    rung: str | None = None
    reasons: list[str]
    evidence: dict[str, Any]
    considered: list[dict[str, Any]]
    flip: list[dict[str, Any]]
    minimum_detectable_effect: float | None


def overrules(plan: Plan, outcome: str) -> bool:
    """Whether the plan goes against a verdict; an endpoint's baseline that trains nothing does not, unless told why."""
    if outcome == TRAIN_OUTCOME:
        return plan.no_train and bool(plan.overruled)
    return plan.force_train


def measured_parts(context: Context) -> dict[str, Any]:
    """What was measured before training, in the shape of report.json."""
    plan, split, ladder = context.plan, context.get(SPLIT), context.get(BASELINE)
    found, tags = context.get(INSPECT), _tags(context)
    return {
        "task": {
            "description": plan.task,
            "metric": plan.metric,
            "target": plan.target,
            "min_gain": plan.min_gain,
            "margin": plan.margin,
        },
        "suitability": _suitability(context, tags),
        "data": {
            "rows": found.rows,
            "checked": found.checked,
            "format": found.format,
            "findings": found.findings,
            "splits": {"train": split.train, "dev": split.dev, "test": split.test},
            "labels": {"rarest": split.rarest_label, "missing": split.missing_labels},
        },
        "baselines": [_priced(context, entry) for entry in ladder.rungs],
        # A ladder of an earlier version knows the discordance at the smallest gain alone.
        "discordance": ladder.discordance if ladder.churn is None else None,
        "churn": ladder.churn,
        "independent": ladder.independent,
        "deviation": ladder.deviation,
        "failures": tags,
        "prices": prices_of(plan) or None,
        "volume": volume_of(plan) or None,
    }


def _priced(context: Context, entry: Rung) -> dict[str, Any]:
    """A rung with the money that its answers cost, by the plan's price; None where there is none."""
    price = None if entry.rung == "classifier" else context.plan.price
    cost = token_cost(price, entry.prompt_tokens, entry.completion_tokens)
    return {**entry.model_dump(exclude={"input_hash"}), "cost": cost}


def _suitability(context: Context, tags: list[dict[str, Any]]) -> dict[str, Any]:
    """The assessment, with S10 answered by counting tags where the person left it open (source: data)."""
    counted = answer_from_tags(counted_tags(entry["tag"] for entry in tags), load_rulebook().limits)
    answers = {key: Answer(value) for key, value in context.plan.answers.items() if value != "unknown"}
    if counted is None or "failures" in answers:
        return context.get(ASSESS).model_dump(exclude={"input_hash"})
    return assess({**answers, "failures": Answer(counted, "data")}).to_dict()


def _tags(context: Context) -> list[dict[str, Any]]:
    """What a person has tagged so far; a run whose ladder was made before failures were written has none."""
    path = failures_file(context)
    return read_tags(path) if path.exists() else []


def _make(context: Context) -> VerdictReport:
    return VerdictReport(**decide_report(measured_parts(context))["verdict"])


DECIDE = Stage(
    name="decide",
    file="verdict.json",
    artefact=VerdictReport,
    make=_make,
    fields=("metric", "target", "min_gain", "margin", *MONEY_FIELDS),
    reads=(ASSESS.name, INSPECT.name, SPLIT.name, BUDGET.name, BASELINE.name),
    # Tags that a person adds between two sessions make the verdict stale, so that a resume takes them up.
    content=lambda context: {str(entry["id"]): entry["tag"] for entry in _tags(context)},
    summary=lambda verdict: f"{verdict.outcome} ({verdict.rule})",
    version=2,
)

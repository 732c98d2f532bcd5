"""Tuned against the best cheap option on the same rows: one paired test, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from advisor.ledger import looks, looks_note, scoring
from advisor.pairing import for_the_rules, in_common, paired, settle_note
from advisor.predictions import Prediction, read_predictions
from advisor.slices import slices_note, slices_of
from advisor.stage import Artefact, Context, Stage
from advisor.stages.baseline import BASELINE, clean
from advisor.stages.contenders import answers_on_test, contenders_on_dev, cured_option
from advisor.stages.decide import measured_parts
from advisor.stages.evaluate import EVALUATE, evaluation_file
from advisor.stages.guard import as_guard, guard_findings
from advisor.stages.split import clusters_of, rows_of
from advisor.stages.train import TRAIN
from rubrics.decide import decide_report


class Comparison(Artefact):
    """The contract's `comparison` object; counts of rows are None for graded metrics.

    Attributes:
        mismatch: what differed between the two besides the system (T1).
        clusters: groups that the rows belong to; None where every row stands alone.
        looks: tuned models that were scored on these rows, this one included, here and in the runs beside it.
        guards: how the declared guard set fared, as the rules read it; empty where none was declared.
        considered: every rule of the outcome, with what it asked and whether it applied.
        flip: what would change the outcome.
        notes: what a person should know about interval, test, looks and the training's health.
        slices: the comparison by label, length and the plan's fields; descriptive.
        slices_note: how little a slice says.
        contenders: cheap options that dev does not show to be worse than the chosen one, with their numbers there, and
            the tuned model against them (`on_test`) where they were asked about the test rows.
        against: those of them that keep the tuned model from being shipped.
        dev_rows_needed: dev rows in all that settle those of them that were not asked about the test rows.
    """

    metric: str
    baseline: str
    tuned: str
    n: int
    difference: float
    low: float
    high: float
    p_value: float
    test: str
    fixed: int | None
    broken: int | None
    both_right: int | None
    both_wrong: int | None
    outcome: str
    rule: str
    case: str = ""
    reason: str
    target: str
    rows_needed: int | None
    considered: list[dict[str, Any]] = Field(default_factory=list)
    flip: list[dict[str, Any]] = Field(default_factory=list)
    guards: list[dict[str, Any]] = Field(default_factory=list)
    mismatch: list[str] = Field(default_factory=list)
    clusters: int | None = None
    looks: int = 1
    notes: list[str] = Field(default_factory=list)
    slices: list[dict[str, Any]] = Field(default_factory=list)
    slices_note: str = ""
    contenders: list[dict[str, Any]] = Field(default_factory=list)
    against: list[str] = Field(default_factory=list)
    dev_rows_needed: int | None = None


def _make(context: Context) -> Comparison:
    answered = read_predictions(evaluation_file(context, "tuned"))
    before = clean(context, read_predictions(evaluation_file(context, "best_baseline")))
    baseline, tuned, mismatch = in_common(before, clean(context, answered))
    clusters = clusters_of(context, [row.id for row in tuned])
    measured = paired(baseline, tuned, context.plan.metric, context.plan.seed, clusters)
    open_on_dev = contenders_of(context, tuned)
    decided = {**measured, **_decide(context, measured, open_on_dev, mismatch), "contenders": open_on_dev}
    decided["looks"] = max(1, looks(context.run.path, scoring("tuned", answered)["rows"]))
    settle = settle_note(decided)
    said = [*measured["notes"], *decided["notes"], settle, looks_note(decided["looks"])]
    decided["notes"] = [note for note in said if note]
    for note in [*decided["notes"], *_informing(context)]:
        context.warn(note)
    decided["slices"] = slices_of(
        baseline, tuned, context.plan.metric, clusters=clusters, fields=_fields(context, tuned)
    )
    decided["slices_note"] = slices_note(len(decided["slices"]))
    return Comparison(**{name: decided[name] for name in Comparison.model_fields if name in decided})


def contenders_of(context: Context, tuned: Sequence[Prediction]) -> list[dict[str, Any]]:
    """The cheap options that dev leaves open, each with the tuned model against it where it was asked about the test rows.

    One whose answers fail by their form alone is among them with the form cured, and the tuned model with it likewise.
    """
    ladder, asked = context.get(BASELINE), context.get(EVALUATE).contenders
    found = []
    for one in contenders_on_dev(context):
        entry: dict[str, Any] = {**vars(one), "test_value": None, "on_test": None}
        if one.rung in asked or ladder.on("test", one.rung) is not None:
            entry |= _on_test(context, one.rung, tuned, context.plan.metric)
        found.append(entry)
    cured = cured_option(context)
    if cured is not None:
        entry = {**vars(cured.contender), "test_value": None, "on_test": None}
        if cured.rung in asked or ladder.on("test", cured.rung) is not None:
            entry |= _on_test(context, cured.rung, tuned, cured.extraction)
        found.append(entry)
    return found


def _on_test(context: Context, rung: str, tuned: Sequence[Prediction], metric: str) -> dict[str, Any]:
    """A rung's score on the test rows, and the tuned model against it, both by this metric."""
    answers = answers_on_test(context, rung)
    clusters = clusters_of(context, [row.id for row in tuned])
    return {
        "test_value": sum(row.scores[metric] for row in answers) / len(answers),
        "on_test": paired(answers, tuned, metric, context.plan.seed, clusters),
    }


def _decide(
    context: Context,
    measured: Mapping[str, Any],
    open_on_dev: Sequence[Mapping[str, Any]],
    mismatch: Sequence[str],
) -> dict[str, Any]:
    evaluations = [entry.model_dump(exclude={"input_hash"}) for entry in context.get(EVALUATE).systems]
    guard = context.get(EVALUATE).guard
    named = {
        **for_the_rules(measured),
        "baseline": context.get(BASELINE).selected,
        "tuned": "tuned",
        "mismatch": list(mismatch),
        "contenders": [
            {**one, "on_test": one["on_test"] and for_the_rules(one["on_test"])} for one in open_on_dev
        ],
        "guards": [as_guard(guard, context.plan.guard_margin)] if guard and guard.declared else [],
    }
    training = context.get(TRAIN).model_dump(
        include={"history", "best_step", "steps", "planned_steps", "out_of_time"}
    )
    inputs = {
        **measured_parts(context),
        "comparison": named,
        "evaluations": evaluations,
        "training": training,
    }
    decided: dict[str, Any] = decide_report(inputs)["comparison"]
    return decided


def _informing(context: Context) -> list[str]:
    """What was seen on the bundled guard rows; a declared guard's fall stands among the notes already."""
    guard = context.get(EVALUATE).guard
    if guard is None or guard.declared:
        return []
    return [f"{sign['rule']}: {sign['message']}" for sign in guard_findings(guard, None)]


def _fields(context: Context, predictions: Sequence[Prediction]) -> dict[str, list[str]]:
    """The values of the plan's slice fields, in the order of the predictions."""
    if not context.plan.slices:
        return {}
    known = {row.id: dict(row.fields) for row in rows_of(context, "test")}
    return {
        name: [known[prediction.id].get(name, "") for prediction in predictions]
        for name in context.plan.slices
    }


def _summary(comparison: Comparison) -> str:
    return (
        f"{comparison.outcome}: {comparison.difference:+.3f} [{comparison.low:+.3f}, {comparison.high:+.3f}], "
        f"p = {comparison.p_value:.2g}, n = {comparison.n}"
    )


COMPARE = Stage(
    name="compare",
    file="comparison.json",
    artefact=Comparison,
    make=_make,
    fields=(
        "metric",
        "target",
        "min_gain",
        "margin",
        "guard_margin",
        "guard",
        "seed",
        "cluster_field",
        "slices",
    ),
    reads=("split", "baseline", "decide", "train", "evaluate"),
    summary=_summary,
    version=5,
)

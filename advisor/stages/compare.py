"""Tuned against the best cheap option on the same rows: one paired test, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor.predictions import Prediction, read_predictions
from advisor.stage import Artefact, Context, Stage
from advisor.stages.baseline import BASELINE, clean
from advisor.stages.decide import measured_parts
from advisor.stages.evaluate import EVALUATE, evaluation_file
from advisor.stages.train import TRAIN
from rubrics.decide import decide_report
from rubrics.scoring import get_metric
from rubrics.statistics import flip_table, mcnemar_exact, paired_mean_difference, paired_share_difference


class Comparison(Artefact):
    """The contract's `comparison` object; counts of rows are None for graded metrics."""

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
    reason: str
    target: str
    rows_needed: int | None
    considered: list[dict[str, Any]]
    flip: list[dict[str, Any]]
    notes: list[str]


def paired(
    baseline: Sequence[Prediction], tuned: Sequence[Prediction], metric: str, seed: int
) -> dict[str, Any]:
    """Difference (tuned minus baseline), its 95% interval, the p-value of the one test, and the flip table.

    Right/wrong metrics: exact McNemar. Graded ones: sign-flip permutation with a paired bootstrap interval.
    """
    before = [prediction.scores[metric] for prediction in baseline]
    after = [prediction.scores[metric] for prediction in tuned]
    if get_metric(metric).binary:
        table = flip_table([score == 1 for score in before], [score == 1 for score in after])
        interval = paired_share_difference(table.fixed, table.broken, table.n)
        p_value, test = mcnemar_exact(table.fixed, table.broken), "exact McNemar"
        cells: dict[str, int | None] = {
            "fixed": table.fixed,
            "broken": table.broken,
            "both_right": table.both_right,
            "both_wrong": table.both_wrong,
        }
    else:
        interval, p_value = paired_mean_difference(before, after, seed)
        test = "sign-flip permutation"
        cells = dict.fromkeys(("fixed", "broken", "both_right", "both_wrong"))
    return {
        "metric": metric,
        "n": len(before),
        "difference": interval.value,
        "low": interval.low,
        "high": interval.high,
        "p_value": p_value,
        "test": test,
        **cells,
    }


def _make(context: Context) -> Comparison:
    baseline = clean(context, read_predictions(evaluation_file(context, "best_baseline")))
    tuned = clean(context, read_predictions(evaluation_file(context, "tuned")))
    measured = paired(baseline, tuned, context.plan.metric, context.plan.seed)
    evaluations = [entry.model_dump(exclude={"input_hash"}) for entry in context.get(EVALUATE).systems]
    named = {**measured, "baseline": context.get(BASELINE).selected, "tuned": "tuned"}
    training = context.get(TRAIN).model_dump(include={"history", "best_step"})
    inputs = {
        **measured_parts(context),
        "comparison": named,
        "evaluations": evaluations,
        "training": training,
    }
    decided = decide_report(inputs)["comparison"]
    return Comparison(**{name: decided[name] for name in Comparison.model_fields if name in decided})


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
    fields=("metric", "target", "min_gain", "margin", "seed"),
    reads=("baseline", "decide", "evaluate"),
    summary=_summary,
)

"""How many rows the time limit allows for the ladder and for the score: decided once, kept by a resume."""

from __future__ import annotations

from advisor.budget import Allowance, Speed, allow, allow_unmeasured, seconds_per_row
from advisor.data.rows import Row
from advisor.data.splitting import stratified_sample
from advisor.plan import Plan
from advisor.stage import Artefact, Context, Stage
from advisor.stages.inspect import INSPECT
from advisor.stages.measure import MEASURE, weights_facts
from advisor.stages.split import SPLIT, rows_of

_MOST_WATCHED, _LEAST_WATCHED = 200, 32
_ROWS_TRAINED_PER_WATCHED = 9
"""Under a time limit: measured ten times, a dev row costs about what training on three rows does."""


class Budget(Artefact):
    """Rows to ask about; `reductions` says in words what a time limit took away."""

    dev_rows: int
    test_rows: int
    reductions: list[str]


def speed_of(context: Context) -> Speed:
    """Seconds a row, from the dry run."""
    measured, tokens = context.get(MEASURE).measurement, context.get(INSPECT).tokens
    return seconds_per_row(
        mean_tokens=tokens["mean"],
        mean_answer=tokens["mean_answer"],
        prefill=measured.prefill_tokens_per_second,
        decode=measured.decode_tokens_per_second,
        tuned_prefill=measured.tuned_prefill_tokens_per_second,
        tuned_decode=measured.tuned_decode_tokens_per_second,
        evaluate=measured.evaluate_tokens_per_second,
        train=measured.train_tokens_per_second,
    )


def asked_rungs(plan: Plan) -> int:
    """How many of the rungs are asked of a model."""
    return sum(rung != "classifier" for rung in plan.rungs)


def dev_rows(context: Context) -> list[Row]:
    """The dev rows that choose among rungs."""
    return list(stratified_sample(rows_of(context, "dev"), context.get(BUDGET).dev_rows, context.plan.seed))


def watched_rows(context: Context) -> list[Row]:
    """The dev rows whose loss is watched during training."""
    rows = rows_of(context, "dev")
    if context.plan.max_minutes is None:
        return rows
    trained = context.get(SPLIT).train
    count = max(_LEAST_WATCHED, min(_MOST_WATCHED, trained // _ROWS_TRAINED_PER_WATCHED))
    return list(stratified_sample(rows, count, context.plan.seed))


def test_rows(context: Context) -> list[Row]:
    """The test rows that are scored."""
    return list(stratified_sample(rows_of(context, "test"), context.get(BUDGET).test_rows, context.plan.seed))


def _make(context: Context) -> Budget:
    split, limited = context.get(SPLIT), context.plan.max_minutes is not None
    if context.has(MEASURE):
        allowance = allow(
            seconds=context.seconds_left(),
            speed=speed_of(context),
            asked_rungs=asked_rungs(context.plan),
            dev_rows=split.dev,
            test_rows=split.test,
        )
    else:
        allowance = (
            allow_unmeasured(split.dev, split.test) if limited else Allowance(split.dev, split.test, ())
        )
    return Budget(
        dev_rows=allowance.dev_rows, test_rows=allowance.test_rows, reductions=list(allowance.reductions)
    )


def _summary(budget: Budget) -> str:
    return "; ".join(budget.reductions) or "all rows"


BUDGET = Stage(
    name="budget",
    file="budget.json",
    artefact=Budget,
    make=_make,
    # Decided once: neither a plan that is amended after the ladder nor another dry run changes the rows that were
    # asked about, or the verdict would rest on other rows than the person saw.
    fields=("seed",),
    facts=weights_facts,
    reads=("split",),
    content=lambda context: context.model_digest(),
    summary=_summary,
)

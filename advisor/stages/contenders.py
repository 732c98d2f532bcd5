"""The options that dev leaves open, asked about the test rows where training was worth a try.

They are asked after the verdict, not with the ladder: where nothing is trained nothing is compared, and their answers
would cost for nothing. Under a time limit only the classifier is, which costs no answer of a model; of the others dev
has to speak (`rubrics.open_options`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.chat.local import LocalModel, read_completions
from advisor.chat.protocol import ChatRequest
from advisor.clusters import cluster_of_each, shared_clusters
from advisor.contenders import Contender, against, contenders
from advisor.ledger import scoring
from advisor.predictions import (
    Prediction,
    note_in_ledger,
    read_predictions,
    score_answers,
    write_predictions,
)
from advisor.rungs import classifier
from advisor.stage import Context
from advisor.stages.baseline import (
    BASELINE,
    answer_room,
    clean,
    endpoint_model,
    model_prompts,
    predictions_file,
)
from advisor.stages.budget import test_rows
from advisor.stages.decide import measured_parts
from advisor.stages.measure import base_spec
from advisor.stages.split import rows_of
from rubrics.format_failure import format_failure
from rubrics.measurements import from_report
from rubrics.phrases import BY_EXTRACTION
from rubrics.scoring import get_metric
from trainer.job import Completion

BATCH = "contenders-test"


def contenders_on_dev(context: Context) -> list[Contender]:
    """The cheap options that dev leaves open beside the chosen one."""
    ladder, metric = context.get(BASELINE), context.plan.metric
    rungs = [entry.rung for entry in ladder.rungs if entry.split == "dev"]
    answered = {rung: _on_dev(context, rung) for rung in rungs}
    return contenders(
        {rung: [one.scores[metric] for one in predictions] for rung, predictions in answered.items()},
        ladder.selected,
        binary=get_metric(metric).binary,
        clusters=_dev_clusters(context, answered[ladder.selected]),
        seed=context.plan.seed,
    )


@dataclass(frozen=True)
class Cured:
    """An option whose answers are right but for their form, with label or JSON taken out of them.

    Attributes:
        rung: that answered.
        extraction: metric that takes the answer out of what stands around it.
        contender: its lead on dev over the chosen option as that answers, under a name of its own.
    """

    rung: str
    extraction: str
    contender: Contender


def cured_option(context: Context) -> Cured | None:
    """The option that is open beside the others where form alone fails; a tuned model has to beat a line of code too.

    None where curing the form would bring less than the smallest gain worth it, or not above the best option.
    """
    failure = format_failure(from_report(measured_parts(context)))
    if failure is None or not failure.measured or failure.rung.dev_extracted is None:
        return None
    rung, extraction = failure.rung.name, failure.rung.extraction
    ladder, metric = context.get(BASELINE), context.plan.metric
    chosen = _on_dev(context, ladder.selected)
    lead = against(
        [one.scores[metric] for one in chosen],
        [one.scores[extraction] for one in _on_dev(context, rung)],
        binary=get_metric(metric).binary and get_metric(extraction).binary,
        clusters=_dev_clusters(context, chosen),
        seed=context.plan.seed,
    )
    return Cured(rung, extraction, replace(lead, rung=f"{rung}{BY_EXTRACTION}{extraction}"))


def _on_dev(context: Context, rung: str) -> list[Prediction]:
    return clean(context, read_predictions(predictions_file(context, rung, "dev")))


def _dev_clusters(context: Context, answered: Sequence[Prediction]) -> list[str] | None:
    ids = [prediction.id for prediction in answered]
    kept = set(ids)
    return cluster_of_each(ids, shared_clusters([row for row in rows_of(context, "dev") if row.id in kept]))


def to_ask(context: Context) -> list[str]:
    """The open options that are still to be asked about the test rows."""
    if not context.has(BASELINE):
        return []
    ladder = context.get(BASELINE)
    limited = context.plan.max_minutes is not None
    return [
        one.rung
        for one in contenders_on_dev(context)
        if ladder.on("test", one.rung) is None and (one.rung == "classifier" or not limited)
    ]


def prepare_contenders(context: Context) -> list[Path]:
    """Write the job that asks a local model, to be run with others on the same weights; none where none is asked."""
    requests = _requests(context)
    if not requests or context.plan.endpoint:
        return []
    model = LocalModel(context.plan.model, base_spec(context), context.run.jobs, context.follow, context.stop)
    return [model.prepare(BATCH, requests)]


def answer_contenders(context: Context) -> list[str]:
    """Score the open options on the test rows, write their answers, and return their names.

    A local model has been asked by the job of `prepare_contenders`; an endpoint is asked now.
    """
    asked, rows = to_ask(context), test_rows(context)
    answers: dict[str, list[Completion]] = {}
    for completion in _completions(context):
        rung, _, row_id = completion.id.partition("/")
        answers.setdefault(rung, []).append(completion.model_copy(update={"id": row_id}))
    prompts, train = model_prompts(context), rows_of(context, "train")
    for rung in asked:
        if rung == "classifier":
            completions = list(classifier.classify(train, rows, context.plan.seed))
            turns = {row.id: row.messages for row in rows}
        else:
            completions = answers[rung]
            turns = {row.id: prompts[rung](row) for row in rows}
        predictions = score_answers(rows, turns, completions, context.scoring)
        write_predictions(predictions_file(context, rung, "test"), predictions)
        note_in_ledger(context.run.ledger, scoring(rung, predictions))
    return asked


def answers_on_test(context: Context, rung: str) -> list[Prediction]:
    """A rung's answers to the test rows that do not stand in train."""
    return clean(context, read_predictions(predictions_file(context, rung, "test")))


def _requests(context: Context) -> list[ChatRequest]:
    prompts, rows = model_prompts(context), test_rows(context)
    return [
        ChatRequest(f"{rung}/{row.id}", rung, prompts[rung](row), answer_room(context))
        for rung in to_ask(context)
        if rung in prompts
        for row in rows
    ]


def _completions(context: Context) -> Iterator[Completion]:
    requests = _requests(context)
    if not requests:
        return iter(())
    if context.plan.endpoint:
        return endpoint_model(context, context.emit).complete(BATCH, requests)
    return read_completions(context.run.jobs / BATCH)

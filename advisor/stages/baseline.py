"""Do cheaper options do? The ladder of rungs: chosen on dev, scored once on test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import pstdev
from typing import Any

from advisor import tagging
from advisor.chat.endpoint import EndpointModel
from advisor.chat.local import LocalModel
from advisor.chat.protocol import ChatModel, ChatRequest
from advisor.data.rows import Message, Row
from advisor.ledger import scoring
from advisor.plan import RUNGS, Plan
from advisor.predictions import (
    Prediction,
    Score,
    latency,
    note_in_ledger,
    read_predictions,
    score_answers,
    summarise,
    write_predictions,
)
from advisor.rungs import classifier
from advisor.rungs.context_length import room_by_characters, room_by_tokens, too_long
from advisor.rungs.own_prompt import read_prompt
from advisor.rungs.prompts import (
    Prompt,
    answer_facts,
    few_shot,
    instruction,
    pick_examples,
    with_system,
    zero_shot,
)
from advisor.stage import Artefact, Context, Stage
from advisor.stages.budget import dev_rows, test_rows
from advisor.stages.inspect import INSPECT
from advisor.stages.ladder_scores import LadderScores
from advisor.stages.measure import base_spec, weights_facts
from advisor.stages.split import SPLIT, clusters_of, rows_of
from advisor.tagging import write_failures
from rubrics.errors import ExitCode, Fault
from rubrics.logic import under
from rubrics.scoring import get_metric
from rubrics.statistics import independent_share
from trainer.events import Listener
from trainer.job import Completion


class Rung(Artefact):
    """One rung on one split, as the contract's `baselines` has it but for `cost`.

    Money is reckoned where it is read (`stages.decide`), so that another price asks nothing anew.

    Attributes:
        n: rows scored; test rows that stand in train are left out.
        with_leaked: the same numbers with those rows, where there are any.
    """

    rung: str
    model: str
    split: str
    n: int
    metrics: dict[str, Score]
    prompt_tokens: int
    completion_tokens: int
    latency_s: dict[str, float]
    selected: bool
    with_leaked: dict[str, Any] | None = None


class Ladder(Artefact):
    """Every rung that was measured.

    Attributes:
        selected: the rung chosen on dev; ties go to the cheaper.
        skipped: rungs that do not apply, with the reason.
        discordance: share of test rows that the comparison to come is planned for, at the smallest gain.
        churn: share of dev rows that change without any gain; for right/wrong metrics.
        independent: how many independent rows a test row is worth by its clusters; None where every row stands alone.
        metric: the one that chose.
        deviation: standard deviation of a dev row's difference between the two best rungs; for graded metrics.
    """

    rungs: list[Rung]
    selected: str
    skipped: dict[str, str]
    discordance: float | None
    metric: str = "exact_match"
    churn: float | None = None
    independent: float | None = None
    deviation: float | None = None

    def on(self, split: str, rung: str) -> Rung | None:
        """The entry of a rung on a split, where it was measured there."""
        return next((entry for entry in self.rungs if entry.split == split and entry.rung == rung), None)


@dataclass(frozen=True)
class _Asking:
    """What it takes to ask rows on a rung: the model (None where no rung asks one), the prompts, the room for an answer."""

    model: ChatModel | None
    prompts: Mapping[str, Prompt]
    max_new_tokens: int
    live: LadderScores

    def ask(self, split: str, rungs: Sequence[str], rows: Sequence[Row]) -> dict[str, list[Completion]]:
        """Answers by rung, with the ids of their rows; all in one batch."""
        assert self.model is not None
        requests = [
            ChatRequest(f"{rung}/{row.id}", rung, self.prompts[rung](row), self.max_new_tokens)
            for rung in rungs
            for row in rows
        ]
        answers: dict[str, list[Completion]] = {rung: [] for rung in rungs}
        for completion in self.model.complete(f"baseline-{split}", requests):
            rung, _, row_id = completion.id.partition("/")
            answers[rung].append(completion.model_copy(update={"id": row_id}))
        return answers


def predictions_file(context: Context, rung: str, split: str) -> Path:
    """Where a rung's answers lie."""
    return context.run.path / "baselines" / f"{rung}.{split}.jsonl"


def failures_file(context: Context) -> Path:
    """Where the wrong answers of the selected rung on dev lie, to be tagged by a person."""
    return context.run.path / "baselines" / tagging.FILE


def clean(context: Context, predictions: Sequence[Prediction]) -> list[Prediction]:
    """The predictions of rows that do not stand in train."""
    leaked = set(context.get(SPLIT).leaked)
    return [prediction for prediction in predictions if prediction.id not in leaked]


def answer_room(context: Context) -> int:
    """Tokens that an answer may have."""
    tokens = context.get(INSPECT).tokens
    if tokens:
        return room_by_tokens(tokens["longest_answer"])
    return room_by_characters(max(len(row.answer) for file in context.files.values() for row in file.rows))


def chat_model(context: Context, live: LadderScores) -> ChatModel:
    """The model that the ladder asks: the endpoint where one is given, else the local one."""
    if context.plan.endpoint:
        return endpoint_model(context, live.hearing(context.emit))
    spec, jobs = base_spec(context), context.run.jobs
    return LocalModel(context.plan.model, spec, jobs, live.hearing(context.follow), context.stop)


def endpoint_model(context: Context, listener: Listener) -> EndpointModel:
    """The model behind the plan's endpoint."""
    plan = context.plan
    assert plan.endpoint is not None
    assert plan.endpoint_model is not None
    return EndpointModel(
        plan.endpoint, plan.endpoint_model, context.run.jobs, emit=listener, stop=context.stop
    )


def _make(context: Context) -> Ladder:
    train = rows_of(context, "train")
    prompts, skipped = prompts_of(context.plan, train)
    dev, test = dev_rows(context), test_rows(context)
    if context.model is not None:
        model, asked_of = context.model, [*dev, *test]
        skipped |= too_long(model.codec(), model.context_length, prompts, asked_of, answer_room(context))
        prompts = {rung: prompt for rung, prompt in prompts.items() if rung not in skipped}
    live = LadderScores(context.scoring, context.run.jobs, context.emit)
    asking = _Asking(chat_model(context, live) if prompts else None, prompts, answer_room(context), live)
    reason = classifier.applies(train) if "classifier" in context.plan.rungs else ""
    if reason:
        skipped["classifier"] = reason
    rungs = [rung for rung in context.plan.rungs if rung not in skipped]
    if not rungs:
        raise Fault(
            "no rung applies to these rows", where="--rungs", fix="Name others; see `advisor help rungs`."
        )
    scored = dict(_answered(context, rungs, asking, train, dev, "dev"))
    selected = _best(scored, context.plan.metric)
    entries = [_entry(context, rung, "dev", scored[rung], asking, selected) for rung in rungs]
    write_failures(failures_file(context), selected, clean(context, scored[selected]), context.plan.metric)
    on_test = _asked_about_test(context.plan, scored, selected)
    for rung, predictions in _answered(context, on_test, asking, train, test, "test"):
        note_in_ledger(context.run.ledger, scoring(rung, predictions))
        entries.append(_entry(context, rung, "test", predictions, asking, selected))
    churn = _churn(scored, context.plan.metric)
    return Ladder(
        rungs=entries,
        selected=selected,
        skipped=skipped,
        discordance=None if churn is None else min(1.0, churn + context.plan.min_gain),
        churn=churn,
        independent=_independent(context, selected),
        metric=context.plan.metric,
        deviation=_deviation(scored, context.plan.metric),
    )


def model_prompts(context: Context) -> dict[str, Prompt]:
    """The prompts of the rungs that ask a model."""
    return prompts_of(context.plan, rows_of(context, "train"))[0]


def prompts_of(plan: Plan, train: Sequence[Row]) -> tuple[dict[str, Prompt], dict[str, str]]:
    """Return the plan's rungs that ask a model, and those left out with their reasons.

    Raises:
        Fault: the person's own prompt cannot be read; exit code 2.
    """
    facts = answer_facts(train)
    skipped: dict[str, str] = {}
    prompts: dict[str, Prompt] = {
        "zero_shot": zero_shot(plan.task),
        "instruction": instruction(plan.task, facts),
        "few_shot": few_shot(plan.task, facts, pick_examples(train, plan.seed)),
    }
    if plan.prompt_file is not None:
        prompts["prompt_file"] = with_system(read_prompt(plan.prompt_file))
    elif "prompt_file" in plan.rungs:
        skipped["prompt_file"] = "no --prompt-file was given"
    return {rung: prompts[rung] for rung in RUNGS if rung in prompts and rung in plan.rungs}, skipped


def _answered(
    context: Context,
    rungs: Sequence[str],
    asking: _Asking,
    train: list[Row],
    rows: list[Row],
    split: str,
) -> Iterator[tuple[str, list[Prediction]]]:
    """Each rung's scored answers, written to its prediction file; all model rungs in one batch, after the classifier."""
    asking.live.begin(split, rungs, rows, asking.prompts, set(context.get(SPLIT).leaked))
    answers: dict[str, list[Completion]] = {}
    prompts: Mapping[str, Sequence[Message]]
    for rung in rungs:
        if rung == "classifier":
            completions = list(classifier.classify(train, rows, context.plan.seed))
            prompts = {row.id: row.messages for row in rows}
        else:
            answers = answers or asking.ask(split, [name for name in rungs if name != "classifier"], rows)
            completions = answers[rung]
            prompts = {row.id: asking.prompts[rung](row) for row in rows}
        predictions = score_answers(rows, prompts, completions, context.scoring)
        write_predictions(predictions_file(context, rung, split), predictions)
        asking.live.done(rung, predictions)
        yield rung, predictions


def _entry(
    context: Context,
    rung: str,
    split: str,
    predictions: Sequence[Prediction],
    asking: _Asking,
    selected: str,
) -> Rung:
    kept = clean(context, predictions)
    model = None if rung == "classifier" else asking.model
    if not kept:
        raise Fault(
            f"every {split} row stands in the training rows, so nothing can be scored",
            fix="Give test rows that were not trained on.",
            code=ExitCode.BAD_DATA,
        )
    clusters = clusters_of(context, [row.id for row in kept])
    prompt_tokens = sum(prediction.prompt_tokens for prediction in predictions)
    completion_tokens = sum(prediction.completion_tokens for prediction in predictions)
    with_leaked = None
    if len(kept) < len(predictions):
        scores = summarise(predictions, context.scoring)
        everything = {name: score.model_dump() for name, score in scores.items()}
        with_leaked = {"n": len(predictions), "metrics": everything}
    return Rung(
        rung=rung,
        model=classifier.NAME if model is None else model.name,
        split=split,
        n=len(kept),
        metrics=summarise(kept, context.scoring, clusters),
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        latency_s=latency(predictions),
        selected=rung == selected,
        with_leaked=with_leaked,
    )


def _asked_about_test(plan: Plan, scored: Mapping[str, Sequence[Prediction]], selected: str) -> list[str]:
    """The rungs that are scored on test, in their order: the plain prompt, the one chosen on dev, and the cheapest.

    The cheapest is that of those that reach the target on dev, where it is cheaper than the chosen one: R5 asks for the
    cheapest that does. Under a time limit it is asked only where it asks no model (CONTRACT).
    """
    asked = {"zero_shot", selected}
    if plan.target is not None:
        enough = [rung for rung in scored if not under(_mean(scored[rung], plan.metric), plan.target)]
        cheapest = (
            enough[:1] if plan.max_minutes is None else [rung for rung in enough[:1] if rung == "classifier"]
        )
        asked.update(cheapest)
    return [rung for rung in scored if rung in asked]


def _mean(predictions: Sequence[Prediction], metric: str) -> float:
    return sum(prediction.scores[metric] for prediction in predictions) / len(predictions)


def _best(scored: Mapping[str, Sequence[Prediction]], metric: str) -> str:
    """The best rung on dev; the dict is in the order of cost, and max takes the first of equals."""
    return max(scored, key=lambda rung: _mean(scored[rung], metric))


def _churn(scored: Mapping[str, Sequence[Prediction]], metric: str) -> float | None:
    """Share of dev rows that change between the two best rungs without any gain; for right/wrong metrics.

    Rows on which exactly one is right, less the difference of their scores. A tuned model that is better by x is
    planned to change this and x more. The whole discordance of the two would plan for a test of thousands of rows
    where the second rung is far behind, although the tuned model is compared with the first alone.
    """
    if len(scored) < 2 or not get_metric(metric).binary:
        return None
    first, second = sorted(scored, key=lambda rung: -_mean(scored[rung], metric))[:2]
    pairs = zip(scored[first], scored[second], strict=True)
    apart = sum(one.scores[metric] != other.scores[metric] for one, other in pairs) / len(scored[first])
    return max(0.0, apart - (_mean(scored[first], metric) - _mean(scored[second], metric)))


def _independent(context: Context, selected: str) -> float | None:
    """What a test row is worth by its clusters, on the answers of the selected rung; None where there are none."""
    kept = clean(context, read_predictions(predictions_file(context, selected, "test")))
    clusters = clusters_of(context, [row.id for row in kept])
    if clusters is None:
        return None
    return independent_share([row.scores[context.plan.metric] for row in kept], clusters)


def _deviation(scored: Mapping[str, Sequence[Prediction]], metric: str) -> float | None:
    """Spread of a row's difference between the two best rungs on dev, for graded metrics."""
    if len(scored) < 2 or get_metric(metric).binary:
        return None
    first, second = sorted(scored, key=lambda rung: -_mean(scored[rung], metric))[:2]
    pairs = zip(scored[first], scored[second], strict=True)
    return pstdev(one.scores[metric] - other.scores[metric] for one, other in pairs)


def selected_test_predictions(context: Context) -> list[Prediction]:
    """The test answers of the rung chosen on dev."""
    return read_predictions(predictions_file(context, context.get(BASELINE).selected, "test"))


def _summary(ladder: Ladder) -> str:
    entry = ladder.on("test", ladder.selected)
    if entry is None:
        return ladder.selected
    name = ladder.metric
    score = entry.metrics[name]
    return (
        f"best on dev: {ladder.selected}; {name} {score.value:.3f} [{score.low:.3f}, {score.high:.3f}] "
        f"on {entry.n} test rows"
    )


BASELINE = Stage(
    name="baseline",
    file="baselines.json",
    artefact=Ladder,
    make=_make,
    fields=(
        "task",
        "metric",
        "target",
        "min_gain",
        "rungs",
        "prompt_file",
        "endpoint",
        "endpoint_model",
        "seed",
        "model",
    ),
    facts=weights_facts,
    reads=("split", "budget"),
    content=lambda context: {
        **context.model_digest(),
        **_prompt_digest(context),
        **context.scoring.facts(),
    },
    summary=_summary,
    version=2,
)


def _prompt_digest(context: Context) -> dict[str, str]:
    path = context.plan.prompt_file
    return {"prompt_file": read_prompt(path)} if path else {}

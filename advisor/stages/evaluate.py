"""The same test rows again: base, best cheap option and tuned, scored alike."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from advisor.chat.local import LocalModel, read_completions
from advisor.chat.protocol import ChatRequest
from advisor.jobs import read_result, run_jobs, write_job
from advisor.ledger import TUNED, scoring
from advisor.predictions import (
    Prediction,
    Score,
    note_in_ledger,
    read_predictions,
    score_answers,
    summarise,
    write_predictions,
)
from advisor.rungs.prompts import zero_shot
from advisor.stage import Artefact, Context, Stage
from advisor.stages.baseline import (
    BASELINE,
    answer_room,
    clean,
    predictions_file,
    selected_test_predictions,
)
from advisor.stages.budget import test_rows
from advisor.stages.contenders import answer_contenders, prepare_contenders
from advisor.stages.forecast import FORECAST
from advisor.stages.guard import GuardScores, guard_scores, prepare_guard
from advisor.stages.inspect import INSPECT
from advisor.stages.measure import base_spec, training_rows
from advisor.stages.split import SPLIT, clusters_of
from trainer.job import EvaluateJob, ModelSpec, TokenScores, write_json_lines


class SystemScores(Artefact):
    """One system on the test rows.

    Attributes:
        loss: nats a supervised token; None for a system that has none (a classifier, another prompt).
        supervised_tokens: over which loss and next-token accuracy are means; the same for base and tuned.
    """

    system: str
    split: str
    n: int
    metrics: dict[str, Score]
    loss: float | None
    next_token_accuracy: float | None
    supervised_tokens: int | None


class Evaluations(Artefact):
    """Base, best cheap option, tuned.

    Attributes:
        guard: how base and tuned fared on rows that are not the task's.
        contenders: rungs that dev left open and that were asked about the test rows for the comparison.
    """

    systems: list[SystemScores]
    guard: GuardScores | None = None
    contenders: list[str] = Field(default_factory=list)

    def of(self, system: str) -> SystemScores:
        """The scores of one system."""
        return next(entry for entry in self.systems if entry.system == system)


def evaluation_file(context: Context, system: str) -> Path:
    """Where a system's test answers lie."""
    return context.run.path / "evaluation" / f"{system}.test.jsonl"


def _specs(context: Context) -> dict[str, ModelSpec]:
    base = base_spec(context)
    tuned = base.model_copy(update={"adapter": context.run.training / "adapter"})
    return {"base": base, "tuned": tuned}


def _answers_exist(context: Context, system: str) -> bool:
    """The base model's answers are those of zero_shot, where the ladder asked it and not an endpoint."""
    return (
        system == "base"
        and context.plan.endpoint is None
        and context.get(BASELINE).on("test", "zero_shot") is not None
    )


def prepare_evaluation(context: Context) -> list[Path]:
    """Write the jobs of this stage, those on the same weights next to each other."""
    rows, prompt = test_rows(context), zero_shot(context.plan.task)
    leaked = set(context.get(SPLIT).leaked)
    scored = training_rows(context, [row for row in rows if row.id not in leaked])
    directories = prepare_contenders(context)
    for system, spec in _specs(context).items():
        if not _answers_exist(context, system):
            model = LocalModel(context.plan.model, spec, context.run.jobs, context.follow, context.stop)
            requests = [ChatRequest(row.id, "zero_shot", prompt(row), answer_room(context)) for row in rows]
            directories.append(model.prepare(f"{system}-test", requests))
        loss = context.run.jobs / f"{system}-loss"
        write_json_lines(loss / "rows.jsonl", scored)
        write_job(loss, EvaluateJob(model=spec, max_length=context.get(INSPECT).max_length))
        directories.append(loss)
        directories += prepare_guard(context, context.get(FORECAST).guard, system, spec)
    return directories


def _make(context: Context) -> Evaluations:
    run_jobs(prepare_evaluation(context), context.follow, context.stop)
    systems = []
    for system, predictions in (
        ("base", _predictions(context, "base")),
        ("best_baseline", selected_test_predictions(context)),
        ("tuned", _predictions(context, "tuned")),
    ):
        write_predictions(evaluation_file(context, system), predictions)
        systems.append(_scores(context, system, predictions))
    note_in_ledger(context.run.ledger, scoring(TUNED, _predictions(context, "tuned")))
    return Evaluations(
        systems=systems,
        guard=guard_scores(context, context.get(FORECAST).guard),
        contenders=answer_contenders(context),
    )


def _predictions(context: Context, system: str) -> list[Prediction]:
    if _answers_exist(context, system):
        return read_predictions(predictions_file(context, "zero_shot", "test"))
    rows, prompt = test_rows(context), zero_shot(context.plan.task)
    completions = read_completions(context.run.jobs / f"{system}-test")
    return score_answers(rows, {row.id: prompt(row) for row in rows}, completions, context.scoring)


def _scores(context: Context, system: str, predictions: list[Prediction]) -> SystemScores:
    kept = clean(context, predictions)
    tokens = _token_scores(context, system)
    return SystemScores(
        system=system,
        split="test",
        n=len(kept),
        metrics=summarise(kept, context.scoring, clusters_of(context, [row.id for row in kept])),
        loss=tokens.loss if tokens else None,
        next_token_accuracy=tokens.next_token_accuracy if tokens else None,
        supervised_tokens=tokens.supervised_tokens if tokens else None,
    )


def _token_scores(context: Context, system: str) -> TokenScores | None:
    """The best cheap option has the base model's loss where it is the base model with the same prompt."""
    if system == "best_baseline":
        if context.get(BASELINE).selected != "zero_shot" or context.plan.endpoint:
            return None
        system = "base"
    return TokenScores.model_validate(read_result(context.run.jobs / f"{system}-loss"))


def _summary(evaluations: Evaluations) -> str:
    base, tuned = evaluations.of("base"), evaluations.of("tuned")
    if base.loss is None or tuned.loss is None:
        return ""
    return (
        f"loss {base.loss:.3f} -> {tuned.loss:.3f}, next-token accuracy {base.next_token_accuracy:.3f} -> "
        f"{tuned.next_token_accuracy:.3f} over {tuned.supervised_tokens:,} tokens"
    )


EVALUATE = Stage(
    name="evaluate",
    file="evaluation.json",
    artefact=Evaluations,
    make=_make,
    reads=("split", "budget", "baseline", "forecast", "train"),
    content=lambda context: {**context.model_digest(), **context.guard_digest()},
    summary=_summary,
    version=4,
)

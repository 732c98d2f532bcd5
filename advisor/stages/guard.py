"""Base and tuned on the guard rows: what a training costs outside its task (rule L7).

What decides is next-token accuracy on the answers' tokens, with rows as the evidence: it needs no generation and
no wording of the answer in one way only. Whether answers still hold the reference is asked too where that is cheap.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from advisor.chat.local import LocalModel, read_completions
from advisor.chat.protocol import ChatRequest
from advisor.data.rows import Row
from advisor.guard import GuardSet
from advisor.jobs import write_job
from advisor.models.counting import count_tokens
from advisor.stage import Context
from advisor.stages.measure import MEASURE
from rubrics.learning import forgetting
from rubrics.phrases import points, rows
from rubrics.statistics import Interval, compare_paired, ratio_difference
from rubrics.text import norm
from trainer.job import (
    ROW_SCORES_FILE,
    EvaluateJob,
    ModelSpec,
    RowScores,
    read_json_lines,
    write_json_lines,
)

SYSTEMS = ("base", "tuned")
_LONGEST_ANSWER, _SPARE_TOKENS = 32, 16
"""Answers of more tokens are worded in too many ways to be looked for in what a model says."""
_SHARE_FOR_ANSWERS = 0.02
"""Of a time limit; answers that would take more are not asked for."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GuardCost(_Part):
    """What scoring the guard rows will take, decided once.

    Attributes:
        max_length: tokens of the longest row.
        answer_room: tokens that an answer may have; 0 where answers are not asked for.
        seconds: for both models together.
    """

    max_length: int
    answer_room: int
    seconds: float


class GuardSystem(_Part):
    """One model on the guard rows; `answered` is the share of answers that hold the reference, None if not asked."""

    loss: float
    next_token_accuracy: float
    answered: float | None


class Change(_Part):
    """Tuned minus base with its 95% limits."""

    difference: float
    low: float
    high: float


class GuardScores(_Part):
    """Base and tuned on the same guard rows.

    Attributes:
        change: of next-token accuracy, -1..1; the one that decides.
        loss_change: in nats a supervised token.
        answered_change: None where answers were not asked for.
    """

    name: str
    declared: bool
    rows: int
    supervised_tokens: int
    base: GuardSystem
    tuned: GuardSystem
    change: Change
    loss_change: Change
    answered_change: Change | None


def guard_cost(context: Context) -> GuardCost | None:
    """What the guard rows take on this machine; None where there are none."""
    if context.guard is None:
        return None
    assert context.model is not None
    measured = context.get(MEASURE).measurement
    counts = count_tokens(context.model)(context.guard.rows)
    prompts, answers = sum(prompt for prompt, _ in counts), sum(answer for _, answer in counts)
    longest = max(answer for _, answer in counts)
    room = longest + _SPARE_TOKENS if longest <= _LONGEST_ANSWER else 0
    scoring = len(SYSTEMS) * (prompts + answers) / measured.evaluate_tokens_per_second
    asking = len(SYSTEMS) * (
        prompts / measured.prefill_tokens_per_second + len(counts) * room / measured.decode_tokens_per_second
    )
    limit = context.plan.max_minutes
    if room and limit is not None and asking > _SHARE_FOR_ANSWERS * limit * 60:
        room = 0
    return GuardCost(
        max_length=max(8, *(prompt + answer for prompt, answer in counts)),
        answer_room=room,
        seconds=scoring + (asking if room else 0.0),
    )


def prepare_guard(context: Context, cost: GuardCost | None, system: str, spec: ModelSpec) -> list[Path]:
    """Write the jobs of one model, those that are needed."""
    if context.guard is None or cost is None:
        return []
    scored = _scores_folder(context, system)
    write_json_lines(scored / "rows.jsonl", (_as_asked(row) for row in context.guard.rows))
    write_job(scored, EvaluateJob(model=spec, max_length=cost.max_length))
    if not cost.answer_room:
        return [scored]
    model = LocalModel(context.plan.model, spec, context.run.jobs, context.emit, context.stop)
    requests = [
        ChatRequest(row.id, "guard", tuple(row.messages), cost.answer_room) for row in context.guard.rows
    ]
    return [scored, model.prepare(f"{system}-guard-answers", requests)]


def _as_asked(row: Row) -> dict[str, Any]:
    """The row as it is: the task's instruction has no business here."""
    return {"id": row.id, "source": row.source, "messages": list(row.messages), "answer": row.answer}


def _scores_folder(context: Context, system: str) -> Path:
    return context.run.jobs / f"{system}-guard"


def guard_scores(context: Context, cost: GuardCost | None) -> GuardScores | None:
    """Read what the jobs of both models left; None where there are no guard rows."""
    if context.guard is None or cost is None:
        return None
    scored = [read_row_scores(_scores_folder(context, system)) for system in SYSTEMS]
    answered = [_answered(context, system) for system in SYSTEMS] if cost.answer_room else None
    return compare_on_guard(context.guard, scored[0], scored[1], answered)


def read_row_scores(job: Path) -> list[RowScores]:
    """The sums of each row that an evaluate job left."""
    return [RowScores.model_validate(row) for row in read_json_lines(job / ROW_SCORES_FILE)]


def compare_on_guard(
    guard: GuardSet,
    base: Sequence[RowScores],
    tuned: Sequence[RowScores],
    answered: Sequence[Sequence[float]] | None = None,
) -> GuardScores:
    """Put two models' sums on the same rows side by side.

    Args:
        answered: of base and of tuned, 1 for each answer that holds the reference, else 0.
    """
    tokens = [row.tokens for row in base]
    shares = [sum(scores) / len(scores) for scores in answered] if answered else [None, None]
    return GuardScores(
        name=guard.name,
        declared=guard.declared,
        rows=len(base),
        supervised_tokens=sum(tokens),
        base=_system(base, shares[0]),
        tuned=_system(tuned, shares[1]),
        change=_change(
            ratio_difference([row.correct for row in base], [row.correct for row in tuned], tokens)
        ),
        loss_change=_change(
            ratio_difference([row.loss for row in base], [row.loss for row in tuned], tokens)
        ),
        answered_change=_change(compare_paired(*answered, binary=True).interval) if answered else None,
    )


def _system(scores: Sequence[RowScores], answered: float | None) -> GuardSystem:
    tokens = sum(row.tokens for row in scores)
    return GuardSystem(
        loss=sum(row.loss for row in scores) / tokens,
        next_token_accuracy=sum(row.correct for row in scores) / tokens,
        answered=answered,
    )


def _change(found: Interval) -> Change:
    return Change(difference=found.value, low=found.low, high=found.high)


def _answered(context: Context, system: str) -> list[float]:
    assert context.guard is not None
    texts = {
        answer.id: answer.text for answer in read_completions(context.run.jobs / f"{system}-guard-answers")
    }
    return [float(holds(texts[row.id], row.references)) for row in context.guard.rows]


def holds(text: str, references: Sequence[str]) -> bool:
    """Whether an answer holds one of the references as a word of its own, whatever stands around it."""
    said = norm(text)
    return any(_stands_in(norm(reference).rstrip(".!"), said) for reference in references)


def _stands_in(reference: str, text: str) -> bool:
    # Latin letters and digits end a word; Korean particles follow theirs without a gap.
    return bool(reference) and bool(re.search(rf"(?<![0-9a-z]){re.escape(reference)}(?![0-9a-z])", text))


def guard_findings(scores: GuardScores, allowed: float | None) -> list[dict[str, str]]:
    """L7: which of the scores on the guard rows surely fell, and what to do; empty where none did.

    Args:
        allowed: fall of next-token accuracy that was declared acceptable; the rule's own where None.
    """
    place = f"{scores.name} ({rows(scores.rows)})"
    fell = [
        forgetting(
            f"Next-token accuracy on {place}",
            scores.base.next_token_accuracy,
            scores.tuned.next_token_accuracy,
            scores.change.high,
            allowed,
            scores.change.low,
        )
    ]
    asked, before, after = scores.answered_change, scores.base.answered, scores.tuned.answered
    if asked is not None and before is not None and after is not None:
        name = f"The share of right answers to {place}"
        fell.append(forgetting(name, before, after, asked.high, allowed, asked.low))
    return [finding for finding in fell if finding]


def guard_text(scores: GuardScores, findings: Sequence[dict[str, str]]) -> str:
    """Say what happened on the guard rows."""
    if findings:
        said = " ".join(finding["message"] for finding in findings)
    else:
        change = scores.change
        said = (
            f"No fall is shown on {scores.name}: next-token accuracy went by {points(change.difference)} "
            f"[{points(change.low).split()[0]}, {points(change.high).split()[0]}], and a fall of less than about "
            f"{points((change.high - change.low) / 2)} would not be seen on {rows(scores.rows)}."
        )
    return f"{said} {_WEIGHT[scores.declared]}"


_WEIGHT = {
    True: "The guard was declared before training, so a fall of next-token accuracy beyond what is allowed keeps the "
    "cheap option.",
    False: "It informs and decides nothing; to let it decide, name it before training with --guard.",
}


def as_guard(scores: GuardScores, allowed: float | None) -> dict[str, Any]:
    """The entry of `comparison.guards` that the rules after training read (T2)."""
    return {
        "name": f"next-token accuracy on {scores.name}",
        "before": scores.base.next_token_accuracy,
        "after": scores.tuned.next_token_accuracy,
        "difference": scores.change.difference,
        "low": max(-1.0, scores.change.low),
        "high": min(1.0, scores.change.high),
        "allowed": allowed or 0.0,
    }

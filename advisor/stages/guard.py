"""Base and tuned on the guard rows: what a training costs outside its task (rule L7).

What decides is whether short answers still hold the reference. Next-token accuracy would be cheaper and misleads
there: a training on terse answers raises it, since short references and their end come to be expected, while the
model no longer knows them (measured: accuracy 0.33 to 0.43, right answers 14 to 0 of 48). Over long answers, where
the form weighs little and no wording can be looked for, next-token accuracy decides. The loss is always there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from advisor.chat.local import LocalModel, read_completions
from advisor.chat.protocol import ChatRequest
from advisor.data.rows import Row
from advisor.guard import GuardSet
from advisor.jobs import write_job
from advisor.models.counting import count_tokens
from advisor.stage import Context
from advisor.stages.measure import MEASURE
from rubrics.learning import forgetting_in, loss_rose, score_fell
from rubrics.phrases import points, rows
from rubrics.statistics import compare_paired, ratio_difference
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
"""Of a time limit; answers that would take more are asked for only where the guard was declared."""

Measure = Literal["answered", "next_token_accuracy"]
_MEASURES: dict[Measure, str] = {
    "answered": "The share of right answers to",
    "next_token_accuracy": "Next-token accuracy on",
}


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
        measure: the score that decides.
        changes: by name, of every measure and of the loss (nats a supervised token).
    """

    name: str
    declared: bool
    rows: int
    supervised_tokens: int
    base: GuardSystem
    tuned: GuardSystem
    measure: Measure
    changes: dict[str, Change]

    @property
    def change(self) -> Change:
        """Of the score that decides, -1..1."""
        return self.changes[self.measure]

    def scores(self) -> tuple[float, float]:
        """The score that decides, of base and of tuned."""
        before, after = (getattr(system, self.measure) for system in (self.base, self.tuned))
        return float(before), float(after)


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
    rates = [
        (measured.prefill_tokens_per_second, measured.decode_tokens_per_second),
        (
            measured.tuned_prefill_tokens_per_second or measured.prefill_tokens_per_second,
            measured.tuned_decode_tokens_per_second or measured.decode_tokens_per_second,
        ),
    ]
    asking = sum(prompts / reading + len(counts) * room / writing for reading, writing in rates)
    limit = context.plan.max_minutes
    cheap = limit is None or asking <= _SHARE_FOR_ANSWERS * limit * 60
    if not (cheap or context.guard.declared):
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
    model = LocalModel(context.plan.model, spec, context.run.jobs, context.follow, context.stop)
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
    changes = {
        "loss": ratio_difference([row.loss for row in base], [row.loss for row in tuned], tokens),
        "next_token_accuracy": ratio_difference(
            [row.correct for row in base], [row.correct for row in tuned], tokens
        ),
    }
    if answered:
        changes["answered"] = compare_paired(*answered, binary=True).interval
    return GuardScores(
        name=guard.name,
        declared=guard.declared,
        rows=len(base),
        supervised_tokens=sum(tokens),
        base=_system(base, shares[0]),
        tuned=_system(tuned, shares[1]),
        measure="answered" if answered else "next_token_accuracy",
        changes={
            name: Change(difference=found.value, low=found.low, high=found.high)
            for name, found in changes.items()
        },
    )


def _system(scores: Sequence[RowScores], answered: float | None) -> GuardSystem:
    tokens = sum(row.tokens for row in scores)
    return GuardSystem(
        loss=sum(row.loss for row in scores) / tokens,
        next_token_accuracy=sum(row.correct for row in scores) / tokens,
        answered=answered,
    )


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
    """L7: what surely got worse on the guard rows, and what to do, as one finding; empty where nothing did.

    Args:
        allowed: fall of the score that decides that was declared acceptable; the rule's own where None.
    """
    place, change, loss = f"{scores.name} ({rows(scores.rows)})", scores.change, scores.changes["loss"]
    before, after = scores.scores()
    name = f"{_MEASURES[scores.measure]} {place}"
    fell = score_fell(name, before, after, change.high, allowed, change.low)
    where = "its loss" if fell else f"Loss on {place}"
    rose = loss_rose(where, scores.base.loss, scores.tuned.loss, loss.low, loss.high)
    finding = forgetting_in([part for part in (fell, rose) if part])
    return [finding] if finding else []


def guard_text(scores: GuardScores, findings: Sequence[dict[str, str]]) -> str:
    """Say what happened on the guard rows, and what that means for the outcome."""
    change, (before, after) = scores.change, scores.scores()
    parts = [finding["message"] for finding in findings] or [
        f"No fall is shown: {_MEASURES[scores.measure][0].lower()}{_MEASURES[scores.measure][1:]} {scores.name} went "
        f"from {before:.3f} to {after:.3f}, by {points(change.difference)} [{points(change.low).split()[0]}, "
        f"{points(change.high).split()[0]}] on {rows(scores.rows)}."
    ]
    if scores.measure == "answered" and before * scores.rows < _LEAST_RIGHT:
        parts.append(
            f"The base model gets {before * scores.rows:.0f} of them right, too few for a fall to show: give rows "
            "that it can answer."
        )
    return " ".join([*parts, _WEIGHT[scores.declared]])


_LEAST_RIGHT = 6
"""Of fewer right answers not even the loss of all is significant (exact McNemar)."""
_WEIGHT = {
    True: "The guard was declared before training: a fall beyond what is allowed keeps the cheap option.",
    False: "This informs and decides nothing; to let it decide, declare it before training with --guard.",
}


def as_guard(scores: GuardScores, allowed: float | None) -> dict[str, Any]:
    """The entry of `comparison.guards` that the rules after training read (T2)."""
    before, after = scores.scores()
    name = _MEASURES[scores.measure]
    return {
        "name": f"{name[0].lower()}{name[1:]} {scores.name}",
        "before": before,
        "after": after,
        "difference": scores.change.difference,
        "low": max(-1.0, scores.change.low),
        "high": min(1.0, scores.change.high),
        "allowed": allowed or 0.0,
    }

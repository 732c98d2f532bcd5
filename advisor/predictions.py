"""Answers with their scores: the prediction files, and the numbers that are drawn from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from advisor.data.rows import Message, Row
from rubrics.scoring import METRICS, get_metric
from rubrics.statistics import score_interval
from trainer.job import Completion, read_json_lines, write_json_lines


class Score(BaseModel):
    """A mean score with its 95% interval, all 0..1."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float


class Prediction(BaseModel):
    """One scored answer; a line of a prediction file."""

    model_config = ConfigDict(frozen=True)

    id: str
    prompt: list[Message]
    reference: str
    prediction: str
    scores: dict[str, float]
    prompt_tokens: int = 0
    completion_tokens: int = 0
    latency_s: float = 0.0
    finish_reason: str = ""


def score_answers(
    rows: Sequence[Row],
    prompts: Mapping[str, Sequence[Message]],
    completions: Iterable[Completion],
) -> list[Prediction]:
    """Score every row's answer by every metric, in the order of the rows."""
    by_id = {completion.id: completion for completion in completions}
    return [_score(row, prompts[row.id], by_id[row.id]) for row in rows]


def _score(row: Row, prompt: Sequence[Message], completion: Completion) -> Prediction:
    return Prediction(
        id=row.id,
        prompt=list(prompt),
        reference=row.answer,
        prediction=completion.text,
        scores={name: metric.score(completion.text, row.references) for name, metric in METRICS.items()},
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
        latency_s=completion.latency_s,
        finish_reason=completion.finish_reason,
    )


def summarise(
    predictions: Sequence[Prediction], seed: int, clusters: Sequence[str] | None = None
) -> dict[str, Score]:
    """Mean and interval of each metric.

    Args:
        clusters: what each row belongs to; None where every row stands alone.

    Raises:
        ValueError: no predictions; there is no mean.
    """
    return {
        name: mean_score([prediction.scores[name] for prediction in predictions], name, seed, clusters)
        for name in METRICS
    }


def mean_score(
    scores: Sequence[float], metric: str, seed: int, clusters: Sequence[str] | None = None
) -> Score:
    """Mean and interval of one metric's scores; no metric that is a mean over rows needs the seed."""
    interval = score_interval(scores, get_metric(metric).binary, clusters)
    return Score(value=interval.value, low=interval.low, high=interval.high)


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """Write a prediction file."""
    write_json_lines(path, (prediction.model_dump() for prediction in predictions))


def read_predictions(path: Path) -> list[Prediction]:
    """Read a prediction file that the program wrote."""
    return [Prediction.model_validate(row) for row in read_json_lines(path)]


def latency(predictions: Sequence[Prediction]) -> dict[str, float]:
    """Median and 95th percentile of the seconds to an answer."""
    seconds = sorted(prediction.latency_s for prediction in predictions)
    return {"p50": _quantile(seconds, 0.5), "p95": _quantile(seconds, 0.95)}


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def note_in_ledger(path: Path, entry: Mapping[str, Any]) -> None:
    """Append one scoring of test rows; the same scoring, done again after a resume, is entered once."""
    known = list(read_json_lines(path))
    if dict(entry) not in known:
        write_json_lines(path, [*known, dict(entry)])

"""Answers with their scores: the prediction files, and the numbers that are drawn from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from advisor.data.rows import Message, Row
from advisor.run_files import read_each
from advisor.scoring import Scoring
from rubrics.scoring import extract_label, get_metric, macro_f1_noise, mean_macro_f1_interval, strict_label
from rubrics.statistics import NoiseFloor, score_interval
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
    scoring: Scoring | None = None,
) -> list[Prediction]:
    """Score every row's answer by every metric that scores a row, in the order of the rows.

    Without `scoring` by those that need nothing.
    """
    scoring = scoring or Scoring()
    by_id = {completion.id: completion for completion in completions}
    return [_score(row, prompts[row.id], by_id[row.id], scoring) for row in rows]


def _score(row: Row, prompt: Sequence[Message], completion: Completion, scoring: Scoring) -> Prediction:
    return Prediction(
        id=row.id,
        prompt=list(prompt),
        reference=row.answer,
        prediction=completion.text,
        scores=scoring.score(completion.text, row.references),
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
        latency_s=completion.latency_s,
        finish_reason=completion.finish_reason,
    )


def summarise(
    predictions: Sequence[Prediction],
    scoring: Scoring | None = None,
    clusters: Sequence[str] | None = None,
    seed: int = 0,
) -> dict[str, Score]:
    """Value and interval of each metric, by default of those that need nothing.

    Args:
        clusters: what each row belongs to; None where every row stands alone.

    Raises:
        ValueError: no predictions; there is no mean.
    """
    scoring = scoring or Scoring()
    answers = [prediction.prediction for prediction in predictions]
    references = [prediction.reference for prediction in predictions]
    labels = scoring.options.labels or ()
    return {
        name: mean_score([prediction.scores[name] for prediction in predictions], name, clusters)
        for name in scoring.scorers
    } | {
        name: score_over_all(references, [answers], name, labels, seed, clusters)
        for name in scoring.over_all_rows
    }


def score_over_all(
    references: Sequence[str],
    repetitions: Sequence[Sequence[str | None]],
    metric: str,
    labels: Sequence[str],
    seed: int = 0,
    clusters: Sequence[str] | None = None,
) -> Score:
    """Value and interval of a metric that only a set of rows has; the mean where rows were answered repeatedly.

    Args:
        repetitions: of each the answer to every row; None is an answer that is missing.
        clusters: what each row belongs to; None where every row stands alone.
    """
    answered = _labels_of(repetitions, metric, labels)
    interval = mean_macro_f1_interval(references, answered, seed, clusters)
    return Score(value=interval.value, low=interval.low, high=interval.high)


def noise_over_all(
    references: Sequence[str],
    repetitions: Sequence[Sequence[str | None]],
    metric: str,
    labels: Sequence[str],
    seed: int = 0,
) -> NoiseFloor:
    """How far a metric that only a set of rows has moves by the sampling of answers; see `score_over_all`."""
    return macro_f1_noise(references, _labels_of(repetitions, metric, labels), seed)


def _labels_of(
    repetitions: Sequence[Sequence[str | None]], metric: str, labels: Sequence[str]
) -> list[list[str | None]]:
    read = {"macro_f1": strict_label, "label_macro_f1": extract_label}[metric]
    return [
        [None if answer is None else read(answer, labels) for answer in answers] for answers in repetitions
    ]


def mean_score(scores: Sequence[float], metric: str, clusters: Sequence[str] | None = None) -> Score:
    """Mean and interval of one metric's scores."""
    interval = score_interval(scores, get_metric(metric).binary, clusters)
    return Score(value=interval.value, low=interval.low, high=interval.high)


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """Write a prediction file."""
    write_json_lines(path, (prediction.model_dump() for prediction in predictions))


def read_predictions(path: Path) -> list[Prediction]:
    """Read a prediction file that the program wrote.

    Raises:
        Fault: a line is damaged or not a prediction; names it.
    """
    return list(read_each(path, Prediction.model_validate))


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

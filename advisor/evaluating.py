"""`advisor evaluate` on a model: ask it about every row of a file and score the answers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.cautions import cautions_by_metric
from advisor.chat.endpoint import EndpointModel
from advisor.chat.local import LocalModel
from advisor.chat.protocol import ChatModel, ChatRequest
from advisor.data.named_fields import check_fields
from advisor.data.reading import read_plain_file
from advisor.data.rows import Row
from advisor.interrupt import StopSignal
from advisor.models.resolve import count_tokens, resolve
from advisor.predictions import Prediction, score_answers, summarise, write_predictions
from advisor.reference_fields import clusters_by_field
from advisor.repeating import Sampling, mean_scored
from advisor.rungs.context_length import room_by_characters, room_by_tokens
from advisor.rungs.prompts import zero_shot
from advisor.scoring import BASIC, Scoring
from advisor.scoring_files import Asked, Scored, details, prepared
from rubrics.errors import Fault
from rubrics.scoring import Options
from trainer.events import Listener
from trainer.job import Completion, ModelSpec, write_json


@dataclass(frozen=True)
class Subject:
    """What is scored: a local model, perhaps with an adapter, or a model at an endpoint."""

    model: str | None
    adapter: Path | None
    endpoint: str | None
    endpoint_model: str | None
    task: str
    precision: str


def evaluate_model(
    data: Path,
    subject: Subject,
    metrics: Sequence[str],
    out: Path | None,
    seed: int,
    emit: Listener,
    stop: StopSignal,
    options: Options | None = None,
    sampling: Sampling | None = None,
    cluster_field: str | None = None,
) -> tuple[Scored, list[Path]]:
    """Scores, and the prediction files: one, or one a repetition, in a new folder.

    Args:
        cluster_field: field that names what rows belong to; None where every row stands alone.
    Raises:
        Fault: the subject is not one, the rows or the model cannot be used, no row has the field, or the folder
            exists.
        Interrupted: a stop was asked for.
    """
    sampling = sampling or Sampling()
    _check(subject)
    sampling.check(local=subject.model is not None)
    rows = read_plain_file(data, with_fields=cluster_field is not None).rows
    clusters = _clusters(data, rows, cluster_field)
    asked = prepared(metrics, {row.source or row.id: row.references for row in rows}, options or Options())
    scoring = Scoring(asked.names[0], tuple(dict.fromkeys((*BASIC, *asked.names))), asked.options)
    folder = _new_folder(out or Path("runs") / f"{time.strftime('%Y%m%d-%H%M%S')}-evaluate-{data.stem}")
    answered = [
        score_answers(rows, {row.id: zero_shot(subject.task)(row) for row in rows}, completions, scoring)
        for completions in _answers(rows, subject, sampling, folder, seed, emit, stop)
    ]
    files = [folder / name for name in _file_names(sampling.repeats)]
    for path, predictions in zip(files, answered, strict=True):
        write_predictions(path, predictions)
    each = [_scored(predictions, asked, scoring, seed, clusters) for predictions in answered]
    scored = each[0] if len(each) == 1 else mean_scored(answered, each, scoring, sampling, seed, clusters)
    write_json(folder / "scores.json", scored.to_json())
    return scored, files


def _file_names(repeats: int) -> list[str]:
    if repeats == 1:
        return ["predictions.jsonl"]
    return [f"predictions-{number}.jsonl" for number in range(1, repeats + 1)]


def _new_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise Fault(
            "exists already and is not overwritten", where=str(folder), fix="Give another --out."
        ) from None
    return folder


def _answers(
    rows: Sequence[Row],
    subject: Subject,
    sampling: Sampling,
    folder: Path,
    seed: int,
    emit: Listener,
    stop: StopSignal,
) -> list[list[Completion]]:
    """The answers of each repetition, all asked for in one batch, each repetition with a seed of its own."""
    model, room = _model(subject, rows, folder.resolve(), emit, stop)
    prompt = zero_shot(subject.task)
    places: dict[str, tuple[int, str]] = {}
    requests = []
    for number in range(sampling.repeats):
        for row in rows:
            name = row.id if sampling.repeats == 1 else f"{number + 1}/{row.id}"
            places[name] = number, row.id
            request = ChatRequest(name, "evaluate", prompt(row), room)
            requests.append(replace(request, temperature=sampling.temperature, seed=seed + number))
    answers: list[list[Completion]] = [[] for _ in range(sampling.repeats)]
    for completion in model.complete("answers", requests):
        number, row_id = places[completion.id]
        answers[number].append(completion.model_copy(update={"id": row_id}))
    return answers


def _clusters(data: Path, rows: Sequence[Row], cluster_field: str | None) -> list[str] | None:
    if cluster_field is None:
        return None
    fields = [dict(row.fields) for row in rows]
    check_fields(fields, {cluster_field: "--cluster-field"}, str(data))
    return clusters_by_field([row.id for row in rows], [found.get(cluster_field, "") for found in fields])


def _scored(
    predictions: Sequence[Prediction],
    asked: Asked,
    scoring: Scoring,
    seed: int,
    clusters: Sequence[str] | None,
) -> Scored:
    summed = summarise(predictions, scoring, clusters, seed)
    groups = None if clusters is None else len(set(clusters))
    metrics = {name: summed[name] for name in asked.names}
    scores = {
        name: [prediction.scores[name] for prediction in predictions]
        for name in asked.names
        if name in scoring.scorers
    }
    pairs = [(prediction.prediction, prediction.reference) for prediction in predictions]
    return Scored(
        n=len(predictions),
        missing=0,
        unknown=0,
        metrics=metrics,
        details=details(scores, pairs, asked),
        cautions=cautions_by_metric(
            {name: score.value for name, score in metrics.items()},
            [reference for _, reference in pairs],
            groups,
        ),
        clusters=groups,
    )


def _check(subject: Subject) -> None:
    if bool(subject.endpoint) != bool(subject.endpoint_model):
        raise Fault("--endpoint and --endpoint-model go together", fix="Give both.")
    if bool(subject.endpoint) == bool(subject.model):
        raise Fault("give either --model or --endpoint", fix="One of them answers the rows.")
    if subject.adapter and not subject.model:
        raise Fault("--adapter needs --model", fix="Name the model that the adapter was trained on.")
    if subject.precision not in ("auto", "fp32", "bf16"):
        raise Fault(
            f"{subject.precision!r} is not a precision", where="--precision", fix="Use auto, fp32 or bf16."
        )


def _model(
    subject: Subject, rows: Sequence[Row], folder: Path, emit: Listener, stop: StopSignal
) -> tuple[ChatModel, int]:
    """The model to ask, and the tokens an answer may have."""
    if subject.endpoint and subject.endpoint_model:
        longest = max(len(row.answer) for row in rows)
        model = EndpointModel(subject.endpoint, subject.endpoint_model, folder, emit=emit, stop=stop)
        return model, room_by_characters(longest)
    assert subject.model is not None
    resolved = resolve(subject.model, emit, stop)
    prompt = zero_shot(subject.task)
    asked = [Row(row.id, prompt(row), row.answer, row.source) for row in rows]
    longest = max(answer for _, answer in count_tokens(resolved)(asked))
    spec = ModelSpec.model_validate(
        {"path": resolved.path, "adapter": subject.adapter, "precision": subject.precision}
    )
    return LocalModel(subject.model, spec, folder, emit, stop), room_by_tokens(longest)

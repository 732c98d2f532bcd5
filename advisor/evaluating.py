"""`advisor evaluate` on a model: ask it about every row of a file and score the answers."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.cautions import cautions_by_metric
from advisor.chat.endpoint import EndpointModel
from advisor.chat.local import LocalModel
from advisor.chat.protocol import ChatModel, ChatRequest
from advisor.data.reading import read_plain_file
from advisor.data.rows import Row
from advisor.interrupt import StopSignal
from advisor.models.resolve import count_tokens, resolve
from advisor.predictions import score_answers, summarise, write_predictions
from advisor.rungs.prompts import zero_shot
from advisor.scoring import BASIC, Scoring
from advisor.scoring_files import Scored, details, prepared
from rubrics.errors import Fault
from rubrics.scoring import Options
from trainer.events import Listener
from trainer.job import ModelSpec, write_json

_SPARE_TOKENS = 8


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
) -> tuple[Scored, Path]:
    """Answers and scores go to a new folder, which is returned.

    Raises:
        Fault: the subject is not one, the rows or the model cannot be used, or the folder exists.
        Interrupted: a stop was asked for.
    """
    _check(subject)
    rows = read_plain_file(data).rows
    asked = prepared(metrics, {row.source or row.id: row.references for row in rows}, options or Options())
    names = asked.names
    scoring = Scoring(names[0], tuple(dict.fromkeys((*BASIC, *names))), asked.options)
    folder = out or Path("runs") / f"{time.strftime('%Y%m%d-%H%M%S')}-evaluate-{data.stem}"
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise Fault(
            "exists already and is not overwritten", where=str(folder), fix="Give another --out."
        ) from None
    model, room = _model(subject, rows, folder.resolve(), emit, stop)
    prompt = zero_shot(subject.task)
    requests = [ChatRequest(row.id, "evaluate", prompt(row), room) for row in rows]
    completions = list(model.complete("answers", requests))
    predictions = score_answers(rows, {row.id: prompt(row) for row in rows}, completions, scoring)
    write_predictions(folder / "predictions.jsonl", predictions)
    summed = summarise(predictions, scoring, seed=seed)
    scores = {name: [prediction.scores[name] for prediction in predictions] for name in scoring.scorers}
    pairs = [(prediction.prediction, prediction.reference) for prediction in predictions]
    scored = Scored(
        n=len(rows),
        missing=0,
        unknown=0,
        metrics={name: summed[name] for name in names},
        details=details({name: scores[name] for name in names if name in scores}, pairs, asked),
        cautions=cautions_by_metric(
            {name: summed[name].value for name in names}, [row.answer for row in rows]
        ),
    )
    write_json(folder / "scores.json", scored.to_json())
    return scored, folder


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
        return model, math.ceil(longest / 2) + _SPARE_TOKENS
    assert subject.model is not None
    resolved = resolve(subject.model, emit, stop)
    prompt = zero_shot(subject.task)
    asked = [Row(row.id, prompt(row), row.answer, row.source) for row in rows]
    longest = max(answer for _, answer in count_tokens(resolved)(asked))
    spec = ModelSpec.model_validate(
        {"path": resolved.path, "adapter": subject.adapter, "precision": subject.precision}
    )
    return LocalModel(subject.model, spec, folder, emit, stop), math.ceil(1.5 * longest) + _SPARE_TOKENS

"""A whole judgement: files in, a result with its standing out."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.chat.endpoint import EndpointModel
from advisor.chat.local import LocalModel
from advisor.chat.protocol import ChatModel
from advisor.chat.service import Service
from advisor.interrupt import StopSignal
from advisor.judging.asking import Caps, ask_all
from advisor.judging.inputs import Judged, read_human, read_inputs, read_rubric
from advisor.judging.kept import Call, KeptJudgements, call_of
from advisor.judging.result import Asked, result_of
from advisor.models.resolve import resolve
from rubrics.errors import Fault
from rubrics.judging.framing import frame_pair, frame_single
from rubrics.judging.rubric import Rubric
from trainer.events import Listener
from trainer.job import JobBusy, ModelSpec, hold


@dataclass(frozen=True, slots=True)
class Judge:
    """Who judges: a model at an endpoint, or a local one."""

    model: str | None
    endpoint: str | None
    endpoint_model: str | None
    precision: str = "auto"

    def check(self, caps: Caps) -> None:
        """Refuse what does not fit together, before anything is spent.

        Raises:
            Fault: flags that do not go together, or a value that is none; exit code 2.
        """
        if bool(self.endpoint) != bool(self.endpoint_model):
            raise Fault("--endpoint and --endpoint-model go together", fix="Give both.")
        if bool(self.endpoint) == bool(self.model):
            raise Fault("give either --model or --endpoint", fix="One of them is the judge.")
        if self.model and (caps.price is not None or caps.max_cost is not None):
            raise Fault("a local judge costs nothing a call", fix="Leave --price and --max-cost out.")
        if caps.max_cost is not None and caps.price is None:
            raise Fault(
                "--max-cost needs --price", fix="Give the prices of a million tokens: --price 0.15,0.60"
            )

    @property
    def shown(self) -> dict[str, str | None]:
        """Name and address, without anything secret."""
        if self.endpoint and self.endpoint_model:
            service = Service.at(self.endpoint, self.endpoint_model)
            return {"model": service.model, "endpoint": service.shown_url}
        return {"model": self.model, "endpoint": None}


@dataclass(frozen=True, slots=True)
class Files:
    """What is judged; `b` makes it pairwise."""

    a: Path
    b: Path | None
    references: Path | None
    data: Path | None
    rubric: Path | None
    human: Path | None
    out: Path | None


def judge_files(
    files: Files, judge: Judge, caps: Caps, seed: int, emit: Listener, stop: StopSignal
) -> dict[str, Any]:
    """Judge every row that the caps allow; see `advisor help judge` for the object returned.

    Rows with a human label come first, so that a capped judgement measures its agreement, the others in an order
    drawn by the seed, so that those judged are a sample of them.

    Raises:
        Fault: files, flags or the judge cannot be used; judgements made so far are kept.
        Interrupted: a stop was asked for; judgements made so far are kept.
    """
    judge.check(caps)
    rubric = read_rubric(files.rubric)
    inputs = read_inputs(files.a, files.b, files.references, files.data)
    pairwise = files.b is not None
    human = read_human(files.human, rubric, pairwise=pairwise) if files.human else None
    rows = _ordered(inputs.rows, human or {}, seed)
    asked_of = {**judge.shown, "max_tokens": caps.max_tokens}
    groups = [_calls(row, rubric, asked_of, pairwise=pairwise) for row in rows]
    path = files.out or Path("runs") / f"{'-'.join(_stems(files))}.judgements.jsonl"
    kept, stopped_by = _ask(path, judge, groups, caps, rubric.name, emit, stop)
    asked = Asked(rows, groups, kept.by_key, caps, human, rubric)
    return {
        **result_of(asked, pairwise=pairwise),
        "stopped_by": stopped_by or None,
        "unknown": inputs.unknown,
        "human_unknown": len(human.keys() - {row.id for row in rows}) if human else 0,
        "judge": judge.shown,
        "rubric": {"name": rubric.name, "source": rubric.source, "file": str(files.rubric or "")},
        "a": str(files.a),
        "b": str(files.b) if files.b else None,
        "seed": seed,
        "judgements": str(path),
    }


def _stems(files: Files) -> list[str]:
    return ["judge", files.a.stem, *([files.b.stem] if files.b else [])]


def _ordered(rows: Sequence[Judged], human: Mapping[str, str], seed: int) -> list[Judged]:
    drawn = random.Random(seed).sample(list(rows), len(rows))  # noqa: S311
    return sorted(drawn, key=lambda row: row.id not in human)


def _calls(row: Judged, rubric: Rubric, asked_of: Mapping[str, Any], *, pairwise: bool) -> tuple[Call, ...]:
    """What to ask about a row: nothing where an answer is missing, or where both are the same text."""
    if not pairwise:
        if row.a is None:
            return ()
        return (call_of(row.id, "single", frame_single(rubric, row.item, row.a), asked_of),)
    if row.a is None or row.b is None or row.a == row.b:
        return ()
    return (
        call_of(row.id, "forward", frame_pair(rubric, row.item, row.a, row.b), asked_of),
        call_of(row.id, "backward", frame_pair(rubric, row.item, row.b, row.a), asked_of),
    )


def _ask(
    path: Path,
    judge: Judge,
    groups: Sequence[Sequence[Call]],
    caps: Caps,
    rubric: str,
    emit: Listener,
    stop: StopSignal,
) -> tuple[KeptJudgements, str]:
    """Ask through a hidden folder beside the file, which goes once its answers are in the file."""
    work = (path.parent / f".{path.name}.work").resolve()
    try:
        kept = KeptJudgements(path)
        with hold(work / "lock"):
            model = _Late(judge, work, emit, stop)
            stopped_by = ask_all(model, groups, kept, caps, rubric)
    except JobBusy:
        raise Fault(
            "another judgement is writing this file",
            where=str(path),
            fix="Wait for it, or give another --out.",
        ) from None
    except OSError as error:
        raise Fault(
            f"cannot be written: {error.strerror}", where=str(path), fix="Give another --out."
        ) from None
    shutil.rmtree(work)
    return kept, stopped_by


class _Late:
    """The judge, made at its first wave: where all is kept nothing is resolved or loaded."""

    def __init__(self, judge: Judge, work: Path, emit: Listener, stop: StopSignal) -> None:
        self._judge = judge
        self._work = work
        self._emit = emit
        self._stop = stop
        self._model: ChatModel | None = None

    @property
    def name(self) -> str:
        return str(self._judge.shown["model"])

    def complete(self, batch: str, requests: Any) -> Any:
        if self._model is None:
            self._model = _model(self._judge, self._work, self._emit, self._stop)
        return self._model.complete(batch, requests)


def _model(judge: Judge, work: Path, emit: Listener, stop: StopSignal) -> ChatModel:
    if judge.endpoint and judge.endpoint_model:
        return EndpointModel(judge.endpoint, judge.endpoint_model, work, emit, stop)
    assert judge.model is not None
    resolved = resolve(judge.model, emit, stop)
    spec = ModelSpec.model_validate({"path": resolved.path, "precision": judge.precision})
    return LocalModel(judge.model, spec, work, emit, stop)

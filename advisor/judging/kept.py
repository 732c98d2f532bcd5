"""Judgements on disk: one JSON line a call, appended and never rewritten, so that nothing is paid for twice.

A judgement is reused only for the same two turns, schema, token limit, model and endpoint: its key is their hash.
Changed answers or another rubric give other keys; what no longer fits stays in the file and is not used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from rubrics.errors import Fault
from rubrics.judging.framing import Framed
from trainer.job import drop_partial_line


class Judgement(BaseModel):
    """One reply of the judge; a line of the file.

    Attributes:
        key: hash of what was asked of whom.
        id: of the row.
        order: `single`; or `forward` with A first, `backward` with B first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    id: str
    order: str
    judge: str
    rubric: str
    reply: str
    prompt_tokens: int
    completion_tokens: int
    latency_s: float
    finish_reason: str


@dataclass(frozen=True, slots=True)
class Call:
    """One thing to ask: a row in one order."""

    key: str
    id: str
    order: str
    framed: Framed


def call_of(row_id: str, order: str, framed: Framed, asked_of: Mapping[str, Any]) -> Call:
    """Name a call by what is asked of whom."""
    content = [framed.system, framed.user, framed.schema, dict(asked_of)]
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return Call(key, row_id, order, framed)


class KeptJudgements:
    """The file, and what of it is known by key.

    Raises:
        Fault: the file exists and holds something else; it is left as it is.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.by_key = _read(path)
        drop_partial_line(path)
        path.parent.mkdir(parents=True, exist_ok=True)

    def append(self, judgement: Judgement) -> None:
        """Put one judgement on disk before it counts."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(judgement.model_dump_json() + "\n")
        self.by_key[judgement.key] = judgement


def _read(path: Path) -> dict[str, Judgement]:
    try:
        *whole, partial = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Fault(f"cannot be read: {error.strerror}", where=str(path), fix="Give another --out.") from None
    try:
        found = [Judgement.model_validate_json(line) for line in whole]
    except ValidationError:
        raise _foreign(path) from None
    # A killed writer leaves the start of a line; anything else was never ours to cut off.
    if partial and not partial.startswith(b'{"key":'[: len(partial)]):
        raise _foreign(path)
    return {judgement.key: judgement for judgement in found}


def _foreign(path: Path) -> Fault:
    return Fault(
        "exists already, holds something else than judgements and is not overwritten",
        where=str(path),
        fix="Give another --out.",
    )

"""The answers of one batch on disk, so that an interrupted batch asks only for what is missing.

Beside `completions.jsonl` lies `requests.jsonl`, what was asked of whom: an answer is reused only for the same
conversation, limit, temperature, seed, model and server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.chat.protocol import ChatRequest
from trainer.job import Completion, read_json_lines, write_json_lines

REQUESTS_FILE = "requests.jsonl"
COMPLETIONS_FILE = "completions.jsonl"


class KeptAnswers:
    """Appends answers as they come; `found` are those of an earlier try that still fit."""

    def __init__(self, directory: Path, requests: Sequence[ChatRequest], asked_of: Mapping[str, str]) -> None:
        self._completions = directory / COMPLETIONS_FILE
        rows = {request.id: _as_row(request, asked_of) for request in requests}
        before = {row["id"]: row for row in read_json_lines(directory / REQUESTS_FILE)}
        unchanged = {name for name, row in rows.items() if before.get(name) == row}
        self.found = _read(self._completions, unchanged)
        # In this order: killed in between, the old requests still tell which of these answers fit.
        write_json_lines(self._completions, (answer.model_dump() for answer in self.found))
        write_json_lines(directory / REQUESTS_FILE, rows.values())

    def append(self, answer: Completion) -> None:
        """Put one answer on disk before anyone sees it."""
        with self._completions.open("a", encoding="utf-8") as file:
            file.write(answer.model_dump_json() + "\n")


def _as_row(request: ChatRequest, asked_of: Mapping[str, str]) -> dict[str, Any]:
    row = {
        "id": request.id,
        "group": request.group,
        "messages": list(request.messages),
        "max_new_tokens": request.max_new_tokens,
        **request.sampling(),
        **asked_of,
    }
    return row if request.schema is None else {**row, "schema": request.schema}


def _read(path: Path, ids: set[str]) -> list[Completion]:
    answers = (Completion.model_validate(row) for row in read_json_lines(path))
    return list({answer.id: answer for answer in answers if answer.id in ids}.values())

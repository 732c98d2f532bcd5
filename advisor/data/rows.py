"""The one row type that every supported format is read into."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict


class Message(TypedDict):
    """One turn of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Row:
    """One example: a conversation that ends before the answer, and the answer.

    Attributes:
        id: stable within a run, unique over its splits (`<file stem>:<line>`).
        messages: the turns before the last assistant turn, system turn first where the row has one.
        answer: the text that the model should give, as it stands in the file.
        source: file name and 1-based line, for messages to a person.
        group: rows with the same group never fall into different splits; empty when ungrouped.
        answers: every accepted answer, `answer` first, where the file lists several.
        plain: whether the turns of text say all of the row. False where it holds tools, calls, results of
            tools, images or reasoning: `messages` and `answer` then say it in words for checks and statistics
            (texts joined by line breaks; calls as canonical JSON, a list of `{"arguments": {...}, "name": ...}`
            with sorted keys and no spaces), and it is not trained on.
        fields: the row's other plain fields by name, as text: what clusters and slices are made of.
    """

    id: str
    messages: tuple[Message, ...]
    answer: str
    source: str = ""
    group: str = ""
    answers: tuple[str, ...] = field(default=())
    plain: bool = True
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def prompt(self) -> str:
        """The turns before the answer as one text, system left out: what checks compare."""
        return "\n".join(turn["content"] for turn in self.messages if turn["role"] != "system")

    @property
    def system(self) -> str:
        """The row's own system turn, or an empty text."""
        return "\n".join(turn["content"] for turn in self.messages if turn["role"] == "system")

    @property
    def references(self) -> tuple[str, ...]:
        """Every accepted answer, at least one."""
        return self.answers or (self.answer,)

    def to_json(self) -> dict[str, Any]:
        """Return the form that split files hold."""
        out: dict[str, Any] = {"id": self.id, "messages": list(self.messages), "answer": self.answer}
        if self.answers:
            out["answers"] = list(self.answers)
        if self.source:
            out["source"] = self.source
        if self.group:
            out["group"] = self.group
        if not self.plain:
            out["plain"] = False
        if self.fields:
            out["fields"] = dict(self.fields)
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Row:
        """Read back what `to_json` wrote."""
        return cls(
            id=data["id"],
            messages=tuple(Message(role=turn["role"], content=turn["content"]) for turn in data["messages"]),
            answer=data["answer"],
            source=data.get("source", ""),
            group=data.get("group", ""),
            answers=tuple(data.get("answers", ())),
            plain=data.get("plain", True),
            fields=tuple(data.get("fields", {}).items()),
        )


def read_rows(path: Path) -> list[Row]:
    """Read a split file."""
    with path.open(encoding="utf-8") as lines:
        return [Row.from_json(json.loads(line)) for line in lines if line.strip()]


def as_json_lines(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Yield what a split file holds, row by row."""
    return (row.to_json() for row in rows)

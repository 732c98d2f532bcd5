"""Judges for the loopback server of the endpoint's tests, and the files that are judged."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "chat"))

from server import MODEL, Answer, reply

KEY = "sk-test-0123456789abcdef"
_BLOCK = re.compile(r"<<<BEGIN ([A-Z 0-9]+) (\w{16})>>>\n(.*?)\n<<<END \1 \2>>>", re.DOTALL)


def texts_of(request: dict[str, Any]) -> dict[str, str]:
    """Question, references and answers of a request, as a judge sees them."""
    return {name: text for name, _, text in _BLOCK.findall(request["messages"][-1]["content"])}


def says(**verdict: Any) -> Answer:
    return Answer(reply(json.dumps({"reason": "so", **verdict})))


def judging(choose: Callable[[str, str], str]) -> Callable[[dict[str, Any]], Answer]:
    """A judge of pairs that chooses by the two texts."""

    def respond(request: dict[str, Any]) -> Answer:
        texts = texts_of(request)
        return says(verdict=choose(texts["ANSWER 1"], texts["ANSWER 2"]))

    return respond


def by_quality(first: str, second: str) -> str:
    """Answers begin with their quality, a digit."""
    return "tie" if first[0] == second[0] else "1" if first[0] > second[0] else "2"


class Desk:
    """Files of a judgement in a folder."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url

    def lines(self, name: str, rows: list[dict[str, Any]]) -> Path:
        path = self.folder / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    def pairs(self, pairs: list[tuple[str, str]], human: list[str] | None = None) -> list[str]:
        """Files for these pairs of answers; returns the command's arguments."""
        self._rows(len(pairs))
        for name, at in (("a", 0), ("b", 1)):
            self.lines(
                f"{name}.jsonl",
                [{"id": f"r{i}", "prediction": pair[at]} for i, pair in enumerate(pairs)],
            )
        labels = self._human("preferred", human)
        return ["judge", "a.jsonl", "b.jsonl", *self._common(), *labels]

    def singles(self, answers: list[str], human: list[int] | None = None) -> list[str]:
        self._rows(len(answers))
        self.lines("a.jsonl", [{"id": f"r{i}", "prediction": text} for i, text in enumerate(answers)])
        return ["judge", "a.jsonl", *self._common(), *self._human("score", human)]

    def _rows(self, n: int) -> None:
        rows = [{"id": f"r{i}", "question": f"question {i}?", "answer": f"answer {i}"} for i in range(n)]
        self.lines("rows.jsonl", rows)

    def _human(self, field: str, labels: list[Any] | None) -> list[str]:
        if labels is None:
            return []
        self.lines("human.jsonl", [{"id": f"r{i}", field: label} for i, label in enumerate(labels)])
        return ["--human", "human.jsonl"]

    def _common(self) -> list[str]:
        files = ["--references", "rows.jsonl", "--data", "rows.jsonl", "--out", "judged.jsonl"]
        return [*files, "--endpoint", self.url, "--endpoint-model", MODEL]

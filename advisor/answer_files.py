"""Files of answers and of references, as people and other programs write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.data.rows import Message
from rubrics.errors import ExitCode, Fault

REFERENCE_FIELDS = ("answer", "output", "completion", "reference")
PROMPT_FIELDS = ("question", "prompt", "input")

Lines = list[tuple[int, dict[str, Any]]]
"""The objects of a file with their 1-based lines."""


def read_texts(path: Path) -> dict[str, str]:
    """Predictions by id: JSONL `{id, prediction}`, or one JSON object `{id: text}`.

    Raises:
        Fault: names the line and field that do not fit.
    """
    text = text_of(path)
    whole = whole_object(text)
    if whole is not None and not whole.keys() & {"id", "prediction"}:
        wrong = [name for name, value in whole.items() if not isinstance(value, str)]
        if wrong:
            raise unfit(path, f"prediction of {wrong[0]!r} is not a text")
        return {str(name): value for name, value in whole.items()}
    found: dict[str, str] = {}
    for number, row in objects_of(path):
        if not isinstance(row.get("prediction"), str) or "id" not in row:
            raise unfit(path, f"line {number}: expected an id and a text `prediction`, found {sorted(row)}")
        if str(row["id"]) in found:
            raise unfit(path, f"line {number}: the id {row['id']!r} stands twice")
        found[str(row["id"])] = row["prediction"]
    return found


def read_references(path: Path) -> dict[str, tuple[str, ...]]:
    """Accepted answers by id, as `references_in` has them.

    Raises:
        Fault: names the line and field that do not fit.
    """
    return references_in(objects_of(path), path)


def references_in(lines: Lines, path: Path) -> dict[str, tuple[str, ...]]:
    """Accepted answers by id: `answers` (a list), or one of `answer`, `output`, `completion`, `reference`.

    Args:
        lines: of the file at `path`, as `objects_of` reads them.
    Raises:
        Fault: names the line and field that do not fit.
    """
    found: dict[str, tuple[str, ...]] = {}
    for number, row in lines:
        answers = _accepted(row)
        if answers is None or "id" not in row:
            raise unfit(
                path, f"line {number}: expected an id and `answers` or one of {', '.join(REFERENCE_FIELDS)}"
            )
        if str(row["id"]) in found:
            raise unfit(path, f"line {number}: the id {row['id']!r} stands twice")
        found[str(row["id"])] = answers
    if not found:
        raise unfit(path, "holds no references")
    return found


def _accepted(row: Mapping[str, Any]) -> tuple[str, ...] | None:
    answers = row.get("answers")
    if isinstance(answers, list) and answers and all(isinstance(answer, str) for answer in answers):
        return tuple(answers)
    return next(((row[name],) for name in REFERENCE_FIELDS if isinstance(row.get(name), str)), None)


def prompt_of(row: Mapping[str, Any]) -> list[Message]:
    """The turns of a row's prompt, or its question as one turn; empty where it has neither."""
    turns = row.get("prompt")
    if isinstance(turns, list):
        texts = [
            Message(role=str(turn.get("role", "")), content=turn["content"])
            for turn in turns
            if isinstance(turn, dict) and isinstance(turn.get("content"), str)
        ]
        return texts if len(texts) == len(turns) else []
    text = next((row[name] for name in PROMPT_FIELDS if isinstance(row.get(name), str)), "")
    return [Message(role="user", content=text)] if text else []


def text_of(path: Path) -> str:
    """A file as text.

    Raises:
        Fault: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Fault("no such file", where=str(path), fix="Check the path.") from None
    except IsADirectoryError:
        raise Fault("is a folder, not a file", where=str(path), fix="Give a file.") from None
    except OSError as error:
        raise Fault(f"cannot be read: {error.strerror}", where=str(path), fix="Check the path.") from None
    except UnicodeDecodeError as error:
        raise unfit(path, f"is not UTF-8 text: {error}") from None


def whole_object(text: str) -> dict[str, Any] | None:
    """The one JSON object that a text is, if it is one."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def objects_of(path: Path) -> Lines:
    """The objects of a JSONL file with their 1-based lines; blank lines count and are left out.

    Raises:
        Fault: a line is no JSON object.
    """
    found: Lines = []
    # Not splitlines: U+2028 and the like may stand in a JSON text as they are.
    for number, line in enumerate(text_of(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise unfit(path, f"line {number}: is not JSON: {error}") from None
        if not isinstance(value, dict):
            raise unfit(path, f"line {number}: expected an object, found {type(value).__name__}")
        found.append((number, value))
    return found


def unfit(path: Path, what: str) -> Fault:
    """The refusal of a file whose content cannot be used."""
    return Fault(
        what, where=str(path), fix="Correct the file; see `advisor help files`.", code=ExitCode.BAD_DATA
    )

"""Reading a sample of real use: prompts in any format, with an answer or without one.

Such a file is a log and not training data, so it is read more widely than rows are: each line by its own format, an
answer only where the line ends with one. What cannot be read is still named, line by line, since a sample with
holes is no sample.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.data.formats import kind_of, shown
from advisor.data.rows import Message, Row
from rubrics.errors import ExitCode, Fault

NAME = "production"
"""What the ids of production rows begin with."""

_PROMPTS = {
    "question": ("answer",),
    "prompt": ("completion", "response"),
    "input": ("output",),
    "query": ("response", "answer"),
    "text": (),
}
_TURN_LISTS = ("messages", "conversations", "contents")
_EXPECTED = ", ".join([*_PROMPTS, "instruction", *_TURN_LISTS])
_ROLE_OF = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}
_UNREAD_SUFFIXES = {".csv", ".tsv", ".parquet", ".xlsx"}


@dataclass(frozen=True, slots=True)
class Production:
    """A sample of real use.

    Attributes:
        path: as given.
        rows: at least one, with ids `production:<line>`; `answer` is empty where the line has none.
        evidence: what the lines hold, for a person to read.
        bytes_sha256: of the file's bytes, in hexadecimal.
    """

    path: Path
    rows: tuple[Row, ...]
    evidence: str
    bytes_sha256: str


class _UnreadableError(ValueError):
    """Why a line holds no prompt: `field: expected X, found Y`."""


def read_production(path: Path) -> Production:
    """Read JSONL of prompts or conversations, or a .txt file with one prompt a line.

    Raises:
        Fault: code 2 if there is no such file, code 3 if a line holds no prompt; `problems` then lists them all
            as `file:line: field: expected X, found Y`.
    """
    content = _bytes_of(path)
    is_text = path.suffix.lower() == ".txt"
    rows: list[Row] = []
    problems: list[str] = []
    fields: Counter[str] = Counter()
    for number, line in _lines_of(content):
        try:
            text = line.decode("utf-8")
            field, turns, answer = ("line", [_turn("user", text.strip())], "") if is_text else _read(text)
        except UnicodeDecodeError:
            problems.append(f"{path}:{number}: encoding: expected UTF-8, found other bytes")
        except _UnreadableError as error:
            problems.append(f"{path}:{number}: {error}")
        else:
            fields[field] += 1
            rows.append(Row(f"{NAME}:{number}", tuple(turns), answer, source=f"{path.name}:{number}"))
    _refuse_problems(path, problems, len(rows))
    answered = sum(bool(row.answer) for row in rows)
    said = ", ".join(f"{count} with {field}" for field, count in fields.most_common())
    return Production(
        path, tuple(rows), f"{said}; {answered} have an answer", hashlib.sha256(content).hexdigest()
    )


def _bytes_of(path: Path) -> bytes:
    where = f"--production {path}"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise Fault("there is no such file", where=where, fix="check the path") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Fault(
            f"the file cannot be read: {reason}", where=where, fix="name a JSONL or .txt file"
        ) from None
    if path.suffix.lower() in _UNREAD_SUFFIXES or b"\0" in content:
        fix = "give JSONL (one object a line) or a .txt file (one prompt a line), in UTF-8"
        raise Fault("the production sample is not text", where=where, fix=fix, code=ExitCode.BAD_DATA)
    return content


def _lines_of(content: bytes) -> Iterator[tuple[int, bytes]]:
    body = content.removeprefix(codecs.BOM_UTF8)
    return ((number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip())


def _refuse_problems(path: Path, problems: Sequence[str], read: int) -> None:
    if problems or not read:
        what = (
            f"{len(problems)} of {len(problems) + read} lines cannot be used"
            if problems
            else "the file is empty"
        )
        fix = "mend or remove the lines listed; lines are numbered from 1"
        where = f"--production {path}"
        raise Fault(what, where=where, fix=fix, code=ExitCode.BAD_DATA, problems=problems)


def _read(line: str) -> tuple[str, list[Message], str]:
    """Return the field that held the prompt, the turns before the answer, and the answer or an empty text."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise _UnreadableError("json: expected a JSON object, found something else") from None
    if isinstance(value, str):
        return "text alone", [_turn("user", _text(value, "line"))], ""
    if not isinstance(value, dict):
        raise _UnreadableError(f"row: expected an object with one of {_EXPECTED}, found {kind_of(value)}")
    for name in _TURN_LISTS:
        if name in value:
            return name, *_conversation(value, name)
    if "instruction" in value:
        return "instruction", *_instruction(value)
    for name, answers in _PROMPTS.items():
        if name in value:
            turns = [*_system(value.get("system")), _turn("user", _text(value[name], name))]
            return name, turns, _answer(value, answers)
    found = ", ".join(map(shown, value)) or "an empty object"
    raise _UnreadableError(f"row: expected one of {_EXPECTED}, found {found}")


def _instruction(value: Mapping[str, Any]) -> tuple[list[Message], str]:
    parts = [_text(value["instruction"], "instruction")]
    if value.get("input"):
        parts.append(_text(value["input"], "input"))
    return [*_system(value.get("system")), _turn("user", "\n\n".join(parts))], _answer(value, ("output",))


def _answer(value: Mapping[str, Any], names: Sequence[str]) -> str:
    for name in names:
        text = value.get(name)
        if isinstance(text, str):
            return text
    return ""


def _system(text: Any) -> list[Message]:
    return [_turn("system", text)] if isinstance(text, str) and text.strip() else []


def _conversation(value: Mapping[str, Any], name: str) -> tuple[list[Message], str]:
    if not isinstance(value[name], list) or not value[name]:
        raise _UnreadableError(f"{name}: expected a list of turns, found {kind_of(value[name])}")
    instruction = value.get("systemInstruction")
    turns = _system(
        _parts(instruction.get("parts")) if isinstance(instruction, dict) else value.get("system")
    )
    turns += [turn for at, item in enumerate(value[name]) if (turn := _one_turn(item, f"{name}[{at}]"))]
    last = turns[-1]["role"] if turns else ""
    answer = turns.pop()["content"] if last == "assistant" else ""
    if not any(turn["role"] == "user" for turn in turns):
        raise _UnreadableError(f"{name}: expected a turn of the user, found none")
    return turns, answer


def _one_turn(item: Any, field: str) -> Message | None:
    """Read a turn; turns of tools say nothing about how people write, and are left out."""
    if not isinstance(item, dict):
        raise _UnreadableError(f"{field}: expected an object with a role and a text, found {kind_of(item)}")
    role = _ROLE_OF.get(str(item.get("role", item.get("from", "user"))))
    if role is None:
        return None
    text = item.get("content", item.get("value", item.get("parts")))
    text = _parts(text) if isinstance(text, list) else text
    return _turn(role, text if role == "assistant" and isinstance(text, str) else _text(text or "", field))


def _parts(parts: Any) -> str:
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts or ()]
    return "\n".join(text for text in texts if isinstance(text, str))


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise _UnreadableError(f"{field}: expected text, found {kind_of(value)}")
    if not value.strip():
        raise _UnreadableError(f"{field}: expected text, found empty text")
    # Half of a surrogate pair cannot be written anywhere.
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _turn(role: str, content: str) -> Message:
    return Message(role=role, content=content)

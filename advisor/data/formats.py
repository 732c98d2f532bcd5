"""What a row of each supported format looks like, and how it becomes a `Row`.

A parser never stops at the first problem: it returns the row or everything that is wrong with it, as
`field: expected X, found Y`, so that a file can be mended in one go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from advisor.data.rows import Message

QUESTION_ANSWER = "question-answer"
PROMPT_COMPLETION = "prompt-completion"
INPUT_OUTPUT = "input-output"
OPENAI = "openai"

PAIRS = {
    QUESTION_ANSWER: ("question", "answer"),
    PROMPT_COMPLETION: ("prompt", "completion"),
    INPUT_OUTPUT: ("input", "output"),
}
SUPPORTED = (*PAIRS, OPENAI)
EXPECTED_FIELDS = "question and answer, prompt and completion, input and output, or messages"

_UNSUPPORTED = {
    "chosen": "a preference pair (chosen, rejected)",
    "label": "a preference label (KTO: messages and label)",
    "instruction": "Alpaca (instruction)",
    "conversations": "ShareGPT (conversations)",
    "contents": "Gemini (contents)",
    "text": "text alone (text), where prompt and answer cannot be told apart",
}
_TOOL_FIELDS = ("tools", "functions")
_CALL_FIELDS = ("tool_calls", "function_call")
_ROLES = ("system", "user", "assistant")
_NO_TOOLS = "expected no tools (this version does not read tool calls)"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a line said: the turns before the answer, the answer, and the other accepted answers."""

    messages: tuple[Message, ...]
    answer: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a line is not a row: one entry a problem, `field: expected X, found Y`."""

    problems: tuple[str, ...]


def format_of(value: Any) -> str | Unreadable:
    """Name the supported format that a parsed line is written in, or say what it is instead."""
    if not isinstance(value, dict):
        return Unreadable((f"row: expected an object with {EXPECTED_FIELDS}, found {kind_of(value)}",))
    if "chosen" in value or "rejected" in value:
        return _unsupported("chosen")
    if "messages" in value:
        return _unsupported("label") if isinstance(value.get("label"), bool) else OPENAI
    if "instruction" in value:
        return _unsupported("instruction")
    for name, fields in PAIRS.items():
        if fields[0] in value and (fields[1] in value or "answers" in value):
            return name
    for name, fields in PAIRS.items():
        if fields[0] in value or fields[1] in value:
            return name
    known = next((field for field in ("conversations", "contents", "text") if field in value), None)
    if known:
        return _unsupported(known)
    found = f"the fields {', '.join(shown(field) for field in value)}" if value else "an empty object"
    return Unreadable((f"format: expected {EXPECTED_FIELDS}, found {found}",))


def parse(value: Mapping[str, Any], name: str) -> Parsed | Unreadable:
    """Read one line of the named format."""
    return _parse_chat(value) if name == OPENAI else _parse_pair(value, *PAIRS[name])


def read_fields(name: str) -> tuple[str, ...]:
    """Return the fields that a format reads; a row's other fields are ignored."""
    return ("messages",) if name == OPENAI else (*PAIRS[name], "answers")


def kind_of(value: Any) -> str:
    """Say in the words of JSON what a value is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return f"the number {value!r:.40}"
    return "a list" if isinstance(value, list) else "an object"


def shown(text: str) -> str:
    """Make text from a file fit to stand in a message: at most 40 characters, all of them printable."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:40])


def _unsupported(field: str) -> Unreadable:
    return Unreadable((f"format: expected {EXPECTED_FIELDS}, found {_UNSUPPORTED[field]}",))


def _parse_pair(value: Mapping[str, Any], prompt: str, answer: str) -> Parsed | Unreadable:
    only_list = answer not in value and "answers" in value
    problems = [*_text_problems(value, prompt)]
    if not only_list:
        problems += _text_problems(value, answer)
    if "answers" in value:
        problems += _answers_problems(value["answers"])
    if problems:
        return Unreadable(tuple(problems))
    accepted = tuple(value.get("answers", ()))
    first = accepted[0] if only_list else value[answer]
    others = tuple(text for text in accepted if text != first)
    turn = Message(role="user", content=value[prompt])
    return Parsed((turn,), first, (first, *others) if accepted else ())


def _text_problems(value: Mapping[str, Any], key: str, field: str = "") -> Iterator[str]:
    field = field or key
    if key not in value:
        yield f"{field}: expected text, found no such field"
    elif isinstance(value[key], list) and field.startswith("messages"):
        yield f"{field}: expected text, found a list (this version does not read content parts)"
    elif not isinstance(value[key], str):
        yield f"{field}: expected text, found {kind_of(value[key])}"
    elif not value[key].strip():
        yield f"{field}: expected text, found {'blank' if value[key] else 'empty'} text"
    elif not _encodable(value[key]):
        yield f"{field}: expected valid Unicode, found a lone surrogate (half of a character)"


def _answers_problems(answers: Any) -> Iterator[str]:
    if not isinstance(answers, list):
        yield f"answers: expected a list of texts, found {kind_of(answers)}"
    elif not answers:
        yield "answers: expected at least one text, found an empty list"
    else:
        for index, text in enumerate(answers):
            yield from _text_problems({"answers": text}, "answers", f"answers[{index}]")


def _encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _parse_chat(value: Mapping[str, Any]) -> Parsed | Unreadable:
    turns = value["messages"]
    problems = [
        f"{field}: {_NO_TOOLS}, found {kind_of(value[field])}" for field in _TOOL_FIELDS if value.get(field)
    ]
    if not isinstance(turns, list):
        return Unreadable((*problems, f"messages: expected a list of turns, found {kind_of(turns)}"))
    if not turns:
        return Unreadable((*problems, "messages: expected at least one turn, found an empty list"))
    for index, turn in enumerate(turns):
        problems += _turn_problems(turn, f"messages[{index}]")
    if not problems:
        problems += _order_problems(turns)
    if problems:
        return Unreadable(tuple(problems))
    read = [Message(role=turn["role"], content=turn["content"]) for turn in turns]
    return Parsed(tuple(read[:-1]), read[-1]["content"])


def _turn_problems(turn: Any, field: str) -> Iterator[str]:
    if not isinstance(turn, dict):
        yield f"{field}: expected an object with role and content, found {kind_of(turn)}"
        return
    role = turn.get("role")
    if role in ("tool", "function"):
        yield f"{field}.role: {_NO_TOOLS}, found {role}"
        return
    if role not in _ROLES:
        found = f'"{shown(role)}"' if isinstance(role, str) else kind_of(role)
        yield f"{field}.role: expected {', '.join(_ROLES[:-1])} or {_ROLES[-1]}, found {found}"
    calls = [name for name in _CALL_FIELDS if turn.get(name)]
    yield from (f"{field}.{name}: {_NO_TOOLS}, found {kind_of(turn[name])}" for name in calls)
    if not calls:
        yield from _text_problems(turn, "content", f"{field}.content")
    weight = turn.get("weight")
    if weight is not None and (type(weight) is not int or weight not in (0, 1)):
        yield f"{field}.weight: expected 0 or 1, found {kind_of(weight)}"


def _order_problems(turns: list[dict[str, Any]]) -> Iterator[str]:
    """Rule D9: an optional system turn, then user and assistant in turn, the assistant last."""
    start = 1 if turns[0]["role"] == "system" else 0
    for index, turn in enumerate(turns[start:], start):
        expected = "user" if (index - start) % 2 == 0 else "assistant"
        if turn["role"] != expected:
            yield f"messages[{index}].role: expected {expected}, found {turn['role']}"
            return
    if turns[-1]["role"] != "assistant":
        yield f"messages: expected a last turn of the assistant, found {turns[-1]['role']}"
    elif turns[-1].get("weight") == 0:
        yield f"messages[{len(turns) - 1}].weight: expected 1 on the answer, found 0"

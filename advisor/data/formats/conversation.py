"""What every format is read into and written from: one conversation, its tools and its accepted answers.

With one shape in the middle, a format is a parser and a writer, and each pair of formats converts. A parser
never stops at the first problem: it returns the conversation or everything that is wrong with it, as
`field: expected X, found Y`, so that a file can be mended in one go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from advisor.data.rows import Message

Role = Literal["system", "developer", "user", "assistant", "tool"]
Place = Literal["system", "prompt", "answer"]
"""Where a text stands: a system turn, a turn before the answer, or the answer."""

INSTRUCTING = ("system", "developer")
_MOST_PROBLEMS = 100


class Part(NamedTuple):
    """A piece of a turn: `text` or `reasoning` in words, `image` as a URL (also `data:`), `break` between texts."""

    kind: Literal["text", "reasoning", "image"]
    text: str


class Call(NamedTuple):
    """A call of a tool. `id` is empty where the format pairs calls and results by their order."""

    name: str
    arguments: Mapping[str, Any]
    id: str = ""


class Turn(NamedTuple):
    """One turn.

    Attributes:
        text: what it says in plain text: its text parts joined by line breaks.
        parts: the pieces, where the turn is more than one text; else empty.
        calls: what the assistant calls.
        call_id: the call that a tool turn answers; empty where the order tells.
        name: of the speaker, or of the tool that answers.
        weight: 0 or 1, whether the turn is trained on; None where the row does not say.
    """

    role: Role
    text: str
    parts: tuple[Part, ...] = ()
    calls: tuple[Call, ...] = ()
    call_id: str = ""
    name: str = ""
    weight: int | None = None


class Conversation(NamedTuple):
    """A row of any format: turns that end with the answer, tool declarations (name, parameters ...), answers.

    `answers` are all accepted answers where a row lists several, the first of them the last turn's text.
    """

    turns: tuple[Turn, ...]
    tools: tuple[Mapping[str, Any], ...] = ()
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a line is not a row.

    Attributes:
        problems: one entry a problem, `field: expected X, found Y`.
        kind: what the line is instead, where it is sound but no question-answer pair.
        fix: what to do about that kind; `FILE` stands for the file.
    """

    problems: tuple[str, ...]
    kind: str = ""
    fix: str = ""


def is_plain(conversation: Conversation) -> bool:
    """Whether turns of text say all of it: no tools, calls, tool turns, images or reasoning."""
    if conversation.tools:
        return False
    return not any(
        turn.calls or turn.role == "tool" or any(part.kind != "text" for part in turn.parts)
        for turn in conversation.turns
    )


def as_messages(turns: Sequence[Turn]) -> tuple[Message, ...]:
    """Say turns in plain text; a call is its JSON."""
    return tuple(
        Message(role="system" if turn.role == "developer" else turn.role, content=said(turn))
        for turn in turns
    )


def said(turn: Turn) -> str:
    """Return a turn's text, followed by its calls as JSON where it has some."""
    if not turn.calls:
        return turn.text
    calls = calls_json(turn.calls)
    return f"{turn.text}\n{calls}" if turn.text else calls


def calls_json(calls: Sequence[Call]) -> str:
    """Return calls as canonical JSON: a list of `{"arguments": {...}, "name": ...}`, keys sorted, no spaces.

    Ids are left out: they differ from row to row and say nothing.
    """
    return compact([{"arguments": call.arguments, "name": call.name} for call in calls], sort=True)


def compact(value: Any, *, sort: bool = False) -> str:
    """Return JSON without spaces, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort)


def joined(parts: Sequence[Part]) -> str:
    """Return the text parts, joined by line breaks."""
    return "\n".join(part.text for part in parts if part.kind == "text")


def turn_of(role: Role, parts: Sequence[Part], **more: Any) -> Turn:
    """Make a turn of parts; a single text needs no parts."""
    if len(parts) == 1 and parts[0].kind == "text":
        return Turn(role, parts[0].text, **more)
    return Turn(role, joined(parts), tuple(parts), **more)


def parts_of(turn: Turn) -> tuple[Part, ...]:
    """Return a turn's pieces, its text as one piece where it has no others."""
    return turn.parts or ((Part("text", turn.text),) if turn.text else ())


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


def found(value: Any) -> str:
    """Say what stands there: text in quotes, anything else by its kind."""
    return f'"{shown(value)}"' if isinstance(value, str) else kind_of(value)


def each(items: Sequence[Any], problems: list[str]) -> Iterator[tuple[int, Any]]:
    """Yield index and item, until a row has so many problems that more of them would help nobody."""
    for index, item in enumerate(items):
        if len(problems) >= _MOST_PROBLEMS:
            problems.append(
                f"row: expected fewer problems in one row, found {_MOST_PROBLEMS}; the rest was not read"
            )
            return
        yield index, item


def text_problems(value: Any, field: str, *, blank: bool = False) -> Iterator[str]:
    """Say what keeps a value from being text; `blank` allows text without a visible character."""
    if not isinstance(value, str):
        yield f"{field}: expected text, found {kind_of(value)}"
    elif not blank and not value.strip():
        yield f"{field}: expected text, found {'blank' if value else 'empty'} text"
    elif not encodable(value):
        yield f"{field}: expected valid Unicode, found a lone surrogate (half of a character)"


def encodable(text: str) -> bool:
    """Whether text can be written as UTF-8."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def order_problems(turns: Sequence[Turn], field: str, shown_roles: Mapping[str, str]) -> Iterator[str]:
    """Rule D9: an instruction first or not at all, then user and assistant in turn, the assistant last.

    Between a turn that calls and the next turn of the assistant stand the tools' results.

    Args:
        field: the list that holds the turns, for messages.
        shown_roles: what the format calls each role.
    """
    start = 1 if turns and turns[0].role in INSTRUCTING else 0
    before: Turn | None = None
    for index in range(start, len(turns)):
        allowed = _may_follow(before)
        if turns[index].role not in allowed:
            names = " or ".join(shown_roles[role] for role in allowed)
            yield f"{field}[{index}]: expected {names}, found {shown_roles[turns[index].role]}"
            return
        before = turns[index]
    if before is None or before.role != "assistant":
        last = shown_roles[(before or turns[0]).role]
        yield f"{field}: expected a last turn of the {shown_roles['assistant']}, found {last}"
        return
    if before.weight == 0:
        yield f"{field}[{len(turns) - 1}].weight: expected 1 on the answer, found 0"
    yield from _unanswered(turns, field)


def _may_follow(before: Turn | None) -> tuple[Role, ...]:
    if before is None:
        return ("user",)
    if before.role == "assistant":
        return ("tool",) if before.calls else ("user",)
    return ("assistant",) if before.role == "user" else ("assistant", "tool")


def _unanswered(turns: Sequence[Turn], field: str) -> Iterator[str]:
    """Where calls have ids: each is answered once before the assistant goes on, and no other is."""
    open_ids: list[str] = []
    for index, turn in enumerate(turns):
        if turn.role == "tool" and turn.call_id:
            if turn.call_id in open_ids:
                open_ids.remove(turn.call_id)
            else:
                yield (
                    f"{field}[{index}].tool_call_id: expected the id of a call before it that has no result yet, "
                    f"found {found(turn.call_id)}"
                )
        elif turn.role == "assistant":
            if open_ids:
                yield f"{field}[{index}]: expected a tool turn for call {found(open_ids[0])} first, found none"
            open_ids = [call.id for call in turn.calls if call.id]

"""Rows of one format written in another, with every field named that the other cannot hold.

What a format lacks is either a loss that leaves the row true (a weight, an id: the row is written without it and
counted) or takes away what was asked or answered (a second question, an image, a result of a tool: the row is not
written and listed). Nothing is dropped without being said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from advisor.data.formats import (
    ALPACA,
    GEMINI,
    OPENAI,
    PAIRS,
    READABLE,
    SHAREGPT,
    Conversation,
    gemini,
    openai,
    parse,
    read_fields,
    sharegpt,
    write,
)
from advisor.data.formats.conversation import INSTRUCTING, Turn, Unreadable
from advisor.data.reading import Records
from rubrics.errors import Fault

WRITABLE = READABLE
"""Every format that holds a question with its answer; `text` does not, so what was written could not be read."""

_HOLDS: dict[str, frozenset[str]] = {
    OPENAI: frozenset({"system", "turns", "tools", "calls", "images", "text beside calls", "reasoning", "weight",
                       "name", "call id", "developer", "parts"}),
    GEMINI: frozenset({"system", "turns", "tools", "calls", "images", "text beside calls", "reasoning", "parts"}),
    SHAREGPT: frozenset({"system", "turns", "tools", "calls"}),
    ALPACA: frozenset({"system", "turns"}),
    **dict.fromkeys(PAIRS, frozenset({"answers"})),
}  # fmt: skip
_TURN_LISTS = {
    "messages": (*openai.TURN_FIELDS, *sharegpt.TURN_FIELDS),
    "conversations": (*openai.TURN_FIELDS, *sharegpt.TURN_FIELDS),
    "contents": gemini.TURN_FIELDS,
}


_PART_FIELDS = frozenset(
    {"type", "text", "value", "image_url", "thought", "inlineData", "inline_data", "fileData", "file_data",
     "functionCall", "function_call", "functionResponse", "function_response"}
)  # fmt: skip


class Loss(NamedTuple):
    """A field that rows were written without, or in another way."""

    field: str
    why: str


class Refused(NamedTuple):
    """A row that was not written."""

    line: int
    reason: str


@dataclass(slots=True)
class Tally:
    """What a conversion did; complete once its rows have been taken.

    Attributes:
        written: rows.
        losses: rows by what they were written without.
        refused: rows that the target cannot hold, in the order of the file.
    """

    written: int = 0
    losses: Counter[Loss] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Say it for a person: `weight: gemini cannot hold it, 2 rows`, the refused rows grouped by reason."""
        lost = [f"{loss.field}: {loss.why}, {_rows(count)}" for loss, count in self.losses.items()]
        reasons = Counter(refused.reason for refused in self.refused)
        return lost + [f"{reason}: {_rows(count)} not written" for reason, count in reasons.items()]


def convert(records: Records, source: str, target: str) -> tuple[Iterator[dict[str, Any]], Tally]:
    """Write rows in another format.

    Args:
        records: what `read_records` returned.
        source: their format, `records.format`.
        target: one of `WRITABLE`.

    Returns:
        the rows as they will stand in the file, one at a time, and the tally that fills as they are taken.

    Raises:
        Fault: code 2 if the target is no format that can be written.
    """
    if target not in WRITABLE:
        known = ", ".join(WRITABLE)
        raise Fault(
            f"{target!r} is not a format that can be written", where="--to", fix=f"use one of {known}"
        )
    tally = Tally()
    return _converted(records, source, target, tally), tally


def _converted(records: Records, source: str, target: str, tally: Tally) -> Iterator[dict[str, Any]]:
    known = read_fields(source, records.fields)
    for record in records:
        conversation = parse(record.value, source, records.fields)
        if isinstance(conversation, Unreadable):
            tally.refused.append(Refused(record.line, conversation.problems[0]))
            continue
        reason = refusal(conversation, target)
        if reason:
            tally.refused.append(Refused(record.line, reason))
            continue
        extra, losses = {}, [*_losses(conversation, target)]
        if source == target:
            extra = {key: item for key, item in record.value.items() if key not in known}
        else:
            losses += (Loss(key, "no field of a row, left out") for key in record.value if key not in known)
        losses += _unread_in_turns(record.value)
        if source == ALPACA and record.value.get("input"):
            losses.append(Loss("input", "joined to the instruction by a line break"))
        tally.losses.update(dict.fromkeys(losses, 1))
        tally.written += 1
        yield write(conversation, target) | extra


def _unread_in_turns(value: Mapping[str, Any]) -> Iterator[Loss]:
    for key, turn_fields in _TURN_LISTS.items():
        turns = value.get(key)
        for turn in turns if isinstance(turns, list) else ():
            yield from (Loss(f"{key}[].{name}", "left out") for name in turn if name not in turn_fields)
            yield from _unread_in_parts(turn.get("content", turn.get("parts")), key)


def _unread_in_parts(parts: Any, key: str) -> Iterator[Loss]:
    for part in parts if isinstance(parts, list) else ():
        yield from (Loss(f"{key}[].{name}", "left out") for name in part if name not in _PART_FIELDS)
        image = part.get("image_url")
        if isinstance(image, dict):
            yield from (Loss(f"{key}[].image_url.{name}", "left out") for name in image if name != "url")


def refusal(conversation: Conversation, target: str) -> str:
    """Say why a format cannot hold a conversation at all; an empty text if it can."""
    holds, turns = _HOLDS[target], conversation.turns
    before = turns[:-1]
    if "images" not in holds and any(part.kind == "image" for turn in turns for part in turn.parts):
        return f"images: {target} cannot hold them"
    if "turns" not in holds and sum(turn.role != "system" and turn.role != "developer" for turn in turns) > 2:
        return f"turns: {target} holds one question and one answer"
    if "calls" not in holds and any(turn.calls or turn.role == "tool" for turn in before):
        return f"tool calls before the answer: {target} cannot hold them"
    if (
        "calls" in holds
        and "text beside calls" not in holds
        and any(turn.calls and turn.text for turn in turns)
    ):
        return f"text beside tool calls in one turn: {target} cannot hold it"
    if target in (OPENAI, GEMINI) and not _all_answered(turns):
        return f"tool calls: {target} wants one result for each call, found fewer or more"
    return ""


def _all_answered(turns: tuple[Turn, ...]) -> bool:
    calls = results = 0
    for turn in turns:
        if turn.role == "assistant":
            if calls != results:
                return False
            calls, results = len(turn.calls), 0
        elif turn.role == "tool":
            results += 1
    return True


def _losses(conversation: Conversation, target: str) -> Iterator[Loss]:
    holds, turns = _HOLDS[target], conversation.turns
    cannot, them = f"{target} cannot hold it", f"{target} cannot hold them"
    parts = [part for turn in turns for part in turn.parts]
    calls = any(turn.calls for turn in turns)
    has: dict[str, tuple[bool, Loss]] = {
        "system": (turns[0].role in INSTRUCTING, Loss("system", cannot)),
        "tools": (bool(conversation.tools), Loss("tools", them)),
        "calls": (calls, Loss("tool_calls", "the answer's calls are written as JSON text")),
        "reasoning": (any(part.kind == "reasoning" for part in parts), Loss("reasoning", cannot)),
        "weight": (any(turn.weight is not None for turn in turns), Loss("weight", cannot)),
        "name": (any(turn.name and turn.role != "tool" for turn in turns), Loss("name", cannot)),
        "answers": (bool(conversation.answers), Loss("answers", f"{target} holds the first alone")),
        "parts": (
            any(_several_texts(turn) for turn in turns),
            Loss("content", "parts are joined to one text"),
        ),
    }
    yield from (loss for feature, (present, loss) in has.items() if present and feature not in holds)
    if "system" in holds and "developer" not in holds and turns[0].role == "developer":
        yield Loss("developer", "written as system")
    if "calls" in holds and "call id" not in holds and any(call.id for turn in turns for call in turn.calls):
        yield Loss("tool_calls[].id", f"{target} pairs calls and results by their order")


def _several_texts(turn: Turn) -> bool:
    return sum(part.kind == "text" for part in turn.parts) > 1


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"

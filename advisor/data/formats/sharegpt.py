"""ShareGPT: `conversations` of `{"from", "value"}`, with LLaMA-Factory's function_call, observation and tools.

A function_call's value is the JSON text of one call `{"name", "arguments"}` or of a list of them; `tools` is the
JSON text of the declarations. Calls have no ids: each is followed by its observations, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from advisor.data.formats.calls import parsed_json, read_call, read_tools, read_weight
from advisor.data.formats.conversation import (
    INSTRUCTING,
    Call,
    Conversation,
    Place,
    Role,
    Turn,
    Unreadable,
    compact,
    each,
    found,
    kind_of,
    order_problems,
    text_problems,
)

FIELDS = ("conversations", "messages", "tools", "system")
TURN_FIELDS = ("from", "value", "role", "content", "weight")
_CALL = "function_call"
_ROLES: dict[str, Role] = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "model": "assistant",
    _CALL: "assistant",
    "observation": "tool",
    "tool": "tool",
    "function_response": "tool",
}
_SHOWN = {
    "system": "system",
    "developer": "system",
    "user": "human",
    "assistant": "gpt or function_call",
    "tool": "observation",
}
_WRITTEN: dict[Role, str] = {
    "system": "system",
    "developer": "system",
    "user": "human",
    "assistant": "gpt",
    "tool": "observation",
}


def parse(value: Mapping[str, Any]) -> Conversation | Unreadable:
    """Read one row."""
    field = _list_field(value)
    turns: Any = value.get(field)
    problems: list[str] = []
    tools = read_tools(value.get("tools"), "tools", problems)
    if not isinstance(turns, list):
        problems.append(f"{field}: expected a list of turns, found {kind_of(turns)}")
    elif not turns:
        problems.append(f"{field}: expected at least one turn, found an empty list")
    if problems:
        return Unreadable(tuple(problems))
    read = [_read_turn(turn, f"{field}[{index}]", problems) for index, turn in each(turns, problems)]
    whole = [turn for turn in read if turn is not None]
    if len(whole) == len(turns):
        problems += order_problems(whole, field, _SHOWN)
    system = value.get("system")
    if system is not None and system != "":
        problems += text_problems(system, "system", blank=True)
    if problems:
        return Unreadable(tuple(problems))
    if isinstance(system, str) and system.strip() and whole[0].role != "system":
        whole.insert(0, Turn("system", system))
    return Conversation(tuple(whole), tools)


def _list_field(value: Mapping[str, Any]) -> str:
    return "conversations" if "conversations" in value else "messages"


def _read_turn(turn: Any, field: str, problems: list[str]) -> Turn | None:
    if not isinstance(turn, dict):
        problems.append(f"{field}: expected an object with from and value, found {kind_of(turn)}")
        return None
    speaker = turn.get("from", turn.get("role"))
    if not isinstance(speaker, str) or speaker not in _ROLES:
        expected = "system, human, gpt, function_call or observation"
        problems.append(f"{field}.from: expected {expected}, found {found(speaker)}")
        return None
    key = _text_field(turn)
    if key not in turn:
        problems.append(f"{field}.value: expected text, found no such field")
        return Turn(_ROLES[speaker], "")
    weight = read_weight(turn, field, problems)
    problems += text_problems(turn[key], f"{field}.{key}", blank=_ROLES[speaker] == "tool")
    if not isinstance(turn[key], str):
        return Turn(_ROLES[speaker], "")
    if speaker == _CALL:
        calls = _read_calls(turn[key], f"{field}.{key}", problems)
        return Turn("assistant", "", calls=calls or (Call("", {}),), weight=weight)
    return Turn(_ROLES[speaker], turn[key], weight=weight)


def _text_field(turn: Mapping[str, Any]) -> str:
    return "content" if "content" in turn and "value" not in turn else "value"


def _read_calls(text: str, field: str, problems: list[str]) -> tuple[Call, ...]:
    value = parsed_json(text, field, problems, "a call") if text.strip() else None
    if value is None:
        return ()
    given = value if isinstance(value, list) else [value]
    calls = [read_call(item, field, problems) for _, item in each(given, problems)]
    if not calls:
        problems.append(f"{field}: expected at least one call, found an empty list")
    return tuple(call for call in calls if call)


def write(conversation: Conversation) -> dict[str, Any]:
    """Write one row."""
    out: dict[str, Any] = {"conversations": [_write_turn(turn) for turn in conversation.turns]}
    if conversation.tools:
        out["tools"] = compact([dict(tool) for tool in conversation.tools])
    return out


def _write_turn(turn: Turn) -> dict[str, str]:
    if turn.calls:
        return {"from": _CALL, "value": _calls_text(turn.calls)}
    return {"from": _WRITTEN[turn.role], "value": turn.text}


def _calls_text(calls: Sequence[Call]) -> str:
    values = [{"name": call.name, "arguments": dict(call.arguments)} for call in calls]
    return compact(values[0] if len(values) == 1 else values)


def map_texts(value: Mapping[str, Any], edit: Callable[[str, Place], str]) -> dict[str, Any]:
    """Return a copy with each text edited; calls stay as they are."""
    field = _list_field(value)
    turns = value[field]
    out = {**value, field: [_map_turn(turn, edit, turn is turns[-1]) for turn in turns]}
    if isinstance(value.get("system"), str) and value["system"]:
        out["system"] = edit(value["system"], "system")
    return out


def _map_turn(turn: Mapping[str, Any], edit: Callable[[str, Place], str], is_last: bool) -> dict[str, Any]:
    speaker = turn.get("from", turn.get("role"))
    if speaker == _CALL:
        return dict(turn)
    place: Place = "system" if speaker in INSTRUCTING else "answer" if is_last else "prompt"
    key = _text_field(turn)
    return {**turn, key: edit(turn[key], place)}

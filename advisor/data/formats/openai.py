"""OpenAI chat: `messages`, `tools`, calls and weights; legacy functions, and LLaMA-Factory's v1 content too.

Field names after OpenAI's fine-tuning guide (supervised fine-tuning, function calling, vision). LLaMA-Factory v1
writes content as `{"type", "value"}` with the types text, reasoning and tool_call, and `loss_weight` for weight.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from advisor.data.formats.calls import numbered, parsed_json, read_call, read_tools, read_weight
from advisor.data.formats.conversation import (
    INSTRUCTING,
    Call,
    Conversation,
    Part,
    Place,
    Role,
    Turn,
    Unreadable,
    compact,
    each,
    found,
    kind_of,
    order_problems,
    parts_of,
    text_problems,
    turn_of,
)

FIELDS = ("messages", "tools", "functions")
TURN_FIELDS = (
    "role", "content", "tool_calls", "function_call", "tool_call_id", "name", "weight", "loss_weight",
    "reasoning_content",
)  # fmt: skip
ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_SHOWN: dict[str, str] = {role: role for role in ROLES.values()}
_IMAGE = re.compile(r"(?:https?|gs)://\S+|data:image/(?:png|jpe?g|webp|gif);base64,\S+", re.IGNORECASE)


def parse(value: Mapping[str, Any]) -> Conversation | Unreadable:
    """Read one row."""
    field = "messages" if "messages" in value else "conversations"
    tools = value.get("tools")
    return parse_turns(value.get(field), value.get("functions") if tools is None else tools, field)


def parse_turns(turns: Any, tools: Any, field: str) -> Conversation | Unreadable:
    """Read a list of turns with the tools declared for it; `field` names the list in messages."""
    problems: list[str] = []
    declared = read_tools(tools, "tools", problems)
    if not isinstance(turns, list):
        problems.append(f"{field}: expected a list of turns, found {kind_of(turns)}")
    elif not turns:
        problems.append(f"{field}: expected at least one turn, found an empty list")
    if problems:
        return Unreadable(tuple(problems))
    read = [_read_turn(turn, f"{field}[{index}]", problems) for index, turn in each(turns, problems)]
    whole = [turn for turn in read if turn is not None]
    if len(whole) == len(turns):
        problems += (
            problem.replace("]: ", "].role: ", 1) for problem in order_problems(whole, field, _SHOWN)
        )
    if problems:
        return Unreadable(tuple(problems))
    return Conversation(tuple(whole), declared)


def _read_turn(turn: Any, field: str, problems: list[str]) -> Turn | None:
    """Read one turn; None where its role is unknown, so that nothing can be said about the order."""
    if not isinstance(turn, dict):
        problems.append(f"{field}: expected an object with role and content, found {kind_of(turn)}")
        return None
    role = turn.get("role")
    if not isinstance(role, str) or role not in ROLES:
        problems.append(f"{field}.role: expected system, user, assistant or tool, found {found(role)}")
        return None
    calls = _read_calls(turn, field, problems)
    if calls and role != "assistant":
        problems.append(f"{field}.tool_calls: expected calls of the assistant alone, found them under {role}")
    read = _read_said(turn, ROLES[role], field, problems)
    return read._replace(
        calls=(*calls, *read.calls),
        call_id=_text_or_empty(turn, "tool_call_id", field, problems),
        name=_text_or_empty(turn, "name", field, problems),
        weight=read_weight(turn, field, problems),
    )


def _read_said(turn: Mapping[str, Any], role: Role, field: str, problems: list[str]) -> Turn:
    content, where = turn.get("content"), f"{field}.content"
    calling = bool(turn.get("tool_calls") or turn.get("function_call"))
    read = Turn(role, "")
    if isinstance(content, list):
        read = read_content(role, content, where, problems)
    elif content is None and not calling:
        missing = "null" if "content" in turn else "no such field"
        problems.append(f"{where}: expected text, found {missing}")
    elif content is not None:
        problems += text_problems(content, where, blank=calling or role == "tool")
        read = Turn(role, content if isinstance(content, str) else "")
    thought = turn.get("reasoning_content")
    if thought is not None and thought != "":
        problems += text_problems(thought, f"{field}.reasoning_content")
        read = read._replace(parts=(Part("reasoning", str(thought)), *parts_of(read)))
    return read


def read_content(role: Role, content: Sequence[Any], field: str, problems: list[str]) -> Turn:
    """Read a list of content parts, OpenAI's or LLaMA-Factory's."""
    parts: list[Part] = []
    calls: list[Call] = []
    before = len(problems)
    for index, part in each(content, problems):
        _read_part(part, f"{field}[{index}]", parts, calls, problems)
    if not parts and not calls and role != "tool" and len(problems) == before:
        problems.append(f"{field}: expected at least one part, found an empty list")
    return turn_of(role, parts, calls=tuple(calls))


def _read_part(part: Any, field: str, parts: list[Part], calls: list[Call], problems: list[str]) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(part, dict):
        problems.append(f"{field}: expected an object with type and text, found {kind_of(part)}")
    elif kind in ("text", "reasoning"):
        key = "value" if "value" in part else "text"
        wrong = list(text_problems(part.get(key), f"{field}.{key}", blank=kind == "reasoning"))
        problems += wrong
        if not wrong:
            parts.append(Part("text" if kind == "text" else "reasoning", part[key]))
    elif kind == "tool_call":
        given = part.get("value")
        if isinstance(given, str):
            given = parsed_json(given, f"{field}.value", problems, "a call")
        if given is not None:
            call = read_call(given, f"{field}.value", problems)
            calls += [call] if call else []
    elif kind in ("image_url", "image"):
        _read_image(part, field, parts, problems)
    else:
        problems.append(f"{field}.type: expected text or image_url, found {found(kind)}")


def _read_image(part: Mapping[str, Any], field: str, parts: list[Part], problems: list[str]) -> None:
    holder = part.get("image_url", part.get("value"))
    url = holder.get("url") if isinstance(holder, dict) else holder
    if isinstance(url, str) and _IMAGE.fullmatch(url):
        parts.append(Part("image", url))
    else:
        problems.append(
            f"{field}.image_url.url: expected an http address or data:image/(png, jpeg, webp, gif);base64, "
            f"found {found(url)}"
        )


def _read_calls(turn: Mapping[str, Any], field: str, problems: list[str]) -> tuple[Call, ...]:
    legacy, listed = turn.get("function_call"), turn.get("tool_calls")
    if legacy is not None:
        call = read_call(legacy, f"{field}.function_call", problems)
        return (call,) if call else ()
    if listed is None:
        return ()
    if not isinstance(listed, list):
        problems.append(f"{field}.tool_calls: expected a list of calls, found {kind_of(listed)}")
        return ()
    calls = []
    for index, item in each(listed, problems):
        where = f"{field}.tool_calls[{index}]"
        if not isinstance(item, dict):
            problems.append(f"{where}: expected an object with id and function, found {kind_of(item)}")
            continue
        call = read_call(item.get("function"), f"{where}.function", problems)
        if call:
            calls.append(call._replace(id=_text_or_empty(item, "id", where, problems)))
    ids = [call.id for call in calls if call.id]
    if len(set(ids)) < len(ids):
        problems.append(f"{field}.tool_calls: expected an id of its own for each call, found one twice")
    return tuple(calls)


def _text_or_empty(value: Mapping[str, Any], key: str, field: str, problems: list[str]) -> str:
    given = value.get(key)
    if given is None or given == "":
        return ""
    problems += text_problems(given, f"{field}.{key}")
    return given if isinstance(given, str) else ""


def write(conversation: Conversation) -> dict[str, Any]:
    """Write one row; calls without ids get some, since OpenAI pairs calls and results by id."""
    messages: list[dict[str, Any]] = []
    taken: set[str] = set()
    waiting: list[Call] = []
    for turn in conversation.turns:
        if turn.calls:
            waiting = list(numbered(turn.calls, taken))
            turn = turn._replace(calls=tuple(waiting))
        if turn.role == "tool":
            call = answered(turn, waiting)
            turn = turn._replace(call_id=call.id if call else turn.call_id)
        messages.append(_write_turn(turn))
    out: dict[str, Any] = {"messages": messages}
    if conversation.tools:
        out["tools"] = [{"type": "function", "function": dict(tool)} for tool in conversation.tools]
    return out


def answered(turn: Turn, waiting: list[Call]) -> Call | None:
    """Take from the waiting calls the one that a tool turn answers: by id, else by name, else the first."""
    match = [call for call in waiting if turn.call_id and call.id == turn.call_id]
    if not turn.call_id:
        match = [call for call in waiting if call.name == turn.name] or waiting[:1]
    if not match:
        return None
    waiting.remove(match[0])
    return match[0]


def _write_turn(turn: Turn) -> dict[str, Any]:
    parts = [part for part in turn.parts if part.kind != "reasoning"]
    content: Any = turn.text
    if len(parts) > 1 or any(part.kind == "image" for part in parts):
        content = [_write_part(part) for part in parts]
    out: dict[str, Any] = {"role": turn.role}
    if content or not turn.calls:
        out["content"] = content
    thoughts = [part.text for part in turn.parts if part.kind == "reasoning"]
    if thoughts:
        out["reasoning_content"] = "\n".join(thoughts)
    if turn.calls:
        out["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": compact(call.arguments)},
            }
            for call in turn.calls
        ]
    more = {"tool_call_id": turn.call_id, "name": turn.name, "weight": turn.weight}
    return out | {key: value for key, value in more.items() if value not in ("", None)}


def _write_part(part: Part) -> dict[str, Any]:
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": part.text}}
    return {"type": "text", "text": part.text}


def map_texts(value: Mapping[str, Any], edit: Callable[[str, Place], str]) -> dict[str, Any]:
    """Return a copy with each turn's text edited; calls, their arguments and reasoning stay as they are."""
    field = "messages" if "messages" in value else "conversations"
    return {**value, field: map_chat(value[field], edit)}


def map_chat(
    turns: Sequence[Mapping[str, Any]], edit: Callable[[str, Place], str], *, last: bool = True
) -> list[dict[str, Any]]:
    """Edit the texts of turns; the last one is the answer unless `last` is false."""
    out = []
    for index, turn in enumerate(turns):
        place: Place = "system" if turn["role"] in INSTRUCTING else "prompt"
        if last and index == len(turns) - 1:
            place = "answer"
        edited = dict(turn)
        if "content" in turn:
            edited["content"] = map_content(turn["content"], edit, place)
        out.append(edited)
    return out


def map_content(content: Any, edit: Callable[[str, Place], str], place: Place) -> Any:
    """Edit text, or the text parts of a list of parts, that stand in one place."""
    if isinstance(content, str):
        return edit(content, place)
    if not isinstance(content, list):
        return content
    return [_map_part(part, edit, place) for part in content]


def _map_part(part: Any, edit: Callable[[str, Place], str], place: Place) -> Any:
    if not isinstance(part, dict) or part.get("type") != "text":
        return part
    key = "value" if "value" in part else "text"
    return {**part, key: edit(part[key], place)}

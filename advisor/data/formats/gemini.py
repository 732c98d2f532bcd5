"""Gemini: `contents` of `{"role", "parts"}` with `systemInstruction` and `tools`, as Vertex AI tunes on them.

A part is a text, an image (`inlineData`, `fileData`), a `functionCall` or a `functionResponse`. Calls have no
ids: results follow them by name and order. A result that is no JSON object is written as `{"output": text}`,
as Google's reference describes `FunctionResponse.response`.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from advisor.data.formats.calls import read_call, read_tools
from advisor.data.formats.conversation import (
    INSTRUCTING,
    Call,
    Conversation,
    Part,
    Place,
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
from advisor.data.formats.openai import answered

FIELDS = ("contents", "systemInstruction", "system_instruction", "tools")
TURN_FIELDS = ("role", "parts")
_SHOWN = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "model",
    "tool": "user with functionResponse",
}


def parse(value: Mapping[str, Any]) -> Conversation | Unreadable:
    """Read one row."""
    problems: list[str] = []
    tools = _read_tools(value.get("tools"), problems)
    turns = _read_system(value, problems)
    contents = value.get("contents")
    if not isinstance(contents, list):
        problems.append(f"contents: expected a list of turns, found {kind_of(contents)}")
    elif not contents:
        problems.append("contents: expected at least one turn, found an empty list")
    else:
        known = True
        for index, content in each(contents, problems):
            read = _read_content(content, f"contents[{index}]", problems)
            known = known and read is not None
            turns += read or ()
        if known and not problems:
            problems += order_problems(turns, "contents", _SHOWN)
    return Unreadable(tuple(problems)) if problems else Conversation(tuple(turns), tools)


def _system_field(value: Mapping[str, Any]) -> str:
    return "system_instruction" if "system_instruction" in value else "systemInstruction"


def _read_system(value: Mapping[str, Any], problems: list[str]) -> list[Turn]:
    field = _system_field(value)
    given = value.get(field)
    if given is None:
        return []
    if isinstance(given, str):
        problems += text_problems(given, field)
        return [Turn("system", given)]
    parts = given.get("parts") if isinstance(given, dict) else None
    read, _, _ = _read_parts(parts, f"{field}.parts", problems)
    return [turn_of("system", read)]


def _read_content(content: Any, field: str, problems: list[str]) -> list[Turn] | None:
    if not isinstance(content, dict):
        problems.append(f"{field}: expected an object with role and parts, found {kind_of(content)}")
        return None
    role = content.get("role", "user")
    if role not in ("user", "model", "function", "tool"):
        problems.append(f"{field}.role: expected user or model, found {found(role)}")
        return None
    before = len(problems)
    parts, calls, results = _read_parts(content.get("parts"), f"{field}.parts", problems)
    if calls and role != "model":
        problems.append(f"{field}.parts: expected calls of the model alone, found functionCall under {role}")
    if results and (parts or calls or role == "model"):
        problems.append(f"{field}.parts: expected functionResponse alone, found other parts beside it")
    if len(problems) > before:
        return []
    if results:
        return results
    return [turn_of("assistant" if role == "model" else "user", parts, calls=tuple(calls))]


def _read_parts(parts: Any, field: str, problems: list[str]) -> tuple[list[Part], list[Call], list[Turn]]:
    read: list[Part] = []
    calls: list[Call] = []
    results: list[Turn] = []
    if not isinstance(parts, list) or not parts:
        what = "an empty list" if isinstance(parts, list) else kind_of(parts)
        problems.append(f"{field}: expected a list of parts, found {what}")
        return read, calls, results
    for index, part in each(parts, problems):
        where = f"{field}[{index}]"
        given = part if isinstance(part, dict) else {}
        call = given.get("functionCall", given.get("function_call"))
        result = given.get("functionResponse", given.get("function_response"))
        if call is not None:
            one = read_call(call, f"{where}.functionCall", problems, arguments="args")
            calls += [one] if one else []
        elif result is not None:
            results += _read_result(result, f"{where}.functionResponse", problems)
        else:
            read += _read_words(part, where, problems)
    return read, calls, results


def _read_words(part: Any, field: str, problems: list[str]) -> list[Part]:
    if not isinstance(part, dict):
        problems.append(f"{field}: expected an object with text, found {kind_of(part)}")
        return []
    inline = part.get("inlineData", part.get("inline_data"))
    file = part.get("fileData", part.get("file_data"))
    if isinstance(inline, dict) or isinstance(file, dict):
        return _read_media(inline, file, field, problems)
    if part.get("text") is None:
        known = ", ".join(map(str, part)) or "nothing"
        problems.append(f"{field}: expected text, inlineData, fileData or a call, found {known[:60]}")
        return []
    wrong = list(text_problems(part["text"], f"{field}.text"))
    problems += wrong
    return [] if wrong else [Part("reasoning" if part.get("thought") is True else "text", part["text"])]


def _read_media(inline: Any, file: Any, field: str, problems: list[str]) -> list[Part]:
    holder, key = (inline, "data") if isinstance(inline, dict) else (file, "fileUri")
    mime = holder.get("mimeType", holder.get("mime_type"))
    data = holder.get(key, holder.get("file_uri"))
    if not isinstance(mime, str) or not mime.startswith("image/") or not isinstance(data, str):
        problems.append(f"{field}: expected an image with mimeType and {key}, found {found(mime)}")
        return []
    return [Part("image", f"data:{mime};base64,{data}" if key == "data" else data)]


def _read_result(result: Any, field: str, problems: list[str]) -> list[Turn]:
    if not isinstance(result, dict):
        problems.append(f"{field}: expected an object with name and response, found {kind_of(result)}")
        return []
    problems += text_problems(result.get("name"), f"{field}.name")
    response = result.get("response")
    if not isinstance(response, dict):
        problems.append(f"{field}.response: expected an object, found {kind_of(response)}")
        return []
    bare = list(response) == ["output"] and isinstance(response["output"], str)
    return [Turn("tool", response["output"] if bare else compact(response), name=str(result.get("name")))]


def _read_tools(tools: Any, problems: list[str]) -> tuple[Mapping[str, Any], ...]:
    if tools is None:
        return ()
    declared: list[Any] = []
    for tool in tools if isinstance(tools, list) else [tools]:
        given = (
            tool.get("functionDeclarations", tool.get("function_declarations"))
            if isinstance(tool, dict)
            else tool
        )
        declared += given if isinstance(given, list) else [given]
    return read_tools(declared, "tools", problems)


def write(conversation: Conversation) -> dict[str, Any]:
    """Write one row; the results of parallel calls stand in one turn, in the order of the calls."""
    out: dict[str, Any] = {}
    contents: list[dict[str, Any]] = []
    waiting: list[Call] = []
    results: list[tuple[int, dict[str, Any]]] = []
    order: list[Call] = []
    for turn in conversation.turns:
        if turn.role in INSTRUCTING:
            out["systemInstruction"] = {
                "role": "system",
                "parts": [{"text": part.text} for part in parts_of(turn)],
            }
            continue
        if turn.role == "tool":
            call = answered(turn, waiting)
            at = next((index for index, item in enumerate(order) if item is call), len(order))
            results.append((at, _write_result(turn, call)))
            continue
        if results:
            contents.append({"role": "user", "parts": _in_order(results)})
            results = []
        waiting, order = list(turn.calls), list(turn.calls)
        contents.append(
            {"role": "model" if turn.role == "assistant" else "user", "parts": _write_parts(turn)}
        )
    out["contents"] = contents
    if conversation.tools:
        out["tools"] = [{"functionDeclarations": [dict(tool) for tool in conversation.tools]}]
    return out


def _in_order(results: Sequence[tuple[int, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [part for _, part in sorted(results, key=lambda item: item[0])]


def _write_parts(turn: Turn) -> list[dict[str, Any]]:
    said = [_write_part(part) for part in parts_of(turn)]
    return said + [{"functionCall": {"name": call.name, "args": dict(call.arguments)}} for call in turn.calls]


def _write_part(part: Part) -> dict[str, Any]:
    if part.kind == "text":
        return {"text": part.text}
    if part.kind == "reasoning":
        return {"text": part.text, "thought": True}
    if part.text.startswith("data:"):
        head, _, data = part.text.partition(",")
        return {"inlineData": {"mimeType": head.removeprefix("data:").split(";")[0], "data": data}}
    mime = mimetypes.guess_type(part.text.split("?")[0])[0] or "image/jpeg"
    return {"fileData": {"mimeType": mime, "fileUri": part.text}}


def _write_result(turn: Turn, call: Call | None) -> dict[str, Any]:
    name = call.name if call else turn.name
    return {"functionResponse": {"name": name, "response": _response(turn.text)}}


def _response(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) and list(value) != ["output"] else {"output": text}


def map_texts(value: Mapping[str, Any], edit: Callable[[str, Place], str]) -> dict[str, Any]:
    """Return a copy with each text part edited; calls and their results stay as they are."""
    contents = value["contents"]
    out = dict(value)
    field = _system_field(value)
    if isinstance(value.get(field), str):
        out[field] = edit(value[field], "system")
    elif isinstance(value.get(field), dict):
        out[field] = _map_parts(value[field], edit, "system")
    out["contents"] = [
        _map_parts(content, edit, "answer" if content is contents[-1] else "prompt") for content in contents
    ]
    return out


def _map_parts(holder: Mapping[str, Any], edit: Callable[[str, Place], str], place: Place) -> dict[str, Any]:
    return {
        **holder,
        "parts": [
            {**part, "text": edit(part["text"], place)}
            if isinstance(part.get("text"), str) and not part.get("thought")
            else part
            for part in holder["parts"]
        ],
    }

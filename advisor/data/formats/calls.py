"""Tool declarations, calls and weights as the chat formats share them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from advisor.data.formats.conversation import Call, each, encodable, found, kind_of, text_problems


def read_tools(value: Any, field: str, problems: list[str]) -> tuple[Mapping[str, Any], ...]:
    """Read declarations: a list, or its JSON text, of functions, each bare or as `{"type", "function"}`."""
    if isinstance(value, str) and value.strip():
        value = parsed_json(value, field, problems, "a list of tools")
    if value is None or value == "":
        return ()
    if not isinstance(value, list):
        problems.append(f"{field}: expected a list of tools, found {kind_of(value)}")
        return ()
    tools = []
    for index, item in each(value, problems):
        where = f"{field}[{index}]"
        function = item.get("function") if isinstance(item, dict) and "function" in item else item
        if not isinstance(function, dict):
            problems.append(
                f"{where}: expected an object with the function's name, found {kind_of(function)}"
            )
        else:
            problems += _name_problems(function.get("name"), f"{where}.name")
            tools.append(function)
    return tuple(tools)


def read_call(value: Any, field: str, problems: list[str], *, arguments: str = "arguments") -> Call | None:
    """Read `{"name", "arguments"}`; arguments are an object or its JSON text."""
    if not isinstance(value, dict):
        problems.append(f"{field}: expected an object with name and {arguments}, found {kind_of(value)}")
        return None
    problems += _name_problems(value.get("name"), f"{field}.name")
    given = value.get(arguments, {})
    where = f"{field}.{arguments}"
    if isinstance(given, str):
        given = parsed_json(given, where, problems, "an object") if given.strip() else {}
        if isinstance(given, str):
            problems.append(
                f"{where}: expected an object as JSON text, found text in JSON text (encoded twice); decode it once"
            )
            return None
    if given is not None and not isinstance(given, dict):
        problems.append(f"{where}: expected an object, found {kind_of(given)}")
        return None
    name = value.get("name")
    return Call(name if isinstance(name, str) else "", given or {})


def parsed_json(text: str, field: str, problems: list[str], expected: str) -> Any:
    """Parse JSON that stands inside a text; a fault is noted and gives None."""
    try:
        value = json.loads(text, parse_constant=_refused)
    except json.JSONDecodeError as error:
        problems.append(
            f"{field}: expected {expected} as JSON text, found a fault at character {error.pos + 1} ({error.msg})"
        )
    except (ValueError, RecursionError):
        problems.append(f"{field}: expected {expected} as JSON text, found what JSON does not have")
    else:
        if encodable(json.dumps(value, ensure_ascii=False)):
            return value
        problems.append(f"{field}: expected valid Unicode, found a lone surrogate (half of a character)")
    return None


def _refused(name: str) -> None:
    raise ValueError(name)


def _name_problems(name: Any, field: str) -> Iterator[str]:
    if name is None:
        yield f"{field}: expected text, found no such field"
    else:
        yield from text_problems(name, field)


def read_weight(turn: Mapping[str, Any], field: str, problems: list[str]) -> int | None:
    """Read `weight` (OpenAI) or `loss_weight` (LLaMA-Factory): 0 or 1, also as 0.0 or 1.0.

    LLaMA-Factory writes 0 on every turn that is not the assistant's, which is what a row says without it.
    """
    name = "weight" if turn.get("weight") is not None else "loss_weight"
    weight = turn.get(name)
    if weight is None:
        return None
    if isinstance(weight, bool) or not isinstance(weight, int | float) or weight not in (0, 1):
        problems.append(f"{field}.{name}: expected 0 or 1, found {found(weight)}")
        return None
    is_default = name == "loss_weight" and weight == 0 and turn.get("role") != "assistant"
    return None if is_default else int(weight)


def numbered(calls: Sequence[Call], taken: set[str]) -> tuple[Call, ...]:
    """Give an id to each call that has none: `call_1`, `call_2` ... through the conversation."""
    out = []
    for call in calls:
        name, number = call.id, len(taken)
        while not name or (not call.id and name in taken):
            number += 1
            name = f"call_{number}"
        taken.add(name)
        out.append(call._replace(id=name))
    return tuple(out)

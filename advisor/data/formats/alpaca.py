"""Alpaca: `instruction`, `input` and `output` (or `response`), with `history` and `system` as LLaMA-Factory has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from advisor.data.formats.conversation import (
    INSTRUCTING,
    Conversation,
    Place,
    Turn,
    Unreadable,
    each,
    kind_of,
    said,
    text_problems,
)

FIELDS = ("instruction", "input", "output", "response", "history", "system")


def parse(value: Mapping[str, Any]) -> Conversation | Unreadable:
    """Read one row; instruction and input become one turn, joined by a line break."""
    problems: list[str] = []
    answer = _answer_field(value)
    asked = [_optional(value, field, problems) for field in ("instruction", "input")]
    system = _optional(value, "system", problems)
    history = _read_history(value.get("history"), problems)
    if not problems and not any(text.strip() for text in asked):
        problems.append("instruction: expected text, found none in instruction and input")
    if answer not in value:
        problems.append(f"{answer}: expected text, found no such field")
    else:
        problems += text_problems(value[answer], answer)
    if problems:
        return Unreadable(tuple(problems))
    prompt = "\n".join(text for text in asked if text.strip())
    first = (Turn("system", system),) if system.strip() else ()
    return Conversation((*first, *history, Turn("user", prompt), Turn("assistant", value[answer])))


def _answer_field(value: Mapping[str, Any]) -> str:
    return "response" if "response" in value and "output" not in value else "output"


def _optional(value: Mapping[str, Any], field: str, problems: list[str]) -> str:
    given = value.get(field)
    if given is None:
        return ""
    problems += text_problems(given, field, blank=True)
    return given if isinstance(given, str) else ""


def _read_history(history: Any, problems: list[str]) -> tuple[Turn, ...]:
    if history is None or history == "":
        return ()
    if not isinstance(history, list):
        problems.append(f"history: expected a list of [question, answer], found {kind_of(history)}")
        return ()
    turns: list[Turn] = []
    for index, pair in each(history, problems):
        if not isinstance(pair, list) or len(pair) != 2:
            problems.append(f"history[{index}]: expected [question, answer], found {kind_of(pair)}")
            continue
        for at, text in enumerate(pair):
            problems += text_problems(text, f"history[{index}][{at}]")
            turns.append(Turn("assistant" if at else "user", text))
    return tuple(turns)


def write(conversation: Conversation) -> dict[str, Any]:
    """Write one row: the last user turn as instruction, what stands before it as history."""
    turns = [turn for turn in conversation.turns if turn.role not in INSTRUCTING]
    *before, asked, answer = turns
    out: dict[str, Any] = {"instruction": asked.text, "input": "", "output": said(answer)}
    system = next((turn.text for turn in conversation.turns if turn.role in INSTRUCTING), "")
    if system:
        out["system"] = system
    if before:
        out["history"] = [
            [question.text, reply.text] for question, reply in zip(before[::2], before[1::2], strict=True)
        ]
    return out


def map_texts(value: Mapping[str, Any], edit: Callable[[str, Place], str]) -> dict[str, Any]:
    """Return a copy with each text edited; an empty `input` or `system` stays empty."""
    places: dict[str, Place] = {"instruction": "prompt", "input": "prompt", "system": "system"}
    places[_answer_field(value)] = "answer"
    out = {
        key: edit(text, places[key]) if key in places and isinstance(text, str) and text else text
        for key, text in value.items()
    }
    if isinstance(value.get("history"), list):
        out["history"] = [[edit(text, "prompt") for text in pair] for pair in value["history"]]
    return out

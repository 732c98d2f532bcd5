"""Question with answer, prompt with completion, input with output, or any two fields that a person names.

A prompt or completion may also be a list of content parts, or of turns (as TRL writes conversational pairs).
`answers` beside them lists every accepted answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from advisor.data.formats.conversation import (
    Conversation,
    Place,
    Turn,
    Unreadable,
    each,
    encodable,
    kind_of,
    said,
    text_problems,
)
from advisor.data.formats.openai import map_chat, map_content, parse_turns, read_content

QUESTION_ANSWER = "question-answer"
PROMPT_COMPLETION = "prompt-completion"
INPUT_OUTPUT = "input-output"

PAIRS = {
    QUESTION_ANSWER: ("question", "answer"),
    PROMPT_COMPLETION: ("prompt", "completion"),
    INPUT_OUTPUT: ("input", "output"),
}


def lacks_names(format: str, fields: Collection[str]) -> bool:  # noqa: A002
    """Whether a file cannot hold pairs under the names that its columns have, and could if two were named.

    Args:
        format: that most rows are written in; empty where it could not be told.
        fields: all that its rows have.
    """
    if len(fields) < 2 or "answers" in fields:
        return False
    return not format or (format in PAIRS and not set(PAIRS[format]) <= set(fields))


def parse_pair(value: Mapping[str, Any], prompt: str, answer: str) -> Conversation | Unreadable:
    """Read a pair from two fields."""
    asked, given = value.get(prompt), value.get(answer)
    if type(asked) is str and type(given) is str and "answers" not in value:
        # The common case, kept short: files of a million rows are read through here.
        if asked.strip() and given.strip() and encodable(asked) and encodable(given):
            return Conversation((Turn("user", asked), Turn("assistant", given)))
    elif isinstance(asked, list) and isinstance(given, list) and _are_turns(asked) and _are_turns(given):
        return parse_turns([*asked, *given], value.get("tools"), prompt)
    accepted = value.get("answers")
    problems: list[str] = []
    turn = _prompt(value, prompt, problems)
    if answer in value or accepted is None:
        problems += _answer_problems(value, answer)
    if accepted is not None:
        _read_answers(accepted, problems)
    if problems or turn is None:
        return Unreadable(tuple(problems))
    texts = tuple(accepted or ())
    first = value[answer] if answer in value else texts[0]
    others = tuple(text for text in texts if text != first)
    return Conversation((turn, Turn("assistant", first)), answers=(first, *others) if texts else ())


def write_pair(conversation: Conversation, prompt: str, answer: str) -> dict[str, Any]:
    """Write the user's turn and the answer; a call is written as JSON text."""
    asked = next(turn for turn in conversation.turns if turn.role == "user")
    out: dict[str, Any] = {prompt: asked.text, answer: said(conversation.turns[-1])}
    if conversation.answers:
        out["answers"] = list(conversation.answers)
    return out


def map_pair(
    value: Mapping[str, Any], edit: Callable[[str, Place], str], prompt: str, answer: str
) -> dict[str, Any]:
    """Return a copy with each text edited."""
    out = dict(value)
    if _are_turns(value.get(prompt)):
        out[prompt] = map_chat(value[prompt], edit, last=False)
    else:
        out[prompt] = map_content(value.get(prompt), edit, "prompt")
    if _are_turns(value.get(answer)):
        out[answer] = map_chat(value[answer], edit)
    elif answer in value:
        out[answer] = map_content(value[answer], edit, "answer")
    if isinstance(value.get("answers"), list):
        out["answers"] = [edit(text, "answer") for text in value["answers"]]
    return out


def _are_turns(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "role" in value[0]


def _prompt(value: Mapping[str, Any], field: str, problems: list[str]) -> Turn | None:
    if field not in value:
        problems.append(f"{field}: expected text, found no such field")
        return None
    if isinstance(value[field], list):
        return read_content("user", value[field], field, problems)
    problems += text_problems(value[field], field)
    return Turn("user", value[field])


def _answer_problems(value: Mapping[str, Any], field: str) -> Iterator[str]:
    if field not in value:
        yield f"{field}: expected text, found no such field"
    else:
        yield from text_problems(value[field], field)


def _read_answers(answers: Any, problems: list[str]) -> None:
    if not isinstance(answers, list):
        problems.append(f"answers: expected a list of texts, found {kind_of(answers)}")
    elif not answers:
        problems.append("answers: expected at least one text, found an empty list")
    else:
        for index, text in each(answers, problems):
            problems += text_problems(text, f"answers[{index}]")

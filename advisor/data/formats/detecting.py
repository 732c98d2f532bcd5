"""Which format a row is written in, or what it is instead of a question-answer row, and what to do then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.data.formats.conversation import Unreadable, kind_of, shown
from advisor.data.formats.pairs import PAIRS

TEXT = "text"
OPENAI = "openai"
GEMINI = "gemini"
ALPACA = "alpaca"
SHAREGPT = "sharegpt"

READABLE = (*PAIRS, OPENAI, GEMINI, ALPACA, SHAREGPT)
EXPECTED = (
    "question and answer, prompt and completion, input and output, messages, contents, instruction, "
    "or conversations"
)

_PREFERRED = frozenset(
    {"chosen", "rejected", "chosen_messages", "rejected_messages", "rejected_response", "preferred_output",
     "non_preferred_output"}
)  # fmt: skip
_ROW_FIELDS = frozenset({"messages", "conversations", "completion", "instruction"})
NAME_THE_FIELDS = (
    "name the fields of question and answer: advisor data convert FILE --to question-answer "
    "--prompt-field NAME --answer-field NAME -o pairs.jsonl"
)
"""What to do where rows hold pairs under names of a person's own."""

_MOST_NAMED = 10


def format_of(value: Any) -> str | Unreadable:
    """Name the readable format of a parsed row, or say what the row is instead."""
    if not isinstance(value, dict):
        return Unreadable((f"row: expected an object with {EXPECTED}, found {kind_of(value)}",))
    return _other_purpose(value) or _chat_format(value) or _pair_format(value) or _no_pair(value)


def _other_purpose(value: Mapping[str, Any]) -> Unreadable | None:
    """Rows made for something else than learning an answer: preferences, and requests to a batch service."""
    if not _PREFERRED.isdisjoint(value):
        fix = "this program learns from one answer a row: keep the preferred answer of each pair and drop the other"
        if isinstance(value.get("prompt"), str) and isinstance(value.get("chosen"), str):
            fix = "to learn from the preferred answers alone: advisor data check FILE --prompt-field prompt --answer-field chosen"
        return _instead("a preference pair (chosen, rejected), as DPO takes", fix)
    if not _ROW_FIELDS.isdisjoint(value) and (isinstance(value.get("label"), bool) or "kto_tag" in value):
        fix = "this program learns from every answer: keep the rows whose label is true and remove the field label"
        return _instead("an answer with a preference label (true or false), as KTO takes", fix)
    if "custom_id" in value and ("body" in value or "response" in value):
        if "body" in value:
            fix = "give the requests with their answers: one messages list a row that ends with the assistant's turn"
            return _instead(
                "an OpenAI batch request (custom_id, method, url, body), which has no answer", fix
            )
        fix = "join the answers to their requests by custom_id: one messages list a row, the answer last"
        return _instead("an OpenAI batch result (custom_id, response), which has no question", fix)
    return None


def _chat_format(value: Mapping[str, Any]) -> str:
    if "contents" in value:
        return GEMINI
    for field in ("messages", "conversations"):
        if field in value:
            turns = value[field]
            first = turns[0] if isinstance(turns, list) and turns else None
            if isinstance(first, dict) and "from" in first:
                return SHAREGPT
            if isinstance(first, dict) and "role" in first and "value" not in first:
                return OPENAI
            return OPENAI if field == "messages" else SHAREGPT
    return ALPACA if "instruction" in value else ""


def _pair_format(value: Mapping[str, Any]) -> str:
    for name, fields in PAIRS.items():
        if fields[0] in value and (fields[1] in value or "answers" in value):
            return name
    for name, fields in PAIRS.items():
        if fields[0] in value or fields[1] in value:
            return name
    return ""


def _no_pair(value: Mapping[str, Any]) -> Unreadable:
    if "text" in value:
        if isinstance(value.get("label"), str):
            fix = "to make pairs of it: advisor data convert FILE --to question-answer --prompt-field text --answer-field label -o pairs.jsonl"
            return _instead("a text with a label (text, label)", fix)
        fix = "split each text where its answer begins, and write one object a line with the fields prompt and completion"
        return _instead("text alone (text), where prompt and answer cannot be told apart", fix)
    names = [shown(field) for field in list(value)[:_MOST_NAMED]]
    more = f" and {len(value) - _MOST_NAMED} more" if len(value) > _MOST_NAMED else ""
    kind = f"the fields {', '.join(names)}{more}" if value else "an empty object"
    fix = NAME_THE_FIELDS if len(value) > 1 else ""
    return Unreadable((f"format: expected {EXPECTED}, found {kind}",), fix=fix)


def _instead(kind: str, fix: str) -> Unreadable:
    return Unreadable((f"format: expected {EXPECTED}, found {kind}",), kind, fix)

"""The formats that rows are written in, each a parser and a writer of one shape in the middle.

`conversation` is that shape, `detecting` tells formats apart, `pairs`, `openai`, `gemini`, `alpaca` and
`sharegpt` read and write one each. `text` (`{"text"}`) is recognised and never written: it holds no pair, so
what would be written could not be read back. Containers (JSONL, CSV ...) are the business of `advisor.data.sources`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from advisor.data.formats import alpaca, gemini, openai, sharegpt
from advisor.data.formats.conversation import Conversation, Place, Unreadable, kind_of, shown
from advisor.data.formats.detecting import (
    ALPACA,
    EXPECTED,
    GEMINI,
    OPENAI,
    READABLE,
    SHAREGPT,
    TEXT,
    format_of,
)
from advisor.data.formats.pairs import PAIRS, map_pair, parse_pair, write_pair

__all__ = [
    "ALPACA",
    "EXPECTED",
    "GEMINI",
    "OPENAI",
    "PAIRS",
    "READABLE",
    "SHAREGPT",
    "TEXT",
    "Conversation",
    "Place",
    "Unreadable",
    "format_of",
    "kind_of",
    "map_texts",
    "parse",
    "parser_of",
    "read_fields",
    "shown",
    "write",
]

Fields = tuple[str, str]
"""The fields of prompt and answer that a person named, instead of those of a format."""

Parser = Callable[[Mapping[str, Any]], Conversation | Unreadable]
Edit = Callable[[str, Place], str]

_PARSE: dict[str, Parser] = {
    OPENAI: openai.parse,
    GEMINI: gemini.parse,
    ALPACA: alpaca.parse,
    SHAREGPT: sharegpt.parse,
}
_WRITE: dict[str, Callable[[Conversation], dict[str, Any]]] = {
    OPENAI: openai.write,
    GEMINI: gemini.write,
    ALPACA: alpaca.write,
    SHAREGPT: sharegpt.write,
}
_MAP: dict[str, Callable[[Mapping[str, Any], Edit], dict[str, Any]]] = {
    OPENAI: openai.map_texts,
    GEMINI: gemini.map_texts,
    ALPACA: alpaca.map_texts,
    SHAREGPT: sharegpt.map_texts,
}
_FIELDS: dict[str, tuple[str, ...]] = {
    OPENAI: openai.FIELDS,
    GEMINI: gemini.FIELDS,
    ALPACA: alpaca.FIELDS,
    SHAREGPT: sharegpt.FIELDS,
}


def parser_of(name: str, fields: Fields | None = None) -> Parser:
    """Return what reads a row of the named format, or of the two fields named."""
    if fields or name in PAIRS:
        prompt, answer = fields or PAIRS[name]
        return partial(parse_pair, prompt=prompt, answer=answer)
    return _PARSE[name]


def parse(value: Mapping[str, Any], name: str, fields: Fields | None = None) -> Conversation | Unreadable:
    """Read one row of the named format, or of the two fields named."""
    return parser_of(name, fields)(value)


def write(conversation: Conversation, name: str) -> dict[str, Any]:
    """Write one row in the named format, which must be able to hold it (`converting` sees to that)."""
    if name in PAIRS:
        return write_pair(conversation, *PAIRS[name])
    return _WRITE[name](conversation)


def map_texts(
    value: Mapping[str, Any],
    name: str,
    edit: Edit,
    *,
    fields: Fields | None = None,
) -> dict[str, Any]:
    """Return a copy of a row, as it stands in its file, with every text edited.

    Other values, unknown fields, calls with their arguments, and the order of keys stay as they are.

    Args:
        value: a row that was read without a problem.
        name: its format.
        edit: gets each text and where it stands; returns the new text.
        fields: the fields of prompt and answer, where a person named them.
    """
    if fields or name in PAIRS:
        return map_pair(value, edit, *(fields or PAIRS[name]))
    return _MAP[name](value, edit)


def read_fields(name: str, fields: Fields | None = None) -> tuple[str, ...]:
    """Return the fields that a format reads; a row's other fields are ignored."""
    if fields or name in PAIRS:
        return (*(fields or PAIRS[name]), "answers")
    return _FIELDS[name]

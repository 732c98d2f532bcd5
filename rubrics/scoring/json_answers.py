"""Is an answer JSON, and is it the same document as the reference?

JSON is read strictly, as RFC 8259 has it: NaN and Infinity are refused, and so is any text around the document.
Keys that an object repeats are legal there but mean different things to different readers, so they are noted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rubrics.scoring.wording import best
from rubrics.text import nfc

DEEPEST = 200
"""Levels of nesting; real answers have a handful, and readers differ on thousands."""

_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)```", re.DOTALL)
_OPENING = re.compile(r"[{\[]")
_STARTS_TRIED = 200


@dataclass(frozen=True)
class Document:
    """A parsed JSON text.

    Attributes:
        value: objects, lists, NFC texts, Decimals, booleans, None; of a repeated key the last value.
        repeated: keys that an object repeats, once for each repetition, sorted.
    """

    value: Any
    repeated: tuple[str, ...]


class NotJson(ValueError):
    """The text is not one JSON document; the message says why and where."""


def parse_json(text: str) -> Document:
    """Read a text as one JSON document, white space around it allowed.

    Numbers become Decimals, so that 1, 1.0 and 1e0 are equal and no digit is lost.

    Raises:
        NotJson: it is none, or it is nested deeper than `DEEPEST`.
    """
    repeated: list[str] = []

    def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in pairs:
            name = nfc(key)
            if name in made:
                repeated.append(name)
            made[name] = value
        return made

    value = load_strictly(text, object_pairs_hook=as_object, parse_int=Decimal, parse_float=Decimal)
    return Document(_composed(value), tuple(sorted(repeated)))


def json_problem(text: str) -> str:
    """Say why a text is not one JSON document; empty where it is."""
    try:
        parse_json(text)
    except NotJson as problem:
        return str(problem)
    return ""


def repeated_keys(text: str) -> tuple[str, ...]:
    """Return the keys that objects of a JSON text repeat; none where the text is not JSON."""
    try:
        return parse_json(text).repeated
    except NotJson:
        return ()


def json_validity(prediction: str, references: Sequence[str] = ()) -> float:
    """Say whether the whole answer is one JSON document (RFC 8259), 1.0 or 0.0; references are not read."""
    return float(not json_problem(prediction))


def json_equality(prediction: str, references: Sequence[str]) -> float:
    """Say whether answer and a reference are the same JSON document.

    The order of keys, white space, the form of numbers (1, 1.0, 1e0) and of Unicode (NFC) do not count; the order
    of lists does. A boolean is no number. Keys that the answer repeats must be repeated by the reference.

    Returns:
        1.0 if any reference is equal, else 0.0; an answer that is not JSON scores 0.
    Raises:
        ValueError: there is no reference, or one is not JSON.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return best(_same_document, prediction, references)


def json_inside(prediction: str, references: Sequence[str]) -> float:
    """`json_equality` of the one document that stands in the answer: alone, in a code fence, or within wording.

    What this forgives and `json_equality` does not is a failure of form. Two different documents score 0.

    Raises:
        ValueError: there is no reference, or one is not JSON.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return best(_same_document, json_part(prediction), references)


def json_part(answer: str) -> str:
    """Return the one JSON document that stands in an answer, as text; empty where there is none or several.

    The whole answer if it is one; else what stands in its code fence; else its object or list.
    """
    if not json_problem(answer):
        return answer
    fenced = [part for part in _FENCE.findall(answer) if not json_problem(part)]
    found = fenced or _documents_in(answer)
    return found[0] if len(found) == 1 else ""


def same_value(one: Any, other: Any) -> bool:
    """Compare parsed JSON values; unlike Python's own comparison, True is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_value(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    return type(one) is type(other) and bool(one == other)


def _same_document(prediction: str, reference: str) -> float:
    expected = parse_json(reference)
    try:
        found = parse_json(prediction)
    except NotJson:
        return 0.0
    return float(found.repeated == expected.repeated and same_value(found.value, expected.value))


def load_strictly(text: str, **hooks: Any) -> Any:
    """`json.loads` without NaN and Infinity, and without more than `DEEPEST` levels.

    Raises:
        NotJson: the text is not one JSON document, or it is nested deeper.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, **hooks)
    except RecursionError:
        raise NotJson(f"is nested deeper than {DEEPEST} levels") from None
    except ValueError as error:
        raise NotJson(f"is not JSON: {error}") from None
    if _deeper(value, DEEPEST):
        raise NotJson(f"is nested deeper than {DEEPEST} levels")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels + 1):
        layer = [inner for outer in layer for inner in _containers(outer)]
        if not layer:
            return False
    return True


def _containers(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in inner if isinstance(item, dict | list)]


def _composed(value: Any) -> Any:
    """Every text in NFC; keys are composed by the hook already, which sees their repetitions."""
    if isinstance(value, str):
        return nfc(value)
    if isinstance(value, list):
        return [_composed(item) for item in value]
    if isinstance(value, dict):
        return {key: _composed(item) for key, item in value.items()}
    return value


def _documents_in(answer: str) -> list[str]:
    """Objects and lists within wording; what lies inside one that was found is not looked at again."""
    decoder, found, at = json.JSONDecoder(), [], 0
    for _ in range(_STARTS_TRIED):
        start = _OPENING.search(answer, at)
        if start is None:
            break
        try:
            _, end = decoder.raw_decode(answer, start.start())
        except (ValueError, RecursionError):
            at = start.end()
            continue
        at = end
        if not json_problem(answer[start.start() : end]):
            found.append(answer[start.start() : end])
    return found

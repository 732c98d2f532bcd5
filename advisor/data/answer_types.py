"""What kind of thing an answer is: JSON, a number, a list, code, prose.

Told by form alone and by cheap tests, since a million answers pass through here.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from rubrics.refusals import is_refusal

TYPES = (
    "empty",
    "JSON object",
    "JSON array",
    "broken JSON",
    "number",
    "yes/no",
    "URL",
    "code",
    "refusal",
    "list",
    "label",
    "one line",
    "several lines",
)
JSON = frozenset({"JSON object", "JSON array"})
STRUCTURED = frozenset({"JSON object", "JSON array", "number", "yes/no", "URL", "code", "list"})
"""Types that a program may read: where nearly all answers are of one, the others are odd."""

PROSE = frozenset({"one line", "several lines", "refusal"})

_YES_NO = frozenset(
    {
        "yes",
        "no",
        "yes.",
        "no.",
        "true",
        "false",
        "y",
        "n",
        "ja",
        "nein",
        "oui",
        "non",
        "예",
        "아니요",
        "아니오",
        "네",
    }
)
_NUMBER = re.compile(r"[-+−]?\s?[$€£₩¥]?\s?\d[\d.,_' \u202f\u00a0]*(?:[eE][-+]?\d+)?\s?[%€$£]?")
_URL = re.compile(r"(?:https?://|www\.)\S+")
_BULLET = re.compile(r"\s*(?:[-*•‣·–]\s|\(?\d{1,3}[.)]\s|\(?[a-z][.)]\s)")
_CODE = re.compile(
    r"```|SELECT\s|INSERT INTO\s|UPDATE \w+ SET\s|DELETE FROM\s|CREATE (?:TABLE|VIEW|INDEX)\s|WITH \w+ AS \("
    r"|select\s.+\sfrom\s|#include\s*[<\"]|#!/|(?:async )?def \w+\(|class \w+\s*[:({]|function\s*\w*\("
    r"|(?:const|let|var) \w+\s*=|(?:import|from) [\w.]+(?: import .+)?;?\n|import [\w.{} ,*]+ from ['\"]"
    r"|public (?:static |class |void )|<\?php|<!DOCTYPE|<\?xml|<(?:html|svg|div|table|p|ul|ol)\b[^>]*>",
    re.DOTALL,
)


def answer_type(text: str) -> str:
    """Return which of `TYPES` an answer is; `label` is never told from one answer alone."""
    bare = text.strip()
    if not bare:
        return "empty"
    if bare[0] in "{[":
        kind = _json_type(bare)
        if kind:
            return kind
    if len(bare) <= 40 and (kind := _short_type(bare)):
        return kind
    return _text_type(bare)


def _json_type(bare: str) -> str:
    try:
        value = _DECODER.decode(bare)
    except (ValueError, RecursionError):
        return "broken JSON" if re.match(r"""\{\s*"|\[\s*[\[{"]|\{\s*'[^'\n]*'\s*:""", bare) else ""
    return "JSON object" if isinstance(value, dict) else "JSON array"


def _short_type(bare: str) -> str:
    if _NUMBER.fullmatch(bare):
        return "number"
    return "yes/no" if bare.casefold() in _YES_NO else ""


def _text_type(bare: str) -> str:
    if bare[0] in "hw" and _URL.fullmatch(bare):
        return "URL"
    if _CODE.match(bare):
        return "code"
    if is_refusal(bare):
        return "refusal"
    if "\n" not in bare:
        return "one line"
    return "list" if _is_list(bare) else "several lines"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
"""Strict: NaN and Infinity, which Python would read, are no JSON."""


def _is_list(bare: str) -> bool:
    lines = [line for line in bare.split("\n") if line.strip()]
    return len(lines) > 1 and sum(_BULLET.match(line) is not None for line in lines) > 0.6 * len(lines)

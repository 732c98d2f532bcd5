"""The fixes that change texts: each looks at all rows first and gives back how to edit one text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from advisor.data.consistency import canonical_json, canonical_labels, key_order, trimmed
from advisor.data.findings import label_set
from advisor.data.formats import Place
from advisor.data.json_forms import Spacing, spacing_of
from advisor.data.placeholders import mended
from advisor.data.privacy import redacted
from advisor.data.rows import Row
from advisor.data.text_forms import without_invisible
from rubrics.text import nfc

Edit = Callable[[str, Place], str]
"""Edits one text; the place says where it stands: `system`, `prompt` or `answer`."""

_CURLY = str.maketrans("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f", "''''\"\"\"\"")


def _everywhere(change: Callable[[str], str]) -> Callable[[Sequence[Row]], Edit]:
    return lambda rows: lambda text, place: change(text)


def _trim(text: str) -> str:
    """Trim, but keep the indentation of a first line that others follow: in code it has a meaning."""
    bare = trimmed(text)
    if "\n" not in bare:
        return bare
    start = text[: text.index(bare)]
    return start.rpartition("\n")[2] + bare


def _straight_quotes(text: str) -> str:
    straight = text.translate(_CURLY)
    # A curly quote inside a JSON string must not end the string.
    return text if straight == text or (_is_json(text) and not _is_json(straight)) else straight


def _redact(text: str) -> str:
    """Redact; in JSON value by value, since a placeholder in the place of a number would break it."""
    clean = redacted(text)
    if clean == text or not _is_json(text) or _is_json(clean):
        return clean
    return json.dumps(_redacted_value(json.loads(text)), ensure_ascii=False)


def _redacted_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {redacted(key): _redacted_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_redacted_value(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    written = value if isinstance(value, str) else json.dumps(value)
    clean = redacted(written)
    return value if clean == written else clean


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _json_keys(rows: Sequence[Row]) -> Edit:
    answers = [row.answer for row in rows]
    order = key_order(answers)
    spacing = _commonest_spacing(answers)
    return lambda text, place: canonical_json(text, order, spacing=spacing) if place == "answer" else text


def _commonest_spacing(answers: Sequence[str]) -> Spacing:
    counts = Counter(spacing for answer in answers if answer[:1] in "{ " and (spacing := spacing_of(answer)))
    return max(counts, key=lambda spacing: (counts[spacing], spacing), default="spaced")


def _lower_labels(rows: Sequence[Row]) -> Edit:
    answers = [row.answer for row in rows]
    known = set(answers) if label_set(answers) is not None else set()
    return lambda text, place: text.lower() if place == "answer" and text in known else text


def _labels(rows: Sequence[Row], *, spelling: bool) -> Edit:
    forms = canonical_labels([row.answer for row in rows], spelling=spelling)
    return lambda text, place: forms.get(text, text) if place == "answer" else text


EDITORS: Mapping[str, Callable[[Sequence[Row]], Edit]] = {
    "mojibake": _everywhere(mended),
    "unicode": _everywhere(nfc),
    "spaces": _everywhere(without_invisible),
    "trim": _everywhere(_trim),
    "line-ends": _everywhere(lambda text: text.replace("\r\n", "\n").replace("\r", "\n")),
    "quotes": _everywhere(_straight_quotes),
    "redact": _everywhere(_redact),
    "json-keys": _json_keys,
    "lower-labels": _lower_labels,
    "labels": lambda rows: _labels(rows, spelling=False),
    "label-spelling": lambda rows: _labels(rows, spelling=True),
}

EVERYWHERE = frozenset({"redact"})
"""Edits of all that a model is shown, the arguments of calls included; the others edit what is said in words."""

_STRUCTURE = frozenset({"role", "from", "type", "name", "id", "tool_call_id", "weight"})
"""Keys whose values hold a row together and say nothing."""


def map_strings(value: Any, edit: Edit) -> Any:
    """Return a JSON value with each of its texts edited, and each number that the edit would change as a text."""
    if isinstance(value, dict):
        return {key: item if key in _STRUCTURE else map_strings(item, edit) for key, item in value.items()}
    if isinstance(value, list):
        return [map_strings(item, edit) for item in value]
    if isinstance(value, bool) or value is None or str(value).startswith("data:"):
        # An embedded image is no text, though letters in it may look like some.
        return value
    written = value if isinstance(value, str) else json.dumps(value)
    edited = edit(written, "prompt")
    return value if edited == written else edited

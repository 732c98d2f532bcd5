"""Which writing systems texts use. A script is not a language: English and French are both Latin here."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

_LATIN = re.compile("[A-Za-z]")
_LOOKED_AT = 500
_NAMES = {"CJK": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana", "HANGUL": "Hangul", "FULLWIDTH": "Latin"}
_PREFIXES = frozenset(
    {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "BENGALI", "TAMIL", "TELUGU"}
    | {"GEORGIAN", "ARMENIAN", "ETHIOPIC", "KHMER", "LAO", "MYANMAR", "GUJARATI", "KANNADA", "MALAYALAM"}
    | {"SINHALA", "TIBETAN", "MONGOLIAN", "GURMUKHI"}
)


def script_of(text: str) -> str:
    """Return the script of most letters in the first 500 characters, `none` where there are no letters.

    Japanese is told by its kana: text with a tenth of kana among its Han is `Kana`.
    """
    start = text[:_LOOKED_AT]
    if start.isascii():
        return "Latin" if _LATIN.search(start) else "none"
    counts: Counter[str] = Counter()
    for character, count in Counter(start).items():
        script = _script_of_character(character)
        if script:
            # A syllable or ideograph says as much as two or three letters.
            counts[script] += count * (2 if script in ("Han", "Kana", "Hangul") else 1)
    if not counts:
        return "none"
    if counts["Kana"] * 9 >= counts["Han"] > 0:
        counts["Kana"] += counts.pop("Han")
    return max(counts, key=lambda script: (counts[script], script))


def script_mix(texts: Iterable[str]) -> list[str]:
    """Return the script of each text."""
    return [script_of(text) for text in texts]


@lru_cache(maxsize=4096)
def _script_of_character(character: str) -> str:
    if character.isascii():
        return "Latin" if character.isalpha() else ""
    if not character.isalpha():
        return ""
    first = unicodedata.name(character, "").split(" ", 1)[0].split("-", 1)[0]
    return _NAMES.get(first, first.capitalize() if first in _PREFIXES else "other")

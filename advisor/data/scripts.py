"""Which writing systems texts use. A script is not a language: English and French are both Latin here."""

from __future__ import annotations

import re
import unicodedata

_LATIN = re.compile("[A-Za-z]")
_LOOKED_AT = 200
_NAMES = {"CJK": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana", "HANGUL": "Hangul", "FULLWIDTH": "Latin"}
_DENSE = frozenset({"Han", "Kana", "Hangul"})
_PREFIXES = frozenset(
    {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "BENGALI", "TAMIL", "TELUGU"}
    | {"GEORGIAN", "ARMENIAN", "ETHIOPIC", "KHMER", "LAO", "MYANMAR", "GUJARATI", "KANNADA", "MALAYALAM"}
    | {"SINHALA", "TIBETAN", "MONGOLIAN", "GURMUKHI"}
)


def script_of(text: str) -> str:
    """Return the script of most letters in the first 200 characters, `none` where there are no letters.

    Japanese is told by its kana: text with a tenth of kana among its Han is `Kana`.
    """
    start = text[:_LOOKED_AT]
    if start.isascii():
        return "Latin" if _LATIN.search(start) else "none"
    marks = start.translate(_MARKS)
    different = set(marks)
    if len(different) < 2:
        return _MARKS.scripts[marks[0]] if marks else "none"
    counts = {_MARKS.scripts[mark]: marks.count(mark) for mark in different}
    for script in _DENSE & counts.keys():
        # A syllable or an ideograph says as much as two or three letters.
        counts[script] *= 2
    if counts.get("Kana", 0) * 9 >= counts.get("Han", 0) > 0:
        counts["Kana"] += counts.pop("Han")
    return max(counts, key=lambda script: (counts[script], script))


class _ScriptMarks(dict[int, int | None]):
    """A table for `str.translate`: each letter becomes the mark of its script, anything else goes.

    It fills itself while texts pass; `scripts` names the marks.
    """

    def __init__(self) -> None:
        self.scripts: dict[str, str] = {}
        self._marks: dict[str, int] = {}

    def __missing__(self, code: int) -> int | None:
        script = _script_of_character(chr(code))
        self[code] = None
        if script:
            self[code] = self._marks.setdefault(script, len(self._marks) + 1)
            self.scripts[chr(self._marks[script])] = script
        return self[code]


def _script_of_character(character: str) -> str:
    if not character.isalpha():
        return ""
    first = unicodedata.name(character, "").split(" ", 1)[0].split("-", 1)[0]
    return _NAMES.get(first, first.capitalize() if first in _PREFIXES else "other")


_MARKS = _ScriptMarks()

"""How a prompt is written: plain properties that a person can name and act on (rule D8)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from advisor.data.rows import Row

WORD = re.compile(r"[^\W\d_]{2,}")
"""Two letters or more of any script."""

_MARKS: Mapping[str, re.Pattern[str]] = {
    "a question mark": re.compile(r"[?？؟]"),
    "a greeting": re.compile(
        r"^\W*(?:hello|hi|hey|hiya|dear|greetings|good (?:morning|afternoon|evening|day)|hallo|hola|bonjour|안녕)(?!\w*-)",
        re.IGNORECASE,
    ),
    "please or thanks": re.compile(
        r"\b(?:please|pls|plz|thanks|thank you|thx|cheers)\b|감사|부탁", re.IGNORECASE
    ),
    "a web address": re.compile(r"https?://|\bwww\.", re.IGNORECASE),
    "JSON": re.compile(r'[{\[]\s*"[^"\n]{0,80}"\s*[:,\]]'),
    "code": re.compile(r"```|[;{]\s*\n|\bdef \w{1,40}\(|\bfunction\b[^\n]{0,40}\(|</\w{1,20}>|=>"),
    "markdown": re.compile(
        r"^(?:#{1,6} |[*-] |\d{1,2}\. |\|.{1,200}\|)|\*\*[^*\n]{1,200}\*\*|\[[^\]\n]{1,80}\]\(", re.MULTILINE
    ),
    "several lines": re.compile(r"\S\s*\n\s*\S"),
    "a number": re.compile(r"\d"),
    "an emoji": re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]"),
    "an exclamation mark": re.compile(r"[!！]"),
    "no full stop or other mark at the end": re.compile(r"[^.!?…。？！)\"'\]}:;]\s*\Z"),
}
_SCRIPTS: Mapping[str, re.Pattern[str]] = {
    "Hangul": re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]"),
    "Japanese kana": re.compile("[\u3040-\u30ff]"),
    "Chinese characters": re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
    "Cyrillic": re.compile("[\u0400-\u04ff]"),
    "Arabic": re.compile("[\u0600-\u06ff]"),
    "Greek": re.compile("[\u0370-\u03ff]"),
    "Hebrew": re.compile("[\u0590-\u05ff]"),
    "Thai": re.compile("[\u0e00-\u0e7f]"),
    "Devanagari": re.compile("[\u0900-\u097f]"),
}
_LANGUAGE_WORDS = {
    "English": "the and is to my of you for it was with that have not this are can do how what in on be",
    "German": "der die das und ist ich nicht mein ein eine zu mit für wie auf es wir",
    "French": "le la les et est je ne pas mon une des pour avec que vous dans il",
    "Spanish": "el la los es mi un una que para con por se en del está las como",
    "Italian": "il la gli che non mio un una per con di sono mi nel della come",
    "Portuguese": "os as não meu um uma que para com por em da você na minha como",
    "Dutch": "de het een en is ik niet mijn van voor met dat op zijn wij hoe te",
}
"""Commonest words; a prompt's language is the one with most of them, at least two."""
_LANGUAGES = {name: frozenset(words.split()) for name, words in _LANGUAGE_WORDS.items()}


def properties(row: Row) -> set[tuple[str, str]]:
    """Return the properties of a row's prompt as (aspect, name), aspects `marks` and `system prompt`."""
    prompt = row.prompt
    found = {("marks", name) for name, pattern in _MARKS.items() if pattern.search(prompt)}
    letters = [character for character in prompt if character.isalpha()]
    cased = sum(character.isupper() or character.islower() for character in letters)
    capitals = sum(character.isupper() for character in letters)
    if cased >= 8 and capitals > 0.8 * cased:
        found.add(("marks", "capital letters throughout"))
    if cased >= 8 and not capitals:
        found.add(("marks", "no capital letter"))
    if sum(turn["role"] == "user" for turn in row.messages) > 1:
        found.add(("marks", "earlier turns"))
    if row.system:
        found.add(("system prompt", "a system prompt"))
    return found


def language(text: str) -> str:
    """Name the script that most letters are of, or for Latin letters the language if its words tell; else nothing."""
    if not text.isascii():
        letters = sum(character.isalpha() for character in text)
        for name, pattern in _SCRIPTS.items():
            if len(pattern.findall(text)) > 0.5 * letters > 0:
                return name
    words = set(WORD.findall(text.lower()))
    hits = {name: len(words & own) for name, own in _LANGUAGES.items()}
    best = max(hits, key=lambda name: hits[name])
    clear = hits[best] >= 2 and sorted(hits.values())[-2] < hits[best]
    return best if clear else ""


def marks(row: Row) -> dict[str, float]:
    """Return how a prompt is written as numbers about 0..1: each mark that it has, and its length."""
    found = {name: 1.0 for aspect, name in properties(row) if aspect == "marks"}
    return {**found, "length": math.log1p(len(row.prompt)) / 8}

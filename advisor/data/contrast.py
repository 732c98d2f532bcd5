"""What tells two samples apart, in words a person can act on (rule D8).

A classifier says that production differs, not how. So a list of plain properties is counted on both sides: how long
prompts are, how they are written, in which script and language, which words they use. Each is tested, and only
those are named that hold after Holm's correction over all that were looked at (Holm 1979, Scandinavian Journal of
Statistics 6, 65); of many properties some always differ by chance.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from advisor.data.privacy import redacted
from advisor.data.rows import Row
from rubrics.data_rules import threshold
from rubrics.statistics import wilson


@dataclass(frozen=True, slots=True)
class Difference:
    """A property that the two samples have in different measure.

    Attributes:
        aspect: `marks`, `system prompt`, `language`, `repeats`, `refusals`, `words` or `length`.
        name: the property: rows that have it, in words; a word itself for `words`.
        here, there: share of the rows that have it, 0..1; of `length` the median in characters.
        low, high: 95% limits of there - here for shares (Newcombe); None for `length`.
        p: after Holm's correction.
    """

    aspect: str
    name: str
    here: float
    there: float
    low: float | None
    high: float | None
    p: float

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as details of a finding."""
        interval = {"difference_low": self.low, "difference_high": self.high} if self.low is not None else {}
        return {"name": self.name, "rows": self.here, "production": self.there, **interval, "p_holm": self.p}


@dataclass(frozen=True, slots=True)
class _Count:
    aspect: str
    name: str
    here: int
    there: int
    of_here: int
    of_there: int


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
_LANGUAGES: Mapping[str, frozenset[str]] = {
    "English": frozenset(
        [
            "the",
            "and",
            "is",
            "to",
            "my",
            "of",
            "you",
            "for",
            "it",
            "was",
            "with",
            "that",
            "have",
            "not",
            "this",
            "are",
            "can",
            "do",
            "how",
            "what",
            "in",
            "on",
            "be",
        ]
    ),
    "German": frozenset(
        [
            "der",
            "die",
            "das",
            "und",
            "ist",
            "ich",
            "nicht",
            "mein",
            "ein",
            "eine",
            "zu",
            "mit",
            "für",
            "wie",
            "auf",
            "es",
            "wir",
        ]
    ),
    "French": frozenset(
        [
            "le",
            "la",
            "les",
            "et",
            "est",
            "je",
            "ne",
            "pas",
            "mon",
            "une",
            "des",
            "pour",
            "avec",
            "que",
            "vous",
            "dans",
            "il",
        ]
    ),
    "Spanish": frozenset(
        [
            "el",
            "la",
            "los",
            "es",
            "mi",
            "un",
            "una",
            "que",
            "para",
            "con",
            "por",
            "se",
            "en",
            "del",
            "está",
            "las",
            "como",
        ]
    ),
    "Italian": frozenset(
        [
            "il",
            "la",
            "gli",
            "che",
            "non",
            "mio",
            "un",
            "una",
            "per",
            "con",
            "di",
            "sono",
            "mi",
            "nel",
            "della",
            "come",
        ]
    ),
    "Portuguese": frozenset(
        [
            "os",
            "as",
            "não",
            "meu",
            "um",
            "uma",
            "que",
            "para",
            "com",
            "por",
            "em",
            "da",
            "você",
            "na",
            "minha",
            "como",
        ]
    ),
    "Dutch": frozenset(
        [
            "de",
            "het",
            "een",
            "en",
            "is",
            "ik",
            "niet",
            "mijn",
            "van",
            "voor",
            "met",
            "dat",
            "op",
            "zijn",
            "wij",
            "hoe",
            "te",
        ]
    ),
}
"""Commonest words; a prompt's language is the one with most of them, at least two."""

_REFUSAL = re.compile(
    r"\b(?:I(?:'m| am)?(?: really| very)? ?(?:sorry,? (?:but )?I (?:can(?:'|no)?t|am (?:not able|unable))"
    r"|can(?:'|no)?t (?:help|assist|do that|provide|comply|answer)|(?:'m|am) (?:unable|not able) to"
    r"|must decline|won't be able to)|as an AI\b)|도와드릴 수 없|답변(?:해 드리기|드리기)? 어렵|죄송하지만",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]{2,}")


def differences(here: Sequence[Row], there: Sequence[Row]) -> list[Difference]:
    """Return what differs between the rows of a dataset and those of production, strongest first.

    Half of the family-wise error is for the words, half for all else, so that thousands of words cannot hide a mark.
    """
    alpha = threshold("D8", "alpha") / 2
    rest = [*_shares(here, there), *_refusals(here, there)]
    lengths = _length(here, there)
    p_rest = _holm([*_exact(rest), lengths.p])
    found = [_difference(count, p) for count, p in zip(rest, p_rest, strict=False)]
    found.append(Difference("length", lengths.name, lengths.here, lengths.there, None, None, p_rest[-1]))
    words = list(_words(here, there))
    found += [_difference(count, p) for count, p in zip(words, _holm(_exact(words)), strict=True)]
    real = [
        difference for difference in found if difference.p < alpha and difference.here != difference.there
    ]
    return sorted(real, key=lambda difference: -abs(difference.there - difference.here))


def marks(row: Row) -> dict[str, float]:
    """Return how a prompt is written as numbers about 0..1: each mark that it has, and its length."""
    found = {name: 1.0 for aspect, name in _properties(row) if aspect == "marks"}
    return {**found, "length": math.log1p(len(row.prompt)) / 8}


def _shares(here: Sequence[Row], there: Sequence[Row]) -> Iterator[_Count]:
    a, b = [_properties(row) for row in here], [_properties(row) for row in there]
    for aspect, name in sorted(set().union(*a, *b)):
        key = (aspect, name)
        yield _Count(aspect, name, sum(key in own for own in a), sum(key in own for own in b), len(a), len(b))
    known = {row.system for row in here}
    if any(known):
        strange = sum(row.system not in known for row in there if row.system)
        yield _Count(
            "system prompt", "a system prompt that no row here has", 0, strange, len(here), len(there)
        )
    yield from _languages(here, there)


def _languages(here: Sequence[Row], there: Sequence[Row]) -> Iterator[_Count]:
    """Count languages among the prompts whose language shows; short ones show none."""
    a, b = (Counter(filter(None, (_language(row.prompt) for row in rows))) for rows in (here, there))
    if min(a.total(), b.total()) < threshold("D8", "least_rows"):
        return
    for name in sorted(a.keys() | b.keys()):
        yield _Count("language", name, a[name], b[name], a.total(), b.total())


def _properties(row: Row) -> set[tuple[str, str]]:
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


def _language(text: str) -> str:
    """Name the script that most letters are of, or for Latin letters the language if its words tell; else nothing."""
    if not text.isascii():
        letters = sum(character.isalpha() for character in text)
        for name, pattern in _SCRIPTS.items():
            if len(pattern.findall(text)) > 0.5 * letters > 0:
                return name
    words = set(_WORD.findall(text.lower()))
    hits = {name: len(words & own) for name, own in _LANGUAGES.items()}
    best = max(hits, key=lambda name: hits[name])
    clear = hits[best] >= 2 and sorted(hits.values())[-2] < hits[best]
    return best if clear else ""


def _refusals(here: Sequence[Row], there: Sequence[Row]) -> Iterator[_Count]:
    answered = [row.answer for row in there if row.answer]
    if len(answered) >= threshold("D8", "least_rows"):
        a = sum(bool(_REFUSAL.search(row.answer)) for row in here)
        b = sum(bool(_REFUSAL.search(answer)) for answer in answered)
        yield _Count("refusals", "an answer that refuses", a, b, len(here), len(answered))


def repeats(here: Sequence[str], there: Sequence[str]) -> Difference | None:
    """Compare how many rows repeat an earlier prompt; None where that does not differ."""
    a, b = len(here) - len(set(here)), len(there) - len(set(there))
    count = _Count("repeats", "the prompt of an earlier row again", a, b, len(here), len(there))
    (p,) = _exact([count])
    return _difference(count, p) if p < threshold("D8", "alpha") / 2 else None


def _length(here: Sequence[Row], there: Sequence[Row]) -> Difference:
    """Compare lengths in characters by ranks (Mann and Whitney); p is not corrected yet."""
    import numpy as np
    from scipy.stats import mannwhitneyu

    a, b = ([len(row.prompt) for row in rows] for rows in (here, there))
    p = float(mannwhitneyu(a, b, alternative="two-sided", method="asymptotic").pvalue)
    name = "median length in characters"
    return Difference(
        "length", name, float(np.median(a)), float(np.median(b)), None, None, 1.0 if math.isnan(p) else p
    )


def _words(here: Sequence[Row], there: Sequence[Row]) -> Iterator[_Count]:
    # A word that is named must not be half of somebody's address.
    a, b = (_document_frequency([redacted(row.prompt) for row in rows]) for rows in (here, there))
    least = threshold("D8", "word_rows")
    for word in sorted(a.keys() | b.keys()):
        if a.get(word, 0) + b.get(word, 0) >= least:
            yield _Count("words", word, a.get(word, 0), b.get(word, 0), len(here), len(there))


def _document_frequency(texts: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text in texts:
        for word in _words_of(text):
            counts[word] = counts.get(word, 0) + 1
    return counts


def _words_of(text: str) -> set[str]:
    """Words in lower case; pairs of characters where a script writes no spaces."""
    folded = text.casefold()
    pairs = {a + b for run in _UNSPACED.findall(folded) for a, b in pairwise(run)}
    return {word for word in _WORD.findall(folded) if not _UNSPACED.fullmatch(word)} | pairs


def _exact(counts: Sequence[_Count]) -> list[float]:
    """Return two-sided p-values of equal shares: twice the smaller tail of Fisher's exact test."""
    if not counts:
        return []
    import numpy as np
    from scipy.stats import hypergeom

    a, b, m, n = (
        np.array([getattr(count, name) for count in counts])
        for name in ("here", "there", "of_here", "of_there")
    )
    lower, upper = hypergeom.cdf(b, m + n, a + b, n), hypergeom.sf(b - 1, m + n, a + b, n)
    return [float(p) for p in np.minimum(1.0, 2 * np.minimum(lower, upper))]


def _holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values after Holm's step-down correction."""
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted


def _difference(count: _Count, p: float) -> Difference:
    """Give a difference of shares its interval (Newcombe 1998, Statistics in Medicine 17, 873, method 10)."""
    a, b = wilson(count.here, count.of_here), wilson(count.there, count.of_there)
    d = b.value - a.value
    low = d - math.hypot(b.value - b.low, a.high - a.value)
    high = d + math.hypot(b.high - b.value, a.value - a.low)
    return Difference(count.aspect, count.name, a.value, b.value, low, high, p)

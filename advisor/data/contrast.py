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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from advisor.data.privacy import redacted
from advisor.data.properties import WORD, language, properties
from advisor.data.rows import Row
from rubrics.data_rules import threshold
from rubrics.refusals import is_refusal
from rubrics.statistics import holm, wilson


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


_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]{2,}")


def differences(here: Sequence[Row], there: Sequence[Row]) -> list[Difference]:
    """Return what differs between the rows of a dataset and those of production, strongest first.

    Half of the family-wise error is for the words, half for all else, so that thousands of words cannot hide a mark.
    """
    alpha = threshold("D8", "alpha") / 2
    rest = [*_shares(here, there), *_refusals(here, there)]
    lengths = _length(here, there)
    p_rest = holm([*_exact(rest), lengths.p])
    found = [_difference(count, p) for count, p in zip(rest, p_rest, strict=False)]
    found.append(Difference("length", lengths.name, lengths.here, lengths.there, None, None, p_rest[-1]))
    words = list(_words(here, there))
    found += [_difference(count, p) for count, p in zip(words, holm(_exact(words)), strict=True)]
    real = [
        difference for difference in found if difference.p < alpha and difference.here != difference.there
    ]
    return sorted(real, key=lambda difference: -abs(difference.there - difference.here))


def _shares(here: Sequence[Row], there: Sequence[Row]) -> Iterator[_Count]:
    a, b = [properties(row) for row in here], [properties(row) for row in there]
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
    a, b = (Counter(filter(None, (language(row.prompt) for row in rows))) for rows in (here, there))
    if min(a.total(), b.total()) < threshold("D8", "least_rows"):
        return
    for name in sorted(a.keys() | b.keys()):
        yield _Count("language", name, a[name], b[name], a.total(), b.total())


def _refusals(here: Sequence[Row], there: Sequence[Row]) -> Iterator[_Count]:
    answered = [row.answer for row in there if row.answer]
    if len(answered) >= threshold("D8", "least_rows"):
        a = sum(is_refusal(row.answer) for row in here)
        b = sum(is_refusal(answer) for answer in answered)
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
    return {word for word in WORD.findall(folded) if not _UNSPACED.fullmatch(word)} | pairs


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


def _difference(count: _Count, p: float) -> Difference:
    """Give a difference of shares its interval (Newcombe 1998, Statistics in Medicine 17, 873, method 10)."""
    a, b = wilson(count.here, count.of_here), wilson(count.there, count.of_there)
    d = b.value - a.value
    low = d - math.hypot(b.value - b.low, a.high - a.value)
    high = d + math.hypot(b.high - b.value, a.value - a.low)
    return Difference(count.aspect, count.name, a.value, b.value, low, high, p)

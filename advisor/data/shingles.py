"""Texts as sets of shingles: what stands between a text and a similarity.

A shingle is kept as a 52-bit hash of its words or characters, worked out with numpy for thousands of texts at a
time; `shingles` is the definition in plain Python, which tests hold the hashes against. Two different shingles
of one pair of texts share a hash once in 4.5e15 cases, which no report will ever see.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Literal, NamedTuple

from rubrics.data_rules import threshold as rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint64]

Unit = Literal["words", "characters"]

HASH_BITS = 52
_CHUNK_ROWS = 2 ** (64 - HASH_BITS)
_CHUNK_CHARACTERS = 1_000_000
_CJK = re.compile(
    "[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U000323af]"
)


class ShingleSets(NamedTuple):
    """The shingles of some texts: row r has the next sizes[r] hashes, in rising order, none twice."""

    hashes: Hashes
    sizes: Ints


def unit_of(text: str) -> Unit:
    """Choose the shingle unit of a normalised text: characters where words would see too little."""
    return units_of([text])[0]


def units_of(texts: Sequence[str]) -> list[Unit]:
    """Choose the shingle unit of each of many texts."""
    fewest_spaces = rule("D2", "fewest_words") - 1
    return [
        "characters" if text.count(" ") < fewest_spaces or _mostly_cjk(text) else "words" for text in texts
    ]


def _mostly_cjk(text: str) -> bool:
    if text.isascii():
        return False
    letters = sum(map(str.isalpha, text))
    return len(_CJK.findall(text)) > letters * rule("D2", "cjk_share")


def shingles(text: str, unit: Unit) -> frozenset[str]:
    """Return the n-grams (n = 5) of a normalised text; a shorter text is its own one shingle."""
    if unit == "words":
        words, n = text.split(" "), int(rule("D2", "shingle_words"))
        return frozenset(" ".join(words[start : start + n]) for start in range(max(1, len(words) - n + 1)))
    n = int(rule("D2", "shingle_characters"))
    return frozenset(text[start : start + n] for start in range(max(1, len(text) - n + 1)))


def hashed_shingles(
    texts: Sequence[str], units: Sequence[Unit], salts: Sequence[int] | None = None
) -> Iterator[ShingleSets]:
    """Yield the shingle sets of normalised texts, at most 4096 texts at a time, in order.

    Args:
        texts: normalised, so that one space stands between words.
        units: of each text; shingles of different units are never equal.
        salts: of each text; shingles of texts with different salts are never equal.
    """
    given = salts if salts is not None else [0] * len(texts)
    for start, end in _chunks([len(text) for text in texts]):
        if len(texts[start]) > _CHUNK_CHARACTERS:
            yield _hashed_long(texts[start], units[start], given[start])
        else:
            yield _hashed(texts[start:end], units[start:end], given[start:end])


def _chunks(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Divide the texts into runs whose count and characters stay within the bounds of a chunk."""
    reach = [0, *accumulate(lengths)]
    start = 0
    for at in range(1, len(lengths) + 1):
        full = at == len(lengths) or reach[at + 1] - reach[start] > _CHUNK_CHARACTERS
        if full or at - start == _CHUNK_ROWS:
            yield start, at
            start = at


def _hashed(texts: Sequence[str], units: Sequence[Unit], salts: Sequence[int]) -> ShingleSets:
    import numpy as np

    owners, found = [], []
    for unit in ("words", "characters"):
        rows = [row for row, chosen in enumerate(units) if chosen == unit]
        if rows:
            chosen_texts = [texts[row] for row in rows]
            values, counts = _words(chosen_texts) if unit == "words" else _characters(chosen_texts)
            owner, hashes = _windows(values, counts, int(rule("D2", f"shingle_{unit}")))
            owners.append(np.asarray(rows, dtype=np.uint64)[owner])
            found.append(_mixed(hashes + np.uint64(len(unit))))
    owner, hashes = np.concatenate(owners), np.concatenate(found)
    hashes = _mixed(hashes ^ _mixed(np.asarray(salts, dtype=np.uint64))[owner])
    packed = np.sort(owner << np.uint64(HASH_BITS) | hashes >> np.uint64(64 - HASH_BITS))
    packed = packed[np.concatenate(([True], packed[1:] != packed[:-1]))]
    sizes = np.bincount((packed >> np.uint64(HASH_BITS)).astype(np.int64), minlength=len(texts))
    return ShingleSets(packed & np.uint64(2**HASH_BITS - 1), sizes)


def _hashed_long(text: str, unit: Unit, salt: int) -> ShingleSets:
    """Do what `_hashed` does for one text, piece by piece: its arrays would be forty times as large as the text."""
    import numpy as np

    n = int(rule("D2", f"shingle_{unit}"))
    mixed_salt = _mixed(np.asarray([salt], dtype=np.uint64))
    last, found = np.zeros(0, dtype=np.uint64), []
    for values in _long_words(text) if unit == "words" else _long_characters(text):
        values = np.concatenate((last, values))
        if len(values) >= n:
            _, hashes = _windows(values, np.asarray([len(values)]), n)
            hashes = _mixed(_mixed(hashes + np.uint64(len(unit))) ^ mixed_salt) >> np.uint64(64 - HASH_BITS)
            found.append(_sorted_once(hashes))
            last = values[len(values) - n + 1 :]
        else:
            last = values
    hashes = np.concatenate(found)
    found.clear()
    hashes = _sorted_once(hashes)
    return ShingleSets(hashes, np.asarray([len(hashes)]))


def _sorted_once(hashes: Hashes) -> Hashes:
    """Sort in place, and return each value once."""
    import numpy as np

    hashes.sort()
    return hashes[np.concatenate(([True], hashes[1:] != hashes[:-1]))]


def _long_characters(text: str) -> Iterator[Hashes]:
    """Yield the code points of a text piece by piece."""
    for start in range(0, len(text), _CHUNK_CHARACTERS):
        yield _characters([text[start : start + _CHUNK_CHARACTERS]])[0]


def _long_words(text: str) -> Iterator[Hashes]:
    """Yield the hashes of a text's words piece by piece, as `_words` gives them; a word may go over pieces."""
    import numpy as np

    reached, open_word = 0, np.zeros(1, dtype=np.uint64)
    for start in range(0, len(text), _CHUNK_CHARACTERS):
        piece = text[start : start + _CHUNK_CHARACTERS]
        points, _ = _characters([piece if start + len(piece) < len(text) else f"{piece} "])
        ends = np.flatnonzero(points == ord(" ")) + 1
        starts = np.concatenate(([0], ends[ends < len(points)]))
        place = np.arange(len(points)) - np.repeat(starts, np.diff(np.append(starts, len(points))))
        place[: starts[1] if len(starts) > 1 else len(points)] += reached
        sums = np.add.reduceat(_mixed(points) * _odd(place), starts)
        sums[:1] += open_word
        if points[-1] == ord(" "):
            reached, open_word = 0, np.zeros(1, dtype=np.uint64)
            yield _mixed(sums)
        else:
            reached, open_word = int(place[-1]) + 1, sums[-1:]
            yield _mixed(sums[:-1])


def _characters(texts: Sequence[str]) -> tuple[Hashes, Ints]:
    """Return the code points of the texts, one text after the other, and how many each has (at least one)."""
    import numpy as np

    # An empty text is a shingle too; a lone NUL stands for it.
    filled = [text or "\0" for text in texts]
    points = np.frombuffer("".join(filled).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return points.astype(np.uint64), np.fromiter(map(len, filled), dtype=np.int64, count=len(filled))


def _words(texts: Sequence[str]) -> tuple[Hashes, Ints]:
    """Return a hash of each word, one text after the other, and how many words each text has."""
    import numpy as np

    points, _ = _characters([f"{text} " for text in texts])
    ends = np.flatnonzero(points == ord(" ")) + 1
    starts = np.concatenate(([0], ends[:-1]))
    place = np.arange(len(points)) - np.repeat(starts, ends - starts)
    weights = _odd_numbers(int((ends - starts).max()))
    hashes = np.add.reduceat(_mixed(points) * weights[place], starts)
    counts = np.fromiter((text.count(" ") + 1 for text in texts), dtype=np.int64, count=len(texts))
    return _mixed(hashes), counts


def _windows(values: Hashes, counts: Ints, n: int) -> tuple[Ints, Hashes]:
    """Hash each run of n values within a row; a shorter row is one run. Returns the row of each run, and hashes."""
    import numpy as np

    weights = _odd_numbers(n)
    padded = np.concatenate((values, np.zeros(n, dtype=np.uint64)))
    hashes = np.zeros(len(values), dtype=np.uint64)
    for at in range(n):
        hashes += padded[at : at + len(values)] * weights[at]
    starts = np.cumsum(counts) - counts
    short = counts < n
    for at in range(1, n):
        ended = starts[short & (counts <= at)]
        hashes[ended] -= padded[ended + at] * weights[at]
    hashes[starts[short]] += _mixed(counts[short].astype(np.uint64))
    runs = np.maximum(counts - n + 1, 1)
    owner = np.repeat(np.arange(len(counts)), runs)
    first = np.repeat(starts - np.cumsum(runs) + runs, runs)
    return owner, hashes[np.arange(len(owner)) + first]


def _odd_numbers(count: int) -> Hashes:
    """Return fixed odd multipliers that look random: multiplying by them loses nothing modulo 2^64."""
    import numpy as np

    return _odd(np.arange(count))


def _odd(places: Ints) -> Hashes:
    """Return the multipliers of `_odd_numbers` at these places."""
    import numpy as np

    return _mixed(places.astype(np.uint64) + np.uint64(1)) | np.uint64(1)


def _mixed(values: Hashes) -> Hashes:
    """Spread 64-bit values evenly and reversibly (the finaliser of splitmix64)."""
    import numpy as np

    out = values + np.uint64(0x9E3779B97F4A7C15)
    out = (out ^ (out >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    out = (out ^ (out >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return out ^ (out >> np.uint64(31))


def without_shared_text(texts: Sequence[str]) -> list[str]:
    """Remove from normalised texts what most of the distinct ones begin or end with: a common instruction.

    The same instruction before every question would make all questions near duplicates of each other.
    """
    prefix = _shared_prefix(set(texts))
    trimmed = [text.removeprefix(prefix).strip() for text in texts] if prefix else list(texts)
    distinct = set(trimmed)
    least = _fewest_characters()
    if not _may_share([text[-least:] for text in distinct]):
        return trimmed
    suffix = _shared_prefix({text[::-1] for text in distinct})[::-1]
    return [text.removesuffix(suffix).strip() for text in trimmed] if suffix else trimmed


def _fewest_characters() -> int:
    return int(rule("D2", "shared_characters"))


def _may_share(ends: Sequence[str]) -> bool:
    """Tell whether one beginning (or end) of the least length is common enough; spares a million rows the sorting."""
    counts = Counter(ends)
    return max(counts.values(), default=0) > int(len(ends) * rule("D2", "shared_share"))


def _shared_prefix(distinct: set[str]) -> str:
    """Return the longest prefix of most texts: sorted, the texts that share it stand side by side."""
    if len(distinct) < rule("D2", "shared_texts"):
        return ""
    least = _fewest_characters()
    if not _may_share([text[:least] for text in distinct]):
        return ""
    ordered = sorted(distinct)
    reach = int(len(ordered) * rule("D2", "shared_share"))
    best = ""
    for first, last in zip(ordered, ordered[reach:], strict=False):
        if first[: len(best) + 1] == last[: len(best) + 1]:
            best = _common_prefix(first, last)
    if " " in best or not _CJK.search(best):
        best = best[: best.rfind(" ") + 1]
    return best if len(best.strip()) >= least else ""


def _common_prefix(a: str, b: str) -> str:
    differ = (at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y)
    return a[: next(differ, min(len(a), len(b)))]

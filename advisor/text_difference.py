"""Where two texts differ: pieces of each, marked where the other has something else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|\w+|\s+|[^\w\s]")
"""A word, a run of white space, or a single sign; a single character where words are written without spaces."""
_MOST_PAIRS = 250_000
"""Of words of one text and words of the other; matching takes a time that grows with it (30 ms at this many)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `differs` where the other text has something else in its place."""

    text: str
    differs: bool


def differences(one: str, other: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces, by words; the pieces of each put together give the text again.

    What is not marked is the same in both. In long texts that have little in common all that lies between the first
    and the last difference is marked.
    """
    left, right = _WORDS.findall(one), _WORDS.findall(other)
    start = _common(left, right)
    end = _common(left[start:][::-1], right[start:][::-1])
    middle = (left[start : len(left) - end], right[start : len(right) - end])
    blocks = [(0, 0, start), *_matches(*middle, start), (len(left) - end, len(right) - end, end)]
    return _pieces(left, [(at, size) for at, _, size in blocks]), _pieces(
        right, [(at, size) for _, at, size in blocks]
    )


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    pairs = zip(left, right, strict=False)
    shorter = min(len(left), len(right))
    return next((at for at, (one, other) in enumerate(pairs) if one != other), shorter)


def _matches(left: Sequence[str], right: Sequence[str], offset: int) -> list[tuple[int, int, int]]:
    """Runs of words that both have, as places in each and length, in order."""
    if len(left) * len(right) > _MOST_PAIRS:
        return []
    matcher = SequenceMatcher(a=left, b=right, autojunk=False)
    return [(offset + block.a, offset + block.b, block.size) for block in matcher.get_matching_blocks()]


def _pieces(words: Sequence[str], same: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    """The words as pieces, given the runs that are the same; neighbours of one kind are one piece."""
    found: list[Piece] = []
    at = 0
    for start, size in [*same, (len(words), 0)]:
        for text, differs in (
            ("".join(words[at:start]), True),
            ("".join(words[start : start + size]), False),
        ):
            if not text:
                continue
            if found and found[-1].differs == differs:
                found[-1] = Piece(found[-1].text + text, differs)
            else:
                found.append(Piece(text, differs))
        at = start + size
    return tuple(found)

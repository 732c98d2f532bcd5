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
    """A part of a text; `differs` where the other text has something else in its place, or nothing."""

    text: str
    differs: bool


Pieces = tuple[Piece, ...]


def differences(one: str, other: str) -> tuple[Pieces, Pieces]:
    """Both texts in pieces, by words; the pieces of each put together give the text again.

    The pieces go together one by one: what is not marked is the same in both, and where one text has nothing in the
    place of a marked piece of the other it has an empty one. In long texts that have little in common all that lies
    between the first and the last difference is marked.
    """
    left, right = _WORDS.findall(one), _WORDS.findall(other)
    start = _common(left, right)
    end = _common(left[start:][::-1], right[start:][::-1])
    middle = _matches(left[start : len(left) - end], right[start : len(right) - end])
    blocks = [(0, 0, start), *((start + a, start + b, size) for a, b, size in middle)]
    blocks.append((len(left) - end, len(right) - end, end))
    return _in_pieces(left, right, blocks)


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    pairs = zip(left, right, strict=False)
    shorter = min(len(left), len(right))
    return next((at for at, (one, other) in enumerate(pairs) if one != other), shorter)


def _matches(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int, int]]:
    """Runs of words that both have, as places in each and length, in order; white space alone is no word."""
    if len(left) * len(right) > _MOST_PAIRS:
        return []
    blocks = SequenceMatcher(a=left, b=right, autojunk=False).get_matching_blocks()
    return [
        (block.a, block.b, block.size)
        for block in blocks
        if not "".join(left[block.a : block.a + block.size]).isspace()
    ]


def _in_pieces(
    left: Sequence[str], right: Sequence[str], blocks: Sequence[tuple[int, int, int]]
) -> tuple[Pieces, Pieces]:
    """Pieces of both texts, given the runs of words that are the same."""
    ours: list[Piece] = []
    theirs: list[Piece] = []
    at = to = 0
    for a, b, size in blocks:
        gone, new, same = "".join(left[at:a]), "".join(right[to:b]), "".join(left[a : a + size])
        if gone == new:
            same = gone + same
        else:
            ours.append(Piece(gone, True))
            theirs.append(Piece(new, True))
        if same and ours and not ours[-1].differs:
            ours[-1] = theirs[-1] = Piece(ours[-1].text + same, False)
        elif same:
            ours.append(Piece(same, False))
            theirs.append(Piece(same, False))
        at, to = a + size, b + size
    return tuple(ours), tuple(theirs)

"""Behaviour rather than content: does the answer keep the length, the form, and does it answer at all?"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from rubrics.errors import ExitCode, Fault
from rubrics.refusals import is_refusal
from rubrics.scoring.wording import best
from rubrics.text import mostly_unspaced

PATTERN_SECONDS = 1.0
"""For one answer; a pattern that backtracks without end is the pattern's fault, not the answer's."""


def length_ratio(prediction: str, references: Sequence[str]) -> float:
    """Return shorter over longer length of answer and closest reference, 0..1; 1 is the same length.

    In words; in characters (white space left out) where the reference is mostly in a script without spaces or
    Hangul. Which of the two is longer is told by `relative_length`.

    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return best(_length_agreement, prediction, references)


def relative_length(predictions: Sequence[str], references: Sequence[str]) -> float:
    """Return how much longer the answers are than the references, all together: 1.5 is half as long again.

    Raises:
        ValueError: lengths differ, or the references are empty texts.
    """
    lengths = [_lengths(answer, text) for answer, text in zip(predictions, references, strict=True)]
    expected = sum(reference for _, reference in lengths)
    if not expected:
        raise ValueError("references without any text have no length to compare with")
    return sum(answer for answer, _ in lengths) / expected


def refusal(prediction: str, references: Sequence[str] = ()) -> float:
    """Say whether the answer begins with a refusal, 1.0 or 0.0; references are not read. See `rubrics.refusals`."""
    return float(is_refusal(prediction))


def refusal_match(prediction: str, references: Sequence[str]) -> float:
    """Say whether the answer refuses exactly where a reference does, 1.0 or 0.0; see `refusal`.

    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return best(
        lambda answer, reference: float(refusal(answer) == refusal(reference)), prediction, references
    )


def format_adherence(prediction: str, references: Sequence[str] = (), *, pattern: str) -> float:
    """Say whether the whole answer, trimmed, fits a regular expression, 1.0 or 0.0; references are not read.

    The syntax is Python's with the additions of the `regex` package.

    Raises:
        Fault: the pattern is none, or takes longer than `PATTERN_SECONDS` on one answer; exit code 2.
    """
    expression = _compiled(pattern)
    try:
        return float(expression.fullmatch(prediction.strip(), timeout=PATTERN_SECONDS) is not None)
    except TimeoutError:
        raise Fault(
            f"the pattern takes over {PATTERN_SECONDS:g} s on an answer of {len(prediction):,} characters",
            where="--pattern",
            fix="Avoid a repetition within a repetition, as in (a+)+.",
            code=ExitCode.WRONG_USE,
        ) from None


@functools.lru_cache(maxsize=8)
def _compiled(pattern: str) -> Any:
    import regex

    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise Fault(
            f"{pattern!r} is not a regular expression: {error}",
            where="--pattern",
            fix="See Python's `re` documentation.",
            code=ExitCode.WRONG_USE,
        ) from None


def _lengths(prediction: str, reference: str) -> tuple[int, int]:
    if mostly_unspaced(reference):
        return len("".join(prediction.split())), len("".join(reference.split()))
    return len(prediction.split()), len(reference.split())


def _length_agreement(prediction: str, reference: str) -> float:
    shorter, longer = sorted(_lengths(prediction, reference))
    return shorter / longer if longer else 1.0

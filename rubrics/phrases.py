"""How numbers and rungs are said in the verdict's sentences, so that every reason sounds alike."""

from __future__ import annotations

RUNG_WORDS = {
    "classifier": "the linear classifier",
    "zero_shot": "the plain prompt without examples",
    "instruction": "the better instruction",
    "prompt_file": "your present prompt",
    "few_shot": "the prompt with examples",
    "structured": "the prompt with structured output",
    "retrieval": "the prompt with retrieved context",
}


EXTRACTED = {"label_match": "the label", "json_inside": "the JSON", "json_equality": "the JSON"}

BY_EXTRACTION = "/"
"""Between a rung and the metric that takes label or JSON out of its answers, where that is an option of its own."""


def rung_words(rung: str) -> str:
    """Name a rung in words; one that is not on the ladder keeps its own name."""
    name, by, extraction = rung.partition(BY_EXTRACTION)
    if by:
        return f"{rung_words(name)} with {EXTRACTED.get(extraction, 'the answer')} taken out"
    return RUNG_WORDS.get(rung, rung.replace("_", " "))


def score(value: float) -> str:
    """Write a score of 0..1 with two decimals, three where it has them: 0.90, 0.912."""
    text = f"{value:.3f}"
    return text.removesuffix("0")


def points(share: float) -> str:
    """Write a difference of shares in points: 5 points, 4.6 points."""
    number = f"{100 * share:.1f}".removesuffix(".0")
    return f"{number} point" if number in {"1", "-1"} else f"{number} points"


def percent(share: float) -> str:
    """Write a share as a percentage: 5%, 7.5%."""
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


def rows(number: float) -> str:
    """Write a number of rows with thousands apart: 1 row, 10,000 rows."""
    return "1 row" if number == 1 else f"{number:,.0f} rows"


def counted(number: float, noun: str) -> str:
    """Write a count with its noun in the plural where needed: 1 overlong row, 3 overlong rows."""
    return f"{number:,.0f} {noun}" if number == 1 else f"{number:,.0f} {noun}s"


def sentence(text: str) -> str:
    """Start a text with a capital letter and leave the rest."""
    return text[:1].upper() + text[1:]

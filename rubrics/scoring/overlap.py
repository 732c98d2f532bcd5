"""Overlap of longer texts: ROUGE (rouge-score) and chrF (sacrebleu).

They reward wording: a good summary in other words scores low, a fluent falsehood in the same words scores high.
Both libraries come with the extra `metrics`, since rouge-score alone takes three seconds to import.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from rubrics.errors import ExitCode, Fault
from rubrics.scoring.wording import best
from rubrics.text import mostly_unspaced, nfc

_WORD = re.compile(r"[^\W_]+")


def rouge_1(prediction: str, references: Sequence[str]) -> float:
    """Return ROUGE-1, the F1 of words in common, against the closest reference, 0..1.

    Words are runs of letters and digits in lower case, without stemming: rouge-score's own where a text has no
    letter beyond ASCII (its tokenizer drops all others). Where a reference is mostly in a script without spaces
    (or Hangul) both sides go by characters.
    Source: Lin (2004), "ROUGE: A Package for Automatic Evaluation of Summaries".

    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
        Fault: rouge-score is not installed; exit code 5.
    """
    return best(functools.partial(_rouge, "rouge1"), prediction, references)


def rouge_2(prediction: str, references: Sequence[str]) -> float:
    """Return ROUGE-2, the F1 of pairs of neighbouring words in common, 0..1; otherwise as `rouge_1`."""
    return best(functools.partial(_rouge, "rouge2"), prediction, references)


def rouge_l(prediction: str, references: Sequence[str]) -> float:
    """Return ROUGE-L, the F1 of the longest common subsequence of words, 0..1; otherwise as `rouge_1`."""
    return best(functools.partial(_rouge, "rougeL"), prediction, references)


def chrf(prediction: str, references: Sequence[str]) -> float:
    """Return chrF2, the F-score of character n-grams (up to 6, recall twice as heavy), as a share 0..1.

    sacrebleu's sentence-level chrF with its defaults, divided by 100; of several references the best counts. White
    space is not counted, so it suits scripts without spaces.
    Source: Popović (2015), "chrF: character n-gram F-score for automatic MT evaluation".

    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
        Fault: sacrebleu is not installed; exit code 5.
    """
    return best(_chrf, prediction, references)


class _Tokenizer:
    """What rouge-score asks to cut a text; characters or words."""

    def __init__(self, by_characters: bool) -> None:
        self._by_characters = by_characters

    def tokenize(self, text: str) -> list[str]:
        words = _WORD.findall(nfc(text).lower())
        return [character for word in words for character in word] if self._by_characters else words


def _rouge(kind: str, prediction: str, reference: str) -> float:
    score = _rouge_scorer(kind, mostly_unspaced(reference)).score(reference, prediction)
    return float(score[kind].fmeasure)


@functools.cache
def _rouge_scorer(kind: str, by_characters: bool) -> Any:
    rouge_scorer = _library("rouge_score.rouge_scorer", "rouge-score")
    return rouge_scorer.RougeScorer([kind], tokenizer=_Tokenizer(by_characters))


def _chrf(prediction: str, reference: str) -> float:
    score = _chrf_scorer().sentence_score(prediction, [reference]).score
    # Rounding may leave an equal text a hair above 100.
    return min(1.0, float(score) / 100)


@functools.cache
def _chrf_scorer() -> Any:
    return _library("sacrebleu.metrics", "sacrebleu").CHRF()


def _library(module: str, package: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise Fault(
            f"this metric needs the package {package}, which is not installed",
            where="--metric",
            fix="Install it: pip install 'finetune-advisor[metrics]'; or name another metric.",
            code=ExitCode.LACKING,
        ) from None

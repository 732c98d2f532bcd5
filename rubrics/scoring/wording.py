"""How near one answer's wording is to a reference: exact matches and F1 of words or characters.

Two kinds of exact match differ on real answers, so they carry different names that are never mixed: the
strict one asks for the very wording, the SQuAD one forgives case, punctuation and articles.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

from rubrics.text import mostly_unspaced, nfc

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def exact_match(prediction: str, references: Sequence[str]) -> float:
    """Say whether the answer is a reference, character for character.

    Both sides are brought to NFC and trimmed, nothing else: case and punctuation count.

    Returns:
        1.0 if any reference matches, else 0.0.
    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return best(_same_text, prediction, references)


def squad_exact_match(prediction: str, references: Sequence[str]) -> float:
    """Say whether the answer is a reference once both are normalised as SQuAD v1.1 does.

    Source: the official SQuAD v1.1 script (Rajpurkar et al. 2016, arXiv 1606.05250), `exact_match_score`.

    Returns:
        1.0 if any reference matches, else 0.0.
    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return best(_same_normalised, prediction, references)


def token_f1(prediction: str, references: Sequence[str]) -> float:
    """Return the overlap of words between answer and closest reference, after SQuAD normalisation.

    The harmonic mean of precision and recall over words counted with repetition. As in the official script,
    two texts without any word left (such as "the" and "!") score 0, although they match exactly.
    Source: the official SQuAD v1.1 script (Rajpurkar et al. 2016, arXiv 1606.05250), `f1_score`.

    Returns:
        The best F1 over the references, 0..1.
    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return best(_word_f1, prediction, references)


def char_f1(prediction: str, references: Sequence[str]) -> float:
    """Return the overlap of characters between answer and closest reference, counted with repetition.

    For scripts without spaces, and for Korean, whose particles cling to words. Compared are NFC, lower-case
    characters without white space and Unicode punctuation; two texts without any left score 0, as in `token_f1`.
    Source: the character F1 of KorQuAD 1.0 (Lim et al. 2019, arXiv 1909.07005).

    Returns:
        The best F1 over the references, 0..1.
    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return best(_character_f1, prediction, references)


def mixed_f1(prediction: str, references: Sequence[str]) -> float:
    """Return `char_f1` where a reference is mostly in a script without spaces (or Hangul), else `token_f1`.

    The reference alone chooses (`rubrics.text.mostly_unspaced`), so that two systems are measured by one unit.

    Returns:
        The best F1 over the references, 0..1.
    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return best(_unit_f1, prediction, references)


def squad_normalise(text: str) -> str:
    """Lower-case, drop ASCII punctuation, drop the articles a, an, the, collapse white space.

    The order is the official script's and matters: "the-end" is one word by the time articles go.
    """
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def best(score: Callable[[str, str], float], prediction: str, references: Sequence[str]) -> float:
    """Return the score against the reference that suits the answer best.

    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
    """
    # A text is itself a sequence of texts, so this mistake would score letters in silence.
    if isinstance(references, str):
        raise TypeError("references must be a sequence of texts, not one text")
    if not references:
        raise ValueError("an answer needs at least one reference to be scored")
    return max(score(prediction, reference) for reference in references)


def _same_text(prediction: str, reference: str) -> float:
    return float(nfc(prediction).strip() == nfc(reference).strip())


def _same_normalised(prediction: str, reference: str) -> float:
    return float(squad_normalise(prediction) == squad_normalise(reference))


def _word_f1(prediction: str, reference: str) -> float:
    return _overlap_f1(squad_normalise(prediction).split(), squad_normalise(reference).split())


def _character_f1(prediction: str, reference: str) -> float:
    return _overlap_f1(_characters(prediction), _characters(reference))


def _unit_f1(prediction: str, reference: str) -> float:
    return (_character_f1 if mostly_unspaced(reference) else _word_f1)(prediction, reference)


def _characters(text: str) -> list[str]:
    return [c for c in nfc(text).lower() if not c.isspace() and not unicodedata.category(c).startswith("P")]


def _overlap_f1(predicted: Sequence[str], expected: Sequence[str]) -> float:
    # Most answers of a good system: counting them word by word would find the same.
    if predicted == expected:
        return float(bool(expected))
    shared = sum((Counter(predicted) & Counter(expected)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(expected)
    return 2 * precision * recall / (precision + recall)

"""How good one answer is, as pure functions.

Two kinds of exact match differ on real answers, so they carry different names that are never mixed: the
strict one asks for the very wording, the SQuAD one forgives case, punctuation and articles.
"""

from __future__ import annotations

import difflib
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rubrics.errors import ExitCode, Fault
from rubrics.text import nfc

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
    return _best(_same_text, prediction, references)


def squad_exact_match(prediction: str, references: Sequence[str]) -> float:
    """Say whether the answer is a reference once both are normalised as SQuAD v1.1 does.

    Source: the official SQuAD v1.1 script (Rajpurkar et al. 2016, arXiv 1606.05250), `exact_match_score`.

    Returns:
        1.0 if any reference matches, else 0.0.
    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return _best(_same_normalised, prediction, references)


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
    return _best(_word_f1, prediction, references)


def squad_normalise(text: str) -> str:
    """Lower-case, drop ASCII punctuation, drop the articles a, an, the, collapse white space.

    The order is the official script's and matters: "the-end" is one word by the time articles go.
    """
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def _best(score: Callable[[str, str], float], prediction: str, references: Sequence[str]) -> float:
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
    predicted, expected = squad_normalise(prediction).split(), squad_normalise(reference).split()
    shared = sum((Counter(predicted) & Counter(expected)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(expected)
    return 2 * precision * recall / (precision + recall)


@dataclass(frozen=True)
class Metric:
    """A named way to score one answer.

    Attributes:
        name: as on the command line and in reports.
        score: answer and accepted references in, 0..1 out.
        binary: only 0 and 1 occur, so intervals and tests are those of right/wrong.
        description: what the metric is for, one sentence for a person who chooses.
    """

    name: str
    score: Callable[[str, Sequence[str]], float]
    binary: bool
    description: str


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "exact_match",
            exact_match,
            binary=True,
            description="The answer is the reference character for character; for when exact wording matters.",
        ),
        Metric(
            "squad_exact_match",
            squad_exact_match,
            binary=True,
            description="The answer is the reference, whatever its case, punctuation and articles (SQuAD v1.1).",
        ),
        Metric(
            "token_f1",
            token_f1,
            binary=False,
            description="Share of words in common, with partial credit (SQuAD v1.1); for overall understanding.",
        ),
    )
}


def get_metric(name: str) -> Metric:
    """Return the metric of that name.

    Raises:
        Fault: there is none; exit code 2, with the known names and the closest of them.
    """
    if name in METRICS:
        return METRICS[name]
    close = difflib.get_close_matches(name, METRICS, n=1)
    hint = f"Did you mean {close[0]}? " if close else ""
    raise Fault(
        f"There is no metric named '{name}'.",
        where="--metric",
        fix=f"{hint}Known metrics: {', '.join(METRICS)}.",
        code=ExitCode.WRONG_USE,
    )

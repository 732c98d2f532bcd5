"""Which class an answer names, and how well the classes are told apart.

Three readings of one answer, from strict to forgiving: it *is* the label (`exact_match`, `accuracy`), or it names
exactly one label somewhere in its wording (`label_match`). The difference between them is a format failure, not a
wrong choice.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rubrics.scoring.wording import best, exact_match
from rubrics.text import nfc

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rubrics.statistics import Interval, NoiseFloor

_HAN_OR_KANA = r"\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_STARTS_ANYWHERE = re.compile(f"[{_HAN_OR_KANA}]")
_ENDS_ANYWHERE = re.compile(f"[{_HAN_OR_KANA}\\uac00-\\ud7af]")


def accuracy(prediction: str, references: Sequence[str]) -> float:
    """Say whether the whole answer is the right label.

    On one row the same as `exact_match` (NFC and trimmed, case counts): a label is an identity, so the mean over
    rows is scikit-learn's `accuracy_score` of the trimmed labels.

    Returns:
        1.0 if any reference matches, else 0.0.
    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return exact_match(prediction, references)


def extract_label(answer: str, labels: Sequence[str]) -> str | None:
    """Return the one label that an answer names, or None where it names none or several.

    A label counts where it stands by itself: no letter, digit or underscore next to it, no hyphen that ties it to
    another word. Where labels overlap the one that starts first counts, of those the longest. Labels are looked
    for as they are spelled; only if none is found, whatever their case. Korean particles may follow a label that
    ends in Hangul; labels in Han or kana need no gap around them. Both sides are NFC, white space is collapsed.

    Args:
        labels: the closed set, without repetition.
    """
    finders = _finders(tuple(labels))
    text = _spaced(answer)
    for find, names, folded in finders:
        found = {names[match] for match in find.findall(text.casefold() if folded else text)}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def label_match(prediction: str, references: Sequence[str], *, labels: Sequence[str]) -> float:
    """Say whether the one label that the answer names (see `extract_label`) is an accepted one.

    Returns:
        1.0 or 0.0; an answer that names no label, or several, scores 0.
    Raises:
        ValueError: there is no reference.
        TypeError: the references are one text instead of a sequence of texts.
    """
    named = extract_label(prediction, labels)
    return best(
        lambda answer, reference: float(answer == _spaced(reference)), _spaced(named or ""), references
    )


@dataclass(frozen=True)
class LabelScores:
    """How one class was told apart; shares 0..1, 0 where undefined (nothing predicted, nothing there)."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Confusion:
    """Which label was given for which.

    Attributes:
        labels: those that occur as truth or as answer, sorted.
        counts: (K, K + 1) rows are the true labels, columns the answered ones in the order of `labels`; the last
            column holds answers that are no label.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def accuracy(self) -> float:
        """Share of rows on the diagonal, 0..1."""
        return sum(row[at] for at, row in enumerate(self.counts)) / sum(map(sum, self.counts))

    @property
    def macro_f1(self) -> float:
        """Unweighted mean of the labels' F1, 0..1, so that a rare label weighs as much as a common one."""
        scores = self.by_label().values()
        return sum(score.f1 for score in scores) / len(self.labels)

    def by_label(self) -> Mapping[str, LabelScores]:
        """Precision, recall, F1 and number of rows of each label."""
        answered = [sum(column) for column in zip(*self.counts, strict=True)]
        return {
            label: _label_scores(self.counts[at][at], answered[at], sum(self.counts[at]))
            for at, label in enumerate(self.labels)
        }


def confusion(truth: Sequence[str], answered: Sequence[str | None]) -> Confusion:
    """Count which label was answered for which.

    Macro-F1 of the result is scikit-learn's `f1_score(average="macro")`, except that None (no label) is no class.

    Args:
        truth: the right label of each row.
        answered: the label that was answered, None where the answer is no label.
    Raises:
        ValueError: lengths differ, or there is no row.
    """
    if not truth:
        raise ValueError("a confusion matrix needs at least one row")
    labels = sorted({*truth, *(label for label in answered if label is not None)})
    places = {label: at for at, label in enumerate(labels)}
    counts = [[0] * (len(labels) + 1) for _ in labels]
    for right, given in zip(truth, answered, strict=True):
        counts[places[right]][len(labels) if given is None else places[given]] += 1
    return Confusion(tuple(labels), tuple(map(tuple, counts)))


def strict_label(answer: str, labels: Sequence[str]) -> str | None:
    """Return the label that the whole answer is (NFC, trimmed), or None."""
    return _by_bare_name(tuple(labels)).get(nfc(answer).strip())


def _label_scores(right: int, answered: int, support: int) -> LabelScores:
    return LabelScores(
        precision=right / answered if answered else 0.0,
        recall=right / support if support else 0.0,
        f1=2 * right / (answered + support) if answered + support else 0.0,
        support=support,
    )


@functools.lru_cache(maxsize=8)
def _by_bare_name(labels: tuple[str, ...]) -> Mapping[str, str]:
    return {nfc(label).strip(): label for label in labels}


def _spaced(text: str) -> str:
    return " ".join(nfc(text).split())


_Finder = tuple[re.Pattern[str], Mapping[str, str], bool]


@functools.lru_cache(maxsize=8)
def _finders(labels: tuple[str, ...]) -> tuple[_Finder, ...]:
    """Patterns that find labels as spelled, then whatever their case, with the label of each found text."""
    as_spelled = {_spaced(label): _spaced(label) for label in labels if label.strip()}
    folded = {name.casefold(): name for name in as_spelled}
    return (_pattern(as_spelled), as_spelled, False), (_pattern(folded), folded, True)


def _pattern(names: Mapping[str, str]) -> re.Pattern[str]:
    # The longest first: an alternation takes the first alternative that fits. How a label begins says whether it
    # needs a gap before it, so one look behind serves all that do; for each label its own costs seconds.
    ordered = sorted(names, key=len, reverse=True)
    anywhere = [name for name in ordered if _STARTS_ANYWHERE.match(name)]
    others = [name for name in ordered if not _STARTS_ANYWHERE.match(name)]
    parts = [r"(?<!\w)(?<!\w-)" + _any_of(others)] if others else []
    parts += [_any_of(anywhere)] if anywhere else []
    return re.compile("|".join(parts) or r"(?!)")


def _any_of(names: Sequence[str]) -> str:
    return f"(?:{'|'.join(map(_ended, names))})"


def _ended(name: str) -> str:
    return re.escape(name) + ("" if _ENDS_ANYWHERE.match(name[-1]) else r"(?!\w)(?!-\w)")


def macro_f1_interval(
    truth: Sequence[str],
    answered: Sequence[str | None],
    seed: int = 0,
    clusters: Sequence[Hashable] | None = None,
) -> Interval:
    """Return macro-F1 (see `Confusion.macro_f1`) with its 95% interval, 0..1: `rubrics.statistics`' of a set's score.

    Args:
        clusters: what each row belongs to; without it every row stands alone.
    Raises:
        ValueError: lengths differ, or there is no row.
    """
    return mean_macro_f1_interval(truth, [answered], seed, clusters)


def mean_macro_f1_interval(
    truth: Sequence[str],
    repetitions: Sequence[Sequence[str | None]],
    seed: int = 0,
    clusters: Sequence[Hashable] | None = None,
) -> Interval:
    """Return the mean of macro-F1 over repetitions of the same rows with its 95% interval, 0..1.

    Args:
        repetitions: of each the answered labels, None where an answer is no label.
        clusters: what each row belongs to; without it every row stands alone.
    Raises:
        ValueError: lengths differ, or there is no row.
    """
    from rubrics.statistics import set_score_interval

    right, given, labels = _coded(truth, repetitions)

    def score(rows: NDArray[np.intp]) -> float:
        return sum(_macro_f1(right[rows], answered[rows], labels) for answered in given) / len(given)

    return set_score_interval(score, len(truth), clusters, seed)


def macro_f1_noise(
    truth: Sequence[str], repetitions: Sequence[Sequence[str | None]], seed: int = 0
) -> NoiseFloor:
    """Return how far macro-F1 of one answer a row moves by the sampling of answers alone.

    Args:
        repetitions: at least two, of each the answered labels, None where an answer is no label.
    Raises:
        ValueError: lengths differ, there is no row, or a single repetition.
    """
    import numpy as np

    from rubrics.statistics import set_noise_floor

    right, given, labels = _coded(truth, repetitions)
    answered, rows = np.stack(given), np.arange(len(truth))
    same = [bool(alike) for alike in np.ptp(answered, axis=0) == 0]
    return set_noise_floor(
        lambda mixture: _macro_f1(right, answered[mixture, rows], labels), same, len(given), seed
    )


def _coded(
    truth: Sequence[str], repetitions: Sequence[Sequence[str | None]]
) -> tuple[NDArray[np.intp], list[NDArray[np.intp]], int]:
    """Labels as numbers, no label as the number after the last, and how many labels there are."""
    import numpy as np

    labels = {label for answered in repetitions for label in confusion(truth, answered).labels}
    places = {label: at for at, label in enumerate(sorted(labels))}
    right = np.array([places[label] for label in truth])
    given = [
        np.array([len(places) if label is None else places[label] for label in answered])
        for answered in repetitions
    ]
    return right, given, len(places)


def _macro_f1(right: NDArray[np.intp], answered: NDArray[np.intp], labels: int) -> float:
    import numpy as np

    hits = np.bincount(right[right == answered], minlength=labels)
    both = np.bincount(right, minlength=labels) + np.bincount(answered, minlength=labels + 1)[:-1]
    return float(np.mean(2 * hits[both > 0] / both[both > 0]))

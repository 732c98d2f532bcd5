"""Several written forms of one label, and the form to keep.

Two kinds are told apart: forms that differ in case, white space or punctuation alone, which are one label for
certain, and misspellings, which are only likely: a label that is much rarer than another of nearly the same
letters. Labels that a digit, a negation or a word of other labels tells apart are left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from advisor.data.text_forms import trimmed, without_invisible
from rubrics.data_rules import threshold
from rubrics.text import nfc

_NEGATIONS = frozenset({"a", "de", "dis", "il", "im", "in", "ir", "mis", "non", "un"})
_MEANING = frozenset("#%&*@/\\")
"""Punctuation that names something (C#, R&D, I/O), unlike a hyphen or a full stop."""


def plain(answer: str) -> str:
    """Return an answer as labels are compared: NFC, trimmed, without invisible characters."""
    return trimmed(nfc(without_invisible(answer)))


def canonical_labels(answers: Sequence[str], *, spelling: bool = True) -> dict[str, str]:
    """Return the canonical form of each written form that differs from it; nothing for open answers.

    The canonical form is the commonest, trimmed and in NFC. Applying the mapping and asking again gives an
    empty mapping.

    Args:
        answers: as they stand in the file, one a row.
        spelling: take a much rarer label of nearly the same letters for a misspelling, too.
    """
    written = Counter(answers)
    if not _may_be_labels(written):
        return {}
    target = {answer: plain(answer) for answer in written}
    counts = tally(written, target)
    if not are_labels(counts):
        return {}
    # Merging makes a label more frequent, which can make a third look like its misspelling: so to the end.
    while changes := same_letters(counts) or (misspelt(counts) if spelling else {}):
        target = {answer: changes.get(form, form) for answer, form in target.items()}
        counts = tally(written, target)
    return {answer: form for answer, form in target.items() if form != answer}


def tally(written: Mapping[str, int], target: Mapping[str, str]) -> Counter[str]:
    """Count the rows of each target form."""
    counts: Counter[str] = Counter()
    for answer, count in written.items():
        counts[target[answer]] += count
    return counts


def _may_be_labels(written: Mapping[str, int]) -> bool:
    """Exclude open answers without looking at their letters."""
    start = next((answer.lstrip()[:1] for answer in written), "")
    most = 1.5 * threshold("D5", "label_rows_share") * sum(written.values())
    return len(written) <= most and start not in ("{", "[")


def are_labels(counts: Mapping[str, int]) -> bool:
    """Whether answers with these counts are labels, perhaps written in several ways.

    Beyond the rule for a closed set (D5), which a few dozen misspellings would break, answers count as labels
    where those seen several times make up nearly all rows.
    """
    total, longest = sum(counts.values()), threshold("D5", "label_characters")
    if not total or any(len(form) > longest or "\n" in form for form in counts):
        return False
    by_letters: Counter[str] = Counter()
    for form, count in counts.items():
        by_letters[folded(form)] += count
    if len(by_letters) > threshold("D5", "label_rows_share") * total:
        return False
    once = sum(count == 1 for count in by_letters.values())
    if once <= threshold("D5", "label_once_share") * len(by_letters):
        return True
    repeated = sum(count for count in by_letters.values() if count >= threshold("D10", "rows_per_label"))
    return repeated >= threshold("D6", "labels_cover") * total


def folded(form: str) -> str:
    """Fold case, white space and punctuation; punctuation stays where it may be the meaning (1.5, -5, +, C#)."""
    bare = re.sub(r"\s+", "", form).casefold()
    if any(character.isdigit() for character in bare):
        return bare
    kept = (c for c in bare if c in _MEANING or not unicodedata.category(c).startswith("P"))
    return "".join(kept) or bare


def same_letters(counts: Mapping[str, int]) -> dict[str, str]:
    """Map each form to the commonest one of the same letters, where it is not that one itself."""
    groups: dict[str, list[str]] = defaultdict(list)
    for form in counts:
        groups[folded(form)].append(form)
    best = {key: max(forms, key=lambda form: (counts[form], form)) for key, forms in groups.items()}
    return {form: best[key] for key, forms in groups.items() for form in forms if form != best[key]}


def misspelt(counts: Mapping[str, int]) -> dict[str, str]:
    """Map each label that looks like a misspelling of a much commoner one to that one.

    Rare means at most `rare_rows` rows and a tenth of the other's (`rarer_by`), or `rare_share` of the other's.
    One edit (Damerau-Levenshtein) is forgiven from 5 letters on, two from 10 on. Above 2,000 labels nothing is
    compared: those are hardly labels.
    """
    if len(counts) > threshold("D6", "labels_compared"):
        return {}
    common = sorted(counts, key=lambda form: (-counts[form], form))
    letters = {form: folded(form) for form in counts}
    words = Counter(word for form in counts for word in set(_words(form)))
    found: dict[str, str] = {}
    for rare in common:
        close = _closest(rare, _commoner(rare, common, counts), letters, words)
        if close is not None:
            found[rare] = close
    return {rare: close for rare, close in found.items() if close not in found}


def _commoner(rare: str, common: Sequence[str], counts: Mapping[str, int]) -> Iterator[str]:
    """Yield the labels that are common enough for `rare` to be a misspelling of, the commonest first."""
    rows = counts[rare]
    least = rows / threshold("D6", "rare_share")
    if rows <= threshold("D6", "rare_rows"):
        least = rows * threshold("D6", "rarer_by")
    for form in common:
        if counts[form] < least:
            return
        yield form


def _closest(
    rare: str, candidates: Iterator[str], letters: Mapping[str, str], words: Mapping[str, int]
) -> str | None:
    from rapidfuzz.distance import OSA

    a = letters[rare]
    allowed = 2 if len(a) >= threshold("D6", "letters_for_two") else 1
    if len(a) < threshold("D6", "letters_for_one"):
        return None
    best: tuple[int, str] | None = None
    for form in candidates:
        b = letters[form]
        if abs(len(a) - len(b)) > allowed:
            continue
        distance = OSA.distance(a, b, score_cutoff=allowed)
        if (
            distance <= allowed
            and (best is None or distance < best[0])
            and not _told_apart(rare, form, words)
        ):
            best = (distance, form)
    return best[1] if best else None


def _told_apart(rare: str, form: str, words: Mapping[str, int]) -> bool:
    """Whether the difference is a digit, a negation, or a word that other labels use, too."""
    if re.sub(r"\D", "", rare) != re.sub(r"\D", "", form):
        return True
    a, b = set(_words(rare)), set(_words(form))
    if any(words[word] > 1 for word in a - b) and len(a) > 1:
        return True
    negated = {prefix + word for word in b - a for prefix in _NEGATIONS}
    affirmed = {prefix + word for word in a - b for prefix in _NEGATIONS}
    return bool(negated & a or affirmed & b)


def _words(form: str) -> list[str]:
    return re.findall(r"[^\W_]+", form.casefold())

"""Is each label written in one way (D6)?"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice

from advisor.data.findings import Finding, quote
from advisor.data.label_forms import canonical_labels, folded, plain, tally
from advisor.data.subject import Subject
from rubrics.data_rules import severity, threshold
from rubrics.phrases import counted
from rubrics.phrases import rows as phrased_rows

_LISTED = 200
"""Labels, or groups of them, that a finding lists."""


def label_variants(subject: Subject) -> Iterator[Finding]:
    """Find labels written in several ways, then labels that look misspelt.

    Open answers differ in case and punctuation for good reasons, and are left alone.
    """
    likely = canonical_labels(subject.answers)
    certain = canonical_labels(subject.answers, spelling=False) if likely else {}
    forms = {answer: plain(answer) for answer in set(certain) | set(likely)}
    # Only white space apart: another check's business.
    certain = {answer: form for answer, form in certain.items() if forms[answer] != form}
    likely = {
        answer: form
        for answer, form in likely.items()
        if answer not in certain and folded(forms[answer]) != folded(form)
    }
    yield from _finding(
        subject,
        certain,
        "variants of a label",
        "written in more than one way ({odd} not in the commonest)",
        "write each label in one way; an exact match counts the others as wrong",
    )
    yield from _finding(
        subject,
        likely,
        "spelling of a label",
        "with a rare neighbour that looks like a misspelling ({odd})",
        "look at each pair; if it is one label, write it as the commoner one",
    )


def _finding(
    subject: Subject, canonical: Mapping[str, str], kind: str, message: str, fix: str
) -> Iterator[Finding]:
    rows = [at for at, answer in enumerate(subject.answers) if answer in canonical]
    if not rows:
        return
    written = Counter(subject.answers)
    counts = tally(written, {answer: plain(answer) for answer in written})
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for answer, form in canonical.items():
        groups[form][form] = counts[form]
        groups[form][plain(answer)] = counts[plain(answer)]
    listed = [
        {"canonical": form, "variants": dict(variants.most_common())}
        for form, variants in islice(groups.items(), _LISTED)
    ]
    example = " / ".join(
        f"{quote(form)} ({count})" for form, count in next(iter(groups.values())).most_common()
    )
    yield subject.at(rows).finding(
        "D6",
        severity("D6"),
        f"{counted(len(groups), 'label')} {message.format(odd=phrased_rows(len(rows)))}",
        fix,
        {"kind": kind, "groups": listed, "labels": len(groups)},
        example,
    )


def label_style(subject: Subject) -> Iterator[Finding]:
    """Find the few labels of a closed set that are written in another style than nearly all."""
    labels = subject.sheet.labels
    if labels is None or len(labels) < threshold("D6", "style_labels"):
        return
    odd: dict[str, str] = {}
    for traits in zip(*(_traits(label) for label in labels), strict=True):
        counts = Counter(trait for trait in traits if trait)
        if not counts or len(counts) == 1:
            continue
        main, most = counts.most_common(1)[0]
        if most > threshold("D6", "usual_share") * counts.total():
            odd |= {
                label: f"{trait}, most have {main}"
                for label, trait in zip(labels, traits, strict=True)
                if trait and trait != main and label not in odd
            }
    rows = [at for at, label in enumerate(subject.sheet.written) if label in odd]
    if rows:
        first = next(iter(odd))
        yield subject.at(rows).finding(
            "D6",
            "info",
            f"{len(odd)} of {len(labels)} labels in another style than the others",
            "rename them, unless something downstream expects these names: a model learns one style more easily",
            {"kind": "style of labels", "labels": dict(islice(odd.items(), _LISTED))},
            f"{quote(first)} ({odd[first]})",
            count=len(odd),
        )


def _traits(label: str) -> tuple[str, str, str]:
    """Return case, separator and ending of a label; an empty text where it shows none."""
    letters = "".join(re.findall(r"[^\W\d_]", label))
    case = ""
    if letters.lower() != letters.upper():
        case = "small letters" if letters.islower() else "capitals" if letters.isupper() else "mixed case"
    separators = set(re.findall(r"(?<=\w)[ _\-.](?=[^\W_])", label.replace("_", "_ ").replace("_ ", "_")))
    separator = {" ": "spaces", "_": "underscores", "-": "hyphens", ".": "points"}
    ending = "no punctuation at the end" if label[-1:].isalnum() else "punctuation at the end"
    return case, separator[separators.pop()] if len(separators) == 1 else "", ending

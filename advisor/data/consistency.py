"""Is every answer written in the same way (D6)? White space, characters and style; what `data fix` needs, too.

Answers are judged, since a model learns to write as they are written. Prompts come from outside and are only
described. Labels and JSON have modules of their own.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from advisor.data.findings import Finding, quote
from advisor.data.json_forms import canonical_json, key_order
from advisor.data.label_forms import canonical_labels
from advisor.data.subject import Subject
from advisor.data.text_forms import (
    has_invisible,
    has_stray_space,
    line_ends,
    trimmed,
    unicode_form,
    without_invisible,
)
from rubrics.data_rules import Severity, severity, threshold
from rubrics.phrases import counted

__all__ = ["canonical_json", "canonical_labels", "key_order", "trimmed"]

_SENTENCE_END = ".!?…。！？"
_ABBREVIATED = re.compile(r"(?:\b[A-Z][a-z]{0,2}|\b[A-Za-z]|\.[A-Za-z]{1,3})\.$")
_CLOSERS = "\"'”’)]»"
_QUOTES = {"straight": re.compile("[\"']"), "curly": re.compile("[‘’“”]"), "angled": re.compile("[«»]")}
_DASHES = {
    "hyphen": re.compile(r"(?<=\w) -{1,2} (?=\w)"),
    "en dash": re.compile("–(?!\\d)"),
    "em dash": re.compile("—"),
}


def _sides(subject: Subject) -> Iterator[tuple[str, Sequence[str], Severity]]:
    """Yield what the texts are, the texts, and how bad a breach in them is."""
    yield "answers", subject.answers, severity("D6")
    yield "prompts", subject.prompts, "info"


def edges(subject: Subject) -> Iterator[Finding]:
    """Find texts that begin or end with white space."""
    for what, texts, level in _sides(subject):
        rows = [at for at, text in enumerate(texts) if has_stray_space(text)]
        if not rows:
            continue
        kind = "stray white space" if what == "answers" else "stray white space in prompts"
        begin = sum(texts[at][:1] != trimmed(texts[at])[:1] for at in rows)
        fix = "trim them: the model learns the white space as part of the answer"
        yield subject.at(rows).finding(
            "D6",
            level,
            f"white space at the beginning or end of {counted(len(rows), what[:-1])}",
            fix if what == "answers" else "trim them, unless real prompts have it, too",
            {"kind": kind, "at_the_beginning": begin, "canonical": "trimmed"},
            repr(texts[rows[0]][:60]),
        )


def invisible_characters(subject: Subject) -> Iterator[Finding]:
    """Find no-break spaces, zero-width and control characters inside texts."""
    for what, texts, level in _sides(subject):
        rows = [at for at, text in enumerate(texts) if has_invisible(trimmed(text))]
        if not rows:
            continue
        counts = Counter(
            f"U+{ord(character):04X}"
            for at in rows
            for character in set(trimmed(texts[at]))
            if without_invisible(character) != character
        )
        named = ", ".join(f"{name} in {count}" for name, count in counts.most_common(3))
        yield subject.at(rows).finding(
            "D6",
            level,
            f"characters that nobody sees in {counted(len(rows), what[:-1])} ({named})",
            "write ordinary spaces, and leave out what has no width",
            {"kind": f"invisible characters in {what}", "characters": dict(counts.most_common())},
            ascii(texts[rows[0]][:60]),
        )


def unicode_forms(subject: Subject) -> Iterator[Finding]:
    """Find texts that write an accented letter or a syllable in pieces (not NFC)."""
    for what, texts, level in _sides(subject):
        forms = {at: form for at, text in enumerate(texts) if (form := unicode_form(text))}
        rows = [at for at, form in forms.items() if form != "NFC"]
        if not rows:
            continue
        counts = dict(Counter(forms.values()).most_common())
        mixed = ", composed in others" if "NFC" in counts else ""
        yield subject.at(rows).finding(
            "D6",
            level,
            f"letters written in pieces (Unicode form NFD) in {counted(len(rows), what[:-1])}{mixed}",
            "write all in NFC: the same word is other tokens otherwise",
            {"kind": f"Unicode forms of {what}", "forms": counts, "canonical": "NFC"},
            ascii(texts[rows[0]][:60]),
        )


def line_endings(subject: Subject) -> Iterator[Finding]:
    """Find answers whose lines end in another way than most."""
    ends = {at: end for at, text in enumerate(subject.answers) if (end := line_ends(text))}
    counts = Counter(ends.values())
    if set(counts) <= {"\n"} or set(counts) == {"\r\n"}:
        return
    rows = [at for at, end in ends.items() if end != "\n"]
    yield subject.at(rows).finding(
        "D6",
        severity("D6"),
        f"answers end their lines in different ways ({len(rows)} of {len(ends)} not in \\n alone)",
        "write \\n everywhere",
        {
            "kind": "line ends",
            "forms": {repr(end)[1:-1]: count for end, count in counts.items()},
            "canonical": "\\n",
        },
        repr(subject.answers[rows[0]][:60]),
    )


def answer_style(subject: Subject) -> Iterator[Finding]:
    """Find short open answers that begin or end otherwise than nearly all, and mixed quotes and dashes."""
    if subject.sheet.labels is not None:
        return
    lines = [at for at, kind in enumerate(subject.types) if kind == "one line"]
    for trait, of, fix in (
        ("last character", _ending, "end all answers in the same way"),
        ("first letter", _beginning, "begin all answers in the same way; names and code keep their case"),
        ("spacing", _inner_spaces, "write one space between words"),
    ):
        yield from _minority(subject, lines, trait, of, fix)
    prose = [at for at, kind in enumerate(subject.types) if kind in ("one line", "several lines", "list")]
    for trait, styles in (("quotes", _QUOTES), ("dashes", _DASHES)):
        yield from _mixture(subject, prose, trait, styles)


def _ending(text: str) -> str | None:
    bare = text.rstrip().rstrip(_CLOSERS)
    if not bare or bare[-1] not in _SENTENCE_END:
        return "without punctuation"
    # "Hathi Jr." and "Washington, D.C." end no sentence.
    return None if _ABBREVIATED.search(bare) else "with punctuation"


def _beginning(text: str) -> str | None:
    first = next((character for character in text if character.isalnum()), "")
    if not first.isupper() and not first.islower():
        return None
    return "capital" if first.isupper() else "small"


def _inner_spaces(text: str) -> str:
    return "double" if "  " in trimmed(text) else "single"


def _minority(
    subject: Subject, rows: Sequence[int], trait: str, of: Callable[[str], str | None], fix: str
) -> Iterator[Finding]:
    values = {at: value for at in rows if (value := of(subject.answers[at])) is not None}
    if len(values) < threshold("D6", "style_answers"):
        return
    counts = Counter(values.values())
    main, most = counts.most_common(1)[0]
    if most == len(values) or most <= threshold("D6", "usual_share") * len(values):
        return
    odd = [at for at, value in values.items() if value != main]
    yield subject.at(odd).finding(
        "D6",
        "info",
        f"another {trait} in {len(odd):,} of {len(values):,} one-line answers ({values[odd[0]]}; the others {main})",
        fix,
        {"kind": f"style: {trait}", "forms": dict(counts.most_common()), "canonical": main},
        quote(subject.answers[odd[0]]),
    )


def _mixture(
    subject: Subject, rows: Sequence[int], trait: str, styles: dict[str, re.Pattern[str]]
) -> Iterator[Finding]:
    by_style: dict[str, list[int]] = defaultdict(list)
    for at in rows:
        text = subject.answers[at]
        for name, pattern in styles.items():
            # Only the first style of each is ASCII.
            if (name in ("straight", "hyphen") or not text.isascii()) and pattern.search(text):
                by_style[name].append(at)
    if len(by_style) < 2:
        return
    counts = Counter({name: len(found) for name, found in by_style.items()})
    main = counts.most_common(1)[0][0]
    odd = sorted({at for name, found in by_style.items() if name != main for at in found})
    named = ", ".join(f"{name} in {count}" for name, count in counts.most_common())
    yield subject.at(odd).finding(
        "D6",
        "info",
        f"answers mix {trait}: {named}",
        f"write all as most are ({main})",
        {"kind": f"style: {trait}", "forms": dict(counts.most_common()), "canonical": main},
        quote(subject.answers[odd[0]]),
    )


def statistics(subject: Subject) -> dict[str, Any]:
    """Return how JSON answers are written; None where there are none."""
    profiles = subject.profiles
    if not profiles:
        return {"json_answers": None}
    keys = Counter(key for found in profiles.values() for key in found.keys)
    return {
        "json_answers": {
            "objects": len(profiles),
            "keys": {key: count / len(profiles) for key, count in keys.most_common(100)},
            "different_keys": len(keys),
            "spacing": dict(Counter(found.spacing or "none" for found in profiles.values()).most_common()),
        }
    }

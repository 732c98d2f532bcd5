"""Text that stands where an answer should: placeholders, unfilled templates, broken encodings (rule D12)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from advisor.data.answer_types import PROSE
from advisor.data.findings import Finding, Sheet, quote
from advisor.data.subject import Subject
from advisor.data.templates import template_in
from rubrics.data_rules import Severity, severity, threshold
from rubrics.phrases import counted
from rubrics.text import nfc, norm

SLOTS_LISTED = 20

PLACEHOLDERS = frozenset(
    {"", "none", "nan", "null", "<null>", "<none>", "n/a", "#n/a", "<na>", "na", "nil", "undefined"}
    | {"todo", "tbd", "tba", "tbc", "fixme", "xxx", "xxxx", "xxxxx", "placeholder", "...", "…"}
    | {"your answer here", "answer here", "<answer>", "[answer]", "{answer}", "insert answer here"}
)
"""Whole answers, normalised, that stand where an answer is missing."""

LABEL_LIKE = frozenset({"none", "null", "nil", "n/a", "na", "..."})
"""Those of them that are also sound labels, where they are used as one."""

_INSERT = re.compile(r"[\[<({]\s*(?:insert|add|enter|put|write|fill in)\b[^\])}>\n]*[\])}>]", re.IGNORECASE)
_MARKS = re.compile(
    "[\u00c2-\u00f4](?:[\u0080-\u00bf\u0152-\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|(?<=\u00c3) )"
)
"""A UTF-8 sequence as it looks in a one-byte encoding; sound text has such neighbours, too (é…), but few."""


def is_placeholder(text: str) -> bool:
    """Whether a whole text is a placeholder: nothing, "None", "TODO", "[insert answer]", "Lorem ipsum ..."."""
    if len(text) > 80:
        return text.lstrip()[:11].casefold() == "lorem ipsum"
    folded = norm(text)
    bare = folded.rstrip(".:!") or folded
    return (
        folded in PLACEHOLDERS
        or bare in PLACEHOLDERS
        or folded.startswith("lorem ipsum")
        or _INSERT.fullmatch(folded) is not None
    )


def is_mojibake(text: str) -> bool:
    """Whether a text shows UTF-8 that was read in another encoding ("cafÃ©") and can be mended."""
    if text.isascii() or not _MARKS.search(text):
        return False
    return mended(text) != text


def mended(text: str) -> str:
    """Undo a wrong decoding ("cafÃ©" to "café", "â€™" to "’") where the text shows one; else return it as it is.

    U+FFFD stays: what stood there is lost. The work is ftfy's `fix_encoding`, which leaves sound text alone.
    """
    if text.isascii():
        return text
    import ftfy

    return ftfy.fix_encoding(text)


def whole_answers(subject: Subject) -> Iterator[Finding]:
    """Find answers that are a placeholder and nothing else.

    A word such as "none" that is one of the closed labels, with rows enough, is named as information: where it
    means that nothing applies, it is a sound label.
    """
    counts = Counter(subject.answers)
    kinds = {answer: placeholder_kind(subject.sheet, answer) for answer in counts}
    for kind in ("missing", "label"):
        rows = [at for at, answer in enumerate(subject.answers) if kinds[answer] == kind]
        if not rows:
            continue
        example = quote(subject.answers[rows[0]])
        details = {
            "kind": "placeholder answers" if kind == "missing" else "labels like placeholders",
            "answers": {answer: count for answer, count in counts.most_common() if kinds[answer] == kind},
        }
        place = subject.at(rows)
        if kind == "label":
            message = f"{len(rows)} answers are {example}, one of the labels here: sound where it means that nothing applies"
            yield place.finding("D12", "info", message, "", details, example)
            continue
        message = f"{len(rows)} {'answer looks like a placeholder' if len(rows) == 1 else 'answers look like placeholders'}"
        fix = "write the real answer or remove the row; keep them if this is a label of yours"
        yield place.finding("D12", _level(subject, len(rows)), message, fix, details, example)


def placeholder_kind(sheet: Sheet, answer: str) -> str:
    """Return `missing` for an answer that says nothing, `label` for one that is a label here, else an empty text."""
    if not is_placeholder(answer):
        return ""
    label = nfc(answer).strip()
    frequent = sheet.label_counts[label] >= threshold("D12", "label_rows")
    return "label" if sheet.labels is not None and frequent and norm(answer) in LABEL_LIKE else "missing"


def _level(subject: Subject, rows: int) -> Severity:
    """An error where so many answers are hollow that a model would learn to give them."""
    return "error" if rows > threshold("D12", "error_share") * len(subject.answers) else severity("D12")


def templates(subject: Subject) -> Iterator[Finding]:
    """Find slots and filler text that nobody filled in, in answers and, as information, in prompts."""
    prose = PROSE | {"list"}
    answers = [
        text if kind in prose else "" for text, kind in zip(subject.answers, subject.types, strict=True)
    ]
    for what, texts in (("answers", answers), ("prompts", subject.prompts)):
        found = {at: slot for at, text in enumerate(texts) if text and (slot := template_in(text))}
        if not found:
            continue
        counts = Counter(found.values())
        first = min(found)
        level: Severity = _level(subject, len(found)) if what == "answers" else "info"
        yield subject.at(found.keys()).finding(
            "D12",
            level,
            f"templates that nobody filled in, in {counted(len(found), what[:-1])}, most often {quote(counts.most_common(1)[0][0])}",
            "fill it in, or remove the rows: a model trained on them gives the template to your users"
            if what == "answers"
            else "check that real prompts look like this",
            {
                "kind": f"templates in {what}",
                "slots": dict(counts.most_common(SLOTS_LISTED)),
                "different": len(counts),
            },
            quote(texts[first]),
        )


def broken_text(subject: Subject) -> Iterator[Finding]:
    """Find text in a wrong encoding: mojibake, which can be mended, and U+FFFD, where the letter is lost."""
    for what, texts in (("answers", subject.answers), ("prompts", subject.prompts)):
        strange = [at for at, text in enumerate(texts) if not text.isascii()]
        lost = [at for at in strange if "\ufffd" in texts[at]]
        wrong = [at for at in strange if is_mojibake(texts[at])]
        for kind, rows in (("mojibake", wrong), ("lost characters", lost)):
            if rows:
                yield _broken(subject, kind, what, texts, rows)


def _broken(subject: Subject, kind: str, what: str, texts: Sequence[str], rows: Sequence[int]) -> Finding:
    first = texts[rows[0]]
    if kind == "mojibake":
        message = f"text that was read in a wrong encoding in {counted(len(rows), what[:-1])}"
        fix = "mend it (`advisor data fix` can), or read the source as UTF-8 again"
        example = f"{quote(first)} for {quote(mended(first))}"
    else:
        message = f"U+FFFD, where a character was lost, in {counted(len(rows), what[:-1])}"
        fix = "read the source again in its own encoding: what is lost cannot be mended here"
        example = quote(first)
    level = _level(subject, len(rows)) if what == "answers" else severity("D12")
    return subject.at(rows).finding("D12", level, message, fix, {"kind": f"{kind} in {what}"}, example)

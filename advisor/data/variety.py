"""Do the cases vary, or does one case, answer, form or opening dominate (D5)?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from advisor.data.answer_types import JSON, PROSE, STRUCTURED, TYPES
from advisor.data.findings import Finding, quote
from advisor.data.subject import Subject
from rubrics.data_rules import Severity, severity, threshold
from rubrics.phrases import counted
from rubrics.phrases import rows as phrased

_OPENING_WORDS = 8
_SAMPLE = 20_000
"""Prompts that distinct-n is counted on: the share falls with their number, so it is bounded and stated."""


def top_answer(subject: Subject) -> Iterator[Finding]:
    """Find one answer that most rows share; where labels are closed, say how varied they are."""
    sheet = subject.sheet
    if len(sheet.rows) < 2:
        return
    counts = Counter(sheet.answers)
    top, most = counts.most_common(1)[0]
    share = most / len(sheet.answers)
    example = quote(sheet.rows[sheet.answers.index(top)].answer)
    details = {
        "kind": "top answer",
        "top_answer_share": share,
        "distinct_answers": len(counts),
        "effective_answers": effective_number(counts),
        "entropy_bits": entropy_bits(counts),
    }
    if len(counts) == 1:
        message = "every row has the same answer: there is nothing to learn and nothing to measure"
        yield Finding("D5", "error", most, message, "add rows with the other answers", (), details, example)
    elif share > threshold("D5", "top_answer_share"):
        message = f"{share:.0%} of the rows have the same answer; always giving it scores as much"
        fix = "add rows with other answers, and judge by a metric that counts each label alike"
        yield Finding("D5", severity("D5"), most, message, fix, (), details, example)
    elif sheet.labels is not None:
        message = (
            f"{len(counts)} labels, as varied as {details['effective_answers']:.1f} equally frequent ones;"
            f" the top one has {share:.1%}"
        )
        yield Finding("D5", "info", len(counts), message, "", (), details, example)


def entropy_bits(counts: Mapping[str, int]) -> float:
    """Return the entropy of the answers, in bits: log2 of how many equally frequent ones are as varied."""
    total = sum(counts.values())
    return sum(count / total * math.log2(total / count) for count in counts.values())


def effective_number(counts: Mapping[str, int]) -> float:
    """Return how many equally frequent answers would be as varied (Hill number of order 1)."""
    return math.pow(2, entropy_bits(counts))


def odd_formats(subject: Subject) -> Iterator[Finding]:
    """Find the few answers that are not of the form that nearly all have: one format, consistently."""
    counts = subject.type_counts
    main, _ = counts.most_common(1)[0]
    # Broken JSON is a finding of its own.
    odd = Counter({kind: count for kind, count in counts.items() if kind not in (main, "broken JSON")})
    if main not in STRUCTURED:
        # Prose may hold a number or a list; JSON among prose is another format.
        odd = Counter({kind: odd[kind] for kind in odd if kind in JSON})
    few, total = odd.total(), len(subject.types)
    if not few or subject.sheet.labels is not None or few > threshold("D5", "odd_share") * total:
        return
    rows = [at for at, kind in enumerate(subject.types) if kind in odd]
    # A program reads JSON and fails on anything else; other forms are read by people, who do not.
    level: Severity = severity("D5") if main in JSON else "info"
    named = ", ".join(f"{count} {kind}" for kind, count in odd.most_common())
    message = (
        f"{(total - few) / total:.1%} of the answers are of one form ({main}), the others are not: {named}"
    )
    if main not in STRUCTURED:
        message = f"{few} of {total:,} answers are JSON, the others are not: {named}"
    yield subject.at(rows).finding(
        "D5",
        level,
        message,
        "write all answers in one form, or remove the odd rows; one format, consistently",
        {"kind": "odd formats", "main": main, "odd": dict(odd.most_common())},
        quote(subject.answers[rows[0]]),
    )


def broken_json(subject: Subject) -> Iterator[Finding]:
    """Find answers that begin as JSON and do not parse."""
    rows = [at for at, kind in enumerate(subject.types) if kind == "broken JSON"]
    if not rows:
        return
    sound = sum(subject.type_counts[kind] for kind in JSON)
    # Where most answers are prose, a brace at the beginning may be a quotation or a piece of code.
    level: Severity = severity("D5") if 2 * (sound + len(rows)) > len(subject.types) else "info"
    yield subject.at(rows).finding(
        "D5",
        level,
        f"{counted(len(rows), 'answer')} in broken JSON, beside {sound:,} in sound JSON",
        "write them in valid JSON: a model trained on them breaks it, too",
        {"kind": "broken JSON", "sound": sound},
        quote(subject.answers[rows[0]]),
    )


class Opening(NamedTuple):
    """The words that many texts begin with."""

    words: str
    texts: int


def common_opening(texts: Sequence[str], least: float) -> Opening | None:
    """Return the longest opening (at most 8 words) of more than a share `least` of normalised texts."""
    best: Opening | None = None
    sharing = list(texts)
    for length in range(1, _OPENING_WORDS + 1):
        counts = Counter(_first_words(text, length) for text in sharing)
        # A shorter text is no opening of this length.
        counts.pop("", None)
        opening, count = counts.most_common(1)[0] if counts else ("", 0)
        if count <= least * len(texts):
            break
        best = Opening(opening, count)
        sharing = [text for text in sharing if text == opening or text.startswith(opening + " ")]
    return best


def _first_words(text: str, length: int) -> str:
    words = text.split(" ", length)
    return " ".join(words[:length]) if len(words) >= length else ""


def openings(subject: Subject) -> Iterator[Finding]:
    """Find words that most prompts, or most answers in prose, begin with."""
    yield from _opening_finding(subject, "prompts", range(len(subject.prompts)), subject.sheet.prompts)
    prose = [at for at, kind in enumerate(subject.types) if kind in PROSE]
    yield from _opening_finding(subject, "answers", prose, subject.sheet.answers)


def _opening_finding(
    subject: Subject, what: str, rows: Sequence[int], normalised: Sequence[str]
) -> Iterator[Finding]:
    if len(rows) < threshold("D5", "opening_rows"):
        return
    texts = [normalised[at] for at in rows]
    found = common_opening(texts, threshold("D5", "opening_share"))
    if found is None or found.texts >= threshold("D5", "instruction_share") * len(texts):
        # What all texts begin with is an instruction or a form, not a skew of the cases.
        return
    share = found.texts / len(texts)
    first = next(at for at in rows if normalised[at].startswith(found.words))
    text = subject.prompts[first] if what == "prompts" else subject.answers[first]
    yield Finding(
        "D5",
        "info",
        found.texts,
        f"{share:.0%} of the {what} begin with {quote(found.words)}",
        "make sure that real use begins so, too, and add rows that begin otherwise",
        (),
        {"kind": f"opening of {what}", "opening": found.words, "share": share},
        quote(text),
    )


def refusals(subject: Subject) -> Iterator[Finding]:
    """Say how often the answers decline: a model learns to refuse as often as its examples do."""
    rows = [at for at, kind in enumerate(subject.types) if kind == "refusal"]
    share = len(rows) / len(subject.types)
    if share > threshold("D5", "refusal_share"):
        yield subject.at(rows).finding(
            "D5",
            "info",
            f"{share:.1%} of the answers decline the request ({phrased(len(rows))})",
            "keep as many as real use needs: a model refuses as often as its examples do",
            {"kind": "refusals", "share": share},
            quote(subject.answers[rows[0]]),
        )


def largest_cluster(subject: Subject) -> Iterator[Finding]:
    """Find one case that makes up much of the file; the groups are those of D1 and D2."""
    size, example = cluster(subject)
    share = size / len(subject.sheet.rows)
    if size >= threshold("D5", "cluster_rows") and share > threshold("D5", "cluster_share"):
        yield Finding(
            "D5",
            severity("D5"),
            size,
            f"{size} rows ({share:.0%}) are one case in equal or nearly equal words",
            "keep a few of them, and add rows of other cases",
            (),
            {"kind": "largest cluster", "rows_in_cluster": size, "share": share},
            example,
        )


def cluster(subject: Subject) -> tuple[int, str]:
    """Return the size of the largest group of equal or near rows (at least 1), and an example of it."""
    size, example = 1, ""
    for finding in subject.found:
        if finding.check in ("D1", "D2"):
            largest = finding.details.get("largest_group")
            if largest is None:
                largest = max(map(len, finding.details.get("members", ())), default=0)
            if largest > size:
                size, example = largest, finding.example
    return size, example


def odd_scripts(subject: Subject) -> Iterator[Finding]:
    """Find the few prompts, or answers, in another script than nearly all."""
    sides = (
        ("prompts", subject.prompts, subject.prompt_scripts),
        ("answers", subject.answers, subject.answer_scripts),
    )
    for what, texts, scripts in sides:
        counts = Counter(script for script in scripts if script != "none")
        if len(counts) < 2 or (what == "answers" and subject.sheet.labels is not None):
            continue
        main, _ = counts.most_common(1)[0]
        rows = [at for at, script in enumerate(scripts) if script not in (main, "none")]
        if len(rows) > threshold("D5", "odd_share") * counts.total():
            continue
        named = ", ".join(f"{count} {name}" for name, count in counts.most_common() if name != main)
        yield subject.at(rows).finding(
            "D5",
            "info",
            f"nearly all {what} are written in {main} script, but not all: {named}",
            "make sure that real use mixes them, too",
            {"kind": f"scripts of {what}", "scripts": dict(counts.most_common())},
            quote(texts[rows[0]]),
        )


def distinct_n(texts: Sequence[str], n: int) -> float | None:
    """Return the share of different n-grams among all n-grams of normalised texts (Li et al., 2016); None if none.

    It falls with the number of texts: compare only files of about one size.
    """
    seen: set[str] = set()
    total = 0
    for text in texts:
        words = text.split(" ")
        grams = words if n == 1 else [" ".join(words[at : at + n]) for at in range(len(words) - n + 1)]
        total += len(grams)
        seen.update(grams)
    return len(seen) / total if total else None


def statistics(subject: Subject) -> dict[str, Any]:
    """Return the numbers behind the findings, see the keys."""
    sheet = subject.sheet
    counts = Counter(sheet.answers)
    step = -(-len(sheet.prompts) // _SAMPLE)
    sample = sheet.prompts[::step]
    return {
        "answer_types": {kind: subject.type_counts[kind] for kind in TYPES if subject.type_counts[kind]},
        "answer_entropy_bits": entropy_bits(counts),
        "effective_answers": effective_number(counts),
        "top_answer_share": max(counts.values()) / len(sheet.answers),
        "effective_classes": effective_number(sheet.label_counts) if sheet.labels is not None else None,
        "largest_cluster": cluster(subject)[0],
        "scripts": {
            "prompts": dict(Counter(subject.prompt_scripts).most_common()),
            "answers": dict(Counter(subject.answer_scripts).most_common()),
        },
        "first_words": {
            "prompts": _commonest_first(sheet.prompts),
            "answers": _commonest_first(sheet.answers),
        },
        "distinct_n": {"1": distinct_n(sample, 1), "2": distinct_n(sample, 2), "prompts": len(sample)},
    }


def _commonest_first(normalised: Sequence[str]) -> list[dict[str, Any]]:
    counts = Counter(text.split(" ", 1)[0] for text in normalised if text)
    return [
        {"word": word[:40], "count": count, "share": count / len(normalised)}
        for word, count in counts.most_common(5)
    ]

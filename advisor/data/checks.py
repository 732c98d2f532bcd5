"""What is wrong with the rows, before anything is spent on them: the checks D1 to D7, D10 and D12.

Each check is a function from rows to findings and looks at one rule; thresholds and severities stand in
`rubrics/data.yaml`. Structure (D9) is the reader's business, drift (D8) `drift.py`'s and privacy (D11)
`privacy.py`'s.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from advisor.data.drift import drift_findings
from advisor.data.findings import Finding, Inspection, Sheet, grouped, label_set, quote
from advisor.data.overlap import conflicts, exact_duplicates, leakage, leakage_findings, near_duplicates
from advisor.data.privacy import Masker, privacy_findings, search
from advisor.data.rows import Row
from rubrics.data_rules import severity, threshold

__all__ = ["CountTokens", "Finding", "Inspection", "inspect", "label_set"]

CountTokens = Callable[[Sequence[Row]], list[tuple[int, int]]]
"""Counts (prompt tokens, answer tokens) of each row."""

PLACEHOLDERS = frozenset({"", "none", "nan", "null", "todo"})
"""Answers, normalised, that stand where an answer is missing (rule D12)."""


def inspect(
    rows: Sequence[Row],
    *,
    against: Sequence[Row] | None = None,
    production: Sequence[Row] | None = None,
    test_is: Literal["against", "rows"] = "against",
    count_tokens: CountTokens | None = None,
    max_length: int | None = None,
    prompt_only: bool = False,
    seed: int = 0,
) -> Inspection:
    """Run every check over the rows.

    Args:
        rows: at least one.
        against: the other side of a split, for leakage (D4) and labels that training lacks (D10).
        production: rows of real use, answers or not, to look for drift (D8); an answer may be empty.
        test_is: which of the two sides is scored; D4 counts the rows of that side found in the other.
        count_tokens: counts tokens as the model will see them; None counts characters, and says so.
        max_length: the most tokens of prompt and answer that training takes; None checks no fit.
        prompt_only: duplicates (D1, D2) compare prompts alone, not prompts with answers.
        seed: draws the rows that drift is measured on where there are many.
    """
    sheet = Sheet(rows)
    lengths = count_tokens(rows) if count_tokens else [(len(row.prompt), len(row.answer)) for row in rows]
    table: dict[str, Any] = {"unit": "tokens" if count_tokens else "characters", **_length_table(lengths)}
    findings = [
        *exact_duplicates(sheet, prompt_only=prompt_only),
        *near_duplicates(sheet, prompt_only=prompt_only),
        *conflicts(sheet),
    ]
    leak = None
    if against is not None:
        test, train = (Sheet(against), sheet) if test_is == "against" else (sheet, Sheet(against))
        leak = leakage(test, train)
        findings += [*leakage_findings(leak), *_unknown_labels(test, train)]
    findings += [*_skew(sheet), *_stray_space(sheet), *_label_variants(sheet)]
    findings += [*_misfits(sheet, lengths, table["unit"], max_length), *_alike(table)]
    findings += [*_too_few(sheet), *_placeholders(sheet)]
    private = search(rows)
    findings += [*drift_findings(rows, production, seed), *privacy_findings(private)]
    found = Inspection(
        tuple(sorted(findings, key=lambda finding: int(finding.check[1:]))),
        _statistics(sheet, table),
        leak.exact if leak else (),
        leak.near if leak else (),
    )
    masker = Masker([*private, *search(against or ()), *search(production or ())])
    return masker.inspection(found) if masker else found


def _skew(sheet: Sheet) -> Iterator[Finding]:
    if len(sheet.rows) < 2:
        return
    counts = Counter(sheet.answers)
    top, most = counts.most_common(1)[0]
    share = most / len(sheet.answers)
    example = quote(
        next(row.answer for row, answer in zip(sheet.rows, sheet.answers, strict=True) if answer == top)
    )
    effective = _effective_number(counts)
    details = {"top_answer_share": share, "distinct_answers": len(counts), "effective_answers": effective}
    if len(counts) == 1:
        message = "every row has the same answer: there is nothing to learn and nothing to measure"
        yield Finding("D5", "error", most, message, "add rows with the other answers", (), details, example)
    elif share > threshold("D5", "top_answer_share"):
        message = f"{share:.0%} of the rows have the same answer; always giving it scores as much"
        fix = "add rows with other answers, and judge by a metric that counts each label alike"
        yield Finding("D5", severity("D5"), most, message, fix, (), details, example)
    elif sheet.labels is not None:
        message = f"{len(counts)} labels, as varied as {effective:.1f} equally frequent ones; the top one has {share:.1%}"
        yield Finding("D5", "info", len(counts), message, "", (), details, example)


def _effective_number(counts: Mapping[str, int]) -> float:
    """Return exp of the label entropy: how many equally frequent labels would be as varied."""
    total = sum(counts.values())
    return math.exp(-sum(count / total * math.log(count / total) for count in counts.values()))


def _stray_space(sheet: Sheet) -> Iterator[Finding]:
    stray = [index for index, row in enumerate(sheet.rows) if row.answer != row.answer.strip()]
    if stray:
        yield Finding(
            "D6",
            severity("D6"),
            len(stray),
            f"{len(stray)} answers begin or end with white space",
            "trim them: the model learns the white space as part of the answer",
            sheet.ids(stray),
            {"kind": "stray white space"},
            repr(sheet.rows[stray[0]].answer[:60]),
        )


def _label_variants(sheet: Sheet) -> Iterator[Finding]:
    """Find labels written in several ways; open answers differ in case and punctuation for good reasons."""
    folded = [_folded(answer) for answer in sheet.written]
    if label_set(folded) is None:
        return
    groups, odd = [], []
    for members in grouped(folded).values():
        variants = Counter(sheet.written[index] for index in members)
        canonical = variants.most_common(1)[0][0]
        if len(variants) > 1:
            groups.append({"canonical": canonical, "variants": dict(variants)})
            odd += [index for index in members if sheet.written[index] != canonical]
    if groups:
        yield Finding(
            "D6",
            severity("D6"),
            len(odd),
            f"{len(groups)} labels are written in more than one way ({len(odd)} rows differ from the commonest)",
            "write each label in one way; an exact match counts the others as wrong",
            sheet.ids(odd),
            {"kind": "variants of a label", "groups": groups},
            " / ".join(quote(text) for text in groups[0]["variants"]),
        )


def _folded(answer: str) -> str:
    """Fold case, white space and punctuation; punctuation stays where it may be the meaning (1.5, -5, +)."""
    bare = re.sub(r"\s+", "", answer).casefold()
    if any(character.isdigit() for character in bare):
        return bare
    return "".join(c for c in bare if not unicodedata.category(c).startswith("P")) or bare


def _length_table(lengths: Sequence[tuple[int, int]]) -> dict[str, dict[str, float]]:
    import numpy as np

    columns = {
        "prompt": [prompt for prompt, _ in lengths],
        "answer": [answer for _, answer in lengths],
        "total": [prompt + answer for prompt, answer in lengths],
    }
    points = {"min": 0, "p5": 5, "p50": 50, "p95": 95, "max": 100}
    return {
        name: {point: float(np.percentile(values, at)) for point, at in points.items()}
        for name, values in columns.items()
    }


def _misfits(
    sheet: Sheet, lengths: Sequence[tuple[int, int]], unit: str, max_length: int | None
) -> Iterator[Finding]:
    if max_length is None:
        return
    if unit != "tokens":
        message = f"lengths are counted in {unit}: whether rows fit into {max_length} tokens is not known"
        fix = "name the model, so that its tokenizer can count"
        yield Finding("D7", "info", len(lengths), message, fix, (), {"max_length": max_length, "unit": unit})
        return
    long = [index for index, pair in enumerate(lengths) if sum(pair) > max_length]
    if long:
        longest = max(sum(lengths[index]) for index in long)
        yield Finding(
            "D7",
            severity("D7"),
            len(long),
            f"{len(long)} rows are longer than {max_length} tokens (the longest has {longest})",
            "raise the maximum length, shorten these rows or remove them; nothing is cut silently",
            sheet.ids(long),
            {"max_length": max_length, "longest": longest},
            quote(sheet.rows[long[0]].prompt),
        )


def _alike(table: Mapping[str, Any]) -> Iterator[Finding]:
    unit, low, high = table["unit"], table["prompt"]["p5"], table["prompt"]["p95"]
    if low and high / low < threshold("D7", "spread"):
        message = f"prompts are alike in length: 90% have {low:.0f} to {high:.0f} {unit}"
        fix = "make sure that the rows show the variety of real use"
        yield Finding("D7", "info", 1, message, fix, (), {"p95_over_p5": high / low, "unit": unit})


def _too_few(sheet: Sheet) -> Iterator[Finding]:
    rows, needed = len(sheet.rows), int(threshold("D10", "rows"))
    if rows < needed:
        message = f"{rows} rows; training rarely helps below {needed}"
        yield Finding(
            "D10", severity("D10"), rows, message, "collect more rows", (), {"rows": rows, "needed": needed}
        )
    least = int(threshold("D10", "rows_per_label"))
    rare = {label: count for label, count in sorted(sheet.label_counts.items()) if count < least}
    if sheet.labels is not None and rare:
        message = f"{len(rare)} of {len(sheet.labels)} labels have fewer than {least} rows"
        fix = "collect rows for these labels"
        details = {"rows_per_label": rare, "needed": least}
        yield Finding("D10", severity("D10"), len(rare), message, fix, (), details, quote(next(iter(rare))))


def _unknown_labels(test: Sheet, train: Sheet) -> Iterator[Finding]:
    if train.labels is None:
        return
    unknown = sorted(set(test.written) - set(train.labels))
    if unknown:
        yield Finding(
            "D10",
            severity("D10"),
            len(unknown),
            f"{len(unknown)} labels of the test rows never occur in the training rows",
            "collect training rows for them, or split the rows again",
            test.ids(index for index, label in enumerate(test.written) if label not in train.label_counts),
            {"labels_missing_in_train": unknown},
            quote(unknown[0]),
        )


def _placeholders(sheet: Sheet) -> Iterator[Finding]:
    found = [index for index, answer in enumerate(sheet.answers) if answer in PLACEHOLDERS]
    if found:
        counts = Counter(sheet.rows[index].answer for index in found)
        yield Finding(
            "D12",
            severity("D12"),
            len(found),
            f"{len(found)} answers look like placeholders",
            "write the real answer or remove the row; keep them if this is a label of yours",
            sheet.ids(found),
            {"answers": dict(counts)},
            quote(sheet.rows[found[0]].answer),
        )


def _statistics(sheet: Sheet, lengths: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "rows": len(sheet.rows),
        "distinct_prompts": len(set(sheet.prompts)),
        "distinct_answers": len(set(sheet.answers)),
        "closed_labels": sheet.labels is not None,
        "closed_labels_rule": "few distinct answers, most of them repeated, each short and on one line",
        "labels": dict(sheet.label_counts.most_common()) if sheet.labels is not None else None,
        "lengths": dict(lengths),
    }

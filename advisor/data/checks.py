"""What is wrong with the rows, before anything is spent on them: the checks D1 to D12.

Each check is a function from the subject to findings and looks at one rule; thresholds and severities stand in
`rubrics/data.yaml`. Structure (D9) is the reader's business, drift (D8) `drift.py`'s and privacy (D11)
`privacy.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

from advisor.data import amounts, consistency, json_checks, label_checks, lengths, placeholders, variety
from advisor.data.drift import drift_findings
from advisor.data.findings import Finding, Inspection, Sheet, label_set
from advisor.data.overlap import conflicts, exact_duplicates, leakage_findings, near_duplicates
from advisor.data.privacy import Masker, privacy_findings, search
from advisor.data.rows import Row
from advisor.data.subject import Subject

__all__ = ["CHECKS", "CountTokens", "Finding", "Inspection", "inspect", "label_set"]

CountTokens = Callable[[Sequence[Row]], list[tuple[int, int]]]
"""Counts (prompt tokens, answer tokens) of each row."""

Check = Callable[[Subject], Iterable[Finding]]


def _exact_duplicates(subject: Subject) -> Iterator[Finding]:
    return exact_duplicates(subject.sheet, prompt_only=subject.prompt_only)


def _near_duplicates(subject: Subject) -> Iterator[Finding]:
    return near_duplicates(subject.sheet, prompt_only=subject.prompt_only)


def _conflicts(subject: Subject) -> Iterator[Finding]:
    return conflicts(subject.sheet)


def _leakage(subject: Subject) -> Iterable[Finding]:
    return leakage_findings(subject.leak, subject.leak_back) if subject.leak else ()


CHECKS: tuple[Check, ...] = (
    _exact_duplicates,
    _near_duplicates,
    _conflicts,
    _leakage,
    variety.top_answer,
    variety.odd_formats,
    variety.broken_json,
    variety.openings,
    variety.refusals,
    variety.largest_cluster,
    variety.odd_scripts,
    consistency.edges,
    consistency.invisible_characters,
    consistency.unicode_forms,
    consistency.line_endings,
    consistency.answer_style,
    label_checks.label_variants,
    label_checks.label_style,
    json_checks.json_order,
    json_checks.json_keys,
    json_checks.json_writing,
    json_checks.json_types,
    lengths.misfits,
    lengths.alike,
    amounts.too_few_rows,
    amounts.rare_labels,
    amounts.unknown_labels,
    placeholders.whole_answers,
    placeholders.templates,
    placeholders.broken_text,
)
"""Every check, in the order of running: one may look at the findings of those before it."""


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
    subject = Subject(
        sheet=Sheet(rows),
        other=None if against is None else Sheet(against),
        test_is=test_is,
        lengths=count_tokens(rows) if count_tokens else [(len(row.prompt), len(row.answer)) for row in rows],
        unit="tokens" if count_tokens else "characters",
        max_length=max_length,
        prompt_only=prompt_only,
    )
    for check in CHECKS:
        subject.found.extend(check(subject))
    private = search(rows)
    subject.found += [*drift_findings(rows, production, seed), *privacy_findings(private)]
    leak = subject.leak
    found = Inspection(
        tuple(sorted(subject.found, key=lambda finding: int(finding.check[1:]))),
        _statistics(subject),
        leak.exact if leak else (),
        leak.near if leak else (),
    )
    masker = Masker([*private, *search(against or ()), *search(production or ())])
    return masker.inspection(found) if masker else found


def _statistics(subject: Subject) -> dict[str, Any]:
    sheet = subject.sheet
    return {
        "rows": len(sheet.rows),
        "distinct_prompts": len(set(sheet.prompts)),
        "distinct_answers": len(set(sheet.answers)),
        "closed_labels": sheet.labels is not None,
        "closed_labels_rule": "few distinct answers, most of them repeated, each short and on one line",
        "labels": dict(sheet.label_counts.most_common()) if sheet.labels is not None else None,
        "lengths": subject.length_table,
        **variety.statistics(subject),
        **consistency.statistics(subject),
    }

"""Are there enough rows, in all and for each label, and does training know every test label (D10)?"""

from __future__ import annotations

from collections.abc import Iterator

from advisor.data.findings import Finding, quote
from advisor.data.subject import Subject
from rubrics.data_rules import severity, threshold


def too_few_rows(subject: Subject) -> Iterator[Finding]:
    """Find files that are too small to train on."""
    rows, needed = len(subject.sheet.rows), int(threshold("D10", "rows"))
    if rows < needed:
        message = f"{rows} {'row' if rows == 1 else 'rows'}: training rarely helps below {needed}"
        fix = f"collect at least {needed - rows} more; a prompt with examples needs none"
        details = {"kind": "rows", "rows": rows, "needed": needed}
        yield Finding("D10", severity("D10"), rows, message, fix, (), details)


def rare_labels(subject: Subject) -> Iterator[Finding]:
    """Find labels with too few rows to learn them from."""
    sheet, least = subject.sheet, int(threshold("D10", "rows_per_label"))
    if sheet.labels is None:
        return
    counts = sorted(sheet.label_counts.items(), key=lambda item: (item[1], item[0]))
    rare = {label: count for label, count in counts if count < least}
    if not rare:
        return
    lacking = sum(least - count for count in rare.values())
    rows = [at for at, label in enumerate(sheet.written) if label in rare]
    yield subject.at(rows).finding(
        "D10",
        severity("D10"),
        f"{len(rare)} of {len(sheet.labels)} labels have fewer than {least} rows",
        f"collect {lacking} rows for these labels, join them with others, or leave them out of the task",
        {"kind": "rows per label", "rows_per_label": rare, "needed": least},
        f"{quote(next(iter(rare)))}: {next(iter(rare.values()))}",
        count=len(rare),
    )


def unknown_labels(subject: Subject) -> Iterator[Finding]:
    """Find test labels that training never shows: no model can learn them."""
    test, train = subject.test, subject.train
    if subject.other is None or train.labels is None:
        return
    unknown = sorted(set(test.written) - set(train.labels))
    if not unknown:
        return
    rows = [at for at, label in enumerate(test.written) if label not in train.label_counts]
    yield subject.at(rows, test).finding(
        "D10",
        severity("D10"),
        f"{len(unknown)} {'label' if len(unknown) == 1 else 'labels'} of the test rows never occur in the"
        f" training rows ({len(rows)} test rows cannot be answered right)",
        "collect training rows for them, or split the rows again",
        {"kind": "labels missing in train", "labels_missing_in_train": unknown},
        quote(unknown[0]),
        count=len(unknown),
    )

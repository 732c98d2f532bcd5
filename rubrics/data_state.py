"""The state of the data as the checks D1 to D12 found it, and how it is read from report.json."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rubrics.reading import Field


@dataclass(frozen=True, slots=True)
class DataState:
    """What the checks found in the rows.

    Attributes:
        train_rows: rows to train on.
        leak_share: share of the test rows that also stand, exactly or nearly, in train, 0..1.
        conflict_share: share of the rows whose prompt has different answers and that are not repaired, 0..1.
        overlong, structure_errors, placeholder_errors: findings with severity error.
        smallest_label: training rows of the rarest label, as they were divided; None for open answers.
        missing_labels: labels of the test rows that train lacks.
        coverage_error: message of a D10 finding with severity error, empty without one.
        copy_share: share of the rows that repeat another exactly or nearly, beyond the first of each group.
        top_answer_share: share of the commonest answer; None where no check told it.
        one_answer: every row has the same answer.
    """

    train_rows: int | None = None
    leak_share: float | None = None
    conflict_share: float | None = None
    overlong: int | None = None
    structure_errors: int | None = None
    placeholder_errors: int | None = None
    smallest_label: int | None = None
    missing_labels: int | None = None
    coverage_error: str = ""
    copy_share: float | None = None
    top_answer_share: float | None = None
    one_answer: bool = False

    @property
    def different_rows(self) -> int | None:
        """Training rows, each group of copies counted once; copies teach what their first row teaches."""
        return None if self.train_rows is None else round(self.train_rows * (1 - (self.copy_share or 0.0)))


def read_data(data: Field) -> DataState:
    """Return what the findings say; findings that are absent altogether leave everything unknown."""
    train = split_rows(data, "train")
    if data["findings"].absent:
        return DataState(train_rows=train)
    findings = _findings(data["findings"])
    smallest, missing = _coverage(findings.get("D10", []))
    rarest, lacking = data["labels"]["rarest"].count(), data["labels"]["missing"].count()
    return DataState(
        train_rows=train,
        leak_share=_share_of(_leaks(findings.get("D4", [])), split_rows(data, "test")),
        conflict_share=_share_of(_total(findings.get("D3", [])), _checked_rows(data)),
        overlong=_errors(findings.get("D7", [])),
        structure_errors=_errors(findings.get("D9", [])),
        placeholder_errors=_errors(findings.get("D12", [])),
        # What was counted after the rows were divided goes before what the file as a whole has.
        smallest_label=smallest if rarest is None else rarest,
        missing_labels=missing if lacking is None else lacking,
        coverage_error=_coverage_error(findings.get("D10", [])),
        copy_share=_share_of(_copies(findings), _checked_rows(data)),
        top_answer_share=_top_answer_share(findings.get("D5", [])),
        one_answer=_errors(findings.get("D5", [])) > 0,
    )


def _findings(findings: Field) -> dict[str, list[Field]]:
    by_check: dict[str, list[Field]] = {}
    for finding in findings.each():
        check = re.match(r"D\d+", finding["check"].text() or "")
        if not check:
            raise finding["check"].wrong("a data rule D1 to D12")
        by_check.setdefault(check.group(), []).append(finding)
    return by_check


def _total(findings: Iterable[Field]) -> int:
    return sum(finding["count"].count() or 0 for finding in findings)


def _errors(findings: Iterable[Field]) -> int:
    return _total(finding for finding in findings if finding["severity"].text() == "error")


def _copies(findings: Mapping[str, Iterable[Field]]) -> int:
    """Count rows beyond the first of each group: exact ones (D1), and near ones (D2) among what is left."""
    exact = 0
    for finding in findings.get("D1", []):
        named = finding["details"]["duplicate_rows"].size()
        exact += (finding["count"].count() or 0) if named is None else named
    return exact + _total(findings.get("D2", []))


def _top_answer_share(findings: Iterable[Field]) -> float | None:
    shares = [
        share for finding in findings if (share := finding["details"]["top_answer_share"].share()) is not None
    ]
    return max(shares, default=None)


def _leaks(findings: Iterable[Field]) -> int:
    """Count leaking rows by the details, whose `near` excludes `exact`, else by the finding's own count."""
    total = 0
    for finding in findings:
        exact, near = finding["details"]["exact"].size(), finding["details"]["near"].size()
        counted = finding["count"].count() if exact is None and near is None else (exact or 0) + (near or 0)
        total += counted or 0
    return total


def _coverage(findings: Iterable[Field]) -> tuple[int | None, int | None]:
    """Return the rows of the rarest label and the number of labels that train lacks, where D10 tells them."""
    smallest: list[int] = []
    missing: list[int] = []
    for finding in findings:
        by_label = finding["details"]["rows_per_label"]
        smallest += [rows for label in by_label.mapping() if (rows := by_label[label].count()) is not None]
        lacking = finding["details"]["labels_missing_in_train"].size()
        missing += [] if lacking is None else [lacking]
    return min(smallest, default=None), max(missing, default=None)


def _coverage_error(findings: Iterable[Field]) -> str:
    errors = [finding for finding in findings if finding["severity"].text() == "error"]
    return (errors[0]["message"].text() or "the check of the training rows failed") if errors else ""


def _share_of(part: int, whole: int | None) -> float | None:
    if part == 0:
        return 0.0
    return min(1.0, part / whole) if whole else None


def split_rows(data: Field, split: str) -> int | None:
    """Return the rows of a split; None where not known."""
    rows = data["splits"][split]
    return rows["rows"].count() if isinstance(rows.value, Mapping) else rows.size()


def _checked_rows(data: Field) -> int | None:
    """Return the rows that the findings count: those of one file where several were given, else all."""
    for name in ("checked", "rows"):
        if (rows := data[name].count()) is not None:
            return rows
    return sum(split_rows(data, split) or 0 for split in ("train", "dev", "test"))

"""What checks produce and what they look at: findings, an inspection, and rows with their normalised texts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from advisor.data.rows import Row
from rubrics.data_rules import Severity, threshold
from rubrics.text import nfc, norm


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check found.

    Attributes:
        check: rule id of KNOWLEDGE.md, `D1` to `D12`.
        severity: `info` is worth knowing, `warning` worth mending, `error` makes a result untrue.
        count: how many of what `message` names.
        message: what was found, one sentence.
        fix: what to do about it; empty where nothing needs doing.
        rows: ids of the rows concerned, in the order of the file.
        details: what the contract promises for the check, and lists for a program to read.
        example: one case, to make the message concrete.
    """

    check: str
    severity: Severity
    count: int
    message: str
    fix: str = ""
    rows: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    example: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as the contract's JSON."""
        return {**asdict(self), "rows": list(self.rows), "details": dict(self.details)}


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the checks found in a file.

    Attributes:
        findings: in the order of their rules.
        statistics: `rows`, `distinct_prompts`, `distinct_answers`, `closed_labels`, `labels`, `lengths`.
        leaked_exact: ids of the test rows whose normalised prompt stands in the training rows.
        leaked_near: ids of the test rows that have a near duplicate there, the exact ones left out.
    """

    findings: tuple[Finding, ...]
    statistics: Mapping[str, Any]
    leaked_exact: tuple[str, ...] = ()
    leaked_near: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error: `data check` then exits 3."""
        return any(finding.severity == "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the findings and statistics as the contract's JSON."""
        findings = [finding.to_dict() for finding in self.findings]
        return {"findings": findings, "statistics": dict(self.statistics)}


class Repeats(NamedTuple):
    """Which items stand more than once.

    Attributes:
        firsts: index of the first item of each key, in order.
        groups: indices of equal items, in order, for keys that stand more than once.
    """

    firsts: list[int]
    groups: list[list[int]]


def repeats(keys: Sequence[Any]) -> Repeats:
    """Find equal keys; unlike `grouped` it makes no list for a key that stands alone, as most of a million do."""
    first: dict[Any, int] = {}
    groups: dict[int, list[int]] = {}
    for index, key in enumerate(keys):
        earlier = first.setdefault(key, index)
        if earlier != index:
            groups.setdefault(earlier, [earlier]).append(index)
    return Repeats(list(first.values()), list(groups.values()))


class Sheet:
    """Rows with what several checks need of them, worked out once."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.prompts = [norm(row.prompt) for row in rows]
        # Answers repeat, and labels most of all: each text is worked on once.
        written = {text: (norm(text), nfc(text).strip()) for text in {row.answer for row in rows}}
        self.answers = [written[row.answer][0] for row in rows]
        self.written = [written[row.answer][1] for row in rows]

    @cached_property
    def labels(self) -> list[str] | None:
        """The labels, or None where the answers are open."""
        return label_set(self.written)

    @cached_property
    def label_counts(self) -> Counter[str]:
        """How many rows give each answer, as it is written."""
        return Counter(self.written)

    @cached_property
    def equal_prompts(self) -> Repeats:
        """Rows with equal normalised prompts."""
        return repeats(self.prompts)

    @cached_property
    def equal_rows(self) -> Repeats:
        """Rows with equal normalised prompts and answers."""
        return repeats(list(zip(self.prompts, self.answers, strict=True)))

    def ids(self, chosen: Iterable[int]) -> tuple[str, ...]:
        """Return the ids of rows given by index, in the order of the file."""
        return tuple(self.rows[index].id for index in sorted(chosen))


def label_set(answers: Sequence[str]) -> list[str] | None:
    """Return the labels if the answers are drawn from a closed set, else None.

    Closed means, after NFC and trimming: at most one distinct answer for three rows, at most half of the
    distinct answers seen only once, and each on one line of at most 100 characters (rule D5; measured on the
    shared data, where extraction repeats "{}" often but sees 85% of its distinct answers once).
    """
    counts = Counter(nfc(answer).strip() for answer in answers)
    longest = threshold("D5", "label_characters")
    if not counts or any(len(label) > longest or "\n" in label for label in counts):
        return None
    once = sum(count == 1 for count in counts.values())
    few = len(counts) <= threshold("D5", "label_rows_share") * len(answers)
    return sorted(counts) if few and once <= threshold("D5", "label_once_share") * len(counts) else None


def grouped(keys: Sequence[Any]) -> dict[Any, list[int]]:
    """Return the indices of equal keys, by key, in order of first appearance."""
    groups: dict[Any, list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        groups[key].append(index)
    return groups


def quote(text: str) -> str:
    """Return a text on one line of at most 80 characters, in quotes, for a message."""
    flat = " ".join(text.split())
    return f'"{flat}"' if len(flat) <= 80 else f'"{flat[:77]}..."'

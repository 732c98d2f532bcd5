"""The fixes that drop rows: each names the ids of the rows that go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from advisor.data.findings import Finding, Sheet, grouped
from advisor.data.overlap import conflicts, exact_duplicates, leakage, near_duplicates
from advisor.data.placeholders import is_placeholder
from advisor.data.rows import Row


@dataclass(frozen=True)
class Need:
    """What some fixes work with.

    Attributes:
        against: the rows of `--against`.
        lengths: counts (prompt tokens, answer tokens) of each row.
        max_length: most tokens of prompt and answer.
    """

    against: Sequence[Row] = ()
    lengths: Callable[[Sequence[Row]], list[tuple[int, int]]] | None = None
    max_length: int | None = None


Remover = Callable[[Sheet, Need], Iterable[str]]


def _rows_of(findings: Iterable[Finding]) -> Iterable[str]:
    return chain.from_iterable(finding.rows for finding in findings)


def _placeholders(sheet: Sheet, need: Need) -> Iterable[str]:
    return (row.id for row in sheet.rows if is_placeholder(row.answer))


def _too_long(sheet: Sheet, need: Need) -> Iterable[str]:
    assert need.lengths is not None
    assert need.max_length is not None
    lengths = need.lengths(sheet.rows)
    return (row.id for row, pair in zip(sheet.rows, lengths, strict=True) if sum(pair) > need.max_length)


def _leaks(sheet: Sheet, need: Need) -> Iterable[str]:
    found = leakage(sheet, Sheet(need.against))
    return (*found.exact, *found.near)


def _minority(sheet: Sheet, need: Need) -> Iterable[str]:
    """Of each prompt with several answers, the rows of all but the commonest; all, where two are as common."""
    for members in grouped(sheet.prompts).values():
        counts = Counter(sheet.answers[at] for at in members).most_common(2)
        if len(counts) > 1:
            kept = counts[0][0] if counts[0][1] > counts[1][1] else None
            yield from (sheet.rows[at].id for at in members if sheet.answers[at] != kept)


REMOVERS: Mapping[str, Remover] = {
    "placeholders": _placeholders,
    "too-long": _too_long,
    "leaks": _leaks,
    "conflicts": lambda sheet, need: _rows_of(conflicts(sheet)),
    "conflicts-majority": _minority,
    "duplicates": lambda sheet, need: _rows_of(exact_duplicates(sheet, prompt_only=False)),
    "near-duplicates": lambda sheet, need: _rows_of(near_duplicates(sheet, prompt_only=False)),
}

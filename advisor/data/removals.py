"""The fixes that drop rows: each names the ids of the rows that go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from advisor.data.findings import Sheet, grouped
from advisor.data.overlap import leakage
from advisor.data.placeholders import placeholder_kind
from advisor.data.rows import Row
from advisor.data.similarity import near_groups


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


def _placeholders(sheet: Sheet, need: Need) -> Iterable[str]:
    known = {row.answer: placeholder_kind(sheet, row.answer) == "missing" for row in sheet.rows}
    return (row.id for row in sheet.rows if known[row.answer])


def _too_long(sheet: Sheet, need: Need) -> Iterable[str]:
    assert need.lengths is not None
    assert need.max_length is not None
    lengths = need.lengths(sheet.rows)
    return (row.id for row, pair in zip(sheet.rows, lengths, strict=True) if sum(pair) > need.max_length)


def _leaks(sheet: Sheet, need: Need) -> Iterable[str]:
    found = leakage(sheet, Sheet(need.against))
    return (*found.exact, *found.near)


def _conflicting(sheet: Sheet) -> Iterator[list[int]]:
    """Yield the rows of each prompt that has different answers (D3)."""
    for members in grouped(sheet.prompts).values():
        if len({sheet.answers[at] for at in members}) > 1:
            yield members


def _conflicts(sheet: Sheet, need: Need) -> Iterable[str]:
    return (sheet.rows[at].id for members in _conflicting(sheet) for at in members)


def _minority(sheet: Sheet, need: Need) -> Iterable[str]:
    """Of each prompt with several answers, the rows of all but the commonest; all, where two are as common."""
    for members in _conflicting(sheet):
        first, second = Counter(sheet.answers[at] for at in members).most_common(2)
        kept = first[0] if first[1] > second[1] else None
        yield from (sheet.rows[at].id for at in members if sheet.answers[at] != kept)


def _duplicates(sheet: Sheet, need: Need) -> Iterable[str]:
    keys = list(zip(sheet.prompts, sheet.answers, strict=True))
    return (sheet.rows[at].id for members in grouped(keys).values() for at in members[1:])


def _near_duplicates(sheet: Sheet, need: Need) -> Iterable[str]:
    """All but the first row of each group of near duplicates (D2), exact ones included."""
    labels = near_groups(sheet.prompts, sheet.answers).labels.tolist()
    return (sheet.rows[at].id for members in grouped(labels).values() for at in members[1:])


REMOVERS: Mapping[str, Remover] = {
    "placeholders": _placeholders,
    "too-long": _too_long,
    "leaks": _leaks,
    "conflicts": _conflicts,
    "conflicts-majority": _minority,
    "duplicates": _duplicates,
    "near-duplicates": _near_duplicates,
}

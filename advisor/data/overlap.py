"""Rows that stand more than once, or on both sides of a split: the checks D1 to D4.

Findings stay readable for a million rows: groups come largest first, lists are cut at a stated length, and the
totals are always given. Overlap is lexical: a paraphrase shares few shingles and is not found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.data.findings import Finding, Sheet, quote, repeats
from advisor.data.similarity import near_groups, near_matches
from rubrics.data_rules import severity, threshold

LISTED_ROWS = 10_000
"""A finding names at most this many rows; `count` and `details` give the totals."""
LISTED_GROUPS = 1000
"""`details` lists at most this many groups, the largest first; the totals stand beside them."""
LISTED_MEMBERS = 100
"""Of each listed group at most this many rows are named."""


def exact_duplicates(sheet: Sheet, *, prompt_only: bool) -> Iterator[Finding]:
    """Find rows whose prompt and answer, or prompt alone, stand in an earlier row (D1)."""
    groups = _largest_first((sheet.equal_prompts if prompt_only else sheet.equal_rows).groups)
    if not groups:
        return
    extra = [index for members in groups for index in members[1:]]
    what = "prompt" if prompt_only else "prompt and answer"
    yield Finding(
        "D1",
        severity("D1"),
        len(extra),
        f"{len(extra):,} of {len(sheet.rows):,} rows repeat the {what} of an earlier row, in {_groups_in_words(groups)}",
        "keep one row of each group, unless the repetition reflects how often the case occurs",
        sheet.ids(extra)[:LISTED_ROWS],
        {
            "groups": len(groups),
            "duplicate_rows": len(extra),
            "largest_group": len(groups[0]),
            **_members(sheet, groups),
            **_listing(len(extra)),
        },
        quote(sheet.rows[groups[0][0]].prompt),
    )


def near_duplicates(sheet: Sheet, *, prompt_only: bool) -> Iterator[Finding]:
    """Find rows that nearly repeat another (D2): prompts near and, unless `prompt_only`, answers near too.

    Exact duplicates are D1's: of each group of them one row takes part.
    """
    firsts = (sheet.equal_prompts if prompt_only else sheet.equal_rows).firsts
    answers = None if prompt_only else [sheet.answers[index] for index in firsts]
    near = near_groups([sheet.prompts[index] for index in firsts], answers)
    if near.closest is None:
        return
    groups = _largest_first(
        [firsts[at] for at in members] for members in repeats(near.labels.tolist()).groups
    )
    extra = [index for members in groups for index in members[1:]]
    first, second = (sheet.rows[firsts[at]].prompt for at in near.closest)
    counted = f"{near.pairs:,}" if near.all_counted else f"at least {near.pairs:,}"
    yield Finding(
        "D2",
        severity("D2"),
        len(extra),
        f"{counted} {'pair of rows is' if near.pairs == 1 else 'pairs of rows are'} nearly the same (Jaccard {threshold('D2', 'jaccard')} or more), in"
        f" {_groups_in_words(groups)}",
        "look at the groups and keep one row of each, or keep the group on one side of the split",
        sheet.ids(extra)[:LISTED_ROWS],
        {
            "pairs": near.pairs,
            "pairs_counted": "all" if near.all_counted else "at least",
            "groups": len(groups),
            "largest_group": len(groups[0]),
            **_members(sheet, groups),
            **_listing(len(extra)),
        },
        f"{quote(first)} and {quote(second)} ({near.highest:.2f})",
    )


def _largest_first(groups: Iterable[list[int]]) -> list[list[int]]:
    """Order groups by size, equal ones by their first row."""
    return sorted(groups, key=lambda members: (-len(members), members[0]))


def _groups_in_words(groups: Sequence[Sequence[int]]) -> str:
    if len(groups) == 1:
        return f"one group of {len(groups[0]):,} rows"
    return f"{len(groups):,} groups, the largest of {len(groups[0]):,} rows"


def _members(sheet: Sheet, groups: Sequence[Sequence[int]]) -> dict[str, Any]:
    """List the largest groups with their first ids, and say how much of them that is."""
    listed = [list(sheet.ids(group[:LISTED_MEMBERS])) for group in groups[:LISTED_GROUPS]]
    return {
        "members": listed,
        "group_sizes": [len(group) for group in groups[:LISTED_GROUPS]],
        "members_listed": "all" if sum(map(len, listed)) == sum(map(len, groups)) else "first",
    }


def _listing(rows: int) -> dict[str, str]:
    """Say whether `rows` of a finding holds them all."""
    return {"rows_listed": "all" if rows <= LISTED_ROWS else "first"}


def conflicts(sheet: Sheet) -> Iterator[Finding]:
    """Find prompts that have different answers (D3); `count` is of rows, `details.prompts` of prompts."""
    groups = [
        members
        for members in sheet.equal_prompts.groups
        if len({sheet.answers[index] for index in members}) > 1
    ]
    if not groups:
        return
    groups = _largest_first(groups)
    listed = [_listed(sheet, members) for members in groups[:LISTED_GROUPS]]
    rows = [index for members in groups for index in members]
    answers = " / ".join(quote(answer) for answer in list(listed[0]["answers"])[:3])
    yield Finding(
        "D3",
        severity("D3"),
        len(rows),
        f"{len(groups):,} {'prompt has' if len(groups) == 1 else 'prompts have'} different answers ({len(rows):,} rows)",
        "choose one answer for each, or add to the prompt what tells the cases apart",
        sheet.ids(rows)[:LISTED_ROWS],
        {
            "prompts": len(groups),
            "conflicts": listed,
            "conflicts_listed": "all" if len(listed) == len(groups) else "first",
            **_listing(len(rows)),
        },
        f"{quote(listed[0]['prompt'])}: {answers}",
    )


def _listed(sheet: Sheet, members: Sequence[int]) -> dict[str, Any]:
    answers = Counter(sheet.rows[index].answer for index in members)
    return {
        "prompt": sheet.rows[members[0]].prompt,
        "answers": dict(answers.most_common(LISTED_MEMBERS)),
        "rows": list(sheet.ids(members[:LISTED_MEMBERS])),
    }


@dataclass(frozen=True, slots=True)
class Leak:
    """The test rows that stand in the training rows (D4).

    Attributes:
        exact: ids of those whose normalised prompt stands there.
        near: ids of those with a near duplicate there, the exact ones left out.
        letter_by_letter: how many of the exact ones are the same without normalisation.
        test_rows: of how many.
        example: one of them, for a message.
    """

    exact: tuple[str, ...]
    near: tuple[str, ...]
    letter_by_letter: int
    test_rows: int
    example: str


def leakage(test: Sheet, train: Sheet) -> Leak:
    """Look for the test prompts among the training prompts."""
    known, raw = set(train.prompts), {row.prompt for row in train.rows}
    exact = [index for index, prompt in enumerate(test.prompts) if prompt in known]
    rest = [index for index, prompt in enumerate(test.prompts) if prompt not in known]
    sources = list(dict.fromkeys(train.prompts))
    matched = near_matches(sources, [test.prompts[index] for index in rest])
    near = {index: source for index, source in zip(rest, matched, strict=True) if source >= 0}
    example = quote(test.rows[exact[0]].prompt) if exact else ""
    if not exact and near:
        first = min(near)
        example = f"{quote(test.rows[first].prompt)} stands in train as {quote(sources[near[first]])}"
    letters = sum(test.rows[index].prompt in raw for index in exact)
    return Leak(test.ids(exact), test.ids(near), letters, len(test.rows), example)


def leakage_findings(leak: Leak, back: Leak | None = None) -> Iterator[Finding]:
    """Judge a leak (D4): a share of the test rows above the rule's is an error; none is said to be lexical only.

    Args:
        leak: the rows of one side found on the other.
        back: the other way round, where nobody said which of two files is the test; the larger share counts.
    """
    count = len(leak.exact) + len(leak.near)
    share = count / leak.test_rows
    details: dict[str, Any] = {
        "exact": len(leak.exact),
        "near": len(leak.near),
        "letter_by_letter": leak.letter_by_letter,
        "test_rows": leak.test_rows,
        "share": share,
        **_listing(count),
    }
    rows, other = ("test rows", "the training rows") if back is None else ("rows", "the file of --against")
    if not count:
        message = (
            f"no lexical leakage: none of the {leak.test_rows:,} {rows} stands in {other}, exactly or"
            " nearly; paraphrases are not found by this"
        )
        yield Finding("D4", "info", 0, message, "", (), details)
        return
    message = (
        f"{count:,} of {leak.test_rows:,} {rows} ({share:.1%}) stand in {other}:"
        f" {len(leak.exact):,} exactly ({leak.letter_by_letter:,} letter by letter), {len(leak.near):,} nearly"
    )
    if back is not None:
        found = len(back.exact) + len(back.near)
        details["against"] = {"rows": back.test_rows, "found": found, "share": found / back.test_rows}
        message += f"; {found:,} of its {back.test_rows:,} rows ({found / back.test_rows:.1%}) stand here"
        share = max(share, found / back.test_rows)
    yield Finding(
        "D4",
        "error" if share > threshold("D4", "error_share") else severity("D4"),
        count,
        message,
        "leave them out of the score, or out of the training rows",
        (*leak.exact, *leak.near)[:LISTED_ROWS],
        details,
        leak.example,
    )

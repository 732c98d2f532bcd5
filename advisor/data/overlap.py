"""Rows that stand more than once, or on both sides of a split: the checks D1 to D4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from advisor.data.findings import Finding, Sheet, grouped, quote
from advisor.data.similarity import PairBlock, components, jaccard, near_pair_blocks
from rubrics.data_rules import severity, threshold


def exact_duplicates(sheet: Sheet, *, prompt_only: bool) -> Iterator[Finding]:
    """Find rows whose prompt and answer, or prompt alone, stand in an earlier row (D1)."""
    keys = _keys(sheet, prompt_only=prompt_only)
    groups = [members for members in grouped(keys).values() if len(members) > 1]
    if not groups:
        return
    extra = [index for members in groups for index in members[1:]]
    what = "prompt" if prompt_only else "prompt and answer"
    yield Finding(
        "D1",
        severity("D1"),
        len(extra),
        f"{len(extra)} of {len(keys)} rows repeat the {what} of an earlier row ({len(groups)} groups)",
        "keep one row of each group, unless the repetition reflects how often the case occurs",
        sheet.ids(extra),
        {"groups": len(groups), "duplicate_rows": len(extra), "members": _members(sheet, groups)},
        quote(sheet.rows[groups[0][0]].prompt),
    )


def near_duplicates(sheet: Sheet, *, prompt_only: bool) -> Iterator[Finding]:
    """Find rows that nearly repeat another (D2): prompts near and, unless `prompt_only`, answers near too.

    Exact duplicates are D1's: of each group of them one row takes part.
    """
    firsts = [members[0] for members in grouped(_keys(sheet, prompt_only=prompt_only)).values()]
    blocks = near_pair_blocks([sheet.prompts[index] for index in firsts])
    if not prompt_only:
        blocks = _with_near_answers(blocks, [sheet.answers[index] for index in firsts])
    tally = _Tally()
    labels = components(len(firsts), tally.watch(blocks))
    groups = [[firsts[at] for at in members] for members in grouped(labels).values() if len(members) > 1]
    if not groups:
        return
    extra = [index for members in groups for index in members[1:]]
    first, second = (sheet.rows[firsts[at]].prompt for at in tally.closest)
    yield Finding(
        "D2",
        severity("D2"),
        len(extra),
        f"{tally.pairs} pairs of rows are nearly the same (Jaccard {threshold('D2', 'jaccard')} or more)",
        "look at the groups and keep one row of each, or keep the group on one side of the split",
        sheet.ids(extra),
        {"pairs": tally.pairs, "groups": len(groups), "members": _members(sheet, groups)},
        f"{quote(first)} and {quote(second)} ({tally.highest:.2f})",
    )


@dataclass(slots=True)
class _Tally:
    """Counts pairs that stream past, since a file of one template can have millions of them."""

    pairs: int = 0
    highest: float = 0.0
    closest: tuple[int, int] = (0, 0)

    def watch(self, blocks: Iterable[PairBlock]) -> Iterator[PairBlock]:
        for block in blocks:
            self.pairs += len(block.left)
            best = int(block.jaccard.argmax())
            if block.jaccard[best] > self.highest:
                self.highest = float(block.jaccard[best])
                self.closest = (int(block.left[best]), int(block.right[best]))
            yield block


def _with_near_answers(blocks: Iterable[PairBlock], answers: Sequence[str]) -> Iterator[PairBlock]:
    import numpy as np

    least = threshold("D2", "jaccard")
    near = cache(lambda a, b: a == b or jaccard(a, b) >= least)
    for left, right, score in blocks:
        keep = np.array([near(answers[i], answers[j]) for i, j in zip(left, right, strict=True)])
        if keep.any():
            yield PairBlock(left[keep], right[keep], score[keep])


def _keys(sheet: Sheet, *, prompt_only: bool) -> Sequence[object]:
    return sheet.prompts if prompt_only else list(zip(sheet.prompts, sheet.answers, strict=True))


def _members(sheet: Sheet, groups: Sequence[Sequence[int]]) -> list[list[str]]:
    return [list(sheet.ids(group)) for group in groups]


def conflicts(sheet: Sheet) -> Iterator[Finding]:
    """Find prompts that have different answers (D3); `count` is of rows, `details.prompts` of prompts."""
    groups = [
        members
        for members in grouped(sheet.prompts).values()
        if len({sheet.answers[index] for index in members}) > 1
    ]
    if not groups:
        return
    listed = [_listed(sheet, members) for members in groups]
    rows = [index for members in groups for index in members]
    answers = " / ".join(quote(answer) for answer in list(listed[0]["answers"])[:3])
    yield Finding(
        "D3",
        severity("D3"),
        len(rows),
        f"{len(groups)} prompts have different answers ({len(rows)} rows)",
        "choose one answer for each, or add to the prompt what tells the cases apart",
        sheet.ids(rows),
        {"prompts": len(groups), "conflicts": listed},
        f"{quote(listed[0]['prompt'])}: {answers}",
    )


def _listed(sheet: Sheet, members: Sequence[int]) -> dict[str, Any]:
    answers = Counter(sheet.rows[index].answer for index in members)
    return {
        "prompt": sheet.rows[members[0]].prompt,
        "answers": dict(answers),
        "rows": list(sheet.ids(members)),
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
    near: dict[int, int] = {}
    for block in near_pair_blocks(sources, [test.prompts[index] for index in rest]):
        near |= {rest[j]: int(i) for i, j in zip(block.left, block.right, strict=True)}
    example = quote(test.rows[exact[0]].prompt) if exact else ""
    if not exact and near:
        example = f"{quote(test.rows[min(near)].prompt)} stands in train as {quote(sources[near[min(near)]])}"
    letters = sum(test.rows[index].prompt in raw for index in exact)
    return Leak(test.ids(exact), test.ids(near), letters, len(test.rows), example)


def leakage_findings(leak: Leak) -> Iterator[Finding]:
    """Judge a leak: a share of the test rows above the rule's is an error (D4)."""
    count = len(leak.exact) + len(leak.near)
    if not count:
        return
    share = count / leak.test_rows
    yield Finding(
        "D4",
        "error" if share > threshold("D4", "error_share") else severity("D4"),
        count,
        f"{count} of {leak.test_rows} test rows ({share:.1%}) stand in the training rows: {len(leak.exact)} exactly"
        f" ({leak.letter_by_letter} letter by letter), {len(leak.near)} nearly",
        "leave them out of the score, or out of the training rows",
        (*leak.exact, *leak.near),
        {
            "exact": len(leak.exact),
            "near": len(leak.near),
            "letter_by_letter": leak.letter_by_letter,
            "test_rows": leak.test_rows,
            "share": share,
        },
        leak.example,
    )

"""Mending rows by named fixes, so that a second time there is nothing left to mend.

One fix can make work for another: trimmed rows are duplicates, and what most texts begin with is another text once
rows are gone. So all chosen fixes are applied in turn until none changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from advisor.data.edits import EDITORS, EVERYWHERE, Edit
from advisor.data.findings import Sheet
from advisor.data.fixes import Fix
from advisor.data.formats import Place
from advisor.data.reading import Record
from advisor.data.removals import REMOVERS, Need
from advisor.data.rows import Row

_ROUNDS = 25
"""More than any chain of fixes needs: each round removes rows or brings texts closer to their fixed forms."""


MapTexts = Callable[[dict[str, Any], Edit], dict[str, Any]]
"""Returns a record with each of its texts edited."""

Read = Callable[[dict[str, Any], Row], Row]
"""Reads a changed record again, as the row that it was."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one fix did to one row.

    Attributes:
        row: id of the row.
        rule: name of the fix.
        before: the text, or the whole record where it was dropped.
        after: the new text; None where the row was dropped.
    """

    row: str
    rule: str
    before: Any
    after: str | None


@dataclass(slots=True)
class Mended:
    """The rows after all fixes.

    Attributes:
        records: those that are left, in the order of the file.
        changes: in the order in which they were made.
    """

    records: list[Record]
    changes: list[Change] = field(default_factory=list)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return for each fix that did something the rows that it changed and dropped."""
        changed: dict[str, set[str]] = {}
        dropped: dict[str, set[str]] = {}
        for change in self.changes:
            tally = dropped if change.after is None else changed
            tally.setdefault(change.rule, set()).add(change.row)
        rules = {change.rule: None for change in self.changes}
        return {
            rule: {"changed": len(changed.get(rule, ())), "dropped": len(dropped.get(rule, ()))}
            for rule in rules
        }


def mend(
    records: Sequence[Record],
    fixes: Sequence[Fix],
    need: Need,
    map_texts: MapTexts,
    read: Read,
    map_all: MapTexts | None = None,
) -> Mended:
    """Apply the fixes, in the order given, until none changes anything.

    The result depends on nothing but the rows and the fixes, and mending it again changes nothing.

    Args:
        records: rows as they stand in the file.
        fixes: in the order of `FIXES`.
        need: what some of them work with.
        map_texts: edits what is said in words.
        read: reads a changed row again.
        map_all: edits all that a model is shown, for the fixes of `EVERYWHERE`; None takes `map_texts`.

    Raises:
        RuntimeError: the fixes undo each other, which is a fault of the program.
    """
    mended = Mended(list(records))
    for _ in range(_ROUNDS):
        done = len(mended.changes)
        for fix in fixes:
            if not mended.records:
                break
            if fix.name in EDITORS:
                edit = EDITORS[fix.name]([record.row for record in mended.records])
                reach = map_all if map_all is not None and fix.name in EVERYWHERE else map_texts
                _edit_all(mended, fix.name, edit, reach, read)
            else:
                _drop(mended, fix.name, need)
        if len(mended.changes) == done:
            return mended
    raise RuntimeError(f"the fixes {', '.join(fix.name for fix in fixes)} undo each other")


def _edit_all(mended: Mended, rule: str, edit: Edit, map_texts: MapTexts, read: Read) -> None:
    for at, record in enumerate(mended.records):
        made: list[Change] = []

        def careful(text: str, place: Place, row: str = record.row.id, made: list[Change] = made) -> str:
            edited = edit(text, place)
            # A text may not vanish: a blank turn makes the whole row unreadable.
            if edited == text or not edited.strip():
                return text
            made.append(Change(row, rule, text, edited))
            return edited

        value = map_texts(record.value, careful)
        if made:
            mended.records[at] = record._replace(value=value, row=read(value, record.row))
            mended.changes += made


def _drop(mended: Mended, rule: str, need: Need) -> None:
    sheet = Sheet([record.row for record in mended.records])
    gone = set(REMOVERS[rule](sheet, need))
    for record in mended.records:
        if record.row.id in gone:
            mended.changes.append(Change(record.row.id, rule, record.value, None))
    mended.records = [record for record in mended.records if record.row.id not in gone]


def as_log(changes: Sequence[Change], mask: Callable[[str], str]) -> Iterator[dict[str, Any]]:
    """Yield the change log, `{row, rule, before, after}` a line, with secrets masked in every text."""
    for change in changes:
        after = None if change.after is None else mask(change.after)
        yield {"row": change.row, "rule": change.rule, "before": _masked(change.before, mask), "after": after}


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: _masked(item, mask) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, mask) for item in value]
    return value

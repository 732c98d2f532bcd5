"""Fields of a row besides prompt and answer, where a person names them: what rows belong to, what slices are of."""

from __future__ import annotations

import difflib
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

from advisor.data.rows import Row
from rubrics.errors import Fault


def plain_fields(value: Mapping[str, Any], read: Container[str]) -> tuple[tuple[str, str], ...]:
    """Return the fields that a format does not read and that hold a text, a number or true and false, as text."""
    return tuple(
        (name, as_text(found))
        for name, found in value.items()
        if name not in read and isinstance(found, str | int | float)
    )


def as_text(value: str | float) -> str:
    """Return a plain value as JSON would show it, texts trimmed: 2 and 2.0 stay apart as they do in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def keep_fields(rows: Sequence[Row], cluster_field: str | None, slices: Sequence[str]) -> tuple[Row, ...]:
    """Return rows with the slices' fields alone, and with the cluster field as their group."""
    kept = []
    for row in rows:
        found = dict(row.fields)
        named = tuple((name, found[name]) for name in slices if name in found)
        group = found.get(cluster_field, "") if cluster_field else row.group
        kept.append(replace(row, fields=named, group=group))
    return tuple(kept)


def check_fields(known: Sequence[Mapping[str, str]], wanted: Mapping[str, str], where: str) -> None:
    """Refuse a field that no row has; a row may lack it.

    Args:
        known: the plain fields of each row.
        wanted: names of fields with the flag that named each.
        where: file that the rows come from.
    Raises:
        Fault: exit code 2, with the fields there are.
    """
    names = sorted({name for fields in known for name in fields})
    for name, flag in wanted.items():
        if name in names:
            continue
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        there = f"The rows have {', '.join(names[:20])}." if names else "The rows have no other plain fields."
        raise Fault(f"no row has a field {name!r}", where=f"{flag}, {where}", fix=hint + there)

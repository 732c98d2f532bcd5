"""What rows belong to: a field that a person names, else their near duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor.data.findings import grouped
from advisor.data.rows import Row
from advisor.data.splitting import groups_of


def shared_clusters(rows: Sequence[Row]) -> dict[str, str]:
    """Return the cluster of each row that shares one with another row, by row id.

    Rows with a group belong to it and to nothing else; rows without one to their near duplicates.
    """
    if any(row.group for row in rows):
        members = list(grouped([row.group or f"row {row.id}" for row in rows]).values())
    else:
        members = groups_of(rows) if rows else []
    named = [[rows[index] for index in group] for group in members if len(group) > 1]
    return {row.id: row.group or f"like {group[0].id}" for group in named for row in group}


def cluster_of_each(ids: Sequence[str], shared: Mapping[str, str]) -> list[str] | None:
    """Return what each row belongs to, rows that stand alone to themselves; None where all of them do."""
    names = [shared.get(row_id, f"row {row_id}") for row_id in ids]
    return names if len(set(names)) < len(names) else None

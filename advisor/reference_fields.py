"""What a file of references says of its rows besides the answers: prompts, plain fields, and what rows belong to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from advisor.answer_files import Lines, prompt_of
from advisor.clusters import cluster_of_each, shared_clusters
from advisor.data.named_fields import check_fields, plain_fields
from advisor.data.rows import Message, Row


def prompts_in(lines: Lines) -> dict[str, list[Message]]:
    """Return the prompt of each row by id; empty where it has none."""
    return {str(row["id"]): prompt_of(row) for _, row in lines if "id" in row}


def fields_in(
    lines: Lines, path: Path, cluster_field: str | None, slices: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Return the plain fields of each row by id; nothing where no field was named.

    Args:
        lines: of the file at `path`, as `objects_of` reads them.
    Raises:
        Fault: no row has a field that was named.
    """
    wanted = dict.fromkeys(slices, "--slice") | ({cluster_field: "--cluster-field"} if cluster_field else {})
    if not wanted:
        return {}
    found = {str(row["id"]): dict(plain_fields(row, ())) for _, row in lines if "id" in row}
    check_fields(list(found.values()), wanted, str(path))
    return found


def clusters_by_field(ids: Sequence[str], named: Sequence[str]) -> list[str] | None:
    """Return what each row belongs to by the values of a field; rows without one stand alone, None where all do."""
    rows = [Row(row_id, (), "", group=group) for row_id, group in zip(ids, named, strict=True)]
    return cluster_of_each(ids, shared_clusters(rows))

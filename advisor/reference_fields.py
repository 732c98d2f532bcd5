"""What a file of references says of its rows besides the answers: prompts, plain fields, and what rows belong to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from advisor.answer_files import objects_of, prompt_of
from advisor.data.named_fields import check_fields, plain_fields
from advisor.data.rows import Message, Row
from advisor.stages.split import cluster_of_each, shared_clusters


def described(
    path: Path, cluster_field: str | None, slices: Sequence[str]
) -> dict[str, tuple[list[Message], dict[str, str]]]:
    """Return of each row by id its prompt and its plain fields.

    Raises:
        Fault: no row has a field that was named.
    """
    rows = {str(row["id"]): row for _, row in objects_of(path) if "id" in row}
    found = {row_id: (prompt_of(row), dict(plain_fields(row, ()))) for row_id, row in rows.items()}
    wanted = dict.fromkeys(slices, "--slice") | ({cluster_field: "--cluster-field"} if cluster_field else {})
    if wanted:
        check_fields([fields for _, fields in found.values()], wanted, str(path))
    return found


def clusters_by_field(ids: Sequence[str], named: Sequence[str]) -> list[str] | None:
    """Return what each row belongs to by the values of a field; rows without one stand alone, None where all do."""
    rows = [Row(row_id, (), "", group=group) for row_id, group in zip(ids, named, strict=True)]
    return cluster_of_each(ids, shared_clusters(rows))

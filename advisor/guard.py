"""The guard set: rows that the task does not cover, on which a tuned model must not get worse (rule L7).

Without a word from the user the bundled rows inform. A guard that is named before training (`--guard FILE` or
`--guard default`) is a declaration, and its fall keeps the cheap option.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.data.reading import read_plain_file
from advisor.example import example_folder
from rubrics.errors import ExitCode, Fault
from rubrics.text import norm

if TYPE_CHECKING:
    from collections.abc import Iterable

    from advisor.data.reading import DataFile
    from advisor.data.rows import Row
    from advisor.plan import Plan

BUNDLED = "guard.jsonl"
LEAST_ROWS = 10
"""Fewer rows have no interval that says anything."""


@dataclass(frozen=True)
class GuardSet:
    """Rows on which base and tuned are compared besides the task.

    Attributes:
        name: for sentences, as in "fell on the bundled guard set".
        declared: named before training, so that a fall decides.
        digest: of the file's bytes.
    """

    name: str
    declared: bool
    rows: tuple[Row, ...]
    digest: str


def guard_of(plan: Plan) -> GuardSet | None:
    """Read the guard rows of a plan; None where nothing is trained or none are wanted.

    Raises:
        Fault: the file cannot be read, or has fewer than 10 rows; exit code 2 or 3.
    """
    if plan.no_train or plan.guard == "none":
        return None
    own = plan.guard if isinstance(plan.guard, Path) else None
    file = read_plain_file(own or example_folder() / BUNDLED, name="guard")
    if len(file.rows) < LEAST_ROWS:
        raise Fault(
            f"{len(file.rows)} guard rows are too few to show a fall",
            where=f"--guard {own}",
            fix=f"Give at least {LEAST_ROWS}, better 100, or --guard default.",
            code=ExitCode.BAD_DATA,
        )
    name = f"the guard set {own.name}" if own else "the bundled guard set"
    return GuardSet(name, plan.guard is not None, file.rows, file.bytes_sha256)


def known_rows(guard: GuardSet, files: Iterable[DataFile]) -> int:
    """Count guard rows whose prompt stands in the task's rows: those show learning and no forgetting."""
    prompts = {norm(row.prompt) for file in files for row in file.rows}
    return sum(norm(row.prompt) in prompts for row in guard.rows)

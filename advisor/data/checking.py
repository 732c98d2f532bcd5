"""`advisor data check`: the checks over files, in the contract's shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.data.checks import inspect
from advisor.data.production import read_production
from advisor.data.reading import read_file
from advisor.data.rows import Row
from advisor.data.structure import refused_finding, structure_findings
from rubrics.errors import ExitCode, Fault

Counter = Callable[[Sequence[Row]], list[tuple[int, int]]]


def check_file(
    file: Path,
    *,
    against: Path | None = None,
    production: Path | None = None,
    model: str | None = None,
    max_length: int | None = None,
    prompt_only: bool = False,
    seed: int = 0,
    as_findings: bool = False,
    **reading: Any,
) -> dict[str, Any]:
    """Return `{rows, format, findings, statistics}`.

    Args:
        file: the rows; `-` is standard input.
        against: the rows of the other side of a split.
        production: prompts of real use, with or without answers.
        model: counts tokens; its context is the most that a row may have unless `max_length` says less.
        max_length: the most tokens of prompt and answer.
        prompt_only: duplicates compare prompts alone.
        seed: draws the rows that drift is measured on where there are many.
        as_findings: a FILE whose rows cannot be used gives a finding D9 with every problem, and no rows.
        reading: `format`, `prompt_field`, `answer_field` as `read_file` takes them.

    Raises:
        Fault: a file cannot be read, the model is not at hand, or drift is asked for without scikit-learn.
    """
    try:
        given = read_file(file, **reading)
    except Fault as fault:
        if not as_findings or fault.code != ExitCode.BAD_DATA:
            raise
        return _refused(fault)
    other = read_file(against, name="against", **named_fields(reading)) if against else None
    count, window = tokenizer_of(model)
    found = inspect(
        given.rows,
        against=other.rows if other else None,
        production=read_production(production).rows if production else None,
        test_is="rows",
        count_tokens=count,
        max_length=min((limit for limit in (max_length, window) if limit), default=None),
        prompt_only=prompt_only,
        seed=seed,
    )
    result = {
        "rows": len(given.rows),
        "format": {"name": given.format, "evidence": given.evidence},
        **found.to_dict(),
    }
    structure = [finding.to_dict() for finding in structure_findings(given.warnings)]
    result["findings"] = sorted(result["findings"] + structure, key=lambda item: int(item["check"][1:]))
    return result


def _refused(fault: Fault) -> dict[str, Any]:
    """Return the contract's object for a file of which no row is used."""
    return {
        "rows": 0,
        "format": {"name": "", "evidence": fault.what},
        "findings": [refused_finding(fault).to_dict()],
        "statistics": {},
    }


def named_fields(reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a second file is read: by the same fields, where they were named, in a format of its own."""
    return {name: value for name, value in reading.items() if name != "format"}


def tokenizer_of(model: str | None) -> tuple[Counter | None, int | None]:
    """Return what counts the tokens of rows as a model sees them, and the length of its context."""
    if model is None:
        return None, None
    from advisor.interrupt import StopSignal
    from advisor.models.resolve import count_tokens, resolve

    resolved = resolve(model, lambda event: None, StopSignal())
    return count_tokens(resolved), resolved.context_length

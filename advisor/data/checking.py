"""`advisor data check`: the checks over files, in the contract's shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from advisor.data.checks import inspect
from advisor.data.reading import read_file
from advisor.data.rows import Row
from advisor.data.structure import refused_finding, structure_findings
from rubrics.errors import ExitCode, Fault

Counter = Callable[[Sequence[Row]], list[tuple[int, int]]]


def check_file(
    file: Path,
    *,
    against: Path | None = None,
    model: str | None = None,
    prompt_only: bool = False,
    format: str | None = None,  # noqa: A002
    prompt_field: str | None = None,
    answer_field: str | None = None,
    as_findings: bool = False,
) -> dict[str, Any]:
    """Return `{rows, format, findings, statistics}`.

    Args:
        format, prompt_field, answer_field: how FILE is read, as `read_file` takes them.
        as_findings: a FILE whose rows cannot be used gives a finding D9 with every problem, and no rows.

    Raises:
        Fault: a file cannot be read, or the model is not at hand.
    """
    try:
        given = read_file(file, format=format, prompt_field=prompt_field, answer_field=answer_field)
    except Fault as fault:
        if not as_findings or fault.code != ExitCode.BAD_DATA:
            raise
        return _refused(fault)
    other = read_file(against, name="against") if against else None
    count, window = _tokenizer(model)
    found = inspect(
        given.rows,
        against=other.rows if other else None,
        test_is="rows",
        count_tokens=count,
        max_length=window,
        prompt_only=prompt_only,
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


def _tokenizer(model: str | None) -> tuple[Counter | None, int | None]:
    if model is None:
        return None, None
    from advisor.interrupt import StopSignal
    from advisor.models.resolve import count_tokens, resolve

    resolved = resolve(model, lambda event: None, StopSignal())
    return count_tokens(resolved), resolved.context_length

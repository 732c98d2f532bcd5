"""Rule D9 as findings: what the reader noticed about a file's structure."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.data.findings import Finding
from rubrics.data_rules import severity
from rubrics.errors import Fault


def structure_findings(warnings: Sequence[str]) -> list[Finding]:
    """Return what the reader could read and found worth mending, one finding for all places."""
    if not warnings:
        return []
    count = len(warnings)
    message = f"{count} {'place' if count == 1 else 'places'} where an object has the same key twice"
    fix = "write each key once: readers differ in which of the two they take (here it is the last)"
    return [Finding("D9", "warning", count, message, fix, (), {"problems": list(warnings)}, warnings[0])]


def refused_finding(fault: Fault) -> Finding:
    """Return a file's refusal as a finding; `details.problems` holds every problem."""
    details = {"problems": list(fault.problems)}
    example = fault.problems[0] if fault.problems else ""
    return Finding("D9", severity("D9"), len(fault.problems), fault.what, fault.fix, (), details, example)

"""Rows made for the tests of the checks, and short ways to ask for a finding."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from advisor.data.checks import Finding, Inspection, inspect
from advisor.data.rows import Message, Row

SUBJECTS = ["my card", "a transfer", "the cheque", "this account", "one loan", "our mortgage", "her pension"]
VERBS = ["cancel", "trace", "explain", "increase", "close", "renew", "upgrade", "check", "move", "split"]
PROMPTS = [f"{verb} {subject}" for verb in VERBS for subject in SUBJECTS]
ANSWERS = [
    f"{subject.capitalize()} can be {verb}ed by the {who}."
    for verb in ("trac", "mov", "renew", "check", "split")
    for who in ("owner", "branch")
    for subject in SUBJECTS
]
"""70 different sentences."""


def row(prompt: str, answer: str, number: int = 0) -> Row:
    return Row(f"r:{number}", (Message(role="user", content=prompt),), answer)


def answered(answers: Sequence[str]) -> list[Row]:
    """Rows `r:1`, `r:2`, ... with these answers to different questions."""
    more = [f"{prompt} on day {day}" for day in range(1, 1 + len(answers) // 70) for prompt in PROMPTS]
    return [
        row(prompt, answer, at)
        for at, (prompt, answer) in enumerate(zip(PROMPTS + more, answers, strict=False), 1)
    ]


def asked(prompts: Sequence[str]) -> list[Row]:
    """Rows `r:1`, `r:2`, ... with these prompts and different answers in prose."""
    more = [f"On day {day}: {answer}" for day in range(1, 1 + len(prompts) // 70) for answer in ANSWERS]
    return [
        row(prompt, answer, at)
        for at, (prompt, answer) in enumerate(zip(prompts, ANSWERS + more, strict=False), 1)
    ]


def of_kind(rows: Sequence[Row], kind: str) -> Finding | None:
    """The one finding of a kind, or None."""
    return kind_in(inspect(rows), kind)


def kind_in(inspection: Inspection, kind: str) -> Finding | None:
    found = [finding for finding in inspection.findings if finding.details.get("kind") == kind]
    assert len(found) <= 1, found
    return found[0] if found else None


def required(rows: Sequence[Row], kind: str) -> Finding:
    found = of_kind(rows, kind)
    assert found is not None, f"no finding of kind {kind}"
    return found


def alpaca(path: Path) -> list[Row]:
    """Rows of an Alpaca file, read for the checks alone."""
    lines = path.read_text(encoding="utf-8").splitlines()
    values = [json.loads(line) for line in lines if line]
    return [
        row(value["instruction"] + value["input"], value["output"], at) for at, value in enumerate(values, 1)
    ]

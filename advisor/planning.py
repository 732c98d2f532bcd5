"""`advisor init`: a plan from flags, or by asking on a terminal, written as advisor.toml."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.plan import Plan, make_plan
from rubrics.errors import Fault
from rubrics.suitability import load_criteria


def ask_for_plan(values: Mapping[str, Any]) -> Plan:
    """The plan of the flags; where they name no rows and a person is there, ask.

    Raises:
        Fault: the plan is wrong, or there is nobody to ask.
    """
    has_rows = any(values.get(name) for name in ("data", "train"))
    if has_rows or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return make_plan(values)
    asked = dict(values)
    asked["data"] = _ask("file with the rows (JSONL)")
    if "task" not in asked:
        asked["task"] = _ask("what should the model do, in a sentence")
    if "target" not in asked:
        asked["target"] = _ask("score from which it is solved, 0 to 1 (empty: none)", required=False) or None
    answers = dict(asked.get("answers", {}))
    for criterion in load_criteria():
        if criterion.key in answers:
            continue
        reply = _ask(f"{criterion.question} (yes, no, empty: skip)", required=False).lower()
        if reply in ("yes", "y", "no", "n"):
            answers[criterion.key] = "yes" if reply.startswith("y") else "no"
    asked["answers"] = answers
    return make_plan(asked)


def _ask(question: str, *, required: bool = True) -> str:
    while True:
        sys.stderr.write(f"{question}: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise Fault(
                "the questions were not answered", fix="Give the plan by flags: `advisor init --help`."
            )
        if line.strip() or not required:
            return line.strip()


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan to a new file.

    Raises:
        Fault: the file exists, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(plan.absolute().to_toml())
    except FileExistsError:
        raise Fault(
            "exists already and is not overwritten", where=str(path), fix="Give another --out, or remove it."
        ) from None
    except OSError as error:
        raise Fault(
            f"cannot be written: {error.strerror}", where=str(path), fix="Give another --out."
        ) from None

"""The single problems of a fault as lines for a person."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SHOWN_PROBLEMS = 20
"""Places shown of each kind of problem."""
_SHOWN_KINDS = 20
_FOLDED_FROM = 4
"""Places of one and the same fault from which they are told on one line."""


def problem_lines(problems: Sequence[str]) -> list[str]:
    """Return problems for a person: where one fault repeats, its first places and how many more there are."""
    kinds: dict[str, list[str]] = {}
    for problem in problems:
        kinds.setdefault(_kind(problem), []).append(problem)
    lines: list[str] = []
    for number, (kind, same) in enumerate(kinds.items()):
        if number == _SHOWN_KINDS:
            rest = sum(len(others) for others in list(kinds.values())[number:])
            return [*lines, f"and {rest:,} more"]
        if folded := _folded(same):
            lines.append(folded)
            continue
        lines += same[:_SHOWN_PROBLEMS]
        if len(same) > _SHOWN_PROBLEMS:
            lines.append(f"and {len(same) - _SHOWN_PROBLEMS:,} more like it: {kind}")
    return lines


def _folded(same: Sequence[str]) -> str:
    """One line for a fault that repeats word for word in one file; empty where it does not."""
    found = [re.match(r"(.*?):(\d+): (.*)", problem, re.DOTALL) for problem in same]
    if len(same) < _FOLDED_FROM or not all(found) or len({(at[1], at[3]) for at in found if at}) > 1:
        return ""
    numbers = [at[2] for at in found if at]
    more = f" and {len(numbers) - _SHOWN_PROBLEMS:,} more" if len(numbers) > _SHOWN_PROBLEMS else ""
    file, _, what = found[0].groups() if found[0] else ("", "", "")
    return f"{file}: lines {', '.join(numbers[:_SHOWN_PROBLEMS])}{more}: {what}"


def _kind(problem: str) -> str:
    """What repeats in `file:line: field: expected X, found Y`: field and expectation, indices left out."""
    what = re.sub(r"^.*?:\d+: ", "", problem, count=1)
    return re.sub(r"\[\d+\]", "[]", what.partition(", found ")[0])

"""The single problems of a fault as lines for a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SHOWN_PROBLEMS = 20
"""Places shown of each kind of problem."""
_SHOWN_KINDS = 20
_FOLDED_FROM = 4
"""Places of one and the same fault from which they are told on one line."""


@dataclass(frozen=True)
class Wording:
    """How the lines are worded, with the fields of each; the default is that of commands.

    Attributes:
        folded: a fault that repeats word for word; `folded_more` where some of its lines are left out.
        alike: how many places of a kind are left out.
        rest: how many problems of other kinds are.
        say: says one problem.
    """

    folded: str = "{file}: lines {numbers}: {what}"
    folded_more: str = "{file}: lines {numbers} and {n} more: {what}"
    alike: str = "and {n} more like it: {what}"
    rest: str = "and {n} more"
    say: Callable[[str], str] = str


def problem_lines(problems: Sequence[str], wording: Wording = Wording()) -> list[str]:
    """Return problems for a person: where one fault repeats, its first places and how many more there are."""
    kinds: dict[str, list[str]] = {}
    for problem in problems:
        kinds.setdefault(_kind(problem), []).append(problem)
    lines: list[str] = []
    for number, (kind, same) in enumerate(kinds.items()):
        if number == _SHOWN_KINDS:
            rest = sum(len(others) for others in list(kinds.values())[number:])
            return [*lines, wording.rest.format(n=f"{rest:,}")]
        if folded := _folded(same, wording):
            lines.append(folded)
            continue
        lines += map(wording.say, same[:_SHOWN_PROBLEMS])
        if len(same) > _SHOWN_PROBLEMS:
            left = f"{len(same) - _SHOWN_PROBLEMS:,}"
            lines.append(wording.alike.format(n=left, what=wording.say(kind)))
    return lines


def _folded(same: Sequence[str], wording: Wording) -> str:
    """One line for a fault that repeats word for word in one file; empty where it does not."""
    found = [re.match(r"(.*?):(\d+): (.*)", problem, re.DOTALL) for problem in same]
    if len(same) < _FOLDED_FROM or not all(found) or len({(at[1], at[3]) for at in found if at}) > 1:
        return ""
    numbers = [at[2] for at in found if at]
    file, _, what = found[0].groups() if found[0] else ("", "", "")
    text = wording.folded_more if len(numbers) > _SHOWN_PROBLEMS else wording.folded
    return text.format(
        file=file,
        numbers=", ".join(numbers[:_SHOWN_PROBLEMS]),
        n=f"{len(numbers) - _SHOWN_PROBLEMS:,}",
        what=wording.say(what),
    )


def _kind(problem: str) -> str:
    """What repeats in `file:line: field: expected X, found Y`: field and expectation, indices left out."""
    what = re.sub(r"^.*?:\d+: ", "", problem, count=1)
    return re.sub(r"\[\d+\]", "[]", what.partition(", found ")[0])

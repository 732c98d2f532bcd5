"""The one owner of stdout, stderr and exit codes."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from advisor.columns import table as table
from rubrics.errors import ExitCode, Fault

if TYPE_CHECKING:
    from rich.text import Text

_SHOWN_PROBLEMS = 20
"""Places shown of each kind of problem."""
_SHOWN_KINDS = 20
_FOLDED_FROM = 4
"""Places of one and the same fault from which they are told on one line."""


def out(text: str) -> None:
    """Print a result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def out_json(value: Any) -> None:
    """Print a result as one JSON object."""
    out(json.dumps(value, ensure_ascii=False, indent=1))


def out_styled(lines: Iterable[Text]) -> None:
    """Print lines of a result, in colour on a terminal that wants it (NO_COLOR, TERM), else as plain text."""
    if not sys.stdout.isatty():
        out("\n".join(line.plain.rstrip() for line in lines))
        return
    from rich.console import Console

    console = Console(file=sys.stdout, width=screen_width(), highlight=False, soft_wrap=True)
    for line in lines:
        console.print(line)


def screen_width() -> int:
    """Cells of a line: the terminal's, or COLUMNS, or 80."""
    return shutil.get_terminal_size((80, 24)).columns


def draws_blocks() -> bool:
    """Whether stdout is a terminal that can show block characters."""
    return sys.stdout.isatty() and (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def err(text: str) -> None:
    """Print narration."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def show_fault(fault: Fault) -> int:
    """Say what happened, where and what to do; return the exit code."""
    err(f"error: {fault}")
    for line in problem_lines(fault.problems):
        err(f"  {line}")
    if fault.fix:
        err(f"what to do: {fault.fix}")
    return int(fault.code)


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


INTERRUPTED = int(ExitCode.INTERRUPTED)

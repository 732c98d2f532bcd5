"""The one owner of stdout, stderr and exit codes."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from advisor.columns import table as table
from advisor.problems import problem_lines as problem_lines
from rubrics.errors import NO_ROOM, ExitCode, Fault

if TYPE_CHECKING:
    from rich.text import Text


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
    """Print narration; a log on a full disk does without."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise


def show_fault(fault: Fault) -> int:
    """Say what happened, where and what to do; return the exit code."""
    err(f"error: {fault}")
    for line in problem_lines(fault.problems):
        err(f"  {line}")
    if fault.fix:
        err(f"what to do: {fault.fix}")
    return int(fault.code)


INTERRUPTED = int(ExitCode.INTERRUPTED)

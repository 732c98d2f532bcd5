"""Starting a run that outlives the terminal: `advisor resume` in a session of its own, its output in a log.

The front end that starts it needs no pipe to it: it watches the run directory (`advisor.watching`) as anyone can.
Everything here blocks for a few seconds at most and may be called from a thread.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.amending import amend
from advisor.child_environment import child_environment
from advisor.plan import Plan
from advisor.room import not_written, why_not_written
from advisor.run_directory import RunDirectory, create_run, open_run
from advisor.run_names import RUN_LOG
from advisor.walk import check_test_rows, check_until
from rubrics.errors import ExitCode, Fault
from trainer.events import RunEnded, read_events
from trainer.job import Failure

_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 60.0
"""A child that has not begun by then hangs: its imports take a second."""
_LOG_LINES = 12


@dataclass(frozen=True)
class Launched:
    """A run that was started.

    Attributes:
        path: its directory, absolute.
        pid: of the advisor that works on it; it leads a session of its own.
    """

    path: Path
    pid: int


def launch(plan: Plan, out: Path | None = None, *, until: str = "") -> Launched:
    """Make a run directory and start the walk on it; returns once the run is held by the new process.

    A fault that the walk meets later (rows that cannot be used, a model that is missing) ends the run: whoever
    watches it sees `life == "failed"` and the fault.

    Args:
        out: the run directory; None makes one in ./runs.
        until: see `advisor.walk.walk`.

    Raises:
        Fault: the plan cannot be run, the directory exists or cannot be made, or the child ended with a fault at once.
    """
    check_test_rows(plan)
    check_until(until)
    return _start(create_run(plan, out), until)


def relaunch(
    path: Path, changes: Mapping[str, Any] | None = None, *, because: str = "", until: str = ""
) -> Launched:
    """Go on with a run, with a plan that was changed first where `changes` are given; as `launch`.

    Args:
        changes: plan fields, see `advisor.amending.amend`.
        because: why the verdict is overruled.

    Raises:
        Fault: no such run, a process works on it, the changes are refused, or the child ended with a fault at once.
    """
    run = open_run(path)
    check_until(until)
    if changes or because:
        amend(run, changes or {}, because=because)
    elif (owner := run.owner()) is not None:
        raise Fault(
            f"another advisor works on this run (process {owner})",
            where=str(run.path),
            fix="Watch it with `advisor attach`, or end it with `advisor stop`.",
        )
    return _start(run, until)


def _start(run: RunDirectory, until: str) -> Launched:
    words = [sys.executable, "-m", "advisor", "resume", str(run.path)]
    words += ["--until", until] if until else []
    said_before = len(read_events(run.events_file))
    # Told here and now: a child on a full disk would end as soon as it has begun.
    if (refused := why_not_written(run.path)) is not None:
        raise not_written(refused, run.path)
    try:
        with (run.path / RUN_LOG).open("ab") as log:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=child_environment(),
                start_new_session=True,
            )
    except OSError as error:
        raise not_written(error, run.path) from error
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        # Asked first: a child that held the run and ended in between has said how.
        code = process.poll()
        if code is not None:
            _raise_failure(run, code, said_before)
            break
        if run.owner() == process.pid:
            break
        time.sleep(_POLL_SECONDS)
    return Launched(run.path, process.pid)


def _raise_failure(run: RunDirectory, code: int, said_before: int) -> None:
    """Raise what ended the child, from its last event, or else from its log."""
    if code in (ExitCode.OK, ExitCode.REQUIREMENT_UNMET, ExitCode.INTERRUPTED):
        return
    said = read_events(run.events_file)[said_before:]
    ended = next((event for event in reversed(said) if isinstance(event, RunEnded)), run.last_word())
    if ended is not None and ended.outcome == "failed":
        raise Failure(
            what=ended.what, where=ended.where, fix=ended.fix, code=ended.code, problems=ended.problems
        ).as_fault()
    if (error := why_not_written(run.path)) is not None:
        raise not_written(error, run.path)
    log = run.path / RUN_LOG
    raise Fault(
        f"the run ended at once (exit code {code})",
        where=str(log),
        fix=f"Read the lines above; then go on: advisor resume {run.path}",
        code=ExitCode(code) if code in list(ExitCode) else ExitCode.PROGRAM_FAULT,
        problems=log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:],
    )

"""Stopping a run from outside: ask, and wait until whoever works on it has saved and gone."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from advisor.run_directory import RunDirectory
from rubrics.errors import ExitCode, Fault
from trainer.job import LOCK_FILE, STOP_FILE, lock_owner

_PATIENCE_SECONDS = 120.0
_OURS = ("advisor", "trainer")


def ask_to_stop(run: RunDirectory) -> None:
    """Ask whoever works on the run to save and go; nothing is asked where nobody does.

    Raises:
        Fault: nothing can be written in the run, and its process cannot be reached either.
    """
    for lock in (run.path / LOCK_FILE, *run.jobs.glob(f"*/{LOCK_FILE}"), run.training / LOCK_FILE):
        if lock_owner(lock) is not None:
            ask_owner(lock.parent)


def ask_owner(directory: Path) -> None:
    """Ask the process that holds a run or job directory by its stop file, or by a signal where none can be written.

    Raises:
        Fault: neither works.
    """
    try:
        (directory / STOP_FILE).touch()
    except OSError as error:
        owner = lock_owner(directory / LOCK_FILE)
        if owner is not None and not _signalled(owner):
            raise Fault(
                f"cannot be asked to stop: {error.strerror}",
                where=str(directory),
                fix="Make the folder writable and stop it again, or end it on the machine that it runs on: "
                f"kill {owner}",
                code=ExitCode.LACKING,
            ) from error


def _signalled(pid: int) -> bool:
    """Send SIGTERM to a process of ours; false where the pid is none, as that of a process on another machine."""
    with suppress(OSError):
        shown = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607 - lies elsewhere on other systems
            capture_output=True,
            text=True,
            check=False,
        )
        if any(name in shown.stdout for name in _OURS):
            os.kill(pid, signal.SIGTERM)
            return True
    return False


def stop_run(run: RunDirectory, patience: float = _PATIENCE_SECONDS) -> bool:
    """Stop the run's advisor and trainers; whether there was anything to stop.

    Raises:
        Fault: it has not ended within `patience` seconds, or cannot be asked to.
    """
    if not run.is_live():
        return False
    deadline = time.monotonic() + patience
    while run.is_live():
        ask_to_stop(run)
        if time.monotonic() > deadline:
            raise Fault(
                f"has not ended within {patience:.0f} s (process {run.owner() or run.trainer_owner()})",
                where=str(run.path),
                fix="A step may take long: wait and look again with `advisor runs`, or kill the process.",
                code=ExitCode.LACKING,
            )
        time.sleep(0.1)
    with suppress(OSError):
        run.stop_file.unlink(missing_ok=True)
    return True

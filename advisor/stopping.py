"""Stopping a run from outside: ask, and wait until whoever works on it has saved and gone."""

from __future__ import annotations

import time

from advisor.run_directory import RunDirectory
from rubrics.errors import ExitCode, Fault
from trainer.job import STOP_FILE, lock_owner

_PATIENCE_SECONDS = 120.0


def ask_to_stop(run: RunDirectory) -> None:
    """Ask whoever works on the run to save and go; nothing is asked where nobody does."""
    if run.owner() is not None:
        run.stop_file.touch()
    for lock in (*run.jobs.glob("*/lock"), run.training / "lock"):
        if lock_owner(lock) is not None:
            (lock.parent / STOP_FILE).touch()


def stop_run(run: RunDirectory, patience: float = _PATIENCE_SECONDS) -> bool:
    """Stop the run's advisor and trainers; whether there was anything to stop.

    Raises:
        Fault: it has not ended within `patience` seconds.
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
    run.stop_file.unlink(missing_ok=True)
    return True

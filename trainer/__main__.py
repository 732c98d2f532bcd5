"""`python -m trainer JOB_DIR...`: several jobs in turn, so that imports and the model load are paid once.

Output of libraries goes to each job's log.txt: whatever writes to file descriptors 1 and 2 must not land on a
terminal that shows something else. SIGTERM or the stop file ends a job at its next step, after saving.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import Literal

from rubrics.errors import ExitCode, Fault
from trainer.errors import Stopped, explain
from trainer.events import EventWriter, JobFinished, JobStarted
from trainer.job import (
    EVENTS_FILE,
    FAILURE_FILE,
    LOCK_FILE,
    LOG_FILE,
    RESULT_FILE,
    STOP_FILE,
    Failure,
    JobBusy,
    hold,
    read_job,
    write_json,
)
from trainer.loading import loading

_stop_asked = False


def main(arguments: list[str] | None = None) -> int:
    """Run the jobs; the exit code is that of the first that did not end well."""
    directories = [Path(argument) for argument in (sys.argv[1:] if arguments is None else arguments)]
    if not directories or str(directories[0]).startswith("-"):
        print(__doc__, file=sys.stderr)  # noqa: T201 - this is the help
        return ExitCode.WRONG_USE
    signal.signal(signal.SIGTERM, _ask_to_stop)
    signal.signal(signal.SIGINT, _ask_to_stop)
    _check_identity()
    models: list[object] = []
    with ExitStack() as held:
        try:
            # All of them from the start: an advisor that comes later must not begin a job that waits its turn here.
            for directory in directories:
                held.enter_context(hold(directory / LOCK_FILE))
        except JobBusy as busy:
            print(busy, file=sys.stderr)  # noqa: T201
            return ExitCode.LACKING
        codes = (_work(directory, models) for directory in directories)
        return next((code for code in codes if code), ExitCode.OK)


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    global _stop_asked
    _stop_asked = True


def _check_identity() -> None:
    """`trainer` is a common name: make sure that the parent found this package and not another."""
    expected = os.environ.get("ADVISOR_TRAINER")
    here = str(Path(__file__).resolve().parent)
    if expected and expected != here:
        raise SystemExit(f"started the trainer of {here}, but the advisor belongs to {expected}")


def _work(directory: Path, models: list[object]) -> int:
    if (directory / RESULT_FILE).exists():
        return ExitCode.OK
    _redirect_output(directory / LOG_FILE)
    (directory / FAILURE_FILE).unlink(missing_ok=True)
    events = EventWriter(directory / EVENTS_FILE)
    start = time.perf_counter()
    outcome: Literal["done", "stopped", "failed"] = "failed"
    code = int(ExitCode.PROGRAM_FAULT)
    try:
        job = read_job(directory)
        events(JobStarted(job=directory.name, kind=job.kind, pid=os.getpid()))
        _run(job, directory, events, models)
        outcome, code = "done", int(ExitCode.OK)
    except Stopped:
        # The request was heard: whoever starts the job again wants it to go on.
        (directory / STOP_FILE).unlink(missing_ok=True)
        outcome, code = "stopped", int(ExitCode.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - every failure is recorded where the parent reads it
        failure = explain(error, directory)
        _record(failure, directory / FAILURE_FILE)
        code = failure.code
    finally:
        seconds = time.perf_counter() - start
        with suppress(OSError):  # a full disk must not hide the exit code
            events(JobFinished(job=directory.name, outcome=outcome, seconds=seconds))
        with suppress(OSError):
            events.close()
    return code


def _record(failure: Failure, path: Path) -> None:
    """Write down a failure as far as the disk allows; the exit code says the rest."""
    with suppress(OSError):
        write_json(path, failure)
    with suppress(OSError):
        print(failure.traceback or failure.what, file=sys.stderr, flush=True)  # noqa: T201 - to log.txt


def _run(job: object, directory: Path, emit: EventWriter, models: list[object]) -> None:
    # Imported here: torch takes seconds, and what goes wrong in the import belongs into the job's failure.
    with loading():
        from trainer.run import run_job
        from trainer.workplace import ModelCache, Workplace

    if not models:
        models.append(ModelCache())
    should_stop: Callable[[], bool] = lambda: _stop_asked or (directory / STOP_FILE).exists()  # noqa: E731
    run_job(job, Workplace(directory, emit, should_stop), models[0])  # type: ignore[arg-type]


def _redirect_output(log: Path) -> None:
    """Send file descriptors 1 and 2 to the job's log."""
    sys.stdout.flush()
    sys.stderr.flush()
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Fault as fault:
        print(fault, file=sys.stderr)  # noqa: T201
        sys.exit(int(fault.code))

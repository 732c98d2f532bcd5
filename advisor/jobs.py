"""Running the trainer: start it on job directories, follow its events, or attach to one that still lives.

The child works in a session of its own, so that Ctrl-C reaches only the advisor, which then asks it to save and
stop. A trainer that outlived its advisor holds its directory's lock: whoever comes next follows it to its end
instead of starting a second one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import trainer
from advisor.interrupt import Interrupted, StopSignal
from advisor.priority import give_way
from advisor.room import not_written, why_not_written
from advisor.stopping import ask_owner
from rubrics.errors import ExitCode, Fault
from trainer.events import EventTail, Listener
from trainer.job import (
    EVENTS_FILE,
    FAILURE_FILE,
    JOB_FILE,
    LOCK_FILE,
    LOG_FILE,
    RESULT_FILE,
    STOP_FILE,
    Failure,
    Job,
    lock_owner,
    write_json,
)

_POLL_SECONDS = 0.1
_LOG_LINES = 12
_NEEDED = ("torch", "transformers", "peft", "accelerate", "datasets")


def check_train_extra() -> None:
    """Refuse early where the packages that run models are missing.

    Raises:
        Fault: names them and how to install them; exit code 5.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise Fault(
            f"running a model needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed",
            fix="pip install 'finetune-advisor[train]'",
            code=ExitCode.LACKING,
        )


def write_job(directory: Path, job: Job) -> None:
    """Put a request into its directory; one that asks something else loses its former result."""
    path = directory / JOB_FILE
    text = job.model_dump_json(indent=1) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        (directory / RESULT_FILE).unlink(missing_ok=True)
    directory.mkdir(parents=True, exist_ok=True)
    write_json(path, job)


def read_result(directory: Path) -> dict[str, Any]:
    """The result of a finished job."""
    result: dict[str, Any] = json.loads((directory / RESULT_FILE).read_text(encoding="utf-8"))
    return result


def is_finished(directory: Path) -> bool:
    """Whether the job has its result."""
    return (directory / RESULT_FILE).exists()


def run_jobs(directories: Sequence[Path], emit: Listener, stop: StopSignal) -> None:
    """Run jobs in turn in one child process, and pass on what they say.

    Raises:
        Fault: a job failed; carries its reason, or the last lines of its log.
        Interrupted: a stop was asked for and the child has saved its work.
    """
    waiting = [directory for directory in directories if not is_finished(directory)]
    if not waiting:
        return
    check_train_extra()
    for directory in waiting:
        (directory / STOP_FILE).unlink(missing_ok=True)
    tails = [EventTail(directory / EVENTS_FILE, from_end=True) for directory in waiting]
    held = [directory for directory in waiting if _is_held(directory)]
    if held:
        # A trainer that outlived its advisor holds every job that it was given.
        _follow(lambda: not any(map(_is_held, held)), held, tails, emit, stop)
        stop.check()
        waiting = [directory for directory in waiting if not is_finished(directory)]
        if not waiting:
            return
    process = _start(waiting)
    _follow(lambda: process.poll() is not None, waiting, tails, emit, stop)
    _raise_failure(waiting, process.returncode, stop)


def _is_held(directory: Path) -> bool:
    return lock_owner(directory / LOCK_FILE) is not None


def _start(directories: Sequence[Path]) -> subprocess.Popen[bytes]:
    package = Path(trainer.__file__).resolve().parent
    environment = {
        **os.environ,
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join([str(package.parent), *_python_path()]),
        "ADVISOR_TRAINER": str(package),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    with (directories[0] / LOG_FILE).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "trainer", *map(str, directories)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    give_way(process.pid)
    return process


def _python_path() -> list[str]:
    value = os.environ.get("PYTHONPATH", "")
    return [part for part in value.split(os.pathsep) if part]


def _follow(
    ended: Callable[[], bool],
    directories: Sequence[Path],
    tails: Sequence[EventTail],
    emit: Listener,
    stop: StopSignal,
) -> None:
    asked = False
    while True:
        is_over = ended()
        for tail in tails:
            for event in tail.poll():
                emit(event)
        if is_over:
            return
        if stop and not asked:
            asked = True
            for directory in directories:
                ask_owner(directory)
        time.sleep(_POLL_SECONDS)


def _raise_failure(directories: Sequence[Path], code: int, stop: StopSignal) -> None:
    unfinished = [directory for directory in directories if not is_finished(directory)]
    if not unfinished:
        return
    directory = unfinished[0]
    failure = directory / FAILURE_FILE
    if failure.exists():
        record = Failure.model_validate_json(failure.read_bytes())
        fault = record.as_fault()
        if record.traceback:
            fault.where = str(directory / LOG_FILE)
        raise fault
    if code == ExitCode.INTERRUPTED:
        raise Interrupted
    if code and (error := why_not_written(directory)) is not None:
        # The trainer had nowhere to write why it ended; one that was asked to stop has saved nothing.
        raise not_written(error, directory)
    if stop:
        raise Interrupted
    raise Fault(
        f"the trainer ended without a word ({_how(code)})",
        where=str(directory / LOG_FILE),
        fix="Read the log's last lines above; `advisor resume` goes on from the last checkpoint. "
        "A kill by signal 9 is most often the system running out of memory: lower --batch-size.",
        code=ExitCode.LACKING,
        problems=_last_lines(directory / LOG_FILE),
    )


def _how(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _last_lines(log: Path) -> list[str]:
    if not log.exists():
        return []
    return log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]

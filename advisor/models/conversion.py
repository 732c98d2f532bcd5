"""Converting a GGUF file into the cache, once, also when two processes want it at the same time.

The conversion itself needs torch and is a job of the trainer. Under one lock: leftovers of a killed try are
removed, the file is provided, converted under a temporary name and renamed, and the manifest is written last.
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from advisor.interrupt import StopSignal
from advisor.jobs import check_train_extra, run_jobs, write_job
from advisor.models.catalogue import (
    MANIFEST_FILE,
    Manifest,
    Repair,
    cache_folder,
    model_folder,
    read_manifest,
)
from rubrics.errors import ExitCode, Fault
from trainer.events import Listener, Logged
from trainer.job import LOCK_FILE, LOG_FILE, ConvertJob, JobBusy, hold, lock_owner, write_json

_WAIT_SECONDS = 0.2
_CONVERTERS = ("gguf", "tokenizers", "torch", "transformers")


@dataclass(frozen=True)
class Source:
    """A GGUF file to convert; `sha256` is of its content, `origin` says to a person where it is from."""

    name: str
    origin: str
    sha256: str
    repair: Repair | None
    licence: str = ""


def convert_once(source: Source, provide: Callable[[Path], Path], emit: Listener, stop: StopSignal) -> Path:
    """Return the complete folder of a GGUF file, converted if it is not in the cache.

    Args:
        provide: given a working folder, returns the GGUF file; only called when the file is needed.
    Raises:
        Fault: the file cannot be provided or converted, the train extra is missing, or the cache cannot be
            written; exit code 5.
        Interrupted: a stop was asked for; what is complete by then is kept.
    """
    folder = model_folder(source.name, source.sha256)
    try:
        while read_manifest(folder) is None:
            with _lock(folder, emit, stop) as is_ours:
                if is_ours and read_manifest(folder) is None:
                    _convert(source, folder, provide, emit, stop)
    except OSError as error:
        raise _cache_fault(error) from error
    stop.check()
    return folder


@contextmanager
def _lock(folder: Path, emit: Listener, stop: StopSignal) -> Iterator[bool]:
    """Hold the folder's lock; where another process has it, wait until that is done and say False."""
    path = cache_folder() / "locks" / f"{folder.name}.lock"
    with ExitStack() as stack:
        try:
            stack.enter_context(hold(path))
        except JobBusy as busy:
            emit(Logged(message=f"waiting for process {busy.pid}, which is preparing {folder.name}"))
            _await(path, stop)
            yield False
        else:
            yield True


def _await(lock: Path, stop: StopSignal) -> None:
    while lock_owner(lock) is not None:
        stop.check()
        time.sleep(_WAIT_SECONDS)


def _convert(
    source: Source, folder: Path, provide: Callable[[Path], Path], emit: Listener, stop: StopSignal
) -> None:
    check_train_extra()
    _check_gguf_package()
    with _work_folder(folder, emit, stop) as work:
        file = provide(work)
        job = work / "job"
        write_job(job, ConvertJob(source=file, target=folder, repair=source.repair))
        with _log_kept(job / LOG_FILE, cache_folder() / "logs" / f"{folder.name}.log"):
            run_jobs([job], emit, stop)
    write_json(
        folder / MANIFEST_FILE,
        Manifest(
            name=source.name,
            source=source.origin,
            sha256=source.sha256,
            repair=source.repair,
            licence=source.licence,
            converted_with={name: metadata.version(name) for name in _CONVERTERS},
        ),
    )


@contextmanager
def _work_folder(folder: Path, emit: Listener, stop: StopSignal) -> Iterator[Path]:
    """A working folder beside the target, removed whatever happens; so are those of killed tries."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for old in folder.parent.glob(f".{folder.name}.*"):
        _await_orphan(old / "job" / LOCK_FILE, emit, stop)
        shutil.rmtree(old, ignore_errors=True)
    work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _await_orphan(lock: Path, emit: Listener, stop: StopSignal) -> None:
    """A trainer may outlive a killed advisor: its files are not taken away under its hands."""
    owner = lock_owner(lock)
    if owner is not None:
        emit(Logged(message=f"waiting for process {owner}, which an earlier command left converting"))
    _await(lock, stop)


@contextmanager
def _log_kept(log: Path, copy: Path) -> Iterator[None]:
    """Keep the trainer's log of a failure, since the working folder goes."""
    try:
        yield
    except Fault as fault:
        if log.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(log, copy)
            if fault.where == str(log):
                fault.where = str(copy)
        raise


def _cache_fault(error: OSError) -> Fault:
    return Fault(
        f"the model cache cannot be written: {error.strerror or error}",
        where=str(error.filename or cache_folder()),
        fix="Free some space or correct its permissions, or set ADVISOR_CACHE to another folder.",
        code=ExitCode.LACKING,
    )


def _check_gguf_package() -> None:
    if importlib.util.find_spec("gguf") is None:
        raise Fault(
            "reading a GGUF file needs the package gguf, which is not installed",
            fix="pip install 'finetune-advisor[train]'",
            code=ExitCode.LACKING,
        )

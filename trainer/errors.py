"""What goes wrong in a job, told apart: an expected fault, a machine that lacks something, a bug."""

from __future__ import annotations

import traceback
from pathlib import Path

from rubrics.errors import NO_RIGHT, NO_ROOM, ExitCode, Fault
from trainer.job import Failure

_FULL_DISK = (
    "No space left",
    "File too large",
    "PytorchStreamWriter failed writing",
    "unexpected pos",
    "iostream error",
)
_READ_ONLY = ("Read-only file system", "Permission denied")


class Stopped(Exception):
    """The job was asked to stop, and did so after saving what it had."""


def explain(error: BaseException, directory: Path | None = None) -> Failure:
    """Turn any error of a job into a failure record; an unknown one keeps its traceback.

    Args:
        directory: of the job: where a write failed, if the error does not say.
    """
    where = str(getattr(error, "filename", "") or directory or "")
    if isinstance(error, Fault):
        return Failure.of(error)
    if is_full_disk(error):
        return Failure(
            what="no space left on the device",
            where=where,
            fix="Free some space (checkpoints lie in the run's training folder), then `advisor resume` the run.",
            code=ExitCode.LACKING,
        )
    if is_forbidden(error):
        return Failure(
            what=f"cannot be written or read: {getattr(error, 'strerror', None) or error}",
            where=where,
            fix="Make the folder writable, then `advisor resume` the run.",
            code=ExitCode.LACKING,
        )
    if _is_out_of_memory(error):
        return Failure(
            what=f"out of memory: {str(error).splitlines()[0] if str(error) else 'allocation failed'}",
            fix="Lower --batch-size or --max-length, or take --method qlora.",
            code=ExitCode.LACKING,
        )
    if isinstance(error, ModuleNotFoundError):
        return Failure(
            what=f"the package {error.name} is not installed",
            fix="pip install 'finetune-advisor[train]'",
            code=ExitCode.LACKING,
        )
    return Failure(
        what=f"{type(error).__name__}: {error}",
        fix="This is a fault of the program: report it with the job's log.txt.",
        code=ExitCode.PROGRAM_FAULT,
        traceback="".join(traceback.format_exception(error)),
    )


def is_full_disk(error: BaseException) -> bool:
    """Whether a write failed for want of space; safetensors and torch.save say so in words of their own."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return True
    return any(words in str(error) for words in _FULL_DISK)


def is_forbidden(error: BaseException) -> bool:
    """Whether the rights of a file or folder, or a file system that is read only, were in the way."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in NO_RIGHT
    return any(words in str(error) for words in _READ_ONLY)


def _is_out_of_memory(error: BaseException) -> bool:
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(error)  # torch's allocator on a CPU
    )

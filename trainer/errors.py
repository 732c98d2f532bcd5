"""What goes wrong in a job, told apart: an expected fault, a machine that lacks something, a bug."""

from __future__ import annotations

import errno
import traceback

from rubrics.errors import ExitCode, Fault
from trainer.job import Failure

_FULL_DISK = ("No space left", "PytorchStreamWriter failed writing", "unexpected pos", "iostream error")


class Stopped(Exception):
    """The job was asked to stop, and did so after saving what it had."""


def explain(error: BaseException) -> Failure:
    """Turn any error of a job into a failure record; an unknown one keeps its traceback."""
    if isinstance(error, Fault):
        return Failure.of(error)
    if is_full_disk(error):
        return Failure(
            what="no space left on the device",
            where=str(getattr(error, "filename", "") or ""),
            fix="Free some space (checkpoints lie in the run's training folder), then `advisor resume` the run.",
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
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return any(words in str(error) for words in _FULL_DISK)


def _is_out_of_memory(error: BaseException) -> bool:
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(error)  # torch's allocator on a CPU
    )

"""Writes that fail because a place is full or closed: told apart, each with what to do about it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rubrics.errors import NO_RIGHT, NO_ROOM, ExitCode, Fault

_PROBE_BYTES = 64 * 2**10
"""As much as the small files of a run take."""


def not_written(error: OSError, path: Path) -> Fault:
    """A write in a run that failed, as the fault to show.

    Args:
        path: what was written to, where the error does not say.
    """
    if error.errno in NO_ROOM:
        fix = "Free some space on that disk, then `advisor resume` the run."
    elif error.errno in NO_RIGHT:
        fix = (
            "Make the folder writable, then `advisor resume` the run; "
            "or copy it to a place that is (`cp -r`, then `chmod -R u+w`) and resume the copy."
        )
    else:
        fix = "Free some space or make the folder writable, then `advisor resume` the run."
    return Fault(
        f"cannot be written: {error.strerror or error}",
        where=str(error.filename or path),
        fix=fix,
        code=ExitCode.LACKING,
    )


def why_not_written(folder: Path) -> OSError | None:
    """Try whether a small file can be written in a folder; the error, or None where it can. Nothing stays."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # The name of the file that was tried says nothing to anybody.
        return OSError(error.errno, error.strerror)
    return None

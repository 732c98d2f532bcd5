"""Writing new files: complete or not at all, never over something that was not given up.

Every file is written under a hidden name beside its place and takes its name only when it is complete, so a full
disk or Ctrl-C leaves nothing that looks like a result.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NoReturn

from rubrics.errors import NO_ROOM, ExitCode, Fault

STDOUT = Path("-")


def check_output(path: Path, *, inputs: Sequence[Path] = (), force: bool = False) -> None:
    """Refuse a place that cannot be written, before any work is done.

    Raises:
        Fault: the place is a folder, exists already (unless `force`), is one of the inputs, or has no folder.
    """
    if path == STDOUT:
        return
    where = str(path)
    if path.is_dir():
        raise Fault("expected a file name, found a folder", where=where, fix="Name a file in it.")
    if path.exists() and any(source.exists() and path.samefile(source) for source in inputs):
        raise Fault("is the input, which is never changed", where=where, fix="Give -o another name.")
    if path.is_file() and not force:
        raise _exists(path)
    if not path.parent.is_dir():
        fix = f"Make it first (mkdir -p {path.parent}), or give another place."
        raise Fault("the folder does not exist", where=where, fix=fix)


@contextmanager
def new_file(path: Path, *, force: bool = False) -> Iterator[IO[bytes]]:
    """Give a file that takes the name `path` when the block ends well; `-` is standard output.

    Raises:
        Fault: the place exists already (unless `force`) or cannot be written; code 5 where there is no space.
    """
    if path == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            yield file
        # Opened again: a compressor closes the file that it writes to.
        with part.open("rb") as whole:
            os.fsync(whole.fileno())
        _take_name(part, path, force=force)
    except BrokenPipeError:
        raise
    except OSError as error:
        refuse_writing(path, error)
    finally:
        with suppress(OSError):
            part.unlink()


def _take_name(part: Path, path: Path, *, force: bool) -> None:
    if force:
        part.replace(path)
        return
    try:
        # Unlike a rename, a link fails where another program made the file meanwhile.
        os.link(part, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError:
        if path.exists():
            raise _exists(path) from None
        part.replace(path)


def refuse_writing(path: Path, error: OSError) -> NoReturn:
    """Turn what the system said about a place into a `Fault`: code 5 without space, else 2."""
    if error.errno in NO_ROOM:
        raise Fault(
            "there is no space left to write it",
            where=str(path),
            fix="Free some space, or give another place; nothing was left behind.",
            code=ExitCode.LACKING,
        ) from None
    reason = error.strerror or type(error).__name__
    raise Fault(f"cannot be written: {reason}", where=str(path), fix="Give another place.") from None


def _exists(path: Path) -> Fault:
    fix = "Give another name, or --force to replace it."
    return Fault("exists already and is not overwritten", where=str(path), fix=fix)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, where it is missing.

    Raises:
        Fault: a file stands there, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise Fault("expected a folder, found a file", where=str(folder), fix="Give another -o.") from None
    except OSError as error:
        refuse_writing(folder, error)

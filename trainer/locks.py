"""Lock files: which living process works on a directory, and what the last one that did left to be said.

The operating system lets go of a lock when its owner dies, so nothing is to be tidied up after a kill.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rubrics.errors import NO_RIGHT

_BLOCK = 4096
"""Bytes that a file system gives to a file at once."""


class JobBusy(Exception):
    """Another process works on this directory."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        super().__init__(f"{directory} is held by process {pid}")
        self.directory = directory
        self.pid = pid


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold a lock file while the block runs; the operating system lets go when the owner dies.

    Raises:
        JobBusy: a living process holds it; carries its pid.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise JobBusy(path.parent, lock_owner(path)) from None
    try:
        # Over what is there, and only then cut: a full disk takes that too, and a run on it can be deleted.
        os.ftruncate(file, os.pwrite(file, f"{os.getpid()}\n".encode(), 0))
        yield
    finally:
        os.close(file)


def lock_owner(path: Path) -> int | None:
    """The pid that holds a lock file, or None when nobody does."""
    try:
        with _open_lock(path) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.readline().strip()
                return int(text) if text.isdigit() else -1
            return None
    except OSError:
        return None


def _open_lock(path: Path) -> IO[str]:
    """Open a lock file as NFS wants it for a lock, or just to be read: its owner may live where nothing can be written."""
    try:
        return path.open("r+", encoding="utf-8")
    except OSError as error:
        if error.errno not in NO_RIGHT:
            raise
        return path.open(encoding="utf-8")


def leave_word(path: Path, word: str) -> None:
    """Keep a word in the lock file that this process holds, until somebody else holds it.

    The file has a block already, so that a full disk takes what it takes nowhere else.

    Args:
        word: one line; the part that goes beyond the block is cut.
    """
    with path.open("r+b") as file:
        room = _BLOCK - len(file.readline())
        file.write(word.encode()[:room])


def left_word(path: Path) -> str:
    """What the last owner of a lock file left in it; empty for nothing."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").partition("\n")[2]
    except OSError:
        return ""

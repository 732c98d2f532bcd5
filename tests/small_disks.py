"""Places that are really full or really cannot be written: file systems of their own where they may be mounted.

Elsewhere the same errors come by the rights of a folder, and by a limit on the size of files that a process may write
(EFBIG, which the program takes as it takes ENOSPC). Nothing stays mounted after a test.
"""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from advisor.run_directory import RunDirectory

_BALLAST = "ballast"
_BLOCK = 4096


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A file system of its own at a folder that is made for it; skips where none may be mounted."""
    folder.mkdir()
    if not _mount_disk(folder, mebibytes):
        pytest.skip("a small file system needs the right to mount one")
    try:
        yield folder
    finally:
        _unmount(folder)


@contextmanager
def small_disk_or_limit(folder: Path, mebibytes: int) -> Iterator[Path]:
    """The same, or else a folder like any other, for tests that use `take_room` alone."""
    folder.mkdir()
    is_mounted = _mount_disk(folder, mebibytes)
    try:
        yield folder
    finally:
        if is_mounted:
            _unmount(folder)


def fill(disk: Path, leave: int) -> None:
    """Take all room of a disk of its own but so many bytes, to a page."""
    make_room(disk)
    found = os.statvfs(disk)
    with (disk / _BALLAST).open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(found.f_frsize, found.f_bavail * found.f_frsize - leave))


def take_room(disk: Path, run: RunDirectory) -> bool:
    """Leave the processes of a run no room to write; whether that is so for everybody else too."""
    if disk.is_mount():
        fill(disk, leave=0)
        return True
    for pid in {run.owner(), run.trainer_owner()} - {None}:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (_BLOCK, _BLOCK))  # type: ignore[arg-type]
    return False


def make_room(disk: Path) -> None:
    """Give back what was taken; processes that begin from now on are not limited."""
    (disk / _BALLAST).unlink(missing_ok=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing be written below a folder: by a mount on itself, else by its rights.

    Files that are open stay so in both cases.
    """
    if _mount("--bind", str(folder), str(folder)):
        try:
            if not _mount("-o", "remount,bind,ro", str(folder)):
                pytest.skip("a mount cannot be made read only here")
            yield
        finally:
            _unmount(folder)
        return
    with _without_rights(folder):
        if os.access(folder, os.W_OK):
            pytest.skip("rights do not bind the superuser, who may mount nothing here")
        yield


@contextmanager
def _without_rights(folder: Path) -> Iterator[None]:
    modes = {entry: entry.stat().st_mode for entry in (folder, *folder.rglob("*"))}
    for entry in reversed(modes):
        entry.chmod(modes[entry] & ~0o222)
    try:
        yield
    finally:
        for entry, mode in modes.items():
            if entry.exists():
                entry.chmod(mode)


def _mount_disk(folder: Path, mebibytes: int) -> bool:
    return _mount("-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder))


def _mount(*words: str) -> bool:
    try:
        return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=True)

"""Places that are really full or really cannot be written: file systems of their own where they may be mounted.

The superuser of a container often may; everybody else meets the same errors by the rights of a folder. Nothing of a
file system under a test is left mounted.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_LEFT = "ballast"


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A file system of its own at a folder that is made for it; skips where none may be mounted."""
    folder.mkdir()
    if not _mount("-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)):
        pytest.skip("a small file system needs the right to mount one")
    try:
        yield folder
    finally:
        _unmount(folder)


def fill(disk: Path, leave: int) -> None:
    """Take all room but so many bytes, to a page."""
    make_room(disk)
    found = os.statvfs(disk)
    with (disk / _LEFT).open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(found.f_frsize, found.f_bavail * found.f_frsize - leave))


def make_room(disk: Path) -> None:
    """Give back what `fill` took."""
    (disk / _LEFT).unlink(missing_ok=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing be written below a folder: by its rights, for the superuser by a mount on itself.

    Files that are open stay so, as of a folder whose rights were taken away.
    """
    if os.geteuid() != 0:
        with _without_rights(folder):
            yield
        return
    if not _mount("--bind", str(folder), str(folder)):
        pytest.skip("the superuser writes everywhere, and may mount nothing here")
    try:
        if not _mount("-o", "remount,bind,ro", str(folder)):
            pytest.skip("the superuser writes everywhere, and may not mount a folder to be read only")
        yield
    finally:
        _unmount(folder)


@contextmanager
def _without_rights(folder: Path) -> Iterator[None]:
    entries = [folder, *folder.rglob("*")]
    modes = {entry: entry.stat().st_mode for entry in entries}
    for entry in reversed(entries):
        entry.chmod(modes[entry] & ~0o222)
    try:
        yield
    finally:
        for entry, mode in modes.items():
            if entry.exists():
                entry.chmod(mode)


def _mount(*words: str) -> bool:
    return os.geteuid() == 0 and subprocess.run(["mount", *words], capture_output=True).returncode == 0


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=True)

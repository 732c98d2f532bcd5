"""A download as a child process: its progress is the growth of a folder, and a stop ends it.

pip and the hub's client report progress in forms that change between versions and only to a terminal; the size
of what they have written does not.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from advisor.interrupt import StopSignal
from trainer.events import Listener, Progress

TASK = "fetch"

_POLL_SECONDS = 0.2
_GRACE_SECONDS = 5
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Ended:
    """How the child ended; `output` is what it wrote to stdout and stderr."""

    code: int
    output: str

    def last_lines(self, count: int = 8) -> list[str]:
        """For the message to a person."""
        return [line.rstrip() for line in self.output.splitlines() if line.strip()][-count:]


def run_download(
    arguments: Sequence[str],
    watched: Path,
    total: int | None,
    emit: Listener,
    stop: StopSignal,
    *,
    environment: Mapping[str, str],
) -> Ended:
    """Run this Python with `arguments` and tell the bytes that appear under `watched`.

    Raises:
        Interrupted: a stop was asked for; the child is gone, what it wrote is left to the caller.
    """
    before = _bytes_under(watched)
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONSAFEPATH": "1", **environment},
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                stop.check()
                _tell(emit, _bytes_under(watched) - before, total)
                time.sleep(_POLL_SECONDS)
        finally:
            _end(process)
        output.seek(0)
        return Ended(process.returncode, output.read().decode(errors="replace"))


def _tell(emit: Listener, done: int, total: int | None) -> None:
    emit(Progress(task=TASK, done=done if total is None else min(done, total), total=total, unit="bytes"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a child that still runs, with what it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def _bytes_under(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += 0 if path.is_symlink() or not path.is_file() else path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def sha256_of(file: IO[bytes], stop: StopSignal, copy: IO[bytes] | None = None) -> str:
    """Checksum of the rest of a file, which is written to `copy` on the way."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        stop.check()
        digest.update(chunk)
        if copy is not None:
            copy.write(chunk)
    return digest.hexdigest()

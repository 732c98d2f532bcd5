"""Trainers that begin as a copy of the tests' process, which has loaded torch already."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from advisor import jobs


class Forked:
    """As much of `subprocess.Popen` as waiting for a trainer takes."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, once there is one."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


@contextmanager
def forked_trainers() -> Iterator[None]:
    """Trainers are processes of their own as ever, but spare the five seconds in which a new one loads torch.

    For tests of what comes of their work. How they are started, and what they load, is tested elsewhere. Only on
    Linux: elsewhere the libraries do not bear a fork.
    """
    with pytest.MonkeyPatch.context() as patch:
        if sys.platform == "linux":
            patch.setattr(jobs, "_start", _start)
        yield


def _start(directories: Sequence[Path]) -> Forked:
    import torch

    import trainer.run  # noqa: F401 - once, for all copies
    from trainer.__main__ import main

    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            sys.settrace(None)  # coverage would slow down what it cannot save
            os.setsid()
            torch.set_num_threads(1)  # a fork has lost the others
            code = main([str(directory) for directory in directories])
        finally:
            os._exit(code)
    return Forked(pid)

"""The one error class for failures that are expected: what happened, where, and what to do.

It lives in the lowest room so that all three packages can raise it. The front ends turn it into one message
and an exit code; anything else that escapes is a fault of the program.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from enum import IntEnum

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Numbers of system errors of a write for which there was no room: on the disk, in a quota, in a file."""
NO_RIGHT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
"""Of a write that is not allowed."""


class ExitCode(IntEnum):
    """Process exit codes, fixed by the contract."""

    OK = 0
    PROGRAM_FAULT = 1
    WRONG_USE = 2
    BAD_DATA = 3
    REQUIREMENT_UNMET = 4
    LACKING = 5
    INTERRUPTED = 130


class Fault(Exception):
    """An expected failure.

    Args:
        what: what happened, one sentence.
        where: file, line, field or flag; empty if the sentence says it.
        fix: what the person can do about it.
        code: exit code that the contract gives this kind of failure.
        problems: every single problem, where one message stands for many.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        fix: str = "",
        code: ExitCode = ExitCode.WRONG_USE,
        problems: Sequence[str] = (),
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix
        self.code = code
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what

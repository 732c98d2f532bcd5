"""How much of the processor a model's work takes from whatever else a person does with the machine."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

NICENESS = 10
"""Of every process that runs a model: it has whatever nobody else wants, and about a tenth of what somebody does, so
that a screen which watches a training on every core does not wait for it."""


def give_way(pid: int) -> None:
    """Let a process that was just started come after all that runs at the usual priority, and what it starts too."""
    # It may have ended already, and may be nicer by itself.
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, max(NICENESS, os.getpriority(os.PRIO_PROCESS, pid)))
    # Where Linux shares the processor among sessions first, it is the session of the process that has to be nice.
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(NICENESS), encoding="ascii")

"""Work that a person can stop: the display is closed, and what is kept is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from advisor.display import Display
    from advisor.interrupt import StopSignal


@contextmanager
def stoppable(display: Display, stopped: str) -> Iterator[StopSignal]:
    """Give the signal that Ctrl-C sets; a stop says `stopped` and exits 130."""
    from advisor.cli.show import INTERRUPTED, err
    from advisor.interrupt import Interrupted, StopSignal, signals_stop

    stop = StopSignal()
    try:
        with signals_stop(stop):
            yield stop
    except Interrupted:
        err(stopped)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        display.close()

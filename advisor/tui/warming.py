"""What can wait until the first screen is there: collecting garbage, and loading what the next steps need.

A key is answered while this goes on: it happens in a thread, which gives way after a millisecond.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from threading import Thread
from time import sleep

from advisor.tui.steps import STEPS

_TURN_SECONDS = 0.001
"""For how long a thread may keep the others waiting; Python's own 5 ms are felt, since a key takes several turns."""
_PAUSE_SECONDS = 0.2
"""Between two modules, for whoever else works at the start: the log of a long training is read then."""
_OBJECTS = 10_000
"""Made between two searches for garbage; by Python's own 700 they take a fifth of the time that opening a log takes."""
_SOON_WANTED = (
    "advisor.previewing",
    "advisor.data.splitting",
    "rubrics.scoring",
    "rubrics.detectability",
    "advisor.run_directory",
    "advisor.watching",
    *(f"advisor.tui.steps.{step.key}" for step in STEPS),
    "advisor.tui.home",
    "advisor.launching",
)
"""In the order in which a person comes by them."""


def hurry() -> None:
    """Leave out of the start what can wait; `settle` makes up for it."""
    sys.setswitchinterval(_TURN_SECONDS)
    # Nothing that is made until then is garbage, and looking for some takes a tenth of the start.
    gc.disable()


def settle(first: str = "") -> None:
    """Collect garbage from now on, and load the rest in a thread.

    Args:
        first: a module that is wanted before the others.
    """
    # What the program consists of stays: looking through all of it again and again would delay keys.
    gc.freeze()
    gc.set_threshold(_OBJECTS)
    gc.enable()
    Thread(target=_load, args=[(first, *_SOON_WANTED)], name="warming", daemon=True).start()


def _load(names: Sequence[str]) -> None:
    for name in filter(None, names):
        # Whoever needs it imports it again, and tells what is wrong.
        with suppress(ImportError):
            import_module(name)
        sleep(_PAUSE_SECONDS)

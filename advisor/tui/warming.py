"""What can wait until the first screen is there: collecting garbage, and loading what the next steps need.

A key is answered while this goes on: it happens in a thread, which gives way after a millisecond.
"""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from importlib import import_module
from threading import Thread

from advisor.tui.steps import STEPS

_TURN_SECONDS = 0.001
"""For how long a thread may keep the others waiting; Python's own 5 ms are felt, since a key takes several turns."""
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


def settle() -> None:
    """Collect garbage from now on, and load the rest in a thread."""
    # What the program consists of stays: looking through all of it again and again would delay keys.
    gc.freeze()
    gc.enable()
    Thread(target=_load, name="warming", daemon=True).start()


def _load() -> None:
    for name in _SOON_WANTED:
        # Whoever needs it imports it again, and tells what is wrong.
        with suppress(ImportError):
            import_module(name)

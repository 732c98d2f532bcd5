"""Starting the wizard on this terminal, and what is said once it has gone."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.draft import Draft

_COLOURS_OF_16 = ("linux", "xterm", "screen", "vt100", "vt220", "ansi")
"""Values of TERM that promise no more than 16 colours."""


def start(draft: Draft | None = None, *, run: Path | None = None) -> int:
    """Show the wizard until the person leaves it; the exit code.

    Raises:
        Fault: there is no such run.
        Exception: a fault of the program ended the wizard.
    """
    from advisor.tui.warming import hurry, settle

    hurry()
    from advisor.tui.app import AdvisorApp

    # A run is mostly opened while it trains, and the charts are slow to load.
    then = partial(settle, "advisor.tui.steps.training" if run is not None else "")
    app = AdvisorApp(draft=draft, run=run, ansi=has_16_colours(os.environ), then=then)
    said = app.run()
    if said:
        sys.stderr.write(said + "\n")
    if app.crash is not None:
        # Said as every command says it, once the terminal is as it was. What was begun goes on without the screen.
        raise app.crash
    return app.return_code or 0


def has_16_colours(environment: Mapping[str, str]) -> bool:
    """Whether the terminal says that it has no more than the 16 colours that a person has set."""
    return not environment.get("COLORTERM") and environment.get("TERM", "") in _COLOURS_OF_16

"""Asking a run to stop, in a thread; a refusal is shown."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from textual.dom import DOMNode

from advisor.tui.work import in_thread


def ask_to_stop(node: DOMNode, path: Path) -> None:
    """Ask whoever works on a run to save and go; the screen learns from the run that it does.

    Args:
        node: the step or application that asks.
    """
    from advisor.tui.app import AdvisorApp

    app = cast(AdvisorApp, node.app)

    # Of the application: a person who leaves the step still wants to hear that the run does not stop.
    in_thread(
        app,
        lambda: app.services.ask_to_stop(path),
        lambda done: None,
        about=path,
        group="stop",
        exclusive=False,
    )

"""Asking a run to stop, in a thread; a refusal is shown."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from textual.dom import DOMNode

from advisor.tui.dialogs import tell_fault
from rubrics.errors import Fault


def ask_to_stop(node: DOMNode, path: Path) -> None:
    """Ask whoever works on a run to save and go; the screen learns from the run that it does.

    Args:
        node: the step or application that asks.
    """
    from advisor.tui.app import AdvisorApp

    app = cast(AdvisorApp, node.app)

    def ask() -> None:
        try:
            app.services.ask_to_stop(path)
        except Fault as fault:
            app.call_from_thread(tell_fault, app, fault)

    node.run_worker(ask, thread=True, group="stop")

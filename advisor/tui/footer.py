"""The keys at the foot of a screen: its own, and those that are the same everywhere."""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

_FRAME = {"previous", "next", "app.runs", "help", "app.leave"}
"""Actions of the frame: how a person goes on, back, to the runs, to the help and out."""


class Keys(Footer):
    """Textual's footer in two parts: a screen's own keys, and those of the frame, which are never cut off.

    They share a line where there is room for both, and have one each where there is not.
    """

    DEFAULT_CSS = """
    Keys > Horizontal { height: 1; width: 1fr; }
    Keys > #frame { width: auto; }
    Keys.-two-lines { height: 2; layout: vertical; }
    Keys.-two-lines > #frame { width: 100%; }
    """

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._told: list[tuple[str, str, bool]] = []
        """Key, description, and whether it works now, of each that is in the footer."""
        self._wanted = 0
        """Cells that all keys take in one line."""

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Make the footer anew where it would be another one.

        Textual asks after every change of the focus and return to the screen, and making ten widgets is felt.
        """
        told = [
            (active.binding.key, active.binding.description, active.enabled)
            for active in screen.active_bindings.values()
            if active.binding.show
        ]
        if told != self._told:
            super().bindings_changed(screen)
            # Textual makes none while the terminal is not looked at, and asks again afterwards.
            self._told = told if screen.app.app_focus else []

    def compose(self) -> ComposeResult:
        """The keys of the screen, then those of the frame."""
        keys = [part for part in super().compose() if isinstance(part, FooterKey)]
        frame = [key for key in keys if key.action in _FRAME]
        own = [key for key in keys if key.action not in _FRAME]
        self._wanted = sum(_cells(key) for key in keys)
        self._arrange()
        yield Horizontal(*own, id="own")
        yield Horizontal(*frame, id="frame")

    def on_resize(self) -> None:
        """Another width has room for one line, or not."""
        self._arrange()

    def _arrange(self) -> None:
        self.set_class(self._wanted > self.app.size.width, "-two-lines")


def _cells(key: FooterKey) -> int:
    """Of a key, its description and the spaces around them."""
    return cell_len(key.key_display) + cell_len(key.description) + 2

"""The keys at the foot of a screen."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer


class Keys(Footer):
    """Textual's footer in one line, with the help key at its right end: there it is seen however many keys there are."""

    DEFAULT_CSS = """
    Keys.-compact FooterKey.-command-palette { margin-right: 0; padding-right: 1; }
    """

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._told: list[tuple[str, str, bool]] = []
        """Key, description, and whether it works now, of each that is in the footer."""

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
        """The keys; the class is the one by which Textual docks the key of the palette, which is not shown."""
        for part in super().compose():
            if getattr(part, "action", "") == "help":
                part.add_class("-command-palette")
            yield part

"""The keys at the foot of a screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Footer


class Keys(Footer):
    """Textual's footer in one line, with the help key at its right end: there it is seen however many keys there are."""

    DEFAULT_CSS = """
    Keys.-compact FooterKey.-command-palette { margin-right: 0; padding-right: 1; }
    """

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)

    def compose(self) -> ComposeResult:
        """The keys; the class is the one by which Textual docks the key of the palette, which is not shown."""
        for part in super().compose():
            if getattr(part, "action", "") == "help":
                part.add_class("-command-palette")
            yield part

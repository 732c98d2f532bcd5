"""A text that is repainted only when it changed: a step is shown ten times a second, and most of it stays."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.widgets import Static


class Words(Static):
    """A text; an empty one takes no room."""

    DEFAULT_CSS = """
    Words { height: auto; }
    Words.-empty { display: none; }
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.said: Text | None = None

    def say(self, text: Text) -> None:
        """Show a text."""
        if text != self.said:
            self.said = text
            self.set_class(not text.plain, "-empty")
            self.update(text)

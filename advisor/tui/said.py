"""A text on a screen that is drawn anew only when it says something else."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from rich.console import RenderableType
from rich.text import Text
from textual.widgets import Static


class Said(Static):
    """A line or a few of text; `update` lays the whole screen out, so it is asked for only where it matters."""

    _last: Hashable = None

    def say(self, text: str | Text) -> None:
        """Say a text, which is taken as it stands."""
        shown = Text(text) if isinstance(text, str) else text
        self.draw((shown.plain, tuple(shown.spans), shown.style), lambda: shown)

    def draw(self, key: Hashable, make: Callable[[], RenderableType]) -> None:
        """Draw what `make` returns, unless the last drawing had the same key."""
        if key != self._last:
            self._last = key
            self.update(make())

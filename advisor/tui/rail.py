"""The rail: the walk's steps with how far each is; one line where the screen is narrow."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Click
from textual.message import Message

from advisor.texts import _
from advisor.tui.state import Progress
from advisor.tui.steps import STEPS, StepEntry
from advisor.tui.words import Words

GLYPHS: Mapping[Progress, str] = {"done": "✓", "working": "…", "open": "○", "later": "·"}


class RailEntry(Words):
    """One step: number, glyph, title; a click goes there."""

    def __init__(self, number: int, entry: StepEntry) -> None:
        super().__init__(id=f"rail-{entry.key}")
        self.entry, self._number = entry, number

    def paint(self, progress: Progress, *, is_here: bool) -> None:
        """Show how far the step is, and whether it is the one on the screen."""
        here = "▸" if is_here else " "
        self.say(Text(f"{here}{self._number} {GLYPHS[progress]} {_(self.entry.title)}"))
        self.set_class(is_here, "-here")
        self.set_class(progress == "later", "-later")

    def on_click(self, event: Click) -> None:
        """Go there."""
        event.stop()
        self.post_message(Rail.Chosen(self.entry.key))


class Rail(Vertical):
    """All steps, one below the other; in a narrow screen only the line that names the step on it."""

    DEFAULT_CSS = """
    Rail { width: 22; padding: 0 1 0 0; border-right: solid $primary-darken-2; }
    Rail RailEntry.-here { text-style: bold reverse; }
    Rail RailEntry.-later { color: $text-muted; }
    Rail #rail-line { display: none; text-style: bold; }
    """

    class Chosen(Message):
        """A step was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def compose(self) -> ComposeResult:
        """An entry for each step, and the line."""
        yield Words(id="rail-line")
        for number, entry in enumerate(STEPS, start=1):
            yield RailEntry(number, entry)

    def paint(self, progress: Mapping[str, Progress], here: str) -> None:
        """Show how far the steps are."""
        for entry in self.query(RailEntry):
            entry.paint(progress[entry.entry.key], is_here=entry.entry.key == here)
        marks = Text()
        for number, step in enumerate(STEPS, start=1):
            if step.key == here:
                marks.append(f" ▸{number}/{len(STEPS)} {_(step.title)} ", "reverse")
            else:
                marks.append(f" {number}{GLYPHS[progress[step.key]]}")
        self.query_one("#rail-line", Words).say(marks)

"""A list of test rows that draws only the lines on the screen, so that its length does not matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from advisor.texts import N_


class RowList(ScrollView, can_focus=True):
    """Lines of which one is chosen; a line is made when it is drawn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", N_("Row before"), show=False),
        Binding("down,j", "move(1)", N_("Next row"), show=False),
        Binding("pageup", "page(-1)", N_("Page up"), show=False),
        Binding("pagedown", "page(1)", N_("Page down"), show=False),
        Binding("home", "end(0)", N_("First row"), show=False),
        Binding("end", "end(1)", N_("Last row"), show=False),
    ]
    DEFAULT_CSS = """
    RowList { overflow-x: hidden; background: $surface; }
    RowList > .row-list--chosen { text-style: bold; }
    RowList:focus > .row-list--chosen { text-style: bold reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--chosen"}

    class Chosen(Message):
        """Another line is chosen; `at` is -1 where there is none."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    def __init__(self, line: Callable[[int, int], str]) -> None:
        """An empty list.

        Args:
            line: the text of an entry in so many cells, cut and without control characters.
        """
        super().__init__()
        self._line = line
        self.entries: Sequence[int] = ()
        self.at = -1

    @property
    def chosen(self) -> int | None:
        """The entry that is chosen."""
        return self.entries[self.at] if self.at >= 0 else None

    def list_entries(self, entries: Sequence[int]) -> None:
        """Show other entries; the first is chosen."""
        self.entries = entries
        self.virtual_size = Size(self.size.width, len(entries))
        self.scroll_to(y=0, animate=False)
        self._choose(0)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        place, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if place >= len(self.entries):
            return Strip.blank(width, self.rich_style)
        here = place == self.at
        style = self.get_component_rich_style("row-list--chosen") if here else self.rich_style
        text = ("▸" if here else " ") + self._line(self.entries[place], width - 1)
        # The mark says it where a terminal shows no reverse.
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def action_move(self, by: int) -> None:
        """Choose a line further on."""
        self._choose(self.at + by)

    def action_page(self, by: int) -> None:
        """Choose a line a page further on."""
        self._choose(self.at + by * max(1, self.size.height - 1))

    def action_end(self, end: int) -> None:
        """Choose the first line, or the last."""
        self._choose(end * len(self.entries))

    def on_click(self, event: Click) -> None:
        """Choose the line that was clicked."""
        self._choose(event.y + self.scroll_offset.y)

    def _choose(self, at: int) -> None:
        self.at = min(max(0, at), len(self.entries) - 1)
        self.refresh()
        if self.at >= 0:
            self.scroll_to_region(Region(0, self.at, 1, 1), animate=False)
        self.post_message(self.Chosen(self.at))

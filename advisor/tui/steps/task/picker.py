"""Choosing a data file: a folder's places, data files first, and the rows of the one under the cursor."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.core_texts import told
from advisor.folders import Place, places_in
from advisor.previews import Preview
from advisor.texts import N_, _, ngettext
from advisor.tui.dialogs import Dialog
from advisor.tui.footer import Keys
from advisor.tui.plain_text import shown
from advisor.tui.steps.task.rows import Found, Seen, in_a_line, read_on, table_of, worth_seeing
from rubrics.errors import Fault

_SETTLE_SECONDS = 0.15
"""Before the file under the cursor is read, so that a held arrow key reads none."""
_ROWS = 6


class FilePicker(Dialog[Path | None]):
    """A file to choose; returns its path, or None where it was left by escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", N_("Choose"), priority=True),
        Binding("backspace,left", "up", N_("Folder above")),
        Binding("escape", "leave", N_("Cancel")),
    ]
    DEFAULT_CSS = """
    FilePicker > Vertical { width: 100%; }
    FilePicker OptionList { height: 8; border: none; padding: 0; }
    FilePicker #seen { height: auto; min-height: 8; border-top: solid $primary-darken-2; }
    FilePicker #folder { height: 1; text-style: bold; }
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder.absolute()
        self._places: tuple[Place, ...] = ()

    def compose(self) -> ComposeResult:
        """Folder, its places, and what the one under the cursor holds."""
        with Vertical():
            yield Static(Text(_("Choose a data file")), classes="title")
            yield Static(id="folder")
            yield OptionList(compact=True, markup=False)
            yield Static(id="seen")
        yield Keys()

    def on_mount(self) -> None:
        """Look into the folder."""
        self._open(self._folder)

    def _open(self, folder: Path) -> None:
        try:
            self._places, left_out = places_in(folder)
        except Fault as fault:
            self.query_one("#seen", Static).update(Text(f"✗ {told(fault.what)}. {told(fault.fix)}"))
            return
        self._folder = folder
        more = ngettext("{n} more: type its path", "{n} more: type their path", left_out).format(n=left_out)
        self.query_one("#folder", Static).update(
            Text(shown(str(folder), one_line=True) + (f" · {more}" if left_out else ""), no_wrap=True)
        )
        places = self.query_one(OptionList)
        places.clear_options()
        places.add_options([Option(Text(_line(place), no_wrap=True)) for place in self._places])
        places.highlighted = 0 if self._places else None
        if not self._places:
            self._say(Text(_("The folder is empty.")))
        places.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Read the file under the cursor, once the cursor rests."""
        # Not the line that is told: another folder may have been opened since.
        place = self._here()
        if place is None:
            return
        self._say(Text("…" if place.kind != "folder" else _("A folder: enter opens it.")))
        if place.kind != "folder":
            self.set_timer(_SETTLE_SECONDS, lambda: self._read(place))

    def _read(self, place: Place) -> None:
        if self._here() == place:
            read_on(self, "picker", place.path)

    def _here(self) -> Place | None:
        at = self.query_one(OptionList).highlighted
        return self._places[at] if at is not None and at < len(self._places) else None

    def on_seen(self, event: Seen) -> None:
        """Show the rows as they are read."""
        here = self._here()
        if here is not None and here.path == event.path:
            self._show(event.found)

    def _show(self, found: Found) -> None:
        seen = self.query_one("#seen", Static)
        if isinstance(found, Preview) and found.rows and not found.lacks_names:
            table = table_of(worth_seeing(found, _ROWS))
            table.title, table.title_justify, table.title_style = Text(in_a_line(found)), "left", ""
            seen.update(table)
        else:
            self._say(Text(shown(in_a_line(found))))

    def _say(self, text: Text) -> None:
        self.query_one("#seen", Static).update(text)

    def on_option_list_option_selected(self) -> None:
        """Enter, or a click."""
        self.action_take()

    def action_take(self) -> None:
        """Open the folder under the cursor, or return the file."""
        here = self._here()
        if here is None:
            return
        if here.kind == "folder":
            self._open(here.path)
        else:
            self.dismiss(here.path)

    def action_up(self) -> None:
        """The folder above."""
        self._open(self._folder.parent)

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


def _line(place: Place) -> str:
    name = shown(place.path.name, one_line=True)
    if place.kind == "folder":
        return f"▸ {name}/"
    return f"{'≡' if place.kind == 'data' else ' '} {name}  {_size(place.bytes)}"


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"

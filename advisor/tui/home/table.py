"""The table of runs: rows come in pieces, only what changed is painted, and the cursor stays on its run."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable
from textual.widgets.data_table import ColumnKey

from advisor.texts import N_, _
from advisor.tui.home.words import When, cells

if TYPE_CHECKING:
    from advisor.run_list import ListedRun

_WIDTHS = {"mark": 1, "state": 14, "task": 20, "outcome": 24, "when": 11, "folder": 0}
_TITLES = {
    "mark": "",
    "state": N_("State"),
    "task": N_("Task"),
    "outcome": N_("Outcome"),
    "when": N_("Made"),
    "folder": N_("Folder"),
}
_WIDE = 120
"""Columns from which the folder's name is shown too."""
_PADDING = 2


class RunTable(DataTable[Text]):
    """The runs, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", N_("Open")),
        Binding("home", "scroll_top", N_("First"), show=False),
        Binding("end", "scroll_bottom", N_("Last"), show=False),
    ]

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False)
        self._shown: dict[str, ListedRun] = {}

    def on_mount(self) -> None:
        """Lay out the columns for the width there is."""
        for name, title in _TITLES.items():
            self.add_column(Text(_(title) if title else ""), key=name, width=max(1, _WIDTHS[name]))

    def on_resize(self) -> None:
        """The task takes what room the others leave."""
        widths = dict(_WIDTHS)
        if self.size.width >= _WIDE:
            widths |= {"folder": 30, "outcome": 36}
        free = self.size.width - sum(widths.values()) - _PADDING * len(widths) - 1
        widths["task"] = max(12, widths["task"] + free)
        for name, width in widths.items():
            self.columns[ColumnKey(name)].width = width
        self._require_update_dimensions = True
        self.refresh(layout=True)

    def at_cursor(self) -> ListedRun | None:
        """The run under the cursor."""
        if not self.is_valid_row_index(self.cursor_row):
            return None
        return self._shown.get(str(self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value))

    def paint(self, runs: Sequence[ListedRun], now: float, marked: AbstractSet[str]) -> None:
        """Show these runs."""
        under = self.at_cursor()
        wanted = {listed.entry.path: listed for listed in runs}
        for path in self._shown.keys() - wanted.keys():
            self.remove_row(path)
        is_new = False
        for path, listed in wanted.items():
            painted = cells(listed, now, is_marked=path in marked)
            if path not in self._shown:
                self.add_row(*painted.values(), key=path)
                is_new = True
            else:
                self._repaint(path, painted)
        self._shown = wanted
        if is_new:
            self.sort("when", key=_by_age, reverse=True)
        if under is not None and under.entry.path in wanted:
            self.move_cursor(row=self.get_row_index(under.entry.path), scroll=is_new)

    def _repaint(self, path: str, painted: dict[str, Text]) -> None:
        for name, cell in painted.items():
            if self.get_cell(path, name).plain != cell.plain:
                self.update_cell(path, name, cell)


def _by_age(cell: Any) -> float:
    return cell.created if isinstance(cell, When) else 0.0

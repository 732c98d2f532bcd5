"""Saying which column of a file is the question and which the answer, where their names do not tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.texts import N_, _
from advisor.tui.dialogs import Dialog
from advisor.tui.footer import Keys
from advisor.tui.plain_text import shown

Columns = Sequence[tuple[str, str]]
"""Names of the columns, each with what its first row holds."""


class ColumnPicker(Dialog[tuple[str, str] | None]):
    """Two questions, one after the other; returns the columns of question and answer, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", N_("Choose"), priority=True),
        Binding("escape", "leave", N_("Cancel")),
    ]
    DEFAULT_CSS = """
    ColumnPicker OptionList { height: auto; max-height: 10; border: none; padding: 0; }
    ColumnPicker #note { height: auto; margin-top: 1; color: $text-muted; }
    """

    def __init__(self, columns: Columns, known: Sequence[str] = ()) -> None:
        """Ask.

        Args:
            known: names that a format reads; the cursor begins on the first of them.
        """
        super().__init__()
        self._columns, self._known = columns, known
        self._left, self._question = tuple(columns), ""

    def compose(self) -> ComposeResult:
        """What is asked, the columns with an example each, and what will come of it."""
        note = _("They are written to a new file beside yours; your file stays as it is.")
        with Vertical():
            yield Static(classes="title")
            yield OptionList(compact=True, markup=False)
            yield Static(Text(note), id="note")
        yield Keys()

    def on_mount(self) -> None:
        """Ask for the question."""
        self._ask(_("Which column holds what the model is given, the question?"))

    def _ask(self, title: str) -> None:
        self.query_one(".title", Static).update(Text(title))
        self._left = tuple(column for column in self._columns if column[0] != self._question)
        places = self.query_one(OptionList)
        places.clear_options()
        places.add_options([Option(_line(name, value)) for name, value in self._left])
        names = [name for name, _value in self._left]
        places.highlighted = next((at for at, name in enumerate(names) if name in self._known), 0)
        places.focus()

    def on_option_list_option_selected(self) -> None:
        """A click is enter."""
        self.action_take()

    def action_take(self) -> None:
        """Take the column under the cursor; after the second one there is nothing left to ask."""
        at = self.query_one(OptionList).highlighted
        if at is None:
            return
        name = self._left[at][0]
        if self._question:
            self.dismiss((self._question, name))
        else:
            self._question = name
            self._ask(_("Which column holds the right answer?"))

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


def _line(name: str, value: str) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(shown(name, one_line=True), "bold")
    return text.append("  " + shown(value, one_line=True), "dim")

"""Two runs side by side on a screen."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from advisor.texts import N_, _
from advisor.tui.footer import Keys
from advisor.tui.help import show_help
from advisor.tui.plain_text import shown
from advisor.tui.translated import TranslatedScreen
from advisor.two_runs import Line, TwoRuns, compared_words

HELP = N_(
    "What two runs measured, beside each other; ≠ marks what differs.\n"
    "Where both answered the same test rows, their answers are compared row by row, which tells more than "
    "two scores: the difference has its own interval and test."
)


class CompareScreen(TranslatedScreen[None]):
    """Numbers of two runs, what was asked of each, and the paired comparison where there is one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", N_("Back to the runs")),
        Binding("question_mark,f1", "help", N_("Help")),
    ]
    DEFAULT_CSS = """
    CompareScreen #heading { height: 1; text-style: bold; background: $primary-darken-3; color: $text; }
    CompareScreen VerticalScroll { padding: 0 1; }
    CompareScreen .block { margin-bottom: 1; height: auto; }
    """

    def __init__(self, a: Path, b: Path, found: TwoRuns) -> None:
        super().__init__()
        self._a, self._b, self._found = a, b, found

    def compose(self) -> ComposeResult:
        """Who is who, the comparison, the numbers, and what was asked."""
        found = self._found
        yield Static(Text(" advisor · " + _("Two runs side by side"), no_wrap=True), id="heading")
        with VerticalScroll():
            names = f"A  {shown(str(self._a), one_line=True)}\nB  {shown(str(self._b), one_line=True)}"
            yield Static(Text(names), classes="block")
            yield Static(Text(shown("\n".join(compared_words(found)))), classes="block")
            yield Static(_grid(_("Measured"), found.numbers), classes="block")
            if found.asked:
                yield Static(_grid(_("Asked differently"), found.asked), classes="block")
            else:
                yield Static(Text(_("Both were asked the same.")), classes="block")
        yield Keys()

    def on_mount(self) -> None:
        """Arrows scroll at once."""
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        """Back to the list."""
        self.dismiss(None)

    def action_help(self) -> None:
        """What this screen is for, and its keys."""
        show_help(self, _("Two runs side by side"), _(HELP))


def _grid(title: str, lines: tuple[Line, ...]) -> Table:
    table = Table(title=None, box=None, expand=True, padding=(0, 2, 0, 0))
    table.add_column("", width=1)
    table.add_column(Text(title), ratio=2)
    table.add_column("A", ratio=2)
    table.add_column("B", ratio=2)
    for line in lines:
        table.add_row(
            Text("≠" if line.differs else " "),
            Text(shown(line.name)),
            Text(shown(line.a) or "–"),
            Text(shown(line.b) or "–"),
        )
    return table

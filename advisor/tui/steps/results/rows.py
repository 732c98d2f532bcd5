"""The test rows one by one: which ones training fixed and broke, and what each system said."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rich.cells import set_cell_size
from rich.console import RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.events import Resize
from textual.timer import Timer
from textual.widgets import Input, Static

from advisor.data.rows import Message
from advisor.side_by_side import Kind, SideBySide, kinds_of, prompt_of, read_side_by_side
from advisor.texts import N_, _, ngettext
from advisor.tui.aligned import cut
from advisor.tui.dialogs import Explain, tell_fault
from advisor.tui.footer import Keys
from advisor.tui.help import show_help
from advisor.tui.plain_text import shown
from advisor.tui.steps.results.row_list import RowList
from advisor.tui.steps.results.row_view import KIND_WORDS, Against, one_line, row_view
from advisor.tui.translated import TranslatedScreen
from advisor.tui.work import in_thread
from rubrics.errors import Fault

_NARROW = 100
_KIND_CELLS = 14
_SETTLE_SECONDS = 0.15
"""After the last letter of what is searched for."""
_KEYS: dict[str, tuple[Kind, ...]] = {
    "f": ("fixed", "better"),
    "x": ("broken", "worse", "wrong"),
    "w": ("both_wrong",),
    "r": ("both_right", "equal", "right"),
}
"""Which kinds a key filters by: those that the metric has."""

HELP = N_(
    "Every scored test row with its reference and each system's answer. Fixed: wrong before, right now. Broken: the "
    "other way round. Between {+ and +} stands what an answer has otherwise than the reference, or than the other "
    "system's answer, whose part stands between [- and -]; signs with nothing between them mark what is left out. Tab goes "
    "to the row, where the arrows scroll."
)


class RowsScreen(TranslatedScreen[None]):
    """A list of rows, filtered by kind and words, and the chosen row beside or below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", N_("Back")),
        Binding("a", "kind('a')", N_("All")),
        Binding("f", "kind('f')", N_("Fixed")),
        Binding("x", "kind('x')", N_("Broken")),
        Binding("w", "kind('w')", N_("Both wrong")),
        Binding("r", "kind('r')", N_("Right")),
        Binding("slash", "search", N_("Search")),
        Binding("d", "against", N_("Other marks")),
        Binding("p", "prompt", N_("Whole prompt")),
        Binding("question_mark,f1", "help", N_("Help")),
    ]
    DEFAULT_CSS = """
    RowsScreen #rows-title { height: 1; text-style: bold; background: $primary-darken-3; color: $text; }
    RowsScreen #rows-search { height: 1; border: none; padding: 0 1; }
    RowsScreen #rows-body { height: 1fr; layout: horizontal; }
    RowsScreen RowList { width: 2fr; height: 1fr; border-right: solid $primary-darken-2; }
    RowsScreen #rows-detail { width: 3fr; height: 1fr; padding: 0 1; }
    RowsScreen #rows-detail Static { height: auto; }
    RowsScreen.-narrow #rows-body { layout: vertical; }
    RowsScreen.-narrow RowList { width: 1fr; height: 6; border-right: none;
        border-bottom: solid $primary-darken-2; }
    RowsScreen.-narrow #rows-detail { width: 1fr; }
    """

    def __init__(self, run: Path) -> None:
        super().__init__()
        self._run = run
        self._found: SideBySide | None = None
        self._kind: Kind | None = None
        self._against: Against = "reference"
        self._searches: Timer | None = None

    def compose(self) -> ComposeResult:
        """Counts, search field, list, row."""
        yield Static(id="rows-title")
        yield Input(
            placeholder=_("search in messages, references and answers: press /"),
            id="rows-search",
            compact=True,
        )
        with Container(id="rows-body"):
            yield RowList(self._line)
            with VerticalScroll(id="rows-detail"):
                yield Static(id="rows-row")
        yield Keys()

    def on_mount(self) -> None:
        """Read the rows in a thread."""
        self.query_one(RowList).focus()
        self._paint_title()
        in_thread(
            self,
            lambda: read_side_by_side(self._run),
            self._take,
            about=self._run,
            group="rows",
            failed=self._failed,
        )

    def on_resize(self, event: Resize) -> None:
        """The row below the list where there is no room beside it."""
        self.set_class(event.size.width < _NARROW, "-narrow")
        self.call_after_refresh(self._show_row)

    def _failed(self, fault: Fault) -> None:
        self.dismiss(None)
        tell_fault(self.app, fault)

    def _take(self, found: SideBySide) -> None:
        self._found = found
        self._list()

    # The list ----------------------------------------------------------------------------------------------------

    def _line(self, place: int, width: int) -> str:
        assert self._found is not None
        kind, message = one_line(self._found, place)
        return set_cell_size(kind, _KIND_CELLS) + cut(message, max(0, width - _KIND_CELLS))

    def _list(self) -> None:
        """The rows of the kind that hold the words; at once, since the next key may move on in the new list."""
        self._forget_search()
        if self._found is not None:
            words = self.query_one("#rows-search", Input).value
            entries = self._found.find(self._kind, words)
            self.query_one(RowList).list_entries(entries)
            self._paint_title(len(entries))
            self.refresh_bindings()

    def _paint_title(self, listed: int = 0) -> None:
        found = self._found
        if found is None:
            self.query_one("#rows-title", Static).update(Text(" " + _("… reading the rows")))
            return
        parts = [ngettext("{n} row", "{n} rows", listed).format(n=f"{listed:,}")]
        for kind, count in found.counts().items():
            words = f"{_(KIND_WORDS[kind])} {count:,}"
            parts.append(f"[{words}]" if kind == self._kind else words)
        self.query_one("#rows-title", Static).update(
            Text(" " + " · ".join(parts), no_wrap=True, overflow="ellipsis")
        )

    def on_input_changed(self) -> None:
        """Search as it is typed, a moment after the last letter: each search reads every row."""
        self._forget_search()
        self._searches = self.set_timer(_SETTLE_SECONDS, self._list)

    def _forget_search(self) -> None:
        if self._searches is not None:
            self._searches.stop()

    def on_input_submitted(self) -> None:
        """To the rows that are found."""
        self._list()
        self.query_one(RowList).focus()

    # The row -----------------------------------------------------------------------------------------------------

    def on_row_list_chosen(self) -> None:
        """Show the row that was chosen."""
        self._show_row()

    def _show_row(self) -> None:
        found, place = self._found, self.query_one(RowList).chosen
        if found is None:
            return
        if place is None:
            self.workers.cancel_group(self, "row")
            self._put(Text(_("No row is like that. Press a for all kinds, or search for other words.")))
            return
        against, width = self._against, self.query_one("#rows-detail").scrollable_content_region.width
        # Long answers take a while to compare, and of two comparisons only the last one asked for is shown.
        in_thread(
            self,
            lambda: row_view(found, place, against, width),
            self._put,
            about=self._run,
            group="row",
        )

    def _put(self, view: RenderableType) -> None:
        self.query_one("#rows-row", Static).update(view)
        self.query_one("#rows-detail").scroll_home(animate=False)

    # Keys --------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Filter keys are there for the kinds that the metric has."""
        if action == "kind" and parameters != ("a",) and self._found is not None:
            return self._kind_of(str(parameters[0])) is not None
        return True

    def _kind_of(self, key: str) -> Kind | None:
        assert self._found is not None
        known = kinds_of(self._found.metric, alone=self._found.pair[0] == self._found.pair[1])
        return next((kind for kind in _KEYS[key] if kind in known), None)

    def action_kind(self, key: str) -> None:
        """List the rows of a kind, or all."""
        if self._found is not None:
            self._kind = None if key == "a" else self._kind_of(key)
            self._list()

    def action_search(self) -> None:
        """Into the search field."""
        self.query_one("#rows-search", Input).focus()

    def action_against(self) -> None:
        """Mark the differences from the reference, or those between the two systems."""
        self._against = "other" if self._against == "reference" else "reference"
        self._show_row()

    def action_prompt(self) -> None:
        """The whole conversation that the better of the two systems was asked."""
        found, place = self._found, self.query_one(RowList).chosen
        if found is not None and place is not None:
            row_id, system = found.rows[place].id, found.pair[1]
            in_thread(
                self,
                lambda: _told_turns(prompt_of(found, system, row_id)),
                lambda text: self.app.push_screen(
                    Explain(_("What was asked for row {id}").format(id=row_id), text)
                ),
                about=found.files[system],
                group="prompt",
            )

    def action_help(self) -> None:
        """What this screen shows, and its keys."""
        show_help(self, _("Rows one by one"), _(HELP))

    def action_leave(self) -> None:
        """Out of the search field, else back."""
        if self.focused is self.query_one("#rows-search"):
            self.query_one(RowList).focus()
        else:
            self.dismiss(None)


def _told_turns(turns: list[Message]) -> str:
    return "\n\n".join(f"{turn['role']}\n{shown(turn['content'])}" for turn in turns)

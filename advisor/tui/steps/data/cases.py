"""The rows that a finding is about: a page of cases, and the one that is highlighted in full."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.browsing import HealthItem, StoredRow
from advisor.core_texts import told
from advisor.rule_texts import REASONS
from advisor.texts import N_, _
from advisor.tui.dialogs import Dialog
from advisor.tui.footer import Keys
from advisor.tui.plain_text import shown
from advisor.tui.steps.data.wording import case_line, item_title, pair_page, row_page
from advisor.tui.walk import NARROW
from advisor.tui.work import in_thread

PAGE = 100
"""Cases in the list at a time."""


class CasesDialog(Dialog[str]):
    """Browse the rows of a finding; returns `mend` where its fix is wanted, else nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", N_("Close")),
        Binding("m", "mend", N_("See the fix")),
        Binding("full_stop", "other(1)", N_("Next row of the case")),
        Binding("comma", "other(-1)", N_("Row before it"), show=False),
        Binding("right_square_bracket", "page(1)", N_("Next page")),
        Binding("left_square_bracket", "page(-1)", N_("Page before")),
        Binding("tab", "app.focus_next", N_("List or text"), show=False),
    ]
    DEFAULT_CSS = """
    CasesDialog > Vertical { width: 100%; max-width: 100%; height: 1fr; max-height: 100%; }
    CasesDialog .title { margin-bottom: 0; }
    CasesDialog #case-why { height: auto; max-height: 4; }
    CasesDialog #case-panes { height: 1fr; layout: horizontal; margin-top: 1; }
    CasesDialog #case-panes OptionList { width: 40%; height: 1fr; border: none; padding: 0;
        text-wrap: nowrap; text-overflow: ellipsis; }
    CasesDialog #case-panes VerticalScroll { width: 1fr; height: 1fr; max-height: 100%; padding: 0 0 0 2; }
    CasesDialog.-narrow #case-panes { layout: vertical; }
    CasesDialog.-narrow #case-panes OptionList { width: 100%; height: 35%; }
    CasesDialog.-narrow #case-panes VerticalScroll { width: 100%; padding: 0; border-top: solid $primary; }
    CasesDialog #case-place { height: 1; }
    """

    def __init__(self, item: HealthItem, read: Callable[[Sequence[str]], list[StoredRow]]) -> None:
        """Browse.

        Args:
            item: with at least one case.
            read: reads rows by id, in order; called in a thread.
        """
        super().__init__()
        self._item, self._read = item, read
        self._page, self._member = 0, 1
        self._rows: list[StoredRow] = []

    def compose(self) -> ComposeResult:
        """What was found and why it matters; the cases; the one that is highlighted."""
        why = Text(shown(told(self._item.message), one_line=True), "bold")
        why.append("\n" + _(REASONS[self._item.check]), "not bold")
        with Vertical():
            yield Static(item_title(self._item), classes="title")
            yield Static(why, id="case-why")
            with Container(id="case-panes"):
                yield OptionList()
                with VerticalScroll():
                    yield Static(id="case-row")
            yield Static(id="case-place")
        yield Keys()

    def on_mount(self) -> None:
        """Begin with the first page."""
        self.on_resize()
        self._load(0)

    def on_resize(self) -> None:
        """The text below the list where there is no room beside it."""
        self.set_class(self.app.size.width < NARROW, "-narrow")

    @property
    def _pages(self) -> int:
        return -(-len(self._item.cases) // PAGE)

    def _load(self, page: int) -> None:
        self._page = page
        cases = self._item.cases[page * PAGE : (page + 1) * PAGE]
        in_thread(
            self,
            lambda: {row.id: row for row in self._read([case[0] for case in cases])},
            lambda rows: self._show_page(cases, rows),
            about=item_title(self._item).plain,
            group="page",
        )

    def _show_page(self, cases: Sequence[tuple[str, ...]], rows: dict[str, StoredRow]) -> None:
        listed = self.query_one(OptionList)
        listed.clear_options()
        # Which case a line is goes with it: of the page before, a line may be told when its page has gone.
        listed.add_options(
            [
                Option(
                    case_line(rows[case[0]], len(case)) if case[0] in rows else Text(shown(case[0])),
                    id=str(at),
                )
                for at, case in enumerate(cases, self._page * PAGE)
            ]
        )
        listed.highlighted = 0
        listed.focus()
        self.query_one("#case-place", Static).update(Text(self._place(len(cases))))
        self.refresh_bindings()

    def _place(self, count: int) -> str:
        first = self._page * PAGE + 1
        said = _("Cases {first} to {last} of {n}").format(
            first=f"{first:,}", last=f"{first + count - 1:,}", n=f"{self._item.cases_total:,}"
        )
        listed = len(self._item.cases)
        if listed < self._item.cases_total:
            said += " · " + _("the first {n} are listed").format(n=f"{listed:,}")
        return said

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Read the case in full."""
        self._member = 1
        case = self._item.cases[int(event.option_id or 0)]
        in_thread(
            self,
            lambda: self._read(case),
            self._show_case,
            about=item_title(self._item).plain,
            group="case",
        )

    def _show_case(self, rows: list[StoredRow]) -> None:
        self._rows = rows
        self._paint()

    def _paint(self) -> None:
        rows, place = self._rows, self.query_one("#case-row", Static)
        if not rows:
            place.update(Text(_("These rows are no longer at hand: close this and look again.")))
        elif len(rows) == 1:
            place.update(row_page(rows[0], spaces=self._item.check == "D6"))
        else:
            place.update(pair_page(rows[0], rows[self._member], self._member + 1, len(rows)))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key is offered that could do nothing now."""
        if action == "mend":
            return bool(self._item.mend)
        if action == "other":
            return len(self._rows) > 2
        if action == "page":
            return 0 <= self._page + int(str(parameters[0])) < self._pages
        return True

    def action_other(self, by: int) -> None:
        """Compare the first row of the case with another one."""
        others = len(self._rows) - 1
        self._member = (self._member - 1 + by) % others + 1
        self._paint()

    def action_page(self, by: int) -> None:
        """Another page of cases."""
        self._load(self._page + by)

    def action_mend(self) -> None:
        """Go to the fix."""
        self.dismiss("mend")

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)

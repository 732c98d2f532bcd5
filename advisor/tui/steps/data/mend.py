"""Mending: choose fixes, see what they would change, and write a copy of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.timer import Timer
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.browsing import HealthSheet, copy_place, place_problem
from advisor.data.fixes import Fix
from advisor.inspecting import Mend, asked
from advisor.texts import N_, _
from advisor.tui.dialogs import Ask, AskText, Choice, Dialog, tell_fault
from advisor.tui.footer import Keys
from advisor.tui.steps.data.wording import done_page, fault_page, mend_page, name_of, turning
from advisor.tui.work import guarded
from rubrics.errors import Fault

_PAUSE_SECONDS = 0.3
"""After the last tick: who ticks three fixes wants one preview."""
_TICK_SECONDS = 0.25


class FixList(OptionList):
    """Fixes to tick; a tick is a letter in brackets and not a colour."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", N_("Tick or untick"))]

    class Ticked(Message):
        """Other fixes are chosen than before."""

    def __init__(self, fixes: Sequence[Fix], ticked: Sequence[str]) -> None:
        self._fixes = tuple(fixes)
        self._ticked = set(ticked)
        super().__init__(*(Option(self._line(fix)) for fix in self._fixes))

    @property
    def chosen(self) -> tuple[str, ...]:
        """Names of the ticked fixes, in the order of their work."""
        return tuple(fix.name for fix in self._fixes if fix.name in self._ticked)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Turn a tick round."""
        event.stop()
        fix = self._fixes[event.option_index]
        self._ticked ^= {fix.name}
        self.replace_option_prompt_at_index(event.option_index, self._line(fix))
        self.post_message(self.Ticked())

    def _line(self, fix: Fix) -> Text:
        line = Text(f"[{'x' if fix.name in self._ticked else ' '}] {fix.name:<18} ", "bold")
        kind = _("safe") if fix.safe else _("look first")
        return line.append(f"{kind} · {_(fix.text)}", "not bold")


class MendDialog(Dialog[Path]):
    """Returns the copy where it is to be the data from now on, else nothing; the file itself is never changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", N_("Close")),
        Binding("w", "write", N_("Write the copy")),
        Binding("tab", "app.focus_next", N_("Fixes or changes")),
    ]
    DEFAULT_CSS = """
    MendDialog > Vertical { width: 100%; max-width: 100%; height: 1fr; max-height: 100%; }
    MendDialog .title { margin-bottom: 0; }
    MendDialog FixList, MendDialog FixList:focus { height: auto; max-height: 40%; border: none; padding: 0;
        text-wrap: nowrap; text-overflow: ellipsis; }
    MendDialog VerticalScroll { height: 1fr; max-height: 100%; border-top: solid $primary; }
    MendDialog #mend-state { height: auto; max-height: 2; }
    """

    def __init__(self, sheet: HealthSheet, ticked: Sequence[str], now: Callable[[], float]) -> None:
        """Choose of the fixes that the sheet proposes.

        Args:
            ticked: names of those that are chosen at first.
            now: seconds since the epoch.
        """
        super().__init__()
        self._sheet, self._ticked, self._now = sheet, tuple(ticked), now
        self._working, self._since = "", 0.0
        self._changes = False
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """The fixes to tick, and what they would change."""
        name = name_of(self._sheet.files)
        with Vertical():
            yield Static(Text(_("Mend a copy of {file}").format(file=name)), classes="title")
            yield FixList(self._sheet.proposed(), self._ticked)
            yield Static(id="mend-state")
            with VerticalScroll():
                yield Static(id="mend-changes")
        yield Keys()

    def on_mount(self) -> None:
        """Begin with a preview of what is ticked."""
        self.query_one(FixList).focus()
        self.set_interval(_TICK_SECONDS, self._tick)
        self._preview_soon()

    # The preview -------------------------------------------------------------------------------------------------

    def on_fix_list_ticked(self) -> None:
        """Work it out anew, a moment after the last tick."""
        self._preview_soon()

    def _preview_soon(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self.workers.cancel_group(self, "mend")
        self._changes = False
        if self.query_one(FixList).chosen:
            self._work(_("Working out what would change"))
            self._pause = self.set_timer(_PAUSE_SECONDS, self._start_preview)
        else:
            self._rest(Text(_("Tick at least one fix, with the space bar.")))

    def _start_preview(self) -> None:
        self.run_worker(self._preview(self.query_one(FixList).chosen), group="mend", exclusive=True)

    async def _preview(self, names: tuple[str, ...]) -> None:
        try:
            with guarded(self._sheet.files.file):
                done = await asked(Mend(files=self._sheet.files, fixes=names))
        except Fault as fault:
            self._rest(fault_page(fault))
            return
        self._changes = bool(done["fixes"]) and bool(done["written"])
        self._rest(mend_page(done))

    def _work(self, words: str) -> None:
        self._working, self._since = words, self._now()
        self._tick()
        self.refresh_bindings()

    def _rest(self, changes: Text) -> None:
        self._working = ""
        self.query_one("#mend-state", Static).update(
            Text(_("Nothing is written yet. − is a text as it is, + as it would be."), "italic")
        )
        self.query_one("#mend-changes", Static).update(changes)
        self.refresh_bindings()

    def _tick(self) -> None:
        if self._working:
            sign = turning(self._now() - self._since)
            self.query_one("#mend-state", Static).update(Text(f"{sign}  {self._working}"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to write once a preview shows it."""
        return self._changes and not self._working if action == "write" else True

    # The copy ----------------------------------------------------------------------------------------------------

    def action_write(self) -> None:
        """Ask for the name of the copy, and write it."""
        files = self._sheet.files

        def answered(name: str | None) -> None:
            if name is not None:
                self._work(_("Writing the copy, and checking it"))
                place = Path(name.strip()).expanduser()
                self.run_worker(self._write(place), group="mend", exclusive=True)

        self.app.push_screen(
            AskText(
                _("Write the mended copy to which file?"),
                _("Your file stays as it is; nothing that exists is replaced."),
                str(copy_place(files.file)),
                lambda text: place_problem(text, files),
            ),
            answered,
        )

    async def _write(self, place: Path) -> None:
        names = self.query_one(FixList).chosen
        try:
            with guarded(place):
                done = await asked(Mend(files=self._sheet.files, fixes=names, output=place.absolute()))
        except Fault as fault:
            self._preview_soon()
            tell_fault(self.app, fault)
            return
        self._working = ""
        self._offer(place, done)

    def _offer(self, place: Path, done: dict[str, Any]) -> None:
        def answered(choice: str | None) -> None:
            self.dismiss(place if choice == "u" else None)

        self.app.push_screen(
            Ask(
                _("Use {file} as your data from now on?").format(file=place),
                done_page(done),
                [Choice("u", _("Use the copy")), Choice("k", _("Keep the present file"))],
            ),
            answered,
        )

    def action_leave(self) -> None:
        """Close; a preview that is under way ends with it."""
        self.dismiss(None)

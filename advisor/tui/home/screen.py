"""The home screen: runs, newest first, those that go on live; opened, resumed, stopped, compared, deleted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static
from textual.worker import get_current_worker

from advisor.draft import Draft
from advisor.texts import N_, _, ngettext
from advisor.tui.dialogs import Ask, AskText, Choice, tell_fault
from advisor.tui.footer import Keys
from advisor.tui.help import show_help
from advisor.tui.home.table import RunTable
from advisor.tui.home.words import details
from advisor.tui.services import Services
from advisor.tui.translated import TranslatedScreen
from advisor.tui.walk import WalkScreen
from advisor.tui.work import guarded, in_thread
from rubrics.errors import Fault

if TYPE_CHECKING:
    from advisor.deleting import Contents
    from advisor.run_list import ListedRun

_LOOK_SECONDS = 1.0
_AGE_SECONDS = 20.0

HELP = N_(
    "Every run lies in a folder of its own and can be opened again, also one that was begun elsewhere.\n"
    "A run that goes on does not need this program: closing it leaves the run alive.\n"
    "To compare two runs, mark both with m, then press c."
)
EMPTY = N_(
    "There are no runs here yet.\n\n"
    "  n   begin with your own data\n"
    "  e   try it on the bundled example, a support desk's messages\n"
    "  o   open a plan that was saved to a file (advisor.toml)\n\n"
    "Runs lie in the folder ./runs of the place where advisor is started."
)


class HomeScreen(TranslatedScreen[None]):
    """The list of runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", N_("New")),
        Binding("r", "resume", N_("Resume")),
        Binding("s", "stop", N_("Stop")),
        Binding("m,space", "mark", N_("Mark")),
        Binding("c", "compare", N_("Compare")),
        Binding("d,delete", "delete", N_("Delete")),
        Binding("y", "copy", N_("Copy")),
        Binding("e", "example", N_("Example")),
        Binding("o", "open_plan", N_("Plan file")),
        Binding("question_mark,f1", "help", N_("Help")),
    ]
    DEFAULT_CSS = """
    HomeScreen #heading { height: 1; text-style: bold; background: $primary-darken-3; color: $text; }
    HomeScreen RunTable { height: 1fr; }
    HomeScreen #empty { height: 1fr; padding: 1 2; }
    HomeScreen #details { height: 4; border-top: solid $primary-darken-2; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._runs: tuple[ListedRun, ...] = ()
        self._is_read = False
        self._marked: tuple[str, ...] = ()
        self._doing = ""
        self._wake = threading.Event()

    @property
    def services(self) -> Services:
        """The core's doors."""
        from advisor.tui.app import AdvisorApp

        return cast(AdvisorApp, self.app).services

    def compose(self) -> ComposeResult:
        """Heading, table, what is under the cursor, keys."""
        yield Static(id="heading")
        yield RunTable()
        yield Static(Text(_(EMPTY)), id="empty")
        yield Static(id="details")
        yield Keys()

    def on_mount(self) -> None:
        """Begin to look."""
        self._paint()
        self.set_interval(_AGE_SECONDS, self._paint)
        self.run_worker(self._look, thread=True, exclusive=True, group="look")

    def on_unmount(self) -> None:
        """Do not keep the program waiting for the next look."""
        self._wake.set()

    # Looking ----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """In a thread: read the runs as they change."""
        # Loaded here, so that the empty list is on the screen meanwhile.
        from advisor.run_list import RunList

        worker = get_current_worker()
        runs, last, told = RunList(self.services.runs), None, ""
        while not worker.is_cancelled:
            self._wake.clear()
            try:
                with guarded(self.services.runs):
                    listed = runs.poll()
            except Fault as fault:
                if fault.what != told and not worker.is_cancelled:
                    told = fault.what
                    self.app.call_from_thread(tell_fault, self.app, fault)
                self._wake.wait(_AGE_SECONDS)
                continue
            if (listed, runs.is_whole) != last and not worker.is_cancelled:
                last = (listed, runs.is_whole)
                self.app.call_from_thread(self._saw, listed, runs.is_whole)
            if runs.is_whole and not worker.is_cancelled:
                self._wake.wait(_LOOK_SECONDS)

    def _saw(self, runs: tuple[ListedRun, ...], is_whole: bool) -> None:
        self._runs, self._is_read = runs, is_whole
        there = {listed.entry.path for listed in runs}
        if is_whole:
            self._marked = tuple(path for path in self._marked if path in there)
        self._paint()

    def _paint(self) -> None:
        table = self.query_one(RunTable)
        table.paint(self._runs, self.services.now(), set(self._marked))
        is_empty = self._is_read and not self._runs
        table.display = not is_empty
        # A table that is hidden would keep its keys.
        self.set_focus(None if is_empty else self.focused or table)
        self.query_one("#empty").display = is_empty
        self.query_one("#details").display = not is_empty
        self.query_one("#heading", Static).update(self._heading())
        self._tell_details()

    def _heading(self) -> Text:
        count = len(self._runs)
        told = ngettext("{n} run in {folder}", "{n} runs in {folder}", count)
        parts = [told.format(n=f"{count:,}", folder=self.services.runs)]
        if not self._is_read:
            parts.append(_("reading …"))
        if self._marked:
            parts.append(_("{n} of 2 marked").format(n=len(self._marked)))
        if self._doing:
            parts.append(self._doing)
        return Text(" advisor · " + " · ".join(parts), no_wrap=True, overflow="ellipsis")

    def _tell_details(self) -> None:
        listed = self._at_cursor()
        self.query_one("#details", Static).update(details(listed) if listed else "")
        self.refresh_bindings()

    def _at_cursor(self) -> ListedRun | None:
        return self.query_one(RunTable).at_cursor() if self.is_mounted else None

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Tell more of the run under the cursor."""
        self._tell_details()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done with the run under the cursor is offered."""
        if action == "compare":
            return len(self._marked) == 2
        if action == "copy":
            listed = self._at_cursor()
            return listed is not None and not listed.is_writable and listed.entry.state != "running"
        if action in ("resume", "stop", "mark", "delete"):
            listed = self._at_cursor()
            state = listed.entry.state if listed else ""
            offered = {"resume": ("paused", "interrupted"), "stop": ("running",)}
            return bool(state) and state in offered.get(action, (state,))
        return True

    # Walks ------------------------------------------------------------------------------------------------------

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the run: its walk, at the step that it is at."""
        listed = self._at_cursor()
        if listed is not None:
            self._walk(lambda: WalkScreen(run=Path(listed.entry.path)))

    def _walk(self, make: Callable[[], WalkScreen]) -> None:
        if self.app.screen is not self:  # the person has gone somewhere else meanwhile
            return
        try:
            screen = make()
        except Fault as fault:
            tell_fault(self.app, fault)
            return
        self.app.switch_screen(screen)

    def action_new(self) -> None:
        """A walk from the start."""
        self._walk(WalkScreen)

    def action_example(self) -> None:
        """A walk with the bundled example filled in."""
        from advisor.example import example_plan

        self._walk(lambda: WalkScreen(Draft.of(example_plan())))

    def action_open_plan(self) -> None:
        """A walk with the answers of a file."""
        from advisor.plan import read_plan

        def answered(name: str | None) -> None:
            if name:
                self._walk(lambda: WalkScreen(Draft.of(read_plan(Path(name).expanduser()))))

        detail = _("A plan that was saved by the wizard or by `advisor init`.")
        self.app.push_screen(AskText(_("Open which plan file?"), detail, "advisor.toml"), answered)

    def action_help(self) -> None:
        """What this screen is for, and its keys."""
        show_help(self, _("Runs"), _(HELP))

    # What is done to a run --------------------------------------------------------------------------------------

    def _work(self, work: Callable[[], Any], then: Callable[[Any], Any], doing: str = "") -> None:
        """Do it in a thread, then go on here; a fault is told. The heading says what is being done."""
        self._doing = doing
        self._paint()
        # Of the application: a person who leaves the list still wants to hear that it could not be done.
        in_thread(
            self.app,
            work,
            lambda done: self._worked(lambda: then(done)),
            about=self.services.runs,
            group="work",
            failed=lambda fault: self._worked(lambda: tell_fault(self.app, fault)),
            exclusive=False,
        )

    def _worked(self, then: Callable[[], Any]) -> None:
        self._doing = ""
        if self.is_attached:
            self._paint()
            self._wake.set()
        then()

    def action_resume(self) -> None:
        """Go on with an interrupted or paused run, and watch it."""
        listed = self._at_cursor()
        if listed is None:
            return
        path = Path(listed.entry.path)
        self._work(
            lambda: self.services.relaunch(path),
            lambda begun: self._walk(lambda: WalkScreen(run=begun.path)),
            _("starting the run again …"),
        )

    def action_copy(self) -> None:
        """Copy a run that can only be read to a place where it can go on, and open the copy."""
        from advisor.run_copies import copy_run, free_name

        listed = self._at_cursor()
        if listed is None:
            return
        path = Path(listed.entry.path)

        def answered(name: str | None) -> None:
            if name:
                self._work(
                    lambda: copy_run(path, Path(name)),
                    lambda copy: self._walk(lambda: WalkScreen(run=copy)),
                    _("copying …"),
                )

        detail = _("The run itself stays as it is; the copy can go on, be changed and be deleted.")
        place = str(free_name(path, self.services.runs))
        self.app.push_screen(AskText(_("Copy the run to which folder?"), detail, place), answered)

    def action_stop(self) -> None:
        """Stop a run that goes on, after asking."""
        listed = self._at_cursor()
        if listed is None:
            return
        path = Path(listed.entry.path)

        def answered(choice: str | None) -> None:
            if choice == "s":
                self._work(
                    lambda: self.services.ask_to_stop(path),
                    lambda done: self.notify(_("The run saves its work and stops.")),
                )

        self.app.push_screen(
            Ask(
                _("Stop this run?"),
                f"{path}\n" + _("It saves what is done, and can be resumed."),
                [Choice("c", _("Let it go on")), Choice("s", _("Stop it"))],
            ),
            answered,
        )

    def action_mark(self) -> None:
        """Mark a run to be compared, or take the mark away; of three the oldest mark goes."""
        listed = self._at_cursor()
        if listed is None:
            return
        path = listed.entry.path
        others = tuple(marked for marked in self._marked if marked != path)
        self._marked = others if path in self._marked else (*others[-1:], path)
        self._paint()

    def action_compare(self) -> None:
        """The two marked runs side by side, the older one first."""
        from advisor.tui.home.comparing import CompareScreen
        from advisor.two_runs import put_side_by_side

        created = {listed.entry.path: listed.entry.created for listed in self._runs}
        a, b = (Path(path) for path in sorted(self._marked, key=lambda path: created.get(path, 0.0)))
        self._work(
            lambda: put_side_by_side(a, b),
            lambda found: self.app.push_screen(CompareScreen(a, b, found)),
            _("comparing …"),
        )

    def action_delete(self) -> None:
        """Delete a run, after telling what goes with it."""
        listed = self._at_cursor()
        if listed is None:
            return
        if listed.entry.state == "running":
            self.notify(_("This run is at work: s stops it, then it can be deleted."), severity="warning")
            return
        path = Path(listed.entry.path)
        self._work(lambda: _look_before_deleting(path), self._ask_to_delete)

    def _ask_to_delete(self, found: Contents) -> None:
        from advisor.deleting import delete_run, size_words

        def answered(choice: str | None) -> None:
            if choice == "y":
                self._work(lambda: delete_run(found.path), self._deleted)

        told = ngettext("{n} file, {size}", "{n} files, {size}", found.files)
        parts = [str(found.path), told.format(n=f"{found.files:,}", size=size_words(found.size))]
        if found.has_adapter:
            parts.append(_("A trained adapter goes with it, and would have to be trained again."))
        self.app.push_screen(
            Ask(
                _("Delete this run for good?"),
                "\n".join(parts),
                [Choice("k", _("Keep it")), Choice("y", _("Delete it"), danger=True)],
            ),
            answered,
        )

    def _deleted(self, found: Contents) -> None:
        from advisor.deleting import size_words

        self.notify(_("Deleted; {size} are free again.").format(size=size_words(found.size)))


def _look_before_deleting(path: Path) -> Contents:
    from advisor.deleting import look_before_deleting

    return look_before_deleting(path)

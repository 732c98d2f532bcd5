"""The step's body: the inspection of the draft's data as a list of findings beside pictures of the rows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.browsing import DataFiles, HealthItem, HealthSheet, safe_names
from advisor.draft import Draft
from advisor.inspecting import Inspections, Phase
from advisor.texts import N_, _, ngettext
from advisor.tui.dialogs import Explain
from advisor.tui.state import WalkState
from advisor.tui.step import Step
from advisor.tui.steps.data.cases import CasesDialog
from advisor.tui.steps.data.mend import MendDialog
from advisor.tui.steps.data.wording import (
    PHASES,
    fault_page,
    head,
    item_line,
    item_page,
    item_title,
    name_of,
    pictures,
    turning,
)
from advisor.tui.walk import NARROW
from advisor.tui.work import guarded, in_thread
from rubrics.errors import ExitCode, Fault

_INSPECTIONS = Inspections()
"""Remembered while the wizard lives, whichever walk asks."""
_TICK_SECONDS = 0.25


class FindingList(OptionList):
    """The findings; enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", N_("Open the finding"))]


class Pictures(Static):
    """Split, labels and lengths as bars, as wide as there is room."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._subject: tuple[HealthSheet, Mapping[str, Any]] | None = None
        self._drawn: tuple[Any, ...] = ()

    def show(self, sheet: HealthSheet, lengths: Mapping[str, Any]) -> None:
        """Draw a sheet, where it is not drawn already."""
        self._subject = (sheet, lengths)
        self._draw()

    def on_resize(self) -> None:
        """Draw it for the room that there is now."""
        self._draw()

    def _draw(self) -> None:
        if self._subject is None or not self.size.width:
            return
        sheet, lengths = self._subject
        wanted = (id(sheet), lengths["unit"], self.size.width)
        if wanted != self._drawn:
            self._drawn = wanted
            self.update(pictures(sheet, lengths, self.size.width))


class DataStep(Step):
    """What is wrong with the rows; nothing is written before a person asks for a copy."""

    HELP = N_(
        "Every row is checked before anything is spent on it. Findings stand with the gravest first: an error makes "
        "a result untrue, a warning is worth mending, a hint is worth knowing.\n\n"
        "Open a finding to see the rows concerned, side by side where they are compared. Many findings have a fix: "
        "you see what it would change, and it is applied to a copy of your file; the file itself stays as it is."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "mend", N_("Mend a copy")),
        Binding("l", "leave_out", N_("A copy without these lines")),
        Binding("h", "pictures", N_("Lengths and labels")),
        Binding("r", "again", N_("Look again")),
        Binding("x", "stop_looking", N_("Stop looking")),
    ]
    DEFAULT_CSS = """
    DataStep #data-head { height: 2; text-wrap: nowrap; text-overflow: ellipsis; }
    DataStep #data-note { height: 1fr; }
    DataStep #data-sheet { height: 1fr; }
    DataStep FindingList, DataStep FindingList:focus { width: 1fr; height: 1fr; border: none; padding: 0;
        text-wrap: nowrap; text-overflow: ellipsis; }
    DataStep #data-pictures { width: 44%; height: 1fr; padding: 0 1 0 2;
        scrollbar-gutter: stable; }
    DataStep.-narrow #data-pictures { display: none; width: 1fr; padding: 0; }
    DataStep.-narrow.-pictures #data-pictures { display: block; }
    DataStep.-narrow.-pictures FindingList { display: none; }
    """

    def __init__(self, state: WalkState) -> None:
        super().__init__(state)
        self._draft: Draft | None = None
        self._files: DataFiles | None = None
        self._sheet: HealthSheet | None = None
        self._phase: Phase | None = None
        self._since = 0.0
        self._refused = 0
        """Lines of the file that cannot be used, where others can."""

    def compose(self) -> ComposeResult:
        """The file's facts; then a note while there is no sheet, else findings and pictures."""
        yield Static(id="data-head")
        with VerticalScroll(id="data-note"):
            yield Static(id="data-note-text")
        with Horizontal(id="data-sheet"):
            yield FindingList()
            with VerticalScroll(id="data-pictures"):
                yield Pictures()

    def on_mount(self) -> None:
        """Show what is known, and let the sign move while something is looked at."""
        super().on_mount()
        self._say(Text())
        self.set_interval(_TICK_SECONDS, self._tick)

    def show(self, state: WalkState) -> None:
        """Inspect the draft's files where they are others than before."""
        super().show(state)
        if state.draft == self._draft:
            self._show_pictures()
            return
        self._draft = state.draft
        try:
            files = DataFiles.of(state.draft)
            note = Text(_("There is no data yet.\n\nPress 1 to name a file on the Task step."))
        except Fault as fault:
            files, note = None, fault_page(fault)
        if files is None:
            self._leave_off(note)
            self._files = None
        elif files != self._files:
            self._look(files)

    def _leave_off(self, note: Text) -> None:
        self.workers.cancel_group(self, "look")
        self._phase = None
        self._say(note)

    # Looking -----------------------------------------------------------------------------------------------------

    def _look(self, files: DataFiles) -> None:
        self._files, self._refused = files, 0
        self._phase, self._since = "reading", self.services.now()
        self._say(Text())
        self._tick()
        self.run_worker(self._inspect(files), group="look", exclusive=True)

    async def _inspect(self, files: DataFiles) -> None:
        try:
            with guarded(files.file):
                sheet = await _INSPECTIONS.look(files, self._at)
        except Fault as fault:
            if files is self._files:
                self._phase = None
                self._refused = await asyncio.to_thread(_unusable_lines, files, fault)
                self._say(fault_page(fault).append("\n\n" + self._ways()))
            return
        if files is self._files:
            self._phase = None
            self._show_sheet(sheet)

    def _ways(self) -> str:
        again = _("Press r to look again once it is mended.")
        if not self._refused:
            return again
        text = ngettext(
            "Press l for a copy without the line that cannot be used; the file itself stays as it is.",
            "Press l for a copy without the {n} lines that cannot be used; the file itself stays as it is.",
            self._refused,
        )
        return text.format(n=f"{self._refused:,}") + "\n" + again

    def action_leave_out(self) -> None:
        """Go on with a copy that lacks the lines which cannot be used."""
        files = self._files
        if files is None or not self._refused:
            return
        from advisor.pairs_copies import usable_copy

        def take(found: tuple[Path, tuple[str, ...]]) -> None:
            copy, left_out = found
            text = ngettext(
                "{n} line was left out; the rest lies in {file}.",
                "{n} lines were left out; the rest lies in {file}.",
                len(left_out),
            )
            self.notify(text.format(n=f"{len(left_out):,}", file=copy.name), markup=False)
            self.change(**{files.field: cast(Any, copy)})

        in_thread(self, lambda: usable_copy(files.file), take, about=files.file, group="leave-out")

    def _at(self, phase: Phase) -> None:
        self._phase = phase

    def _tick(self) -> None:
        """Say what is being done, and for how long."""
        if self._phase is None or self._files is None:
            return
        words = _(PHASES[self._phase]).format(file=name_of(self._files))
        sign = turning(self.services.now() - self._since)
        meanwhile = _("Nothing waits for this: go on with another step, or press x to stop.")
        self.query_one("#data-note-text", Static).update(Text(f"{sign}  {words}\n\n{meanwhile}"))

    def action_again(self) -> None:
        """Inspect the files as they are now."""
        if self._files is not None:
            self._look(self._files.model_copy())

    def action_stop_looking(self) -> None:
        """Leave off."""
        self._leave_off(Text(_("The inspection was stopped. Press r to look again.")))

    # Showing -----------------------------------------------------------------------------------------------------

    def _say(self, note: Text) -> None:
        """Show a note in the place of the sheet."""
        self._sheet = None
        self.query_one("#data-head").display = False
        self.query_one("#data-sheet").display = False
        self.query_one("#data-note").display = True
        self.query_one("#data-note-text", Static).update(note)
        self.refresh_bindings()

    def _show_sheet(self, sheet: HealthSheet) -> None:
        had_focus = self.has_focus or self.query_one("#data-note").has_focus
        self._sheet = sheet
        self.query_one("#data-note").display = False
        self.query_one("#data-head").display = True
        self.query_one("#data-sheet").display = True
        self.query_one("#data-head", Static).update(head(sheet))
        findings = self.query_one(FindingList)
        findings.clear_options()
        findings.add_options([Option(item_line(item)) for item in sheet.items])
        findings.highlighted = 0
        if had_focus:
            findings.focus()
        self.refresh_bindings()
        self._show_pictures()

    def on_resize(self) -> None:
        """Pictures take the place of the findings where there is little room."""
        self.set_class(self.app.size.width < NARROW, "-narrow")

    def _show_pictures(self) -> None:
        if self._sheet is not None:
            report = self.state.artefact("inspection") if self._files == self._files_of_run() else None
            lengths = report["statistics"]["lengths"] if report else self._sheet.lengths
            self.query_one(Pictures).show(self._sheet, lengths)

    def _files_of_run(self) -> DataFiles | None:
        """The files that the run was begun with, whose tokens it has counted."""
        begun = self.state.begun_with
        return DataFiles.of(begun) if begun is not None else None

    def action_pictures(self) -> None:
        """Show the pictures in the place of the findings where there is no room for both; else scroll them."""
        self.toggle_class("-pictures")
        shows = self.has_class("-pictures")
        target = self.query_one("#data-pictures") if shows else self.query_one(FindingList)
        self.call_after_refresh(target.focus)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key is offered that could do nothing now."""
        if action == "mend":
            return self._sheet is not None and bool(self._sheet.proposed())
        if action == "leave_out":
            return self._refused > 0 and self._sheet is None and self._phase is None
        if action == "pictures":
            return self._sheet is not None
        if action == "again":
            return self._files is not None and self._phase is None
        if action == "stop_looking":
            return self._phase is not None
        return True

    # Findings ------------------------------------------------------------------------------------------------------

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the finding: its rows, or what there is to say of it."""
        if self._sheet is None:
            return
        event.stop()
        item = self._sheet.items[event.option_index]
        if not item.cases:
            self.app.push_screen(Explain(item_title(item).plain, item_page(item)))
            return
        sheet = self._sheet
        dialog = CasesDialog(item, lambda ids: _INSPECTIONS.rows(sheet, ids))
        self.app.push_screen(dialog, lambda choice: self._mend(sheet, item) if choice == "mend" else None)

    def action_mend(self) -> None:
        """See what the proposed fixes would change."""
        if self._sheet is not None:
            self._mend(self._sheet, None)

    def _mend(self, sheet: HealthSheet, item: HealthItem | None) -> None:
        """Propose the fix of an item; without one all that are safe."""
        ticked = (item.mend,) if item is not None else safe_names(sheet)

        def done(copy: Any) -> None:
            if copy is not None:
                self.change(**{sheet.files.field: cast(Any, copy)})

        self.app.push_screen(MendDialog(sheet, ticked, self.services.now), done)


def _unusable_lines(files: DataFiles, fault: Fault) -> int:
    """How many lines keep a file from being read; 0 where it is something else, or no line can be used."""
    if fault.code != ExitCode.BAD_DATA or not fault.problems:
        return 0
    from advisor.data.reading import read_usable

    try:
        _records, left_out = read_usable(files.file)
    except Fault:
        return 0
    return len(left_out)

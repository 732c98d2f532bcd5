"""What was measured on the test rows, in words first."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize

from advisor.results import Results, read_results
from advisor.texts import N_, _
from advisor.tui.state import WalkState
from advisor.tui.step import Step
from advisor.tui.steps.results.page import sections
from advisor.tui.words import Words
from advisor.tui.work import in_thread

_SECTIONS = ("outcome", "systems", "test", "beware", "guard", "slices", "curve")
_ANY_WIDTH = 80
_READ = ("baselines", "verdict", "comparison")
"""Artefacts after which the results are read anew."""


class ResultsStep(Step):
    """The page of results; rows one by one and the report are screens of their own."""

    HELP = N_(
        "The same test rows were answered by the base model, by the best cheap option and by the tuned model. "
        "The first lines say what follows from it. A score stands with the interval that it lies in with 95% "
        "confidence: where two intervals overlap widely, the test below says whether the difference is more than "
        "chance. Fixed rows were wrong before training and are right now; broken rows the other way round. Read some "
        "of both, row by row, before you rely on a number."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "rows", N_("Rows one by one")),
        Binding("o", "report", N_("Open the report")),
        Binding("s", "save", N_("Save the report")),
        Binding("h", "ship", N_("Use the winner")),
    ]
    DEFAULT_CSS = """
    ResultsStep Words { margin-bottom: 1; }
    """

    def __init__(self, state: WalkState) -> None:
        super().__init__(state)
        self._results: Results | None = None
        self._seen: tuple[Any, ...] = ()

    def compose(self) -> ComposeResult:
        """A text for each section."""
        yield Words(id="results-none")
        for key in _SECTIONS:
            yield Words(id=f"results-{key}")

    def show(self, state: WalkState) -> None:
        """Read the results anew where the run has new ones."""
        super().show(state)
        wanted = (state.run_path, *(state.artefact(name) for name in _READ), _has_report(state))
        if state.run_path is None or state.artefact("verdict") is None:
            self._results, self._seen = None, ()
            self._paint()
        elif wanted != self._seen:
            self._seen = wanted
            path = state.run_path
            in_thread(
                self,
                lambda: _read(path),
                lambda found: self._take(path, found),
                about=path,
                group="results",
            )
        elif self._results is not None:
            self._paint_pending()

    def _take(self, path: Path, found: Results | None) -> None:
        if path == self.state.run_path:
            self._results = found
            self._paint()

    def on_resize(self, event: Resize) -> None:
        """Tables and bars take the room there is."""
        self._paint()

    def _paint(self) -> None:
        results = self._results
        width = max(40, self.scrollable_content_region.width - 1)
        texts = dict(sections(results, width)) if results is not None else {}
        for key in _SECTIONS:
            self.query_one(f"#results-{key}", Words).say(texts.get(key, Text()))
        self._paint_pending()
        self.refresh_bindings()

    def _paint_pending(self) -> None:
        self.query_one("#results-none", Words).say(Text(pending(self.state, self._results)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are there once what they show is."""
        if action in ("rows", "ship"):
            return self._results is not None
        if action in ("report", "save"):
            return self._results is not None and self._results.report is not None
        return True

    def action_rows(self) -> None:
        """The test rows one by one."""
        from advisor.tui.steps.results.rows import RowsScreen

        if self._results is not None:
            self.app.push_screen(RowsScreen(self._results.path))

    def action_report(self) -> None:
        """The report as a page."""
        from advisor.tui.steps.results.report import ReportScreen

        if self._results is not None and self._results.report is not None:
            self.app.push_screen(ReportScreen(self._results.report, self._results.path))

    def action_save(self) -> None:
        """Save the report to a file that the person names."""
        from advisor.tui.steps.results.report import ask_where

        if self._results is not None and self._results.report is not None:
            ask_where(self, self._results.report, self._results.path)

    def action_ship(self) -> None:
        """The step that says where the winner lies."""
        self.go("ship")


def _read(path: Path) -> Results | None:
    found = read_results(path)
    if found is not None:
        # The first time that sentences of the core are recognised takes a while.
        sections(found, _ANY_WIDTH)
    return found


def _has_report(state: WalkState) -> bool:
    """Whether the report is there and not being written anew."""
    return state.run is not None and state.run.has_report and state.run.stage("report").status != "running"


def pending(state: WalkState, results: Results | None) -> str:
    """What is still to come, and which step makes it; empty where everything is there."""
    if state.run_path is None:
        return _("There are no results yet: the step Cheap options measures what there is without training.")
    if state.run is None:
        return _("… reading")
    if state.artefact("verdict") is None:
        return _(
            "There are no results yet: the cheap options are measured first; see the step Cheap options."
        )
    if results is None:
        return _("… reading")
    if results.comparison is None and state.run is not None and state.run.training.status == "done":
        return _("… The tuned model answers the test rows; its results come next. So far:")
    if results.comparison is None and state.run is not None and state.run.training.status == "running":
        return _("… The model is being trained; see the step Training. So far:")
    if results.comparison is None and results.outcome == "FINE_TUNE":
        return _("There is no tuned model yet; the step Plan begins its training. So far:")
    return ""

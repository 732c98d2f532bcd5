"""The report on a screen, and its copy in a file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.widgets import MarkdownViewer, Static, Tree
from textual.widgets.markdown import MarkdownTableOfContents

from advisor.report.model import Report
from advisor.saving import report_text, save_report
from advisor.texts import N_, _
from advisor.tui.dialogs import AskText
from advisor.tui.footer import Keys
from advisor.tui.plain_text import shown
from advisor.tui.translated import TranslatedScreen
from advisor.tui.work import in_thread

_WIDE = 120
"""Columns from which the table of contents stands beside the text."""


class ReportScreen(TranslatedScreen[None]):
    """The report as it would be handed on; escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", N_("Close")),
        Binding("s", "save", N_("Save the report")),
        Binding("c", "contents", N_("Contents")),
    ]
    DEFAULT_CSS = """
    ReportScreen #report-title { height: 1; text-style: bold; background: $primary-darken-3; color: $text; }
    ReportScreen MarkdownViewer { height: 1fr; }
    """

    def __init__(self, report: Report, run: Path) -> None:
        super().__init__()
        self._report, self._run = report, run

    def compose(self) -> ComposeResult:
        """Title and page."""
        yield Static(" " + _("Report") + f" · {self._run.name}", id="report-title", markup=False)
        yield MarkdownViewer("", show_table_of_contents=self.app.size.width >= _WIDE, open_links=False)
        yield Keys()

    def on_mount(self) -> None:
        """Write the page in a thread: it quotes rows of the prediction files."""
        viewer = self.query_one(MarkdownViewer)
        viewer.focus()
        # Textual measures the contents before their lines are in them, and leaves them as narrow as that.
        self.watch(viewer.table_of_contents, "table_of_contents", self._make_room)
        in_thread(
            self,
            lambda: shown(report_text(self._report, self._run, "md")),
            self._put,
            about=self._run,
            group="report",
        )

    def _put(self, text: str) -> None:
        self.query_one(MarkdownViewer).document.update(text)

    def _make_room(self) -> None:
        tree = self.query_one(MarkdownTableOfContents).query_one(Tree)
        tree.call_after_refresh(tree.refresh, layout=True)

    def action_save(self) -> None:
        """Save the report to a file that the person names."""
        ask_where(self, self._report, self._run)

    def action_contents(self) -> None:
        """Show the table of contents, or put it away."""
        viewer = self.query_one(MarkdownViewer)
        viewer.show_table_of_contents = not viewer.show_table_of_contents

    def action_leave(self) -> None:
        """Back."""
        self.dismiss(None)


def ask_where(node: DOMNode, report: Report, run: Path) -> None:
    """Ask for a file name and save the report there, as its ending says.

    Args:
        node: the step or screen that asks.
    """

    def answered(name: str | None) -> None:
        if name:
            in_thread(
                node.app,
                lambda: save_report(report, run, Path(name)),
                lambda path: node.app.notify(_("Saved: {path}").format(path=path), markup=False),
                about=name,
                group="save",
                exclusive=False,
            )

    node.app.push_screen(
        AskText(
            _("Save the report to which file?"),
            _("The ending says as what: .md, .html or .json. A file that exists is not overwritten."),
            f"report-{run.name}.html",
            lambda name: "" if name.strip() else _("Give a name."),
        ),
        answered,
    )

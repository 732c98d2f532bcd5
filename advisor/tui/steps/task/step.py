"""The form of the task: every field fills the plan, what is read of the files and what follows is told beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Group
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Collapsible, Select, Static, TextArea

from advisor.detecting import Detectable, detectable, expected_test_rows
from advisor.draft import Draft
from advisor.filling import still_wrong, wrong_in
from advisor.plan import AUTO_METRIC
from advisor.previews import Preview
from advisor.texts import N_, _
from advisor.tui.dialogs import Ask, Choice, Explain
from advisor.tui.plain_text import shown
from advisor.tui.said import Said
from advisor.tui.state import WalkState
from advisor.tui.step import Step
from advisor.tui.steps.task.fields import Field
from advisor.tui.steps.task.form import OPTION_FIELDS, deciding, is_read, option, others
from advisor.tui.steps.task.rows import (
    Found,
    Seen,
    evidence,
    in_a_line,
    in_full,
    read_on,
    table_of,
    unfit_files,
    unnamed_in,
    worth_seeing,
)
from advisor.tui.steps.task.words import DECIDING, detect_words, metric_note, model_words, promise_words
from advisor.tui.work import in_thread

if TYPE_CHECKING:
    from advisor.proposals import MetricProposal

_FILES = ("data", "train", "dev", "test", "production")
_SETTLE_SECONDS = 0.25
"""Before a path that is being typed is looked at."""
_ROWS, _ROWS_NARROW = 8, 4
_MANY_TEST_ROWS = 1_000
"""From so many on it is told what they show, though the file is still being counted."""


class TaskStep(Step):
    """What the model should do, by which rows, and what counts as done."""

    HELP: ClassVar[str] = N_(
        "Say in a sentence what the model should do and choose the file with your questions and right answers. "
        "A metric is proposed from the answers. A target is a score from which the task is solved; without one the "
        "question is only whether tuning is better. Nothing is sent or changed here."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,f", "pick", N_("Choose a file")),
        Binding("f3,c", "columns", N_("Name the columns")),
        Binding("e", "example", N_("Example")),
        Binding("v", "rows", N_("See the rows")),
        Binding("m", "more", N_("More settings")),
    ]
    SCOPED_CSS: ClassVar[bool] = False
    DEFAULT_CSS = """
    TaskStep #doors, TaskStep #describe, TaskStep #choose { height: auto; }
    TaskStep #doors Button { margin-right: 2; }
    TaskStep #columns { display: none; }
    TaskStep #promise { height: auto; color: $text-muted; }
    TaskStep .label { width: 20; }
    TaskStep TextArea { width: 1fr; height: 3; border: none; padding: 0; }
    TaskStep #rows { height: auto; margin: 0 0 1 0; padding-left: 2; display: none; }
    TaskStep #rows.-said { display: block; }
    TaskStep #numbers { height: auto; }
    TaskStep #fields { width: 1fr; height: auto; }
    TaskStep #detect { width: 1fr; height: auto; padding-left: 4; }
    .-narrow TaskStep #numbers { layout: vertical; }
    .-narrow TaskStep #fields { width: 100%; }
    .-narrow TaskStep #detect { width: 100%; padding-left: 0; margin-top: 1; }
    TaskStep #metric-note { height: auto; padding-left: 20; color: $text-muted; }
    TaskStep Select { width: 1fr; }
    TaskStep Collapsible { padding: 0; border: none; margin-top: 1; background: transparent; }
    TaskStep #status { height: auto; margin-top: 1; }
    TaskStep .group { text-style: bold; color: $text-muted; margin-top: 1; }
    """

    def __init__(self, state: WalkState) -> None:
        super().__init__(state)
        self._looked: dict[str, Path | None] = {}
        self._found: dict[str, Found] = {}
        self._asked: tuple[int, float, str] | None = None
        self._detected: Detectable | None = None
        self._is_shown = False

    # What is on the screen -----------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The form, from what has to be said to what may be left."""
        with Horizontal(id="doors"):
            yield Button(Text(_("Choose a file") + " [f]"), id="pick", compact=True)
            yield Button(Text(_("Name the columns") + " [c]"), id="columns", compact=True)
            yield Button(Text(_("Use the bundled example") + " [e]"), id="example", compact=True)
        yield Said(id="promise")
        with Horizontal(id="describe"):
            yield Static(Text(_("What should it do?")), classes="label")
            yield TextArea(id="task", compact=True, soft_wrap=True)
        yield Field("data", _("Data file"), placeholder=_("a path, or F2 to choose"))
        yield Said(id="rows")
        with Horizontal(id="numbers"):
            with Vertical(id="fields"):
                yield from deciding()
            yield Said(id="detect")
        yield Collapsible(title=_("More settings"), id="more")
        yield Said(id="status")

    async def _ask_for(self, name: str) -> None:
        """Add the field of what a metric needs."""
        if self.query(f"#field-{name}"):
            return
        # With its value, since the person may be typing there before the walk's next state is shown.
        field = option(name, self.state.draft.get(name))
        await self.query_one("#fields").mount(field, before="#field-target")
        self._tell()

    def show(self, state: WalkState) -> None:
        """Show the draft, and look at files that are new in it."""
        super().show(state)
        self._is_shown = True
        draft = state.draft
        self._show_task(str(draft.get("task")))
        metric = self.query_one("#metric", Select)
        if draft.get("metric") in (AUTO_METRIC, *DECIDING) and metric.value != draft.get("metric"):
            with metric.prevent(Select.Changed):
                metric.value = draft.get("metric")
        for field in self.query(Field):
            field.show(draft.get(field.field))
        for name in _FILES:
            self._look(name, draft.get(name))
        self._tell()

    def _show_task(self, task: str) -> None:
        area = self.query_one("#task", TextArea)
        if area.text.strip() != task.strip():
            with area.prevent(TextArea.Changed):
                area.load_text(task)

    def _tell(self) -> None:
        """Say beside each field what is known now."""
        draft, proposal = self.state.draft, self._proposal
        for field in self.query(Field):
            field.say(wrong_in(draft, field.field), self._note(field.field))
        for name in OPTION_FIELDS:
            wanted = is_read(name, self._metric) or draft.get(name) is not None
            found = self.query(f"#field-{name}")
            found.set(display=wanted)
            if wanted and not found:
                self.call_later(self._ask_for, name)
        self.query_one("#promise", Said).say(shown(promise_words(str(draft.get("endpoint") or ""))))
        note = wrong_in(draft, "metric") or metric_note(str(draft.get("metric")), proposal)
        self.query_one("#metric-note", Said).say(shown(note))
        self._tell_rows()
        self._ask_what_shows()
        self._tell_detected()
        self._tell_status(draft)

    def _note(self, field: str) -> str:
        if field in _FILES:
            found = self._found.get(field)
            return "" if found is None else in_a_line(found, needs_answers=field != "production")
        if field != "model":
            return ""
        from advisor.models.naming import kind_of

        return model_words(kind_of(str(self.state.draft.get("model"))))

    def _tell_rows(self) -> None:
        rows, preview = self.query_one("#rows", Said), self._preview
        button, wanted = self.query_one("#columns"), unnamed_in(self._found) is not None
        if button.display != wanted:
            button.display = wanted
            self.refresh_bindings()
        rows.set_class(preview is not None and bool(preview.rows), "-said")
        if preview is not None and preview.rows:
            limit = _ROWS_NARROW if self.screen.has_class("-narrow") else _ROWS
            line = shown(" · ".join(evidence(preview)), one_line=True)
            first = worth_seeing(preview, limit)
            rows.draw((line, first), lambda: Group(Text(line, no_wrap=True), table_of(first)))

    def _tell_status(self, draft: Draft) -> None:
        lacking = [f"○ {problem}" for problem in (*still_wrong(draft), *unfit_files(draft, self._found))]
        said = lacking or ["✓ " + _("All that a run needs is here. ctrl+n goes on.")]
        self.query_one("#status", Said).say(shown("\n".join(said)))

    # What is known of the files --------------------------------------------------------------------------------

    @property
    def _preview(self) -> Preview | None:
        """Of the file that most rows come from."""
        for name in ("data", "train"):
            found = self._found.get(name)
            if isinstance(found, Preview):
                return found
        return None

    @property
    def _proposal(self) -> MetricProposal | None:
        return self._preview.proposal if self._preview is not None else None

    @property
    def _metric(self) -> str:
        """The metric that a run would decide by, as far as it is known."""
        chosen = str(self.state.draft.get("metric"))
        return self._proposal.metric if chosen == AUTO_METRIC and self._proposal else chosen

    def _look(self, name: str, path: Any) -> None:
        if self._looked.get(name) == path:
            return
        self._looked[name] = path
        self._found.pop(name, None)
        self.workers.cancel_group(self, f"preview-{name}")
        if isinstance(path, Path):
            self.set_timer(_SETTLE_SECONDS, lambda: self._read(name, path))

    def _read(self, name: str, path: Path) -> None:
        if self._looked.get(name) == path:
            read_on(self, name, path)

    def on_seen(self, event: Seen) -> None:
        """More of a file was read."""
        event.stop()
        if self._looked.get(event.key) == event.path:
            self._found[event.key] = event.found
            self._tell()

    def _ask_what_shows(self) -> None:
        """Compute in a thread what the test set can show, where something that it depends on is new."""
        data, test = self._rows_of("data"), self._rows_of("test")
        rows, gain = expected_test_rows(data, test), self.state.draft.get("min_gain")
        if not rows or wrong_in(self.state.draft, "min_gain"):
            self._asked = self._detected = None
            return
        asked = (rows, float(gain), self._metric)
        waits = not self._is_counted and (self._detected is not None or rows < _MANY_TEST_ROWS)
        if asked == self._asked or waits:
            return
        self._asked = asked
        in_thread(
            self,
            lambda: detectable(*asked),
            lambda found: self._take_detected(asked, found),
            about="--min-gain",
            group="detect",
        )

    def _rows_of(self, name: str) -> int | None:
        found = self._found.get(name)
        return found.usable if isinstance(found, Preview) else None

    @property
    def _is_counted(self) -> bool:
        return all(found.finished for found in self._found.values() if isinstance(found, Preview))

    def _take_detected(self, asked: tuple[int, float, str], found: Detectable) -> None:
        if asked == self._asked:
            self._detected = found
            self._tell_detected()

    def _tell_detected(self) -> None:
        rows = None if self._rows_of("test") is not None else self._rows_of("data")
        limited = self.state.draft.get("max_minutes") is not None
        words = detect_words(rows, self._detected, limited=limited)
        self.query_one("#detect", Said).say(words)

    # What a person does ----------------------------------------------------------------------------------------

    def on_field_filled(self, event: Field.Filled) -> None:
        """A field was typed into."""
        event.stop()
        self.change(**{event.field: event.value})

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """The description was typed."""
        self.change(task=event.text_area.text.strip() or None)

    def on_select_changed(self, event: Select.Changed) -> None:
        """A metric was chosen; that of an empty form, which is told too, may have been overtaken by a run's."""
        if self._is_shown and event.value == event.select.value:
            self.change(metric=str(event.value))

    @on(Button.Pressed, "#pick")
    def action_pick(self) -> None:
        """Choose the file of the field that has the focus, else the data file."""
        from advisor.tui.steps.task.picker import FilePicker

        field = next((found for found in self.query(Field) if found.has_focus_within), None)
        name = field.field if field is not None and field.field in (*_FILES, "schema_file") else "data"
        given = self.state.draft.get(name)
        folder = given.parent if isinstance(given, Path) and given.parent.is_dir() else Path()

        def picked(path: Path | None) -> None:
            if path is not None:
                self.change(**{name: path})
                if not self.state.draft.get("task"):
                    # What is missing next; the file's own keys work from the footer's function keys there.
                    self.query_one("#task", TextArea).focus()

        self.app.push_screen(FilePicker(folder), picked)

    @on(Button.Pressed, "#example")
    def action_example(self) -> None:
        """Fill in the bundled example; asks where something was filled in before."""
        from advisor.example import example_plan

        example = Draft.of(example_plan())
        if self.state.draft.is_empty or self.state.draft == example:
            self.fill(example)
            return

        def answered(choice: str | None) -> None:
            if choice == "y":
                self.fill(example)

        self.app.push_screen(
            Ask(
                _("Replace your answers by the example's?"),
                _("The bundled example sorts messages to the support desk of a ferry company."),
                [Choice("n", _("No, keep mine")), Choice("y", _("Yes, replace them"), danger=True)],
            ),
            answered,
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Columns are named only where no row can be read by the names they have."""
        return action != "columns" or unnamed_in(self._found) is not None

    @on(Button.Pressed, "#columns")
    def action_columns(self) -> None:
        """Ask which columns are question and answer, and go on with a copy that says so."""
        if (unnamed := unnamed_in(self._found)) is None:
            return
        from advisor.tui.steps.task.columns import ColumnPicker

        name, preview = unnamed

        def write(question: str, answer: str) -> Path:
            from advisor.pairs_copies import pairs_copy

            return pairs_copy(preview.path, question, answer)

        def chosen(columns: tuple[str, str] | None) -> None:
            if columns is not None:
                in_thread(
                    self,
                    lambda: write(*columns),
                    lambda copy: self.change(**{name: copy}),
                    about=preview.path,
                    group="columns",
                )

        self.app.push_screen(ColumnPicker(preview.columns, preview.fields), chosen)

    def action_rows(self) -> None:
        """Read the first rows in full."""
        if self._preview is not None:
            self.app.push_screen(Explain(in_a_line(self._preview), in_full(self._preview)))
        else:
            self.notify(_("No rows yet: choose a data file."))

    async def action_more(self) -> None:
        """Unfold or fold the settings that may be left alone."""
        more = self.query_one("#more", Collapsible)
        more.collapsed = not more.collapsed
        if not more.collapsed:
            await self._make_others()
            more.query(Field).first().input.focus()

    @on(Collapsible.Expanded, "#more")
    async def _make_others(self) -> None:
        """Make the fields that are folded away once they are looked for: the first screen is there sooner."""
        contents = self.query_one("#more", Collapsible).query_one(Collapsible.Contents)
        if not contents.children:
            await contents.mount_all(others())
            self.show(self.state)

"""The Cheap options step: choose and see what it takes, measure, and watch the ladder fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, OptionList
from textual.worker import get_current_worker

from advisor.core_texts import told
from advisor.fault_words import lines_of
from advisor.filling import still_wrong
from advisor.interrupt import Interrupted
from advisor.ladder_forecast import FORECAST_FIELDS, LadderForecast, forecast_ladder
from advisor.ladder_view import (
    asked_prompt,
    asked_rungs,
    can_go_on,
    can_measure,
    is_measuring,
    ladder_cautions,
    ladder_rows,
    ladder_situation,
)
from advisor.predictions import Prediction
from advisor.rungs.names import rung_name
from advisor.situation import can_stop
from advisor.texts import N_, _
from advisor.tui.dialogs import Explain
from advisor.tui.plain_text import shown
from advisor.tui.resuming import go_on
from advisor.tui.situation_words import situation_text
from advisor.tui.state import WalkState
from advisor.tui.step import Step
from advisor.tui.steps.options import words
from advisor.tui.steps.options.ladder import Ladder
from advisor.tui.steps.options.own_prompt import ask_for_prompt
from advisor.tui.steps.options.setup import Setup
from advisor.tui.stopping import ask_to_stop
from advisor.tui.words import Words
from advisor.tui.work import in_thread
from rubrics.errors import Fault

_UNTIL = "forecast"
"""A run that is started here ends before training, which the plan step starts."""
_TICK_SECONDS = 1.0
"""Of the clock."""
_QUIET_SECONDS = 0.25
"""After the last change, before a forecast is made."""
_MOST_PROBLEMS = 6


class OptionsStep(Step):
    """What to measure before anything is trained, and the measurement itself."""

    HELP: ClassVar[str] = N_(
        "Before a model is trained, cheaper ways are tried on your rows: a small classifier, the plain prompt, better "
        "prompts, and the one that you use today. Each answers the dev rows; the best of them answers the test rows, "
        "which it has never seen. The bracketed numbers are a 95% interval: with so many rows the true score lies in it.\n"
        "Stopping loses nothing: every answer is kept, and going on asks only what is missing. Closing this program "
        "does not stop a measurement."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "measure", N_("Measure")),
        Binding("s", "stop", N_("Stop here")),
        Binding("c", "go_on", N_("Go on")),
        Binding("v", "view", N_("Prompt and answer")),
        Binding("p", "prompt", N_("Own prompt")),
        Binding("e", "edit", N_("Options or results")),
        Binding("d", "detach", N_("Leave it running")),
    ]
    DEFAULT_CSS = """
    OptionsStep #situation, OptionsStep #cautions { height: auto; }
    """

    def __init__(self, state: WalkState) -> None:
        super().__init__(state)
        self._edits = False
        self._starts = False
        self._found: LadderForecast | Fault | None = None
        self._found_for: tuple[Any, ...] | None = None
        self._problems_of: tuple[Any, tuple[str, ...]] | None = None

    def compose(self) -> ComposeResult:
        """Where it stands, then the choice or the ladder."""
        yield Words(id="situation")
        yield Words(id="cautions")
        yield Words(id="activity")
        yield Setup()
        yield Ladder()

    def on_mount(self) -> None:
        """Let the clock run."""
        self.set_interval(_TICK_SECONDS, self._show_work)

    def take_focus(self) -> None:
        """The rungs, or the table of them."""
        self.query_one("#rungs" if self._chooses else "#table").focus(scroll_visible=False)

    @property
    def _chooses(self) -> bool:
        """Whether the choice is on the screen, not the ladder."""
        return self.state.run_path is None or self._edits

    def on_resize(self) -> None:
        """Tables are of another width."""
        self.call_after_refresh(lambda: self.show(self.state))

    def show(self, state: WalkState) -> None:
        """Show a state."""
        had_run = self.state.run_path
        super().show(state)
        if not self.is_attached or not self.query(Ladder):
            return  # a state that comes while the screen is being left
        if state.run is not None and state.run.is_live:
            self._edits = False
        self.query_one(Setup).display = self._chooses
        self.query_one(Ladder).display = not self._chooses
        self._show_standing()
        if self._chooses:
            self._show_choice()
        elif state.run is not None:
            self.query_one(Ladder).show(ladder_rows(state.run, asked_rungs(state.draft)))
        if had_run != state.run_path and self.screen.focused is not None:
            self.take_focus()
        self.refresh_bindings()

    # What is shown ---------------------------------------------------------------------------------------------------

    def _show_standing(self) -> None:
        run = self.state.run
        self._say("situation", self._standing())
        cautions = ladder_cautions(run) if run is not None else ()
        self._say("cautions", Text("\n".join(f"! {caution}" for caution in cautions), "bold"))
        self._show_work()

    def _show_work(self) -> None:
        """What goes on, which also changes where nothing is heard of the run: a clock runs."""
        run, text = self.state.run, Text()
        # What a later stage counts is told by the step that shows it.
        if run is not None and run.is_live and (is_measuring(run) or not run.artefacts.get("baselines")):
            text = words.at_work_text(run, self.services.now(), self.size.width - 2)
        self._say("activity", text)

    def _standing(self) -> Text:
        run = self.state.run
        if self._starts:
            return Text("… " + _("The run is starting."), "bold")
        if self.state.run_path is None:
            return Text(_("Choose what is measured (space), then press m. Nothing is trained yet."), "bold")
        if run is None:
            return Text("… " + _("The run is read."), "bold")
        situation = ladder_situation(run)
        text = situation_text(situation)
        way = {"resume": _("c goes on."), "verdict": _("ctrl+n goes to the verdict.")}.get(
            situation.way or ""
        )
        if self._edits or can_measure(self.state.draft, self.state.begun_with, run):
            way = _("m measures what was added; answers that are there are kept.")
        if way:
            text.append("  " if not situation.detail else "\n  ").append(way, "not bold italic")
        return text

    def _show_choice(self) -> None:
        self._forecast_soon()
        found = self._found if isinstance(self._found, LadderForecast) else None
        problems = self._problems()
        said = _listed(_("Before anything can be measured:"), problems) if problems else self._why_none()
        self.query_one(Setup).show(
            self.state.draft,
            None if problems else found,
            said,
            has_run=self.state.run_path is not None,
        )

    def _why_none(self) -> Text:
        fault = self._found
        if not isinstance(fault, Fault):
            return Text("… " + _("Calls and tokens are counted."), "dim")
        return _listed(f"✗ {shown(told(fault.what), one_line=True)}", lines_of(fault))

    def _problems(self) -> tuple[str, ...]:
        """What keeps the draft from being a plan; worked out once for each draft."""
        draft = self.state.draft
        if self._problems_of is None or self._problems_of[0] != draft:
            self._problems_of = (draft, still_wrong(draft))
        return self._problems_of[1]

    def _say(self, key: str, text: Text) -> None:
        self.query_one(f"#{key}", Words).say(text)

    # The forecast is made in a thread ------------------------------------------------------------------------------------

    def _wanted(self) -> tuple[Any, ...]:
        """What a forecast depends on."""
        draft = self.state.draft
        files = [draft.get(name) for name in ("data", "train", "dev", "test", "prompt_file")]
        return (*(draft.get(name) for name in FORECAST_FIELDS), *map(_stamp, files), self.state.run_path)

    def _forecast_soon(self) -> None:
        wanted = self._wanted()
        if wanted == self._found_for or self._problems():
            return
        self._found_for, self._found = wanted, None
        self.set_timer(_QUIET_SECONDS, lambda: self._forecast(wanted))

    def _forecast(self, wanted: tuple[Any, ...]) -> None:
        if wanted != self._found_for:
            return  # another one was wanted since
        draft, own, runs = self.state.draft, self.state.run_path, self.services.runs

        def work() -> LadderForecast:
            worker = get_current_worker()

            def check() -> None:
                if worker.is_cancelled:
                    raise Interrupted

            return forecast_ladder(draft.plan(), runs=runs, own=own, check=check)

        def take(found: LadderForecast | Fault) -> None:
            self._take_forecast(wanted, found)

        in_thread(
            self,
            work,
            take,
            about=draft.get("data") or draft.get("train"),
            group="forecast",
            failed=take,
        )

    def _take_forecast(self, wanted: tuple[Any, ...], found: LadderForecast | Fault) -> None:
        if wanted == self._found_for:
            self._found = found
            if self.is_attached and self._chooses:
                self._show_choice()

    # Keys ----------------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done now is offered."""
        state, run = self.state, self.state.run
        idle = not self._starts and (run is None or not run.is_live)
        offered = {
            "measure": idle and can_measure(state.draft, state.begun_with, run),
            "stop": can_stop(run),
            "detach": run is not None and run.is_live,
            "go_on": not self._starts and can_go_on(run),
            "view": not self._chooses,
            "edit": idle and run is not None,
            "prompt": idle,
        }
        return offered.get(action, True)

    def on_setup_filled(self, message: Setup.Filled) -> None:
        """Take what was chosen."""
        message.stop()
        self.change(**message.fields)

    def action_measure(self) -> None:
        """Start the measurement, or measure what was added to it."""
        if self.state.run_path is not None:
            self._go_on()
            return
        try:
            plan = self.state.draft.plan()
        except Fault as fault:
            self.fault(fault)
            return
        self._starting()
        in_thread(
            self,
            lambda: self.services.launch(plan, None, until=_UNTIL),
            lambda launched: self._launched(launched.path),
            about=self.services.runs,
            group="launch",
            failed=self._refused,
        )

    def _starting(self) -> None:
        self._starts = True
        self._show_standing()
        self.refresh_bindings()

    def _launched(self, path: Path) -> None:
        self._starts = self._edits = False
        self.began(path)

    def _refused(self, fault: Fault) -> None:
        self._starts = False
        self._show_standing()
        self.refresh_bindings()
        self.fault(fault)

    def action_go_on(self) -> None:
        """Ask what is missing."""
        self._go_on()

    def _go_on(self) -> None:
        self._starting()
        go_on(self, self._went_on, until=_UNTIL)

    def _went_on(self, is_started: bool) -> None:
        self._starts = False
        self._edits = self._edits and not is_started
        self.show(self.state)

    def action_stop(self) -> None:
        """Let the run save and end; nothing is lost, so nothing is asked."""
        path = self.state.run_path
        if path is not None:
            ask_to_stop(self, path)

    def action_detach(self) -> None:
        """Leave the program and the run going."""
        from advisor.tui.app import AdvisorApp

        if self.state.run_path is not None:
            cast(AdvisorApp, self.app).leave_running(self.state.run_path)

    def action_edit(self) -> None:
        """The choice, to add to it, or the ladder again."""
        self._edits = not self._edits
        self.show(self.state)
        self.take_focus()

    # Prompts -------------------------------------------------------------------------------------------------------------

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on a rung shows a prompt of it."""
        event.stop()
        self.action_view()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter on an answer shows it."""
        event.stop()
        self.action_view()

    def action_view(self) -> None:
        """The prompt of the answer that is looked at, whole, with both answers."""
        ladder, path = self.query_one(Ladder), self.state.run_path
        row, answer = ladder.highlighted(), ladder.answer()
        if row is None or answer is None or path is None:
            self.notify(_("This option has answered nothing yet."))
            return
        title = _("{rung}, dev row {id}").format(rung=rung_name(row.rung), id=shown(answer.id, one_line=True))

        def explain(found: Prediction | None) -> None:
            prompt = answer.prompt
            if found is not None:
                prompt = "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in found.prompt)
            self.app.push_screen(Explain(title, words.whole_answer(answer, prompt)))

        in_thread(
            self,
            lambda: asked_prompt(path, row.rung, "dev", answer.id),
            explain,
            about=path,
            group="view",
        )

    def action_prompt(self) -> None:
        """Add the prompt that is used today, or take it away."""
        ask_for_prompt(self, self.state.draft, lambda fields: self.change(**fields))


def _stamp(path: Any) -> float:
    try:
        return Path(path).stat().st_mtime if path is not None else 0.0
    except OSError:
        return -1.0


def _listed(title: str, lines: Any) -> Text:
    text = Text(title, "bold")
    for line in list(lines)[:_MOST_PROBLEMS]:
        text.append(f"\n  {shown(str(line), one_line=True)}", "not bold")
    return text

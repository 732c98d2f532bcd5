"""The Plan step: choose a method and settings, see what that makes anew, and start the training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Collapsible, OptionList
from textual.widgets.option_list import Option

from advisor.amending import Amendment, propose, resume_command
from advisor.fault_words import in_a_sentence
from advisor.filling import still_wrong
from advisor.methods import Methods, methods_of
from advisor.plan import flag_of
from advisor.run_directory import open_run
from advisor.situation import can_start, wish_of
from advisor.texts import N_, _
from advisor.training_settings import Setting, settings_of
from advisor.tui.plain_text import shown
from advisor.tui.resuming import go_on
from advisor.tui.state import WalkState
from advisor.tui.step import Step
from advisor.tui.steps.plan import words
from advisor.tui.steps.plan.settings import SettingRow, Settings
from advisor.tui.words import Words
from advisor.tui.work import guarded, in_thread
from rubrics.errors import Fault

_COLUMNS_OF_TWO = 105


class MethodList(OptionList):
    """The methods, a handful of lines: a page is one of the step around them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "step_page(1)", N_("Page down"), show=False),
        Binding("pageup", "step_page(-1)", N_("Page up"), show=False),
    ]

    def action_step_page(self, by: int) -> None:
        """Scroll the step."""
        step = next(node for node in self.ancestors if isinstance(node, PlanStep))
        step.scroll_page_down() if by > 0 else step.scroll_page_up()


class PlanStep(Step):
    """Methods side by side, settings folded away, the equivalent command, and the start."""

    HELP: ClassVar[str] = N_(
        "Before anything is spent, this says what a training takes: the memory of each method beside what this device "
        "has, and the time, from a dry run of two steps at the longest rows. The program's choice is marked; the "
        "settings need not be touched. What you change is measured anew before it is trained.\n"
        "Everything here can be done with the command below, too."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "start", N_("Start training")),
        Binding("f", "forecast", N_("Measure this choice")),
        Binding("e", "settings", N_("Settings")),
        Binding("c", "copy", N_("Copy the command")),
        Binding("w", "copy_whole", N_("Copy the whole run's command"), show=False),
        Binding("z", "undo", N_("Undo the changes")),
    ]
    DEFAULT_CSS = """
    PlanStep #columns { layout: horizontal; height: auto; margin: 1 0; }
    PlanStep #methods { width: 3fr; height: auto; max-height: 8; border: none; padding: 0; background: transparent; }
    PlanStep #facts { width: 2fr; padding-left: 2; }
    PlanStep #command { margin-bottom: 1; }
    PlanStep #settings { border: none; padding: 0; height: auto; background: transparent; }
    PlanStep #settings Contents { padding: 0 0 0 2; }
    PlanStep.-stacked #columns { layout: vertical; margin: 0; }
    PlanStep.-stacked #methods, PlanStep.-stacked #facts { width: 100%; padding: 0; }
    """

    def __init__(self, state: WalkState) -> None:
        super().__init__(state)
        self._proposed_for: tuple[Any, ...] | None = None
        self._amendment: Amendment | None = None
        self._problem = ""
        self._starts = ""
        self._methods_shown: tuple[Text, ...] = ()
        self._shows: tuple[Any, ...] | None = None

    def compose(self) -> ComposeResult:
        """Advice, methods, facts, settings, what a change makes anew, and the command."""
        yield Words(id="advice")
        with Container(id="columns"):
            yield MethodList(id="methods", compact=True)
            yield Words(id="facts")
        yield Words(id="changes")
        yield Words(id="command")
        with Collapsible(title=_("Settings, all of them optional (e)"), id="settings"):
            yield Settings(settings_of(), id="fields")

    def take_focus(self) -> None:
        """A person begins with the methods."""
        self.query_one("#methods").focus(scroll_visible=False)

    def show(self, state: WalkState) -> None:
        """Show a state."""
        # The same state once more is asked for where fields are to be put back, or have another width.
        is_asked_for = state == self.state
        super().show(state)
        if not self.is_mounted:
            return
        if self._is_new() or is_asked_for:
            self._show_outlook()
        self._propose()
        self._show_outcome()

    def _is_new(self) -> bool:
        """Whether anything that is shown of the forecast has changed; a run that goes on says something each moment."""
        state = self.state
        found = tuple(state.artefact(name) for name in ("verdict", "forecast", "measurement"))
        is_live = state.run is not None and state.run.is_live
        shows = (found, state.draft, state.begun_with, is_live)
        if shows == self._shows:
            return False
        self._shows = shows
        return True

    def _show_outlook(self) -> None:
        """What the verdict advises, what a training takes, and what is proposed for it."""
        state, width = self.state, self._column()
        self._say("advice", words.advice_text(wish_of(state.draft, state.artefact("verdict")), state))
        try:
            with guarded("forecast.json"):
                methods, facts, settings = self._outlook(state.artefact("forecast"), width)
        except Fault as fault:
            # Of another version of the program, which has to be made again before anything is started.
            said = Text(shown("✗ " + in_a_sentence(fault)), "bold")
            methods, facts, settings = None, said, settings_of()
        self._show_methods(methods, width)
        self._say("facts", facts)
        self.query_one(Settings).show(settings, state.draft)

    def _outlook(
        self, forecast: Mapping[str, Any] | None, width: int
    ) -> tuple[Methods | None, Text, tuple[Setting, ...]]:
        state, methods = self.state, self._methods()
        begun = state.begun_with.plan() if state.begun_with is not None else None
        facts = words.facts_text(methods, forecast, width) if methods and forecast else _not_measured(state)
        return methods, facts, settings_of(begun, forecast, self._measurement())

    def on_resize(self) -> None:
        """Bars and lines are of another length, and facts stand beside the methods where there is room."""
        self.set_class(self.size.width < _COLUMNS_OF_TWO, "-stacked")
        self.call_after_refresh(lambda: self.show(self.state))

    # What is shown ---------------------------------------------------------------------------------------------

    def _methods(self) -> Methods | None:
        forecast, measurement = self.state.artefact("forecast"), self._measurement()
        if forecast is None or measurement is None:
            return None
        return methods_of(forecast, measurement, self.state.draft.get("training_cost"))

    def _column(self) -> int:
        """Cells of the column of methods; of the only one where they are stacked."""
        inside = self.size.width - 2
        return max(20, inside if self.has_class("-stacked") else inside * 3 // 5)

    def _measurement(self) -> dict[str, Any] | None:
        found = self.state.artefact("measurement")
        return found["measurement"] if found is not None else None

    def _show_methods(self, methods: Methods | None, width: int) -> None:
        chosen = str(self.state.draft.get("method"))
        texts = tuple(
            words.method_text(choice, methods, is_chosen=choice == chosen, width=width)
            for choice in words.CHOICES
        )
        if texts == self._methods_shown:
            return
        self._methods_shown = texts
        listed = self.query_one("#methods", OptionList)
        at = listed.highlighted if listed.highlighted is not None else words.CHOICES.index(chosen)
        listed.set_options(
            [Option(text, id=choice) for choice, text in zip(words.CHOICES, texts, strict=True)]
        )
        listed.highlighted = at

    def _show_outcome(self) -> None:
        """What the changes make anew, the command, and what can be done now."""
        changes = words.changes_text(self._amendment, self._problem)
        self._say("changes", Text(self._starts, "bold") if self._starts else changes)
        self._say(
            "command",
            self._command_text(),
        )
        self.refresh_bindings()

    def _command_text(self) -> Text:
        """The command that goes on as this screen would, and the one that makes the whole run."""
        text = Text(_("The same as a command (c copies it):") + "\n  ")
        text.append(words.command_words(self._command()), "bold")
        if self.state.run_path is not None:
            text.append("\n" + _("The whole run from its beginning (w copies it):") + "\n  ")
            text.append(words.command_words(self.state.draft.command()), "bold")
        return text

    def _command(self) -> str:
        """As a shell takes it; on the screen line breaks are marks."""
        if self.state.run_path is None:
            return self.state.draft.command()
        changes, because = self.state.amendment()
        return resume_command(_near(self.state.run_path), changes, because=because)

    def _say(self, key: str, text: Text) -> None:
        self.query_one(f"#{key}", Words).say(text)

    # Changes -----------------------------------------------------------------------------------------------------

    def _propose(self) -> None:
        """Ask the core, in a thread, what the changes make anew; once for the same changes."""
        path, (changes, because) = self.state.run_path, self.state.amendment()
        asked = (path, tuple(sorted((name, str(value)) for name, value in changes.items())), because)
        if asked == self._proposed_for:
            return
        self._proposed_for = asked
        self._amendment, self._problem = None, ""
        if path is None:
            problems = still_wrong(self.state.draft)
            self._problem = "" if self.state.draft.is_empty else "\n".join(problems)
        elif wrong := [flag_of(name) for name in changes if self.state.draft.problem_of(name)]:
            self._problem = _("{flags} cannot be taken as written; the settings say why.").format(
                flags=", ".join(wrong)
            )
        elif changes:
            in_thread(
                self,
                lambda: propose(open_run(path), changes, because=because),
                lambda amendment: self._proposed(asked, amendment, ""),
                about=path,
                group="propose",
                failed=lambda fault: self._proposed(asked, None, in_a_sentence(fault)),
            )

    def _proposed(self, asked: tuple[Any, ...], amendment: Amendment | None, problem: str) -> None:
        if asked == self._proposed_for:
            self._amendment, self._problem = amendment, problem
            self._show_outcome()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose a method."""
        event.stop()
        self.change(method=event.option_id)

    def on_setting_row_written(self, event: SettingRow.Written) -> None:
        """Fill a plan field."""
        event.stop()
        self.change(**{event.field: event.value})

    # Keys --------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done now is offered."""
        run, is_changed = self.state.run, bool(self.state.changes())
        is_free = run is not None and not run.is_live and not self._starts and not self._problem
        offered = {
            "start": is_free and can_start(self.state.draft, run, is_changed=is_changed),
            "forecast": is_free and is_changed,
            "undo": is_changed,
            "copy_whole": self.state.run_path is not None,
        }
        return offered.get(action, True)

    def action_start(self) -> None:
        """Start the training, and watch it."""
        self._begin(_("… starting the training"), "", "training")

    def action_forecast(self) -> None:
        """Measure what was chosen and forecast it; nothing is trained."""
        self._begin(_("… starting to measure this choice"), "forecast", "")

    def _begin(self, says: str, until: str, then: str) -> None:
        self._starts = says
        self._show_outcome()

        def ended(is_started: bool) -> None:
            self._starts = ""
            self._show_outcome()
            if is_started and then:
                self.go(then)

        go_on(self, ended, until=until)

    def action_settings(self) -> None:
        """Unfold the settings and go to them; folded they are by their title."""
        self.query_one("#settings", Collapsible).collapsed = False
        self.query("SettingRow Input").first().focus()

    def action_copy(self) -> None:
        """Copy the command to the terminal's clipboard."""
        self._copy(self._command())

    def action_copy_whole(self) -> None:
        """Copy the command that makes the whole run."""
        self._copy(self.state.draft.command())

    def _copy(self, command: str) -> None:
        self.app.copy_to_clipboard(command)
        self.notify(_("Copied, where your terminal allows it."))

    def action_undo(self) -> None:
        """Take all changes back."""
        if self.state.begun_with is not None:
            self.fill(self.state.begun_with)


def _not_measured(state: WalkState) -> Text:
    if state.run is not None and state.run.is_live:
        return Text(_("Memory and time are measured as the run comes to it."), "dim")
    return Text(_("Memory and time are not known yet: they are measured with the cheap options (4)."), "dim")


def _near(path: Path) -> Path:
    """The path as a person in this folder would write it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path

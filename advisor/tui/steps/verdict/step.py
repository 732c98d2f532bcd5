"""The step Verdict: the outcome in large, its reasons, numbers and rules, and the two ways on."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Collapsible

from advisor.stages.decide import TRAIN_OUTCOME
from advisor.texts import N_, _
from advisor.tui.dialogs import AskText
from advisor.tui.resuming import go_on
from advisor.tui.state import WalkState
from advisor.tui.step import Step
from advisor.tui.steps.verdict import words
from advisor.tui.words import Words


class VerdictStep(Step):
    """Whether to fine-tune, and what a person makes of it."""

    HELP: ClassVar[str] = N_(
        "The outcome follows from what was measured by the rules listed below, the first that fires decides. Accept it, "
        "or overrule it: then you say why, and your reason stands in the report beside the verdict."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "accept", N_("Accept")),
        Binding("o", "overrule", N_("Overrule")),
        Binding("r", "rules", N_("Rules considered")),
    ]
    DEFAULT_CSS = """
    VerdictStep Words { margin-bottom: 1; }
    VerdictStep #headline { border: round $primary; padding: 0 1; margin-bottom: 1; }
    VerdictStep #doors { height: auto; margin-bottom: 1; }
    VerdictStep #doors Button { margin-right: 2; }
    VerdictStep Collapsible { padding: 0; border: none; background: transparent; }
    VerdictStep.-none #doors, VerdictStep.-none Collapsible, VerdictStep.-none #headline { display: none; }
    """

    def __init__(self, state: WalkState) -> None:
        super().__init__(state)
        self._told: tuple[Any, ...] | None = None
        self._restarts = False

    def compose(self) -> ComposeResult:
        """From what is decided to how."""
        yield Words(id="missing")
        yield Words(id="headline")
        yield Words(id="overruled")
        with Horizontal(id="doors"):
            yield Button(Text(_("Accept") + " [a]"), id="accept", compact=True, variant="primary")
            yield Button(Text(_("Overrule") + " [o]"), id="overrule", compact=True)
        yield Words(id="reasons")
        yield Words(id="flips")
        yield Words(id="facts")
        with Collapsible(title=_("Rules considered") + " (r)"):
            yield Words(id="rules")

    def show(self, state: WalkState) -> None:
        """Show the verdict, or what it waits for."""
        super().show(state)
        verdict, reason = state.artefact("verdict"), str(state.draft.get("overruled"))
        trains = bool(state.draft.get("force_train"))
        told = (verdict, reason, trains, state.run is not None and state.run.is_live)
        if told == self._told:
            return
        self._told = told
        self.set_class(verdict is None, "-none")
        self.query_one("#missing", Words).say(Text("" if verdict else _missing(state)))
        self.query_one("#overruled", Words).say(words.overruled(reason, trains=trains) if reason else Text())
        if verdict is not None:
            self._show_verdict(verdict, state.artefact("baselines"))
        for name in ("reasons", "flips", "facts"):
            self.query_one(f"#{name}", Words).display = verdict is not None
        if self._restarts and state.draft.get("no_train"):
            self._restarts = False
            go_on(self, lambda started: None)

    def _show_verdict(self, verdict: Any, ladder: Any) -> None:
        self.query_one("#headline", Words).say(words.headline(verdict["outcome"]))
        self.query_one("#reasons", Words).say(words.reasons(verdict))
        self.query_one("#flips", Words).say(words.flips(verdict))
        self.query_one("#facts", Words).say(words.facts(verdict, ladder))
        self.query_one("#rules", Words).say(words.rules(verdict))

    @property
    def _outcome(self) -> str:
        verdict = self.state.artefact("verdict")
        return str(verdict["outcome"]) if verdict else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to accept before there is a verdict."""
        return bool(self._outcome) if action in ("accept", "overrule", "rules") else True

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button is its key."""
        if event.button.id == "accept":
            self.action_accept()
        else:
            self.action_overrule()

    def action_accept(self) -> None:
        """Go where the verdict leads; an overruling that was not acted on yet is taken back."""
        begun = self.state.begun_with
        if self.state.draft.get("overruled") and begun is not None and not begun.get("overruled"):
            self.change(force_train=None, no_train=None, overruled=None)
        self.go("plan" if self._outcome == TRAIN_OUTCOME else "results")

    def action_overrule(self) -> None:
        """Decide otherwise, with a reason."""
        trains = self._outcome != TRAIN_OUTCOME
        question = _("Why do you train all the same?") if trains else _("Why do you not train all the same?")

        def answered(reason: str | None) -> None:
            if reason is None:
                return
            if trains:
                self.change(force_train=True, no_train=None, overruled=reason.strip())
                self.go("plan")
            else:
                self._restarts = True
                self.change(no_train=True, force_train=None, overruled=reason.strip())

        self.app.push_screen(
            AskText(
                question,
                _("Your reason stands in the report, beside the verdict."),
                str(self.state.draft.get("overruled")),
                problem=lambda text: "" if text.strip() else _("Write a reason: the report shows it."),
            ),
            answered,
        )

    def action_rules(self) -> None:
        """Unfold the rules, or fold them."""
        rules = self.query_one(Collapsible)
        rules.collapsed = not rules.collapsed
        if not rules.collapsed:
            self.call_after_refresh(rules.scroll_visible)


def _missing(state: WalkState) -> str:
    if state.run is not None and state.run.is_live:
        return _("… The cheap options are being measured; the verdict follows from them.")
    if state.run_path is not None:
        return _("○ The measurement has not come to a verdict yet. Go on with it in step 4.")
    return _("○ Nothing is measured yet. Start it in step 4, Cheap options.")

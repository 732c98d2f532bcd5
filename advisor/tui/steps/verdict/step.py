"""The Verdict step: what the measurements come to, and what a person makes of it."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Collapsible

from advisor.ladder_view import ladder_situation
from advisor.stages.decide import TRAIN_OUTCOME
from advisor.texts import N_, _
from advisor.tui.dialogs import AskText
from advisor.tui.resuming import go_on
from advisor.tui.situation_words import situation_text
from advisor.tui.state import WalkState
from advisor.tui.step import Step
from advisor.tui.steps.verdict import words
from advisor.tui.words import Words
from advisor.tui.work import in_thread
from advisor.verdict_page import accepted, cautions_of_run, is_stale, next_step, overruled, reason_against
from rubrics.errors import Fault


class VerdictStep(Step):
    """The outcome in large, reasons, evidence, what would change it, the rules; accept or overrule."""

    HELP: ClassVar[str] = N_(
        "Fourteen rules are tried in order over what was measured, and the first that holds decides. Nothing here is "
        "an opinion: every sentence comes from a number that you see, with its interval and its rows. An interval "
        "tells how far the true score may lie from the measured one.\n"
        "You may decide otherwise. Your reason is kept, and the report shows it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "accept", N_("Accept")),
        Binding("o", "overrule", N_("Overrule")),
        Binding("r", "rules", N_("Rules considered")),
    ]
    DEFAULT_CSS = """
    VerdictStep Words { margin-bottom: 1; }
    VerdictStep #headline { border: heavy $primary; padding: 0 1; margin-bottom: 0; text-align: center; }
    VerdictStep #meaning, VerdictStep #stale { margin-bottom: 0; }
    VerdictStep Collapsible { border: none; padding: 0; margin: 0; height: auto; }
    VerdictStep Collapsible Contents { padding: 0 0 0 2; }
    """

    def __init__(self, state: WalkState) -> None:
        super().__init__(state)
        self._cautions: tuple[str, ...] = ()
        self._cautions_for: tuple[Any, ...] | None = None
        self._closes = False

    def compose(self) -> ComposeResult:
        """From the outcome down to the rules."""
        yield Words(id="stale")
        yield Words(id="headline")
        yield Words(id="meaning")
        yield Words(id="now")
        yield Words(id="reasons")
        yield Words(id="evidence")
        yield Words(id="facts")
        yield Words(id="flips")
        yield Words(id="cautions")
        with Collapsible(title=_("Rules considered (r)"), id="considered"):
            yield Words(id="rules")

    def take_focus(self) -> None:
        """The step itself has the keys."""
        self.focus(scroll_visible=False)

    def on_resize(self) -> None:
        """Tables are of another width."""
        self.call_after_refresh(lambda: self.show(self.state))

    def show(self, state: WalkState) -> None:
        """Show a state."""
        super().show(state)
        if not self.is_attached:
            return
        if self._closes and state.changes().get("no_train"):
            self._closes = False
            go_on(self, lambda is_started: None)
        verdict = state.artefact("verdict")
        self.query_one("#considered").display = verdict is not None
        self._say("stale", self._standing(verdict))
        for key, text in (self._texts(verdict) if verdict else self._empty()).items():
            self._say(key, text)
        if verdict:
            self._look_for_cautions(verdict)
        self.refresh_bindings()

    def _standing(self, verdict: Any) -> Text:
        """Why there is no verdict, or that it is about to change."""
        run = self.state.run
        if verdict is None:
            if run is None:
                return Text("○ " + _("No verdict yet: the cheap options (4) are measured first."), "bold")
            text = situation_text(ladder_situation(run))
            return text.append(
                "\n" + _("The verdict stands here once the cheap options (4) are measured."), "not bold"
            )
        if run is not None and is_stale(run):
            return Text(
                "… " + _("This verdict is being made anew: something that it rests on is measured again."),
                "bold",
            )
        return Text()

    @staticmethod
    def _empty() -> dict[str, Text]:
        keys = ("headline", "meaning", "now", "reasons", "evidence", "facts", "flips", "cautions", "rules")
        return dict.fromkeys(keys, Text())

    def _texts(self, verdict: Any) -> dict[str, Text]:
        run, width = self.state.run, max(40, self.size.width - 3)
        assert run is not None
        outcome = verdict["outcome"]
        return {
            "headline": words.headline(verdict),
            "meaning": words.meaning(verdict),
            "now": words.at_work()
            if run.is_live
            else words.what_now(verdict, reason_against(self.state.draft, outcome)),
            "reasons": words.listed(_("Why"), verdict["reasons"]),
            "evidence": words.evidence(run, width),
            "facts": words.facts(verdict, width),
            "flips": words.flips(verdict["flip"]),
            "cautions": words.listed(_("Beware"), self._cautions, "!"),
            "rules": words.rules(verdict),
        }

    def _say(self, key: str, text: Text) -> None:
        self.query_one(f"#{key}", Words).say(text)

    # Cautions stand in the report, which is read in a thread --------------------------------------------------------

    def _look_for_cautions(self, verdict: Any) -> None:
        state, path = self.state.run, self.state.run_path
        assert state is not None
        wanted = (path, verdict.get("input_hash"), state.has_report, state.stage("report").status)
        if path is None or wanted == self._cautions_for:
            return
        self._cautions_for = wanted
        in_thread(
            self, lambda: cautions_of_run(path, state), self._take_cautions, about=path, group="cautions"
        )

    def _take_cautions(self, found: tuple[str, ...]) -> None:
        self._cautions = found
        self._say("cautions", words.listed(_("Beware"), found, "!"))

    # Keys -------------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing can be decided before there is a verdict, nor while a run works on what the decision would change."""
        has_verdict = self.state.artefact("verdict") is not None
        if action in ("accept", "overrule"):
            return has_verdict and self.state.run is not None and not self.state.run.is_live
        return has_verdict if action == "rules" else True

    def action_accept(self) -> None:
        """Take the verdict, and go on."""
        outcome = self.state.artefact("verdict")["outcome"]
        self.change(**accepted())
        self.go(next_step(outcome, is_overruled=False))

    def action_overrule(self) -> None:
        """Decide otherwise, with a reason."""
        outcome = self.state.artefact("verdict")["outcome"]
        name = words.name_of(self.state.artefact("verdict"))
        detail = (
            _("You decide not to train.")
            if outcome == "FINE_TUNE"
            else _("You decide to train in spite of it. Nothing starts yet: the plan (6) comes first.")
        )

        def answered(reason: str | None) -> None:
            if reason is not None:
                # A training that is called off is written into the report at once; one that is wanted has a plan first.
                self._closes = outcome == TRAIN_OUTCOME
                self.change(**overruled(outcome, reason))
                self.go(next_step(outcome, is_overruled=True))

        self.app.push_screen(
            AskText(
                _("Why do you overrule “{verdict}”?").format(verdict=name),
                detail + " " + _("The report will show your reason."),
                reason_against(self.state.draft, outcome),
                _problem_with,
            ),
            answered,
        )

    def action_rules(self) -> None:
        """Unfold the rules and go to them, or fold them."""
        rules = self.query_one("#considered", Collapsible)
        rules.collapsed = not rules.collapsed
        if not rules.collapsed:
            self.call_after_refresh(lambda: rules.scroll_visible(top=True, animate=False))


def _problem_with(reason: str) -> str:
    try:
        overruled("", reason)
    except Fault as fault:
        return f"{fault.what}. {fault.fix}"
    return ""

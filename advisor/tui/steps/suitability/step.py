"""One question at a time, with what the rows say to it; every answer shows in the score at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, OptionList
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from advisor.core_texts import told
from advisor.hinting import SampledHints, sampled_hints
from advisor.standing import Standing, standing, suggested
from advisor.texts import N_, _, language
from advisor.tui.plain_text import shown
from advisor.tui.said import Said
from advisor.tui.state import WalkState
from advisor.tui.step import Step
from advisor.tui.steps.suitability.look import answer_of, entry_of, hint_of, question_of, score_of, strip_of
from advisor.tui.work import guarded
from rubrics.errors import Fault

_WIDEST_BAR = 72
_Version = tuple[Path, int, int]


class SuitabilityStep(Step):
    """The ten questions; the answers are the plan's, the question on the screen is this widget's."""

    HELP: ClassVar[str] = N_(
        "Ten questions about the task. Answer those you can with y, n or u, and go on with s whenever you want: "
        "an open question counts neither for nor against. What your rows say stands beside each question and "
        "never answers it by itself. Where variety is the point or the rules keep changing, fine-tuning is "
        "advised against, whatever the score."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('yes')", N_("Yes")),
        Binding("n", "answer('no')", N_("No")),
        Binding("u", "answer('unknown')", N_("Don't know")),
        Binding("h", "take_hint", N_("Take the hint")),
        Binding("s", "skip", N_("Skip the rest")),
        Binding("right", "move(1)", N_("Next question"), show=False),
        Binding("left", "move(-1)", N_("Question before"), show=False),
        Binding("backspace,delete", "answer('')", N_("Take the answer back"), show=False),
    ]
    SCOPED_CSS: ClassVar[bool] = False
    DEFAULT_CSS = """
    SuitabilityStep #asked { height: auto; }
    SuitabilityStep OptionList { width: 44; height: 10; border: none; padding: 0; margin-right: 2;
        text-wrap: nowrap; text-overflow: ellipsis; }
    SuitabilityStep #panel { width: 1fr; height: auto; }
    SuitabilityStep #panel Static { height: auto; }
    SuitabilityStep #strip { height: 1; display: none; }
    SuitabilityStep #question { min-height: 6; }
    SuitabilityStep #hint { margin-top: 1; }
    SuitabilityStep #keys { height: 1; margin: 1 0; }
    SuitabilityStep #keys Button { margin-right: 1; min-width: 8; }
    SuitabilityStep #score { height: auto; }
    .-narrow SuitabilityStep OptionList { display: none; }
    .-narrow SuitabilityStep #strip { display: block; }
    .-narrow SuitabilityStep #hint { margin-top: 0; }
    .-narrow SuitabilityStep #keys { margin: 0; }
    """

    class Hinted(Message):
        """The hints of a file were counted, or it cannot be read."""

        def __init__(self, version: _Version, found: SampledHints | Fault) -> None:
            super().__init__()
            self.version, self.found = version, found

    def __init__(self, state: WalkState) -> None:
        super().__init__(state)
        self._answers: dict[str, str] = dict(state.draft.get("answers"))
        self._sent: list[dict[str, str]] = []
        self._at = 0
        self._looked: _Version | None = None
        self._hints: dict[_Version, SampledHints | Fault] = {}

    # What is on the screen -----------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The list of questions, the one on the screen with its keys, and the score."""
        yield Said(id="strip")
        with Horizontal(id="asked"):
            yield OptionList(
                *[Option(entry_of(self._standing, at)) for at in range(self._count)],
                compact=True,
                markup=False,
            )
            with Vertical(id="panel"):
                yield Said(id="question")
                yield Said(id="answer")
                yield Said(id="hint")
        with Horizontal(id="keys"):
            for key, label in (("yes", _("Yes")), ("no", _("No")), ("unknown", _("Don't know"))):
                yield Button(Text(f"{label} [{key[0]}]"), id=f"answer-{key}", compact=True)
            yield Button(Text(_("Take the hint") + " [h]"), id="take-hint", compact=True)
            yield Button(Text(_("Skip the rest") + " [s]"), id="skip", compact=True)
        yield Said(id="score")

    @property
    def _standing(self) -> Standing:
        return standing(self._answers, language())

    @property
    def _count(self) -> int:
        return len(self._standing.rubric.criteria)

    @property
    def _key(self) -> str:
        return self._standing.rubric.criteria[self._at].key

    def show(self, state: WalkState) -> None:
        """Show the answers of the draft, and count the hints of a file that is new in it."""
        super().show(state)
        answers = dict(state.draft.get("answers"))
        if answers in self._sent:
            # Keys may come faster than the walk answers: what was sent later is still on its way here.
            del self._sent[: self._sent.index(answers) + 1]
        else:
            self._sent.clear()
        if not self._sent:
            self._answers = answers
        self._look(state.draft.get("data") or state.draft.get("train"))
        self._paint()

    def on_resize(self) -> None:
        """The bar is as wide as there is room."""
        if self.is_mounted:
            self.show(self.state)

    def _paint(self) -> None:
        found, at = self._standing, self._at
        criterion = found.rubric.criteria[at]
        answer = found.answers.get(criterion.key, "")
        self.query_one("#strip", Said).say(strip_of(found, at))
        self.query_one("#question", Said).say(question_of(found, at))
        self.query_one("#answer", Said).say(answer_of(criterion, answer))
        self.query_one("#hint", Said).say("≡ " + shown(self._hint_words()))
        self.query_one("#score", Said).say(score_of(found, min(_WIDEST_BAR, self.size.width - 4)))
        button, wanted = self.query_one("#take-hint", Button), bool(self._suggestion)
        if button.display != wanted:
            button.display = wanted
            self.refresh_bindings()
        self._paint_list(found)

    def _paint_list(self, found: Standing) -> None:
        questions = self.query_one(OptionList)
        for index in range(self._count):
            entry = entry_of(found, index)
            if questions.get_option_at_index(index).prompt != entry:
                questions.replace_option_prompt_at_index(index, entry)
        if questions.highlighted != self._at:
            with questions.prevent(OptionList.OptionHighlighted):
                questions.highlighted = self._at

    def take_focus(self) -> None:
        """On the list where there is one; never on a button, which enter would press."""
        questions = self.query_one(OptionList)
        (questions if questions.focusable and questions.display else self).focus(scroll_visible=False)

    # Hints -----------------------------------------------------------------------------------------------------

    @property
    def _found(self) -> SampledHints | Fault | None:
        return self._hints.get(self._looked) if self._looked is not None else None

    @property
    def _suggestion(self) -> str:
        return suggested(self._found.hints, self._key) if isinstance(self._found, SampledHints) else ""

    def _hint_words(self) -> str:
        found = self._found
        if self._looked is None:
            return _("No data file yet, so there are no hints; you can answer without.")
        if found is None:
            return _("Your rows are being read for hints; you can answer meanwhile.")
        if isinstance(found, Fault):
            return _("No hints: {problem}").format(problem=told(found.what))
        said = hint_of(found.hints, self._key)
        if found.rows < found.usable:
            sample = _("({n} of {all} rows were looked at)")
            said += " " + sample.format(n=f"{found.rows:,}", all=f"{found.usable:,}")
        return said

    def _look(self, path: Any) -> None:
        version = _version(path)
        if version == self._looked:
            return
        self._looked = version
        self.workers.cancel_group(self, "hints")
        if version is not None and version not in self._hints:
            self.run_worker(lambda: self._count_hints(version), thread=True, exclusive=True, group="hints")

    def _count_hints(self, version: _Version) -> None:
        """In a thread: read the file."""
        worker = get_current_worker()
        found: SampledHints | Fault | None
        try:
            with guarded(version[0]):
                found = sampled_hints(version[0], language(), stopped=lambda: worker.is_cancelled)
        except Fault as fault:
            found = fault
        if found is not None:
            self.post_message(self.Hinted(version, found))

    @on(Hinted)
    def _take_hints(self, event: Hinted) -> None:
        event.stop()
        self._hints[event.version] = event.found
        if event.version == self._looked:
            self._paint()

    # What a person does ----------------------------------------------------------------------------------------

    def action_answer(self, value: str) -> None:
        """Answer the question on the screen and go to the next open one; an empty answer takes it back."""
        others = {key: given for key, given in self._answers.items() if key != self._key}
        answers = {**others, self._key: value} if value else others
        if answers != self._answers:
            self._answers = answers
            self._sent.append(answers)
            self.change(answers=answers)
        if value:
            self._at = self._standing.next_open(self._at)
        self._paint()

    def action_take_hint(self) -> None:
        """Answer as the rows suggest."""
        if self._suggestion:
            self.action_answer(self._suggestion)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A hint is taken only where the rows suggest an answer."""
        return action != "take_hint" or bool(self._suggestion)

    def action_skip(self) -> None:
        """Leave the open questions open and go on."""
        self.advance()

    def action_move(self, by: int) -> None:
        """Another question."""
        self._at = (self._at + by) % self._count
        self._paint()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The question under the cursor."""
        event.stop()
        self._at = event.option_index
        self._paint()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button is its key."""
        event.stop()
        name = event.button.id or ""
        if name.startswith("answer-"):
            self.action_answer(name.removeprefix("answer-"))
        elif name == "take-hint":
            self.action_take_hint()
        else:
            self.action_skip()


def _version(path: Any) -> _Version | None:
    """What a file is known by: its path, when it was written, and its size; None where there is none."""
    if not isinstance(path, Path):
        return None
    try:
        found = path.stat()
    except OSError:
        return path, 0, 0
    return path, found.st_mtime_ns, found.st_size

"""Dialogs: modal screens that return a value, with a key for every choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from advisor.core_texts import told
from advisor.fault_words import lines_of
from advisor.texts import N_
from advisor.tui.footer import Keys
from advisor.tui.plain_text import shown
from advisor.tui.translated import TranslatedKeys
from rubrics.errors import Fault

T = TypeVar("T")


@dataclass(frozen=True)
class Choice:
    """A way out of a question.

    Attributes:
        key: the letter that takes it, and what the dialog returns.
        label: translated.
        danger: something is lost by it.
    """

    key: str
    label: str
    danger: bool = False


class Dialog(TranslatedKeys[T], ModalScreen[T]):
    """What the dialogs share: their look."""

    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > Vertical { width: 76; max-width: 96%; height: auto; max-height: 90%; padding: 0 1;
        border: round $primary; background: $surface; }
    Dialog .title { text-style: bold; margin-bottom: 1; height: auto; }
    Dialog VerticalScroll { height: auto; max-height: 14; }
    Dialog > Vertical > Horizontal { height: auto; margin-top: 1; }
    Dialog Button { min-width: 8; margin-right: 1; }
    """


class Ask(Dialog[str | None]):
    """A question with a letter for each answer; returns the letter, or None where it was left by escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", N_("Cancel"))]

    def __init__(self, question: str, detail: str = "", choices: Sequence[Choice] = ()) -> None:
        super().__init__()
        self._question, self._detail = question, detail
        self._choices = tuple(choices)

    def compose(self) -> ComposeResult:
        """The question, what follows from it, and a button for each choice."""
        with Vertical():
            yield Static(Text(shown(self._question)), classes="title")
            if self._detail:
                with VerticalScroll(can_focus=False):
                    yield Static(Text(shown(self._detail)))
            with Horizontal():
                for choice in self._choices:
                    yield Button(
                        Text(f"{choice.label} [{choice.key}]"),
                        id=f"choice-{choice.key}",
                        variant="error" if choice.danger else "default",
                        compact=True,
                    )
        yield Keys()

    def on_mount(self) -> None:
        """The first choice is the safe one."""
        self.query(Button).first().focus()

    def on_key(self, event: Any) -> None:
        """A choice's letter takes it; arrows move between the choices."""
        if event.character in {choice.key for choice in self._choices}:
            event.stop()
            self.dismiss(event.character)
        elif event.key in ("left", "up"):
            self.focus_previous(Button)
        elif event.key in ("right", "down"):
            self.focus_next(Button)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button is its letter."""
        self.dismiss((event.button.id or "").removeprefix("choice-"))

    def action_leave(self) -> None:
        """Leave things as they are."""
        self.dismiss(None)


class AskText(Dialog[str | None]):
    """A question that is answered in words; returns them, or None where it was left by escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", N_("OK"), priority=True),
        Binding("escape", "leave", N_("Cancel")),
    ]
    DEFAULT_CSS = "AskText Input { margin-top: 1; background: $boost; }"

    def __init__(
        self,
        question: str,
        detail: str = "",
        value: str = "",
        problem: Callable[[str], str] = lambda text: "",
    ) -> None:
        """Ask.

        Args:
            value: what stands in the field at first.
            problem: what is wrong with an answer, translated; empty where it can be taken.
        """
        super().__init__()
        self._question, self._detail, self._value, self._problem = question, detail, value, problem

    def compose(self) -> ComposeResult:
        """The question, a field, and a line for what is wrong with the answer."""
        with Vertical():
            yield Static(Text(shown(self._question)), classes="title")
            if self._detail:
                yield Static(Text(shown(self._detail)))
            yield Input(self._value, compact=True)
            yield Static("", id="problem")
        yield Keys()

    def action_take(self) -> None:
        """Take the answer, or say what is wrong with it."""
        value = self.query_one(Input).value
        problem = self._problem(value)
        if problem:
            self.query_one("#problem", Static).update(Text("✗ " + shown(problem)))
        else:
            self.dismiss(value)

    def action_leave(self) -> None:
        """Leave things as they are."""
        self.dismiss(None)


class Explain(Dialog[None]):
    """A text to read; any of escape, enter and q leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "leave", N_("Close"))]

    def __init__(self, title: str, text: str | Text) -> None:
        super().__init__()
        self._title = title
        self._text = text if isinstance(text, Text) else Text(shown(text))

    def compose(self) -> ComposeResult:
        """Title and text, which scrolls where it is long."""
        with Vertical():
            yield Static(Text(shown(self._title)), classes="title")
            with VerticalScroll():
                yield Static(self._text)
        yield Keys()

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)


def tell_fault(app: App[Any], fault: Fault) -> None:
    """Show an expected failure: what happened, where, every single problem, and what to do."""
    app.push_screen(Explain("✗ " + told(fault.what), "\n".join(lines_of(fault))))

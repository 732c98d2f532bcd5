"""The prompt that a person uses today: named by its file, or typed here and saved to one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static, TextArea

from advisor.draft import Draft
from advisor.fault_words import in_a_sentence
from advisor.rungs.own_prompt import read_prompt, save_prompt
from advisor.texts import N_, _
from advisor.tui.dialogs import Ask, AskText, Choice, Dialog
from advisor.tui.footer import Keys
from advisor.tui.plain_text import shown
from advisor.tui.step import Step
from advisor.tui.work import in_thread
from rubrics.errors import Fault


class TypedPrompt(Dialog[str | None]):
    """Asks for a prompt; returns it, or None where it was left by escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "take", N_("Take it"), priority=True),
        Binding("escape", "leave", N_("Cancel"), priority=True),
    ]
    DEFAULT_CSS = "TypedPrompt TextArea { height: 10; }"

    def compose(self) -> ComposeResult:
        """What is asked for, and the field."""
        with Vertical():
            yield Static(Text(_("The prompt that you use today")), classes="title")
            yield Static(Text(_("It goes before each row as the system turn. ctrl+s takes it.")))
            yield TextArea(compact=True)
            yield Static("", id="problem")
        yield Keys()

    def action_take(self) -> None:
        """Return what was typed."""
        text = self.query_one(TextArea).text.strip()
        if text:
            self.dismiss(text)
        else:
            self.query_one("#problem", Static).update(Text("✗ " + _("the prompt is empty")))

    def action_leave(self) -> None:
        """Leave things as they are."""
        self.dismiss(None)


class PromptFile(AskText):
    """Asks for the file of a prompt; it is read before it is taken, which may be slow."""

    def action_take(self) -> None:
        """Take the file, or say what is wrong with it."""
        name = self.query_one(Input).value
        self._say("…")
        in_thread(
            self,
            lambda: read_prompt(_path(name)),
            lambda _prompt: self.dismiss(name),
            about=name,
            group="prompt",
            failed=lambda fault: self._say(shown("✗ " + in_a_sentence(fault))),
        )

    def _say(self, text: str) -> None:
        self.query_one("#problem", Static).update(Text(text))


def ask_for_prompt(step: Step, draft: Draft, fill: Callable[[dict[str, Any]], None]) -> None:
    """Ask where the prompt is to come from, and then for it.

    Args:
        fill: takes the plan fields that add the prompt, or take it away.
    """
    choices = [Choice("f", _("From a file")), Choice("t", _("Type it here"))]
    if draft.get("prompt_file") is not None:
        choices.append(Choice("r", _("Without it")))

    def chosen(choice: str | None) -> None:
        if choice == "f":
            step.app.push_screen(PromptFile(_("In which file is it?"), _("A UTF-8 text file.")), named)
        elif choice == "t":
            step.app.push_screen(TypedPrompt(), lambda text: _save(step, text, named))
        elif choice == "r":
            fill({"prompt_file": None})

    def named(name: str | None) -> None:
        if name is not None:
            rungs = draft.get("rungs")
            more = rungs if "prompt_file" in rungs else (*rungs, "prompt_file")
            fill({"prompt_file": _path(name), "rungs": more})

    detail = _("It is measured as an option of its own, beside the prompts that are written for you.")
    step.app.push_screen(Ask(_("The prompt that you use today"), detail, choices), chosen)


def _save(step: Step, text: str | None, saved: Callable[[str], None]) -> None:
    """Ask for a file and write what was typed into it."""
    if text is None:
        return

    def named(name: str | None) -> None:
        if name is None:
            return
        try:
            save_prompt(text, _path(name))
        except Fault as fault:
            step.fault(fault)
        else:
            saved(name)

    detail = _("The run reads it there, and so does the printed command. No file is overwritten.")
    step.app.push_screen(AskText(_("Save the prompt to which file?"), detail, "prompt.txt"), named)


def _path(name: str) -> Path:
    return Path(name.strip()).expanduser()

"""Questions and answers line by line: no colour, no cursor, nothing that a screen reader cannot read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from advisor.core_texts import told
from advisor.fault_words import lines_of_problems
from advisor.texts import N_, _
from advisor.tui.plain_text import shown
from rubrics.errors import Fault

EMPTY = "-"
"""Typed to empty a field that has a value."""
_WORDS = {"back": N_("back"), "quit": N_("quit"), "steps": N_("steps")}


class Back(Exception):
    """The question before is wanted again."""


class Leave(Exception):
    """The person wants to go, or has gone."""

    def __init__(self, *, is_gone: bool = False) -> None:
        super().__init__()
        self.is_gone = is_gone
        """Nobody is there to be asked anything more."""


class Steps(Exception):
    """The list of steps is wanted, to go to one of them."""


class Go(Exception):
    """Another step than the next one follows."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class Talk:
    """One conversation."""

    def __init__(self, answers: TextIO, voice: TextIO) -> None:
        self._answers, self.voice = answers, voice

    def say(self, *lines: str) -> None:
        """Print lines, with nothing in them that steers the terminal."""
        for line in lines or ("",):
            self.voice.write(shown(line) + "\n")
        self.voice.flush()

    def tell(self, fault: Fault) -> None:
        """Say what happened, where, and what to do."""
        what = f"{fault.where}: {told(fault.what)}" if fault.where else told(fault.what)
        problems = ("  " + line for line in lines_of_problems(fault.problems))
        self.say(_("error: {what}").format(what=what), *problems)
        if fault.fix:
            self.say(_("What to do: {fix}").format(fix=told(fault.fix)))

    def ask(
        self,
        question: str,
        *,
        now: str = "",
        help_: str = "",
        problem: Callable[[str], str] = lambda text: "",
    ) -> str:
        """Ask until the answer can be taken; an empty one keeps what is there now.

        Args:
            now: what is taken if nothing is typed.
            help_: said for `?`, after which the question is asked again.
            problem: what is wrong with an answer, translated; empty where it can be taken.

        Raises:
            Back, Leave, Steps: asked for by these words, or by the end of the input.
        """
        asked = f"{question} [{shown(now, one_line=True)}]: " if now else question + _end_of(question)
        while True:
            text = self._line(asked)
            if text == "?":
                self.say(
                    help_ or _("Type an answer; Enter alone keeps what stands in brackets."), _how_to_move()
                )
                continue
            answer = text or now
            wrong = problem(answer)
            if not wrong:
                return answer
            self.say(_("This cannot be taken: {why}").format(why=wrong))

    def choose(
        self, question: str, options: Sequence[tuple[str, str]], *, now: str = "", help_: str = ""
    ) -> str:
        """Ask for one of several; returns its key. They are numbered, and taken by number or key.

        Args:
            options: key and text; the text is translated.
            now: key of the one that Enter takes.
        """
        self.say(question)
        for number, (_key, text) in enumerate(options, start=1):
            self.say(f"  {number}. {text}")
        keys = {key: key for key, _text in options} | {
            str(number): key for number, (key, _text) in enumerate(options, start=1)
        }
        default = next((str(at) for at, (key, _text) in enumerate(options, start=1) if key == now), "")
        many = _("Type a number from 1 to {n}.").format(n=len(options))
        answer = self.ask(
            _("number"),
            now=default,
            help_=help_ or many,
            problem=lambda text: "" if text.lower() in keys else many,
        )
        return keys[answer.lower()]

    def confirm(self, question: str, *, now: bool) -> bool:
        """Ask for yes or no."""
        return self.choose(question, [("y", _("yes")), ("n", _("no"))], now="y" if now else "n") == "y"

    def _line(self, asked: str) -> str:
        interrupted = False
        while True:
            self.voice.write(asked)
            self.voice.flush()
            try:
                line = self._answers.readline()
            except KeyboardInterrupt:
                self.say()
                if interrupted:
                    raise Leave(is_gone=True) from None
                interrupted = True
                self.say(_("Press ctrl+c again to leave, or type quit."))
                continue
            if not line:
                self.say()
                raise Leave(is_gone=True)
            text = line.strip()
            _move(text.lower())
            return text


def _end_of(question: str) -> str:
    return " " if question.endswith("?") else ": "


def _move(word: str) -> None:
    for name, raised in (("back", Back), ("quit", Leave), ("steps", Steps)):
        if word in (name, _(_WORDS[name])):
            raise raised


def _how_to_move() -> str:
    return _("? explains a question, back goes to the one before, steps lists the steps, quit leaves.")


def greeting() -> str:
    """How this conversation is led."""
    return _how_to_move() + " " + _("Enter alone keeps what stands in brackets; - empties it.")


def in_turn(*questions: Callable[[], None]) -> None:
    """Ask in turn; `back` asks the one before again, and from the first leaves the step.

    Raises:
        Back: from the first question.
    """
    at = 0
    while at < len(questions):
        try:
            questions[at]()
        except Back:
            if at == 0:
                raise
            at -= 1
        else:
            at += 1

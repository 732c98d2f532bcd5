"""One field of the plan: its name in words, the place to type, and a line for what is wrong or worth saying."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from advisor.filling import text_of, value_of
from advisor.tui.plain_text import shown
from advisor.tui.said import Said

_PAST, _ECHO_SECONDS = 256, 2.0
"""How many values back, and for how long after a key, one that comes back may be an older one of the field's own."""


class Field(Vertical):
    """A field to type into; what is typed is told by `Filled`, and never changed where it means the plan's value."""

    DEFAULT_CSS = """
    Field { height: auto; }
    Field Horizontal { height: 1; }
    Field .label { width: 20; }
    Field Input { width: 1fr; }
    Field:focus-within .label { text-style: bold reverse; }
    Field Input:focus { background-tint: $foreground 15%; }
    Field .note { height: auto; padding-left: 20; display: none; color: $text-muted; }
    Field.-said .note { display: block; }
    Field.-wrong .note { color: $text-error; }
    """

    class Filled(Message):
        """A value was typed."""

        def __init__(self, field: str, value: Any) -> None:
            super().__init__()
            self.field, self.value = field, value

    def __init__(
        self,
        field: str,
        label: str,
        *,
        placeholder: str = "",
        suggester: Suggester | None = None,
        value: Any = None,
    ) -> None:
        """Make a field.

        Args:
            field: of the plan.
            label, placeholder: translated.
            value: the plan's, shown from the start.
        """
        super().__init__(id=f"field-{field}")
        self.field = field
        self._label, self._placeholder, self._suggester = label, placeholder, suggester
        self._value = text_of(value)
        self._past: deque[Any] = deque([value], maxlen=_PAST)
        """What the field has told and been shown, the newest last."""
        self._typed = -_ECHO_SECONDS

    def compose(self) -> ComposeResult:
        """Label, input, note."""
        with Horizontal():
            yield Static(Text(self._label), classes="label")
            yield Input(self._value, placeholder=self._placeholder, compact=True, suggester=self._suggester)
        yield Said(classes="note")

    @property
    def input(self) -> Input:
        """Where the person types."""
        return self.query_one(Input)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell the value."""
        event.stop()
        value = value_of(self.field, event.value)
        self._past.append(value)
        self._typed = time.monotonic()
        self.post_message(self.Filled(self.field, value))

    def show(self, value: Any) -> None:
        """Show the plan's value, unless what is typed means it, or is newer.

        While keys come in a burst the plan is told of the first as the next is there already: what comes back then is
        a value of the past, and put into the field it would take the newer keys away.
        """
        if value_of(self.field, self.input.value) == value or self._is_echo(value):
            return
        self._past.append(value)
        with self.input.prevent(Input.Changed):
            self.input.value = text_of(value)

    def _is_echo(self, value: Any) -> bool:
        return value in self._past and time.monotonic() - self._typed < _ECHO_SECONDS

    def say(self, wrong: str, note: str = "") -> None:
        """Say what is wrong with the value, else what is worth knowing of it; both translated."""
        said = f"✗ {wrong}" if wrong else note
        self.query_one(".note", Said).say(shown(said))
        self.set_class(bool(said), "-said")
        self.set_class(bool(wrong) or note.startswith("✗"), "-wrong")

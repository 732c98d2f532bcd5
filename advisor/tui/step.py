"""What every step of the walk has in common: it shows the walk's state, and says what a person wants of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Input, TextArea

from advisor.draft import Draft
from advisor.plan import Plan
from advisor.tui.dialogs import tell_fault
from advisor.tui.services import Services
from advisor.tui.state import WalkState
from rubrics.errors import Fault


class Step(VerticalScroll, can_focus=True):
    """A step's body. Subclasses compose their widgets and show a state in `show`; nothing else keeps state."""

    SCOPED_CSS: ClassVar[bool] = False
    """Of a class whose `DEFAULT_CSS` asks for the screen's, as in `.-narrow TaskStep`; not inherited by Textual."""
    HELP: ClassVar[str] = ""
    """What to do here and why, marked with `N_`; shown by the help key above the list of keys."""

    class Changed(Message):
        """Plan fields were filled in, or taken back to their default by None.

        Fields and not a whole draft, so that two changes in quick succession cannot undo one another.
        """

        def __init__(self, fields: Mapping[str, Any]) -> None:
            super().__init__()
            self.fields = fields

    class Go(Message):
        """Another step is wanted; an empty key means the next one."""

        def __init__(self, key: str = "") -> None:
            super().__init__()
            self.key = key

    class RunBegan(Message):
        """A run was started, or started again, and is to be watched."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    def __init__(self, state: WalkState) -> None:
        super().__init__()
        self.state = state

    @property
    def services(self) -> Services:
        """The core's doors."""
        from advisor.tui.app import AdvisorApp

        return cast(AdvisorApp, self.app).services

    def on_mount(self) -> None:
        """Show what is known as soon as there is something to show it with."""
        self.call_after_refresh(lambda: self.show(self.state))

    def show(self, state: WalkState) -> None:
        """Show a state: called with each new one while the step is on the screen, ten times a second at most.

        Cheap where nothing changed, since it is called for every change of anything.
        """
        self.state = state

    def change(self, **fields: Any) -> None:
        """Fill plan fields; None takes one back to its default."""
        self.post_message(self.Changed(fields))

    def fill(self, draft: Draft) -> None:
        """Put another draft in place of this one."""
        self.change(**{name: draft.values.get(name) for name in Plan.model_fields})

    def advance(self) -> None:
        """Go to the next step."""
        self.post_message(self.Go())

    def go(self, key: str) -> None:
        """Go to the step of that key."""
        self.post_message(self.Go(key))

    def began(self, path: Path) -> None:
        """Let the walk watch this run from now on."""
        self.post_message(self.RunBegan(path))

    def fault(self, fault: Fault) -> None:
        """Say what happened, where, and what to do."""
        tell_fault(self.app, fault)

    def take_focus(self) -> None:
        """Put the focus where keys do what they say: on the first thing that takes it and is no text field.

        A text field would swallow the letters of a person who goes through the steps by key; tab leads there.
        """
        for widget in self.query("*"):
            if widget.focusable and not isinstance(widget, Input | TextArea):
                widget.focus(scroll_visible=False)
                return
        self.focus(scroll_visible=False)

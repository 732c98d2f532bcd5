"""Help of a screen: what it is for, and every key that works on it now."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from advisor.texts import N_
from advisor.tui.dialogs import Dialog
from advisor.tui.footer import Keys

_NAME = "help"


class HelpScreen(Dialog[None]):
    """A screen's help; escape leaves it.

    There is one for all screens and every opening: made anew each time it would take twice as long to come.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,question_mark,f1", "leave", N_("Close"))]
    DEFAULT_CSS = """
    HelpScreen { background: $background; }
    HelpScreen VerticalScroll { max-height: 70vh; }
    """
    # Nothing shines through: the screen below would be laid out and drawn for it, which takes longer than the help.

    def __init__(self) -> None:
        super().__init__()
        self._heading, self._body = Static(classes="title"), Static()
        self.keys: list[tuple[str, str]] = []

    def tell(self, title: str, text: str, keys: list[tuple[str, str]]) -> None:
        """Put a screen's help into it, from its beginning."""
        self.keys = keys
        # One text and no table of Rich: measuring and drawing that takes as long as all the rest.
        body = Text(text + "\n")
        widest = max((cell_len(key) for key, _what in keys), default=0)
        for key, what in keys:
            body.append("\n").append(set_cell_size(key, widest), "bold").append(f"  {what}")
        self._heading.update(Text(title))
        self._body.update(body)
        for scroll in self.query(VerticalScroll):
            scroll.scroll_home(animate=False)

    def compose(self) -> ComposeResult:
        """Title, text and keys."""
        with Vertical():
            yield self._heading
            with VerticalScroll():
                yield self._body
        yield Keys()

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)


def show_help(screen: Screen[Any], title: str, text: str) -> None:
    """Open the help of a screen: what it is for, and its keys."""
    app = screen.app
    if not app.is_screen_installed(_NAME):
        app.install_screen(HelpScreen(), _NAME)
    help_screen = app.get_screen(_NAME, HelpScreen)
    help_screen.tell(title, text, keys_of(screen))
    app.push_screen(help_screen)


_MOVES = ("scroll_", "cursor_", "page_", "first", "last", "press", "focus_", "copy_text")
"""Beginnings of Textual's own actions for moving about, which are the same in every program."""


def is_worth_telling(binding: Binding) -> bool:
    """Whether a key does something of this program, and says what."""
    action = binding.action.removeprefix("app.").removeprefix("screen.")
    return bool(binding.description) and not action.startswith(_MOVES)


def keys_of(screen: Screen[Any]) -> list[tuple[str, str]]:
    """The keys that work now and do something of this program, each with what it does, those of the focused first."""
    found: dict[str, str] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if active.enabled and is_worth_telling(binding):
            key = screen.app.get_key_display(binding)
            found[binding.description] = (
                f"{found[binding.description]} {key}" if binding.description in found else key
            )
    return [(keys, what) for what, keys in found.items()]

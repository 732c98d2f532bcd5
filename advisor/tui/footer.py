"""The keys at the foot of a screen: its own, and those that are the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from advisor.texts import N_, _

_FRAME = {"previous", "next", "app.runs", "help", "app.leave"}
"""Actions of the frame: how a person goes on, back, to the runs, to the help and out."""
_PAIRS = {"chart": N_("Charts"), "zoom": N_("Zoom"), "pan": N_("Earlier, later")}
"""Actions that two keys do either way, which share a place."""
_MOST_LINES = 2
"""Of a screen's own keys: on the least terminal the rest is for what the screen shows."""


class Keys(Footer):
    """Textual's footer in two parts: a screen's own keys, and those of the frame, which are never cut off.

    They share a line where there is room for both; else the frame's have one, and the screen's own one or two.
    """

    DEFAULT_CSS = """
    Keys > Horizontal { height: 1; width: 1fr; }
    Keys > #frame { width: auto; }
    Keys.-lines { height: auto; layout: vertical; }
    Keys.-lines > Horizontal, Keys.-lines > #frame { width: 100%; }
    """

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._told: list[tuple[str, str, bool]] = []
        """Key, description, and whether it works now, of each that is in the footer."""
        self._width = 0
        """Cells that the lines were made for."""

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Make the footer anew where it would be another one.

        Textual asks after every change of the focus and return to the screen, and making ten widgets is felt.
        """
        told = [
            (active.binding.key, active.binding.description, active.enabled)
            for active in screen.active_bindings.values()
            if active.binding.show
        ]
        if told != self._told:
            super().bindings_changed(screen)
            # Textual makes none while the terminal is not looked at, and asks again afterwards.
            self._told = told if screen.app.app_focus else []

    def compose(self) -> ComposeResult:
        """The keys of the screen, then those of the frame."""
        keys = [part for part in super().compose() if isinstance(part, FooterKey)]
        frame = [key for key in keys if key.action in _FRAME]
        own = _paired([key for key in keys if key.action not in _FRAME])
        self._width = self.app.size.width
        fits = sum(_cells(key) for key in (*own, *frame)) <= self._width
        self.set_class(not fits, "-lines")
        for line in [own] if fits else _lines(own, self._width):
            yield Horizontal(*line, classes="own")
        yield Horizontal(*frame, id="frame")

    def on_resize(self) -> None:
        """Another width has room for other lines."""
        if self._width and self.app.size.width != self._width:
            self.refresh(recompose=True)


def _paired(keys: Sequence[FooterKey]) -> list[FooterKey]:
    """The keys, those that do one thing either way as one."""
    found: dict[str, FooterKey] = {}
    for key in keys:
        name = key.action.partition("(")[0]
        first = found.setdefault(name if name in _PAIRS else key.action, key)
        if first is not key:
            first.key_display = f"{first.key_display} {key.key_display}"
            first.description = _(_PAIRS[name])
    return list(found.values())


def _lines(keys: Sequence[FooterKey], width: int) -> list[list[FooterKey]]:
    """The keys in as many lines as they need and may have; what is over is cut off at the end of the last."""
    lines: list[list[FooterKey]] = [[]]
    room = width
    for key in keys:
        if _cells(key) > room and lines[-1] and len(lines) < _MOST_LINES:
            lines.append([])
            room = width
        lines[-1].append(key)
        room -= _cells(key)
    return lines


def _cells(key: FooterKey) -> int:
    """Of a key, its description and the spaces around them."""
    return cell_len(key.key_display) + cell_len(key.description) + 2

"""The application: its screens, the keys that work everywhere, and how it is left."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Timer
from typing import ClassVar, TextIO, cast

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.screen import Screen

from advisor.draft import Draft
from advisor.run_names import has_runs
from advisor.texts import N_, _
from advisor.tui.dialogs import Ask, Choice
from advisor.tui.help import is_worth_telling
from advisor.tui.services import Services
from advisor.tui.steps import STEPS
from advisor.tui.stopping import ask_to_stop
from advisor.tui.walk import WalkScreen

_TERMINATED, _HUNG_UP = 143, 129
"""Exit codes: 128 and the number of the signal."""
_LAST_SECONDS = 3.0
"""For leaving in order once the terminal has gone."""
_LOOK_SECONDS = 2.0
"""Between two looks whether the terminal is still there."""
_LOOKS, _ANSI_LOOKS = ("textual-dark", "textual-light"), ("ansi-dark", "ansi-light")
_SETTLED_SECONDS = 0.5
"""Until the first screen is there; timers wait while it is being made."""


class AdvisorApp(App[str]):
    """The wizard. Its result is a line to print once the terminal is as it was; empty for none."""

    TITLE = "advisor"
    ENABLE_COMMAND_PALETTE = True
    CSS_PATH = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "app.leave", N_("Quit"), priority=True),
        Binding("ctrl+c", "interrupt", N_("Stop"), priority=True, show=False),
        Binding("ctrl+t", "toggle_light", N_("Light or dark"), show=False),
        Binding("ctrl+p", "command_palette", N_("Commands"), priority=True, show=False),
    ]
    DEFAULT_CSS = """
    * { scrollbar-size-vertical: 1; }
    Input { height: 1; border: none; }
    CommandPalette CommandInput { height: 3; }
    """

    def __init__(
        self,
        services: Services | None = None,
        *,
        draft: Draft | None = None,
        run: Path | None = None,
        step: str = "",
        ansi: bool = False,
        then: Callable[[], object] | None = None,
    ) -> None:
        """Make the application.

        Args:
            draft, run, step: see `WalkScreen`; without any the first screen is the list of runs, or a new walk
                where there are none.
            ansi: the terminal has 16 colours: use those, as the person has set them.
            then: done once, when the first screen is there.
        """
        super().__init__()
        self.services = services or Services()
        self._first = (draft, run, step)
        self._then = then
        self._interrupted = False
        if ansi:
            self.theme = _ANSI_LOOKS[0]

    def on_mount(self) -> None:
        """Show the first screen; leave in order when the terminal or a person asks from outside."""
        loop = asyncio.get_running_loop()
        leave = partial(self.exit, return_code=_TERMINATED)
        for number, answer in ((signal.SIGTERM, leave), (signal.SIGHUP, self._leave_a_lost_terminal)):
            # Without a main thread (in some tests) signals belong to somebody else.
            with suppress(RuntimeError, ValueError, NotImplementedError):
                loop.add_signal_handler(number, answer)
        if not self.is_headless:
            self.set_interval(_LOOK_SECONDS, self._look_for_the_terminal)
        draft, run, step = self._first
        if draft is None and run is None and not step and has_runs(self.services.runs):
            self._show_runs()
        else:
            self.push_screen(WalkScreen(draft, run=run, step=step))
        if self._then is not None:
            self.set_timer(_SETTLED_SECONDS, self._then)

    @property
    def crash(self) -> Exception | None:
        """What nobody caught, and ended the application."""
        return self._exception

    def _fatal_error(self) -> None:
        # Textual would print a traceback with the values of every variable, rows of the person's data among them.
        self.bell()
        self._close_messages_no_wait()

    def _look_for_the_terminal(self) -> None:
        # The signal reaches only a program in the foreground of its terminal, and none that was told to ignore it.
        if is_hung_up(sys.__stdin__):
            self._leave_a_lost_terminal()

    def _leave_a_lost_terminal(self) -> None:
        self.exit(return_code=_HUNG_UP)
        # Textual waits for what it has still to write, for ever where its writer has died of the lost terminal.
        end = Timer(_LAST_SECONDS, os._exit, [_HUNG_UP])
        end.daemon = True
        end.start()

    def action_runs(self) -> None:
        """From a walk to the list of runs; asks only where answers would be lost."""
        if isinstance(self.screen, WalkScreen):
            self.screen.unless_lost(self._show_runs)

    def _show_runs(self) -> None:
        from advisor.tui.home import HomeScreen

        if isinstance(self.screen, WalkScreen):
            self.switch_screen(HomeScreen())
        else:
            self.push_screen(HomeScreen())

    def action_leave(self) -> None:
        """Quit; asks only where something would be lost."""
        screen = self._walk_screen()
        if screen is None:
            self.exit()
        elif not screen.is_unsaved:
            self.leave_walk(screen)
        elif not isinstance(self.screen, Ask):
            # Over a dialog too: answers are lost with it all the same. A question that is open is answered first.
            screen.unless_lost(partial(self.leave_walk, screen))

    async def action_quit(self) -> None:
        """Textual's own way out is this program's."""
        self.action_leave()

    def leave_walk(self, screen: WalkScreen) -> None:
        """Quit from a walk; where its run goes on, say how it is watched again."""
        state = screen.walk_state
        if state.run is not None and state.run.is_live and state.run_path is not None:
            self.leave_running(state.run_path)
        else:
            self.exit()

    def action_interrupt(self) -> None:
        """Ctrl-C: ask whether to stop the run or leave it running; pressed again it stops."""
        screen = self._walk_screen()
        run = screen.walk_state.run if screen is not None else None
        path = screen.walk_state.run_path if screen is not None else None
        if run is None or path is None or not run.is_live:
            self.action_leave()
            return
        if self._interrupted:
            self._stop(path)
            return
        self._interrupted = True

        def answered(choice: str | None) -> None:
            self._interrupted = False
            if choice == "l":
                self.leave_running(path)
            elif choice == "s":
                self._stop(path)

        self.push_screen(
            Ask(
                _("The run goes on. Leave it running?"),
                _("Stopping saves everything that is done; ctrl+c again stops it."),
                [
                    Choice("l", _("Leave it running")),
                    Choice("s", _("Stop it")),
                    Choice("c", _("Stay here")),
                ],
            ),
            answered,
        )

    def _stop(self, path: Path) -> None:
        self._interrupted = False
        if isinstance(self.screen, Ask):
            self.pop_screen()
        ask_to_stop(self, path)
        self.notify(_("The run saves its work and stops."))

    def leave_running(self, path: Path) -> None:
        """Quit, and say how the run is watched again."""
        self.exit(_("The run goes on. Watch it again: advisor attach {path}").format(path=path))

    def action_toggle_light(self) -> None:
        """The other of the light and the dark look."""
        dark, light = _ANSI_LOOKS if self.current_theme.ansi else _LOOKS
        self.theme = light if self.current_theme.dark else dark

    def action_command_palette(self) -> None:
        """Every key's action by name."""
        if not CommandPalette.is_open(cast(App[object], self)):
            self.push_screen(CommandPalette(placeholder=_("Search for a command …"), id="--command-palette"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every key that has a description, and nothing else: Textual's own commands know no Korean and ask nothing."""
        told = set()
        for active in screen.active_bindings.values():
            binding = active.binding
            name = _command(binding)
            is_wanted = active.enabled and is_worth_telling(binding)
            if is_wanted and name not in told and binding.action != "command_palette":
                told.add(name)
                yield SystemCommand(
                    name,
                    self.get_key_display(binding),
                    partial(self.run_action, binding.action, active.node),
                )

    def _walk_screen(self) -> WalkScreen | None:
        return next((screen for screen in self.screen_stack if isinstance(screen, WalkScreen)), None)


def is_hung_up(terminal: TextIO | None) -> bool:
    """Whether the other side of a terminal is gone, and nothing will ever be typed again."""
    if terminal is None:
        return True
    asked = select.poll()
    asked.register(terminal.fileno(), 0)
    return any(event & select.POLLHUP for _descriptor, event in asked.poll(0))


def _command(binding: Binding) -> str:
    """What a key is called in the palette: the nine that lead to the steps say where each of them leads."""
    if binding.action.startswith("step("):
        return f"{binding.description}: {_(STEPS[int(binding.key) - 1].title)}"
    return binding.description

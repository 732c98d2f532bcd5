"""The walk: a rail of steps, the step on the screen, and the one state that all of them show."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.events import DescendantBlur
from textual.widgets import ContentSwitcher, Input, TextArea
from textual.worker import get_current_worker

from advisor.amendable import AMENDABLE
from advisor.draft import Draft
from advisor.texts import N_, _
from advisor.tui.dialogs import Ask, Choice, tell_fault
from advisor.tui.footer import Keys
from advisor.tui.heading import heading
from advisor.tui.help import show_help
from advisor.tui.rail import Rail
from advisor.tui.services import Services
from advisor.tui.state import WalkState, progress_of
from advisor.tui.step import Step
from advisor.tui.steps import STEPS
from advisor.tui.translated import TranslatedScreen
from advisor.tui.words import Words
from advisor.tui.work import guarded
from rubrics.errors import Fault

if TYPE_CHECKING:
    from advisor.watching import RunState

NARROW = 100
"""Columns below which the rail is one line."""
_REPAINT_SECONDS = 0.1
_IDLE_SECONDS = 1.0
"""Between two looks at a run that nobody works on."""
_ALWAYS_AMENDABLE = {*AMENDABLE, "overruled"}


class WalkScreen(TranslatedScreen[None]):
    """A person's way from a task to a measured answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "next", N_("Next")),
        Binding("ctrl+b", "previous", N_("Back")),
        Binding("ctrl+o", "app.runs", N_("Runs")),
        Binding("question_mark,f1", "help", N_("Help")),
        Binding("escape", "leave_field", N_("Leave the field"), show=False),
        *(Binding(str(n), f"step({n})", N_("Go to a step"), show=False) for n in range(1, 10)),
    ]
    DEFAULT_CSS = """
    WalkScreen #heading { height: 1; text-style: bold; background: $primary-darken-3; color: $text; }
    WalkScreen #walk { height: 1fr; layout: horizontal; }
    WalkScreen.-narrow #walk { layout: vertical; }
    WalkScreen.-narrow Rail { width: 100%; height: 1; border: none; padding: 0; }
    WalkScreen.-narrow RailEntry { display: none; }
    WalkScreen.-narrow #rail-line { display: block; }
    WalkScreen #why { height: auto; max-height: 2; color: $text-muted; text-style: italic; padding: 0 1; }
    WalkScreen #body { height: 1fr; width: 1fr; }
    WalkScreen ContentSwitcher { height: 1fr; }
    WalkScreen Step { height: 1fr; padding: 0 1; }
    """

    def __init__(self, draft: Draft | None = None, *, run: Path | None = None, step: str = "") -> None:
        """Begin a walk.

        Args:
            draft: answers to begin with.
            run: a run directory to be watched.
            step: key of the step shown first; empty for the first one that is open, of a run the one it is at.

        Raises:
            Fault: there is no such run.
        """
        super().__init__()
        self._walk = WalkState(draft=draft or Draft())
        self.saved = self._walk.draft
        """The answers that nothing would be lost of: those it began with, of a file or of a run."""
        self._here = step or STEPS[0].key
        self._steps: dict[str, Step] = {}
        self._follows = not step and run is not None
        self._held: Draft | None = None
        """Answers that cannot be taken into the run, until the person has finished writing them."""
        self._wake = threading.Event()
        if run is not None:
            self._take_run(run)

    @property
    def services(self) -> Services:
        """The core's doors."""
        from advisor.tui.app import AdvisorApp

        return cast(AdvisorApp, self.app).services

    @property
    def walk_state(self) -> WalkState:
        """Where the walk stands."""
        return self._walk

    @property
    def here(self) -> str:
        """Key of the step on the screen."""
        return self._here

    @property
    def step(self) -> Step | None:
        """The step on the screen."""
        found = self._steps.get(self._here)
        return found if found is not None and found.is_mounted else None

    def compose(self) -> ComposeResult:
        """Heading, rail, the reason why the step is asked, its body."""
        yield Words(id="heading")
        with Container(id="walk"):
            yield Rail()
            with Vertical(id="body"):
                yield Words(id="why")
                yield ContentSwitcher()
        yield Keys()

    def on_mount(self) -> None:
        """Show the first step, of a run once it is known, and watch the run."""
        self.set_class(self.app.size.width < NARROW, "-narrow")
        if self._follows:
            # Which step a run is at is told by its log, and a long one takes a second or two to read.
            self.query_one("#why", Words).say(Text(_("Reading what the run has said so far …")))
            self._paint_frame()
        else:
            self._show_step(self._here)
        self._follow()

    def on_unmount(self) -> None:
        """Do not keep the program waiting for the next look at the run."""
        self._wake.set()

    def on_resize(self) -> None:
        """One line of steps where there is no room for a column."""
        self.set_class(self.app.size.width < NARROW, "-narrow")

    # Steps -----------------------------------------------------------------------------------------------------

    def _show_step(self, key: str) -> None:
        self._here, self._follows = key, False
        self.set_focus(None)  # what is typed before the step is there is for the walk
        entry = next(entry for entry in STEPS if entry.key == key)
        self.query_one("#why", Words).say(Text(_(entry.why)))
        if key not in self._steps:
            self._steps[key] = entry.load()(self._walk)
            self.call_later(self._add, key)
        elif self._steps[key].is_mounted:
            self._bring_forward()
        self._paint_frame()

    async def _add(self, key: str) -> None:
        await self.query_one(ContentSwitcher).add_content(self._steps[key], id=f"step-{key}")
        if key == self._here:
            self._bring_forward()

    def _bring_forward(self) -> None:
        step = self._steps[self._here]
        self.query_one(ContentSwitcher).current = step.id
        self._show()
        if self.app.screen is self:
            step.take_focus()

    def _show(self) -> None:
        """Let the step on the screen show the state, and the frame its part of it."""
        step = self.step
        # What is being written stays in its field, also where it is not taken yet.
        state = self._walk if self._held is None else replace(self._walk, draft=self._held)
        if step is not None and step.is_mounted and step.state != state:
            step.show(state)
        self._paint_frame()

    def _paint_frame(self) -> None:
        # A state of the run may arrive while the screen is being made or taken down.
        if not self.query("#rail-line"):
            return
        state = self._walk
        self.query_one(Rail).paint({entry.key: progress_of(entry.key, state) for entry in STEPS}, self._here)
        self.query_one("#heading", Words).say(heading(state, self.app.size.width))

    def action_next(self) -> None:
        """The next step."""
        self._move(1)

    def action_previous(self) -> None:
        """The step before."""
        self._move(-1)

    def _move(self, by: int) -> None:
        keys = [entry.key for entry in STEPS]
        self._show_step(keys[max(0, min(len(keys) - 1, keys.index(self._here) + by))])

    def action_step(self, number: int) -> None:
        """The step of that number, from 1."""
        if number <= len(STEPS):
            self._show_step(STEPS[number - 1].key)

    def on_rail_chosen(self, message: Rail.Chosen) -> None:
        """That step."""
        self._show_step(message.key)

    def on_step_go(self, message: Step.Go) -> None:
        """The step asks for another one."""
        if message.key:
            self._show_step(message.key)
        else:
            self._move(1)

    def action_leave_field(self) -> None:
        """Give the keys back to the step."""
        if self.step is not None:
            self.step.focus()

    def action_help(self) -> None:
        """What this step is for, and its keys."""
        step, entry = self.step, next(entry for entry in STEPS if entry.key == self._here)
        text = _(step.HELP) if step is not None else ""
        show_help(self, _(entry.title), text)

    # The draft ---------------------------------------------------------------------------------------------------

    def on_step_changed(self, message: Step.Changed) -> None:
        """Plan fields were filled in: of a run that has begun only what may still change."""
        draft = self._walk.draft if self._held is None else self._held
        wanted, self._held = replace(self._walk, draft=draft.changed(**message.fields)), None
        if wanted == self._walk:
            return
        if all(name in _ALWAYS_AMENDABLE for name in wanted.changes()):
            self._set(wanted)
            return
        self._held = wanted.draft
        if not isinstance(self.focused, Input | TextArea):
            self._ask_for_new_walk()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """What was written is finished: a question in the middle of a word would take its next letters for answers."""
        if self._held is not None:
            self.call_after_refresh(self._ask_for_new_walk)

    def _ask_for_new_walk(self) -> None:
        draft, self._held = self._held, None
        if draft is None or not self.is_attached:
            return

        def answered(choice: str | None) -> None:
            if choice == "y":
                self.workers.cancel_group(self, "follow")
                self._set(WalkState(draft=draft))
            elif self.step is not None:
                self.step.show(self._walk)

        self.app.push_screen(
            Ask(
                _("Start anew with this answer?"),
                _(
                    "What a result is measured by cannot change once a run has begun. "
                    "The run stays as it is; your other answers are taken along."
                ),
                [Choice("n", _("No, keep the run")), Choice("y", _("Yes, start anew"))],
            ),
            answered,
        )

    @property
    def is_unsaved(self) -> bool:
        """Whether leaving would lose answers."""
        begun = self._walk.begun_with
        if self._held is not None:
            return True
        return self._walk.draft != (self.saved if begun is None else begun)

    def unless_lost(self, leave: Callable[[], Any]) -> None:
        """Do it, after asking where answers would be lost."""
        if not self.is_unsaved:
            leave()
            return

        def answered(choice: str | None) -> None:
            if choice == "s":
                self._save(leave)
            elif choice == "d":
                leave()

        choices = [Choice("c", _("Stay")), Choice("d", _("Leave without them"), danger=True)]
        if self._walk.begun_with is None:
            choices.insert(1, Choice("s", _("Save them to a file")))
        self.app.push_screen(Ask(_("Your answers are not saved."), "", choices), answered)

    def _save(self, then: Callable[[], Any]) -> None:
        from advisor.planning import write_plan
        from advisor.tui.dialogs import AskText

        def answered(name: str | None) -> None:
            if name is None:
                return
            try:
                write_plan(self._walk.draft.plan(), Path(name).expanduser())
            except Fault as fault:
                tell_fault(self.app, fault)
                return
            self.saved = self._walk.draft
            then()

        self.app.push_screen(
            AskText(
                _("Save the answers to which file?"),
                _("`advisor run --config FILE` carries them out; the list of runs can open them again."),
                "advisor.toml",
            ),
            answered,
        )

    # The run -----------------------------------------------------------------------------------------------------

    def on_step_run_began(self, message: Step.RunBegan) -> None:
        """Watch the run that a step has started."""
        try:
            self._take_run(message.path)
        except Fault as fault:
            tell_fault(self.app, fault)
            return
        self._show()
        self._follow()

    def _take_run(self, path: Path) -> None:
        from advisor.run_directory import open_run

        run = open_run(path)
        draft = Draft.of(run.plan())
        kept = self._walk.run if self._walk.run_path == run.path else None
        self._walk = WalkState(draft=draft, run=kept, run_path=run.path, begun_with=draft)

    def _follow(self) -> None:
        if self._walk.run_path is not None:
            path = self._walk.run_path
            self.run_worker(lambda: self._look(path), thread=True, exclusive=True, group="follow")

    def _look(self, path: Path) -> None:
        """In a thread: read what the run says, until another run or the end."""
        worker = get_current_worker()
        watch, last = self.services.watch(path), None
        unreadable = ""
        while not (worker.is_cancelled or self._wake.is_set()):
            pause = _IDLE_SECONDS
            try:
                with guarded(path):
                    state = watch.poll()
            except Fault as fault:
                # A disk may be away for a moment, so it is looked for again; told is each fault once.
                if str(fault) != unreadable:
                    unreadable = str(fault)
                    self.app.call_from_thread(self._cannot_read, path, fault)
            else:
                if (state != last or unreadable) and not worker.is_cancelled:
                    last, unreadable = state, ""
                    self.app.call_from_thread(self._saw, path, state)
                if state.is_live or state.life == "starting":
                    pause = _REPAINT_SECONDS
            self._wake.wait(pause)

    def _cannot_read(self, path: Path, fault: Fault) -> None:
        if path != self._walk.run_path:
            return
        if self._follows:
            self._show_step(self._here)
        self._set(replace(self._walk, is_unreadable=True))
        tell_fault(self.app, fault)

    def _saw(self, path: Path, run: RunState) -> None:
        if path != self._walk.run_path:
            return
        self._set(replace(self._walk, run=run, is_unreadable=False))
        if self._follows:
            self._show_step(_step_of(run))

    def _set(self, state: WalkState) -> None:
        self._walk = state
        self._show()


def _step_of(run: RunState) -> str:
    """Where a person who opens a run wants to be."""
    known = {entry.key for entry in STEPS}
    if run.artefacts.get("comparison"):
        wanted = "results"
    elif run.training.status:
        wanted = "training"
    elif run.artefacts.get("verdict"):
        wanted = "verdict"
    else:
        wanted = "options"
    return wanted if wanted in known else STEPS[0].key

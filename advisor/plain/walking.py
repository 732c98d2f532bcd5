"""Where a conversation stands: the walk's state, how it changes, and the run that is followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from advisor.amendable import AMENDABLE
from advisor.attaching import follow
from advisor.display import Lines
from advisor.draft import Draft
from advisor.filling import wrong_in
from advisor.plain.narrating import described, progressed
from advisor.plain.talk import Leave, Talk
from advisor.plan import Plan
from advisor.previews import Preview
from advisor.run_directory import open_run
from advisor.texts import N_, _
from advisor.tui.services import Services
from advisor.tui.state import WalkState
from advisor.watching import RunState
from rubrics.errors import Fault
from trainer.events import Event

LIFE_WORDS: Mapping[str, str] = {
    "starting": N_("not begun yet"),
    "running": N_("running"),
    "stopping": N_("stopping"),
    "paused": N_("paused before training"),
    "finished": N_("finished"),
    "stopped": N_("stopped; what is done is kept"),
    "failed": N_("failed; what is done is kept"),
    "died": N_("ended without a word; what is done is kept"),
}


class Walk:
    """A walk in a conversation."""

    def __init__(self, talk: Talk, services: Services, draft: Draft, run: Path | None = None) -> None:
        """Begin.

        Raises:
            Fault: there is no such run.
        """
        self.talk, self.services = talk, services
        self.state = WalkState(draft=draft)
        self.saved = draft
        self.previewed: dict[Path, tuple[int, Preview]] = {}
        """Data files that were looked at, with the time of their last change."""
        if run is not None:
            self.take_run(run)

    @property
    def draft(self) -> Draft:
        """What is filled in."""
        return self.state.draft

    @property
    def run(self) -> RunState | None:
        """The run as it was last looked at."""
        return self.state.run

    @property
    def is_unsaved(self) -> bool:
        """Whether leaving would lose answers."""
        begun = self.state.begun_with
        return self.draft != (self.saved if begun is None else begun)

    def change(self, **fields: Any) -> None:
        """Fill plan fields; of a run that has begun what is measured by is asked about first."""
        wanted = replace(self.state, draft=self.draft.changed(**fields))
        fixed = [name for name in wanted.changes() if name not in (*AMENDABLE, "overruled")]
        if not fixed:
            self.state = wanted
            return
        self.talk.say(
            _(
                "What a result is measured by cannot change once a run has begun. "
                "The run stays as it is; your other answers are taken along."
            )
        )
        if self.talk.confirm(_("Start anew with this answer?"), now=False):
            self.state = WalkState(draft=wanted.draft)

    def problem(self, field: str, value: Any) -> str:
        """What would be wrong with a value of a plan field, translated; empty where nothing would."""
        return wrong_in(self.draft.changed(**{field: value}), field)

    def take_run(self, path: Path) -> None:
        """Look at this run from now on.

        Raises:
            Fault: there is no such run.
        """
        run = open_run(path)
        draft = Draft.of(run.plan())
        self.state = WalkState(draft=draft, run_path=run.path, begun_with=draft)
        self.look()

    def look(self) -> RunState | None:
        """Look at the run once."""
        if self.state.run_path is not None:
            self.state = replace(self.state, run=self.services.watch(self.state.run_path).poll())
        return self.run

    def launch(self, *, until: str = "") -> None:
        """Start the run of the draft, or go on with the one there is, with what was changed since.

        Raises:
            Fault: it cannot be run.
        """
        path = self.state.run_path
        if path is None:
            plan: Plan = self.draft.plan()
            begun = self.services.launch(plan, None, until=until)
        else:
            changes, because = self.state.amendment()
            begun = self.services.relaunch(path, changes, because=because, until=until)
        self.take_run(begun.path)
        self.talk.say(_("run directory: {path}").format(path=begun.path))

    def watch(self) -> RunState:
        """Tell what the run does until it ends; ctrl+c asks what to do.

        Raises:
            Leave: the person leaves it running.
        """
        path = self.state.run_path
        assert path is not None
        self.talk.say(
            _("What the run does is told line by line. Press ctrl+c to stop it or to leave it running.")
        )
        listener = _Onward(Lines(self.talk.voice, described, progressed))
        while True:
            try:
                state = follow(path, listener)
                break
            except KeyboardInterrupt:
                self._interrupted(path)
        self.look()
        self.tell_life(state)
        return state

    def _interrupted(self, path: Path) -> None:
        self.talk.say()
        options = [
            ("w", _("go on watching")),
            ("l", _("leave it running, and leave this program")),
            ("s", _("stop it; it saves what is done")),
        ]
        chosen = self.talk.choose(_("The run goes on. What now?"), options, now="w")
        if chosen == "s":
            self.services.ask_to_stop(path)
            self.talk.say(_("The run saves its work and stops."))
        elif chosen == "l":
            raise Leave(is_gone=True)

    def tell_life(self, state: RunState) -> None:
        """How the run was left, and why where it failed."""
        self.talk.say(_("The run is {state}.").format(state=_(LIFE_WORDS[state.life])))
        if state.fault is not None:
            self.talk.tell(state.fault.as_fault())
        elif state.life == "died":
            self.talk.say(*("  " + line for line in state.log[-5:]))

    def need(self, artefact: str, step: str) -> Any:
        """An artefact of the run.

        Raises:
            Fault: there is none yet; says which step makes it.
        """
        self.look()
        found = self.state.artefact(artefact)
        if found is None:
            raise Fault(
                _("there is nothing to show here yet"),
                fix=_("The step {step} makes it.").format(step=step),
            )
        return found


class _Onward:
    """Passes on each event once, also where the run is followed anew."""

    def __init__(self, display: Lines) -> None:
        self._display = display
        self._heard_until = 0.0

    def __call__(self, event: Event) -> None:
        """Take one event; older ones than the last were heard."""
        if event.time > self._heard_until:
            self._display(event)
            self._heard_until = event.time

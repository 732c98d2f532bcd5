"""What the walk's screen shows: one immutable state, replaced whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from advisor.draft import Draft
from advisor.plan import Plan

if TYPE_CHECKING:
    from advisor.watching import RunState

Progress = Literal["open", "working", "done", "later"]
"""Of a step: to be done, being worked on by a process, done, or not possible yet."""


@dataclass(frozen=True)
class WalkState:
    """Where a walk stands.

    Attributes:
        draft: what is filled in; of a run that has begun, its plan with the changes that are wanted.
        run: the run as it is watched; None before one was started.
        run_path: its directory.
        begun_with: the plan of the run as it lies on disk, as a draft.
        is_unreadable: the run could not be read when it was last looked at; `run` is older.
    """

    draft: Draft = field(default_factory=Draft)
    run: RunState | None = None
    run_path: Path | None = None
    begun_with: Draft | None = None
    is_unreadable: bool = False

    def changes(self) -> dict[str, Any]:
        """The plan fields whose value in the draft is not that of the run; None where the default is wanted."""
        if self.begun_with is None:
            return {}
        return {
            name: self.draft.values.get(name)
            for name in Plan.model_fields
            if self.draft.get(name) != self.begun_with.get(name)
        }

    def amendment(self) -> tuple[dict[str, Any], str]:
        """The changes that the draft asks for, and the reason for which the verdict is overruled; as `amending.propose`."""
        changes = self.changes()
        changes.pop("overruled", None)
        return changes, str(self.draft.get("overruled")) if changes else ""

    def artefact(self, name: str) -> Any:
        """An artefact of the run, parsed; None where there is none yet."""
        return self.run.artefacts.get(name) if self.run is not None else None


def progress_of(key: str, state: WalkState) -> Progress:
    """How far a step of the walk is."""
    if key == "task":
        return "done" if any(state.draft.get(name) for name in ("data", "train")) else "open"
    if key == "suitability":
        return "done" if state.draft.get("answers") else "open"
    if key == "data":
        return "done" if state.run_path is not None else "open"
    return _progress_of_run(key, state)


def _progress_of_run(key: str, state: WalkState) -> Progress:
    made = {"options": "baselines", "verdict": "verdict", "plan": "forecast", "results": "comparison"}
    run = state.run
    if run is None:
        return "open" if key == "options" else "later"
    if key == "training":
        if run.training.status == "running":
            # A trainer that was killed, or had no room to say that it ended, stays "running" in its events.
            return "working" if run.is_live else "open"
        return "done" if run.training.status == "done" else "later"
    if key == "ship":
        return "open" if run.artefacts.get("verdict") else "later"
    if run.artefacts.get(made[key]):
        return "done"
    stages = {"options": ("measure", "budget", "baseline"), "results": ("evaluate", "compare")}
    working = any(run.stage(name).status == "running" for name in stages.get(key, ()))
    return "working" if working and run.is_live else "later"

"""Going on with the run on the screen, with the changes that the draft asks for, in a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from advisor.tui.state import WalkState
from advisor.tui.step import Step
from advisor.tui.work import in_thread
from rubrics.errors import Fault


def amendment_of(state: WalkState) -> tuple[dict[str, Any], str]:
    """The changes that the draft asks for, and the reason for which the verdict is overruled; as `amending.propose`."""
    changes = state.changes()
    changes.pop("overruled", None)
    return changes, str(state.draft.get("overruled")) if changes else ""


def go_on(step: Step, ended: Callable[[bool], None], *, until: str = "") -> None:
    """Start the run again and let the walk watch it; a fault is shown.

    Args:
        until: see `advisor.launching.relaunch`.
        ended: called on the screen's side once the run has been started (true) or was refused.
    """
    path = step.state.run_path
    assert path is not None
    changes, because = amendment_of(step.state)

    def refused(fault: Fault) -> None:
        ended(False)
        step.fault(fault)

    def started(_begun: object) -> None:
        step.began(path)
        ended(True)

    in_thread(
        step,
        lambda: step.services.relaunch(path, changes, because=because, until=until),
        started,
        about=path,
        group="relaunch",
        failed=refused,
    )

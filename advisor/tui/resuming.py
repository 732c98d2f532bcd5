"""Going on with the run on the screen, with the changes that the draft asks for, in a thread."""

from __future__ import annotations

from collections.abc import Callable

from advisor.tui.step import Step
from advisor.tui.work import in_thread
from rubrics.errors import Fault


def go_on(step: Step, ended: Callable[[bool], None], *, until: str = "") -> None:
    """Start the run again and let the walk watch it; a fault is shown.

    Args:
        until: see `advisor.launching.relaunch`.
        ended: called on the screen's side once the run has been started (true) or was refused.
    """
    path = step.state.run_path
    assert path is not None
    changes, because = step.state.amendment()

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

"""Going on with the run on the screen, with the changes that the draft asks for, in a thread."""

from __future__ import annotations

from collections.abc import Callable

from advisor.tui.step import Step
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

    def started() -> None:
        step.began(path)
        ended(True)

    def work() -> None:
        try:
            step.services.relaunch(path, changes, because=because, until=until)
        except Fault as fault:
            step.app.call_from_thread(refused, fault)
        else:
            step.app.call_from_thread(started)

    step.run_worker(work, thread=True, exclusive=True, group="relaunch")

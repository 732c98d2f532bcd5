"""What is known of a run while it goes on and after: one immutable state, folded from its events.

`fold` and `fold_all` are pure; `RunWatch` reads what is new in a run directory and adds what events do not say:
who holds the run, and the small artefacts. Nothing here writes, prints or knows a screen.
"""

from advisor.watching.activity import Activity, fold_activity
from advisor.watching.folding import fold, fold_all
from advisor.watching.series import Series
from advisor.watching.state import (
    STAGES,
    DevScore,
    Finding,
    Life,
    Note,
    RungAnswer,
    RungState,
    RunState,
    SampleTrack,
    StageState,
    TrainingState,
)
from advisor.watching.watch import RunEvents, RunWatch

__all__ = [
    "STAGES",
    "Activity",
    "DevScore",
    "Finding",
    "Life",
    "Note",
    "RunEvents",
    "RunState",
    "RunWatch",
    "RungAnswer",
    "RungState",
    "SampleTrack",
    "Series",
    "StageState",
    "TrainingState",
    "fold",
    "fold_activity",
    "fold_all",
]

"""The line above a walk: what is worked on, and how its run stands."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from advisor.texts import N_, _
from advisor.tui.plain_text import shown
from advisor.tui.state import WalkState

LIFE_WORDS = {
    "starting": N_("… starting"),
    "running": N_("● running"),
    "stopping": N_("◌ stopping"),
    "paused": N_("‖ paused before training"),
    "finished": N_("✓ finished"),
    "stopped": N_("■ stopped"),
    "failed": N_("✗ failed"),
    "died": N_("✗ ended without a word"),
}
"""Glyph and words for what a person should be told of a run first."""


def heading(state: WalkState, width: int) -> Text:
    """What is worked on; where there is little room the task is cut first, since how the run stands comes last."""
    task = str(state.draft.get("task")).strip().splitlines()
    tail = ""
    if state.run_path is not None:
        tail += f" · {state.run_path.name}"
    if state.is_unreadable:
        tail += " · " + _("! cannot be read")
    elif state.run is not None:
        tail += f" · {_(LIFE_WORDS[state.run.life])}"
        if not state.run.is_writable:
            tail += " · " + _("! read only")
    text = Text(" advisor · " + (shown(task[0], one_line=True) if task else _("A new task")))
    text.truncate(max(20, width - cell_len(tail)), overflow="ellipsis")
    text.append(tail)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text

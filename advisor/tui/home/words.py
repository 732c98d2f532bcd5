"""A run in a list: its columns and the lines that tell more of the one under the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from advisor.ages import age_words
from advisor.outcomes import outcome_headline
from advisor.stage_words import STAGE_WORDS
from advisor.texts import N_, _
from advisor.tui.plain_text import shown

if TYPE_CHECKING:
    from advisor.run_list import ListedRun

STATE_WORDS: Mapping[str, str] = {
    "running": N_("● running"),
    "paused": N_("‖ paused"),
    "finished": N_("✓ finished"),
    "interrupted": N_("■ interrupted"),
}
"""Glyph and word of each state of a `RunEntry`."""

_WHAT_NOW: Mapping[str, str] = {
    "running": N_("Enter watches it. It goes on without this program."),
    "paused": N_("It waits before training. Enter shows the verdict; r goes on to train."),
    "finished": N_("Enter shows the results."),
    "interrupted": N_("What is done is kept. Enter shows it; r goes on from there."),
}


_READ_ONLY: Mapping[str, str] = {
    "paused": N_(
        "It can only be read, and waits before training. Enter shows the verdict; y makes a copy that can go on."
    ),
    "finished": N_("It can only be read. Enter shows the results."),
    "interrupted": N_("It can only be read. Enter shows what is done; y makes a copy that can go on."),
}


def state_words(state: str) -> str:
    """Glyph and word of a state, in the language in use."""
    return _(STATE_WORDS[state]) if state in STATE_WORDS else state


class When(Text):
    """How long ago a run was made; the list is in the order of `created`."""

    def __init__(self, created: float, now: float) -> None:
        super().__init__(age_words(now - created), no_wrap=True)
        self.created = created


def cells(listed: ListedRun, now: float, *, is_marked: bool) -> dict[str, Text]:
    """The cells of a run, by column."""
    entry = listed.entry
    return {
        "mark": Text("◆" if is_marked else " "),
        "state": Text(state_words(entry.state), no_wrap=True),
        "task": Text(
            shown(entry.task, one_line=True) or Path(entry.path).name, no_wrap=True, overflow="ellipsis"
        ),
        "outcome": Text(
            outcome_headline(entry.outcome, entry.rule, entry.case), no_wrap=True, overflow="ellipsis"
        ),
        "when": When(entry.created, now),
        "folder": Text(shown(Path(entry.path).name, one_line=True), no_wrap=True, overflow="ellipsis"),
    }


def details(listed: ListedRun) -> Text:
    """Where it lies, what it is at, and what can be done."""
    entry = listed.entry
    lines = [shown(entry.path, one_line=True)]
    closed = "" if listed.is_writable else _("! read only")
    told = (
        state_words(entry.state),
        closed,
        _at_work(listed),
        outcome_headline(entry.outcome, entry.rule, entry.case),
    )
    lines.append(" · ".join(part for part in told if part))
    what_now = (_WHAT_NOW if listed.is_writable else {**_WHAT_NOW, **_READ_ONLY}).get(entry.state, "")
    lines.append(_(what_now) if what_now else "")
    return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")


def _at_work(listed: ListedRun) -> str:
    """What goes on, and which share of it is done."""
    activity = listed.activity
    if activity is None:
        return ""
    share = activity.share()
    # The stage that trains makes the scores of what it trained too.
    name = "evaluate" if activity.stage == "train" and activity.task not in ("", "train") else activity.stage
    stage = _(STAGE_WORDS[name]) if name in STAGE_WORDS else name
    return shown(stage if share is None else f"{stage}: {share:.0%}", one_line=True)

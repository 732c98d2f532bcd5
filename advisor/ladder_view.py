"""The ladder of a run as a person follows it: a row for each rung, where measuring stands, what can be done now.

Pure but for `asked_prompt`, which reads one answer's prompt from its file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.draft import Draft
from advisor.predictions import Prediction
from advisor.situation import Situation, last_said, situation_of, unwritable_words, why_died
from advisor.stage_words import STAGE_WORDS
from advisor.texts import _
from advisor.watching import RungState, RunState

LADDER_FIELDS = ("rungs", "prompt_file")
"""Plan fields that add to a ladder which is measured already; answers to prompts that stay are kept."""
LEAST_FREE = 256 * 2**20
"""Bytes that answers, splits and the report of a run should find free (ours)."""
_BEFORE = ("assess", "inspect", "split", "measure", "budget", "baseline")


@dataclass(frozen=True)
class LadderRow:
    """One rung.

    Attributes:
        dev, test: None where it was not asked there (yet).
        skipped: why it is left out; empty where it is not.
        selected: it won on dev.
    """

    rung: str
    dev: RungState | None = None
    test: RungState | None = None
    skipped: str = ""
    selected: bool = False


def asked_rungs(draft: Draft) -> tuple[str, ...]:
    """The rungs that a run of the draft will ask: without the person's own prompt where none was given."""
    has_prompt = draft.get("prompt_file") is not None
    return tuple(rung for rung in draft.get("rungs") if rung != "prompt_file" or has_prompt)


def ladder_rows(run: RunState, asked: Sequence[str]) -> tuple[LadderRow, ...]:
    """Return the rungs that were asked for, then any other that was measured.

    Args:
        asked: rungs of the plan, in their order.
    """
    states = {(state.rung, state.split): state for state in run.rungs}
    ladder = run.artefacts.get("baselines") or {}
    skipped = ladder.get("skipped", {})
    names = dict.fromkeys([*asked, *(state.rung for state in run.rungs)])
    return tuple(
        LadderRow(
            rung,
            states.get((rung, "dev")),
            states.get((rung, "test")),
            skipped.get(rung, ""),
            selected=any(state.selected for state in run.rungs if state.rung == rung),
        )
        for rung in names
    )


def ladder_situation(run: RunState) -> Situation:
    """Say where measuring the cheap options stands, and the way on."""
    if run.life == "failed":
        return situation_of(run)
    if run.life == "stopping":
        return Situation("working", _("The run saves what it has and stops."))
    is_measured = bool(run.artefacts.get("baselines"))
    if is_measured and not is_measuring(run):
        return _measured(run)
    if run.life == "died":
        kept = _("Every answer so far is kept: going on asks only what is missing.")
        return Situation("bad", _("The run ended without a word."), (why_died(run), kept), "resume", run.log)
    if run.life == "stopped":
        says = _("Stopped. Every answer so far is kept: going on asks only what is missing.")
        return Situation("stopped", says, way="resume")
    return _live(run)


def is_measuring(run: RunState) -> bool:
    """Whether a stage is at work that the cheap options take, or come after."""
    return any(run.stage(name).status == "running" for name in _BEFORE)


def _measured(run: RunState) -> Situation:
    says = _("The cheap options are measured.")
    if run.artefacts.get("verdict"):
        return Situation("good", says, way="verdict")
    if run.is_live:
        return Situation("working", _("The cheap options are measured; the verdict is computed now."))
    return Situation("stopped", says, way="resume")


def _live(run: RunState) -> Situation:
    stage = next((stage.name for stage in run.stages if stage.status == "running"), "")
    if not stage:
        return Situation("working", _("The run is starting."), last_said(run))
    words = _(STAGE_WORDS[stage]) if stage in STAGE_WORDS else stage
    return Situation("working", _("Now {what}.").format(what=words))


def ladder_cautions(run: RunState) -> tuple[str, ...]:
    """Return what may end the measurement soon, sentences: a disk nearly full, a folder that cannot be written."""
    found = []
    if run.disk_free is not None and run.disk_free < LEAST_FREE:
        says = _(
            "The disk is nearly full: {free} MiB are free. Free some space, or the answers will be lost."
        )
        found.append(says.format(free=f"{run.disk_free / 2**20:,.0f}"))
    if not run.is_writable:
        found.append(unwritable_words(run))
    return tuple(found)


def can_go_on(run: RunState | None) -> bool:
    """Whether measuring can be gone on with: nobody works on the run, and its verdict is not there."""
    ended = run is not None and run.life in ("stopped", "failed", "died", "paused")
    return ended and run is not None and (not run.artefacts.get("verdict") or is_measuring(run))


def can_measure(draft: Draft, begun_with: Draft | None, run: RunState | None) -> bool:
    """Whether there is something to measure: no run yet, or rungs or a prompt that the run does not have.

    Args:
        begun_with: the plan of the run as it lies on disk.
    """
    if begun_with is None:
        return True
    changed = any(draft.get(name) != begun_with.get(name) for name in LADDER_FIELDS)
    return changed and run is not None and not run.is_live and run.life != "starting"


def asked_prompt(run: Path, rung: str, split: str, row: str) -> Prediction | None:
    """Read one answer with its whole prompt, as it lies in the run directory.

    Returns:
        None where the rung is not measured on that split yet, or the row is none of it.
    """
    try:
        with (run / "baselines" / f"{rung}.{split}.jsonl").open(encoding="utf-8") as file:
            lines = (json.loads(line) for line in file)
            return next((Prediction.model_validate(line) for line in lines if line["id"] == row), None)
    except (OSError, ValueError, KeyError):
        return None

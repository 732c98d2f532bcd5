"""What a person who watches a training should be told first, and what can be done about it.

Pure: from the state of a run to words. A screen shows them, and offers the ways on that are named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from advisor.core_texts import told
from advisor.draft import Draft
from advisor.fault_words import lines_of
from advisor.outcomes import outcome_headline
from advisor.stage_words import STAGE_WORDS
from advisor.stages.decide import TRAIN_OUTCOME
from advisor.texts import N_, _
from advisor.watching import RunState

Kind = Literal["waiting", "working", "good", "stopped", "bad"]
Way = Literal["options", "verdict", "plan", "results", "resume"]
"""A step of the walk to look at, or going on with the run."""

GLYPHS: dict[Kind, str] = {"waiting": "○", "working": "●", "good": "✓", "stopped": "■", "bad": "✗"}

_LEAST_FREE = 256 * 2**20
_NO_SPACE = 16 * 2**20
"""So little is left of a disk that was full once what was half written is removed (ours)."""
_BYTES_PER_PARAMETER = 12
"""Of a checkpoint: the adapter and two moments of Adam, in fp32."""
_CHECKPOINTS = 3
"""That may lie on the disk at once while a new one is written (ours)."""


STAGE_NAMES = {
    "assess": N_("suitability"),
    "inspect": N_("check of the rows"),
    "split": N_("division of the rows"),
    "measure": N_("speed of this machine"),
    "budget": N_("division of the time"),
    "baseline": N_("cheap options"),
    "decide": N_("verdict"),
    "forecast": N_("forecast"),
    "train": N_("training"),
    "evaluate": N_("scores"),
    "compare": N_("comparison"),
    "curve": N_("learning curve"),
    "report": N_("report"),
}


def stage_name(stage: str) -> str:
    """Name a stage in the language in use; one that has no name yet keeps its key."""
    return _(STAGE_NAMES[stage]) if stage in STAGE_NAMES else stage


Wish = Literal["advised", "overruled", "against", "refused", "unknown"]
"""Whether a training is wanted: by the verdict, against it with a reason, neither, refused by the plan; `unknown`
before there is a verdict."""


@dataclass(frozen=True)
class Situation:
    """Where a training stands.

    Attributes:
        kind: which decides the glyph.
        says: a sentence, translated.
        detail: where and why, lines, translated; of a fault its parts.
        way: what to do next; None where there is nothing to do but wait.
        log: last lines of the log of a run that died or failed.
    """

    kind: Kind
    says: str
    detail: tuple[str, ...] = ()
    way: Way | None = None
    log: tuple[str, ...] = ()

    @property
    def glyph(self) -> str:
        """A sign that goes with the words."""
        return GLYPHS[self.kind]


def situation_of(run: RunState | None) -> Situation:
    """Where the training of a run stands; None is no run yet."""
    if run is None:
        return Situation(
            "waiting",
            _("No run has begun. Training comes after the cheap options, if they are not enough."),
            way="options",
        )
    if run.life == "failed":
        return _failed(run)
    if run.life == "died":
        return _died(run)
    if run.life == "stopped":
        return Situation("stopped", _stopped_words(run), way="resume")
    if run.life == "stopping":
        return Situation("working", _("The run saves a checkpoint and stops. This takes a step or two."))
    if run.is_live:
        return _live(run)
    return _ended(run)


def _failed(run: RunState) -> Situation:
    fault = run.fault
    if fault is None:
        return Situation("bad", _("The run failed."), way="resume", log=run.log)
    says = _("The run failed: {what}").format(what=told(fault.what))
    return Situation("bad", says, lines_of(fault), "resume", run.log)


def _died(run: RunState) -> Situation:
    detail = [why_died(run), _("What is done is kept. Going on starts at the last checkpoint.")]
    step = run.training.step
    says = (
        _("The training ended without a word at step {step}.").format(step=f"{step:,}")
        if step and run.training.status == "running"
        else _("The run ended without a word.")
    )
    return Situation("bad", says, tuple(detail), "resume", run.log)


def why_died(run: RunState) -> str:
    """What most likely ended a run that did not say it, and what to do first; translated."""
    if not run.is_writable:
        return _(
            "The run directory cannot be written, which may have ended it. Make it writable, or copy it, first."
        )
    if run.disk_free is not None and run.disk_free < _NO_SPACE:
        return _("The disk that it lies on is full, which may have ended it. Free some space first.")
    return _("It was killed, or the machine went down.")


def last_said(run: RunState) -> tuple[str, ...]:
    """The last line of the log, for want of anything that is counted: a model is fetched, converted or loaded."""
    return tuple(told(note.text) for note in run.notes if note.kind == "log")[-1:]


def _stopped_words(run: RunState) -> str:
    if run.training.status == "":
        return _("The run was stopped before training. Everything that is done is kept.")
    return _("Stopped at step {step}. The checkpoint is kept.").format(step=f"{run.training.step:,}")


def _live(run: RunState) -> Situation:
    stage = next((stage.name for stage in run.stages if stage.status == "running"), "")
    is_trained = run.training.status == "done"
    if stage == "train" and not is_trained:
        return Situation(
            "working", _("The model is being trained."), () if run.training.step else last_said(run)
        )
    # The scores of what was trained are made in the same stage, by the same process.
    stage = "evaluate" if stage == "train" else stage
    words = _(STAGE_WORDS[stage]) if stage in STAGE_WORDS else stage
    if is_trained:
        says = _("The training is done; now {what}.") if words else _("The training is done.")
        return Situation("working", says.format(what=words), way="results")
    says = _("Training has not begun; now {what}.") if words else _("The run is starting.")
    return Situation("working", says.format(what=words))


def _ended(run: RunState) -> Situation:
    if run.training.status == "done":
        return Situation("good", _("The training is done, and its result is measured."), way="results")
    if run.life == "paused":
        says = _("The run waits before training. Look at what it takes, then start it.")
        return Situation("waiting", says, way="plan")
    verdict = run.artefacts.get("verdict")
    if run.life == "finished" and verdict:
        says = _("Nothing was trained: the verdict is {outcome}.")
        outcome = (
            f"“{outcome_headline(verdict['outcome'], verdict.get('rule', ''), verdict.get('case', ''))}”"
        )
        return Situation("good", says.format(outcome=outcome), way="verdict")
    return Situation("waiting", _("Training has not begun."), way="options")


def cautions_of(run: RunState) -> tuple[str, ...]:
    """What may end the training soon, sentences, translated: a disk nearly full, a folder that cannot be written."""
    found = []
    needed = least_free(run)
    if run.disk_free is not None and run.disk_free < needed:
        says = _(
            "The disk is nearly full: {free} MiB are free, and checkpoints need {needed}. Free some space."
        )
        found.append(says.format(free=f"{run.disk_free / 2**20:,.0f}", needed=f"{needed / 2**20:,.0f}"))
    if not run.is_writable:
        found.append(unwritable_words(run))
    return tuple(found)


def unwritable_words(run: RunState) -> str:
    """What it means for a run that its directory cannot be written, and what to do; translated."""
    if run.is_live:
        return _("The run directory cannot be written: what is done from now on is lost. Make it writable.")
    return _("The run directory can only be read. To go on with the run, make it writable or copy it.")


def least_free(run: RunState) -> int:
    """Bytes that should be free for checkpoints: three of them, and never under 256 MiB."""
    forecast = run.artefacts.get("forecast") or {}
    checkpoint = _BYTES_PER_PARAMETER * int(forecast.get("trainable_parameters", 0))
    return max(_LEAST_FREE, _CHECKPOINTS * checkpoint)


def can_resume(run: RunState | None) -> bool:
    """Whether the run can be gone on with: nobody works on it, and something is left to do."""
    return run is not None and run.life in ("paused", "stopped", "failed", "died")


def can_stop(run: RunState | None) -> bool:
    """Whether somebody works on it who has not been asked to stop yet."""
    return run is not None and run.life == "running"


def wish_of(draft: Draft, verdict: Mapping[str, Any] | None) -> Wish:
    """Whether what is filled in wants a training.

    Args:
        verdict: of verdict.json; None where there is none yet.
    """
    if draft.get("no_train"):
        return "refused"
    if verdict is None:
        return "unknown"
    if verdict["outcome"] == TRAIN_OUTCOME:
        return "advised"
    return "overruled" if draft.get("force_train") and draft.get("overruled") else "against"


def can_start(draft: Draft, run: RunState | None, *, is_changed: bool) -> bool:
    """Whether a training can be started now: it is wanted, nobody works on the run, and something is left to do.

    Args:
        is_changed: the draft is not the run's plan, so that a training that is done is made again.
    """
    if run is None or run.is_live or run.life == "starting":
        return False
    wanted = wish_of(draft, run.artefacts.get("verdict")) in ("advised", "overruled")
    return wanted and (is_changed or run.artefacts.get("comparison") is None)

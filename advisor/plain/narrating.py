"""What a run does, event by event, in the words of the person's language; `advisor.display` says it for logs."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core_texts import told
from advisor.durations import time_words
from advisor.situation import stage_name
from advisor.texts import N_, _
from advisor.tui.plain_text import shown
from advisor.watching import Activity
from trainer.events import Event, Logged, StageFinished, Warned

_TASKS: Mapping[str, str] = {
    "endpoint": N_("answers of the endpoint"),
    "evaluate": N_("loss of the rows"),
    "fetch": N_("fetching"),
    "generate": N_("answers"),
    "train": N_("training"),
}
_UNITS: Mapping[str, str] = {"rows": N_("rows"), "steps": N_("optimizer steps"), "bytes": N_("bytes")}


def described(event: Event) -> str:
    """The line that an event deserves, or nothing."""
    if isinstance(event, StageFinished):
        took = _("kept") if event.reused else time_words(event.seconds)
        return "; ".join(
            part for part in (f"{stage_name(event.stage)}: {took}", _said(event.summary)) if part
        )
    if isinstance(event, Warned):
        return _("warning: {text}").format(text=_said(event.message))
    if isinstance(event, Logged):
        return f"  {_said(event.message)}"
    return ""


def _said(text: str) -> str:
    return shown(told(text), one_line=True)


def progressed(state: Activity, now: float) -> str:
    """How far a task is, and how long it still takes."""
    said = _("{task}: {done} {unit}") if state.total is None else _("{task}: {done} of {total} {unit}")
    counted = said.format(
        task=_(_TASKS.get(state.task, state.task)),
        done=f"{state.done:,.0f}",
        total=f"{state.total or 0:,.0f}",
        unit=_(_UNITS.get(state.unit, state.unit)),
    )
    return ", ".join(part for part in (counted, *_losses(state), _left(state.seconds_left(now))) if part)


def _losses(state: Activity) -> list[str]:
    values = dict(state.metrics)
    if state.task != "train" or "loss" not in values:
        return []
    losses = [_("loss {loss}").format(loss=f"{values['loss']:.3f}")]
    if "eval_loss" in values:
        losses.append(_("dev loss {loss}").format(loss=f"{values['eval_loss']:.3f}"))
    return losses


def _left(seconds: float | None) -> str:
    return "" if seconds is None or seconds < 1 else _("{time} left").format(time=time_words(seconds))

"""How healthy a training was, from its history: the signs L1 to L7, each a pure function and a sentence.

A curve says nothing to somebody who has never read one. Each sign here is what an engineer would say on looking
at it, with the numbers and what follows. Thresholds and their sources are in learning.yaml.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from statistics import fmean, median
from typing import Any

import yaml

from rubrics.phrases import percent, points

Point = Mapping[str, Any]
"""A row of the history: step, loss, learning_rate, next_token_accuracy, eval_loss, eval_next_token_accuracy,
and where known epoch and grad_norm; None or absent where not measured. Losses are nats a supervised token."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A rule of learning.yaml.

    Attributes:
        reading: what the sign means and what to do.
        thresholds: by name.
    """

    id: str
    text: str
    reading: str
    thresholds: Mapping[str, float]
    source: str


@functools.cache
def load_signs() -> Mapping[str, Sign]:
    """Return the shipped rules by id."""
    text = resources.files("rubrics").joinpath("learning.yaml").read_text(encoding="utf-8")
    return {entry["id"]: Sign(**entry) for entry in yaml.safe_load(text)}


def read_history(history: Sequence[Point], best_step: int | None = None) -> list[dict[str, str]]:
    """Return what the history of a training shows, as `training.findings` of the report.

    Args:
        history: in the order of the steps.
        best_step: the checkpoint that was kept, to be named; None where not known.
    """
    judges: tuple[tuple[str, Callable[[Sequence[Point]], str | None]], ...] = (
        ("L1", functools.partial(overfitting, best_step=best_step)),
        ("L2", memorisation),
        ("L3", stairs),
        ("L4", nothing_learned),
        ("L5", unstable),
    )
    return [_finding(rule, seen) for rule, judge in judges if (seen := judge(history))]


def overfitting(history: Sequence[Point], best_step: int | None = None) -> str | None:
    """L1: dev loss lies above its best for several measurements while training loss falls."""
    limits = load_signs()["L1"].thresholds
    measured = _known(history, "eval_loss")
    if len(measured) < 2:
        return None
    best_at = min(range(len(measured)), key=lambda at: measured[at][1])
    (step, best), after = measured[best_at], measured[best_at + 1 :]
    last_step, last = measured[-1]
    if len(after) < limits["measurements"] or last <= best * (1 + limits["rise_share"]):
        return None
    if not _falls(history, step):
        return None
    kept = f"; the checkpoint of step {best_step} was kept" if best_step is not None else ""
    return (
        f"Dev loss rose from {best:.3f} at step {step} to {last:.3f} at step {last_step} while training loss went on "
        f"falling{kept}"
    )


def _falls(history: Sequence[Point], step: int) -> bool:
    """Whether training loss is lower after a step than before it; the same number of points on both sides."""
    losses = _known(history, "loss")
    before = [loss for at, loss in losses if at <= step]
    after = [loss for at, loss in losses if at > step]
    width = min(len(before), len(after))
    return width > 0 and fmean(after[-width:]) < fmean(before[-width:])


def memorisation(history: Sequence[Point]) -> str | None:
    """L2: nearly every training token is predicted, and dev has stopped to gain."""
    limits = load_signs()["L2"].thresholds
    train = [value for _, value in _known(history, "next_token_accuracy")]
    dev = [value for _, value in _known(history, "eval_next_token_accuracy")]
    count = int(limits["measurements"])
    if len(dev) < count or not train:
        return None
    reached, now = fmean(train[-count:]), dev[-1]
    stalled = max(dev[-count:]) - dev[-count] < limits["dev_gain"]
    if reached < limits["train_accuracy"] or not stalled or reached - now < limits["gap"]:
        return None
    return (
        f"{percent(reached)} of the training tokens are predicted right and {percent(now)} of those on dev, where the "
        f"last {count} measurements gained nothing"
    )


def stairs(history: Sequence[Point]) -> str | None:
    """L3: at most borders of epochs the loss falls at once, by far more than within the epoch before."""
    limits = load_signs()["L3"].thresholds
    points_ = [(point["epoch"], point["loss"]) for point in history if _is_number(point, "loss", "epoch")]
    borders = range(1, math.ceil(max((epoch for epoch, _ in points_), default=0)))
    falls = [fall for border in borders if (fall := _fall_at(points_, border, limits)) is not None]
    steep = [fall for fall in falls if fall > 0]
    if not steep or 2 * len(steep) <= len(falls):
        return None
    return (
        f"Training loss fell by {percent(max(steep))} at once when a new epoch began ({len(steep)} of {len(falls)} "
        f"borders), and hardly in between"
    )


def _fall_at(losses: Sequence[tuple[float, float]], border: int, limits: Mapping[str, float]) -> float | None:
    """Return the fall at a border as a share of the loss before it, 0 where it is no stair; None with too few steps."""
    window = int(limits["window"])
    epoch = [loss for at, loss in losses if border - 1 < at <= border]
    after = [loss for at, loss in losses if border < at <= border + 1]
    if len(epoch) < 2 * window or len(after) < window:
        return None
    start, end, beyond = fmean(epoch[:window]), fmean(epoch[-window:]), fmean(after[:window])
    fall = (end - beyond) / end if end > 0 else 0.0
    within = max(0.0, (start - end) / start) if start > 0 else 0.0
    stair = fall >= limits["fall_share"] and fall >= limits["against_within"] * within
    return fall if stair else 0.0


def cut_short(steps: int, planned: int) -> dict[str, str]:
    """L4 before its time: a time limit ended the training, and what it did not learn it was not shown."""
    return {
        "rule": "L4",
        "message": f"The time limit ended the training after {steps:,} of {planned:,} steps: raise --max-minutes.",
    }


def nothing_learned(history: Sequence[Point]) -> str | None:
    """L4: the loss at the end is that of the start, or there is no gradient."""
    limits = load_signs()["L4"].thresholds
    gradients = [value for _, value in _known(history, "grad_norm")]
    if gradients and median(gradients) < limits["gradient"]:
        return f"The gradient is near zero (median {median(gradients):.1e})"
    losses = [value for _, value in _known(history, "loss")]
    if len(losses) < limits["steps"]:
        return None
    quarter = len(losses) // 4
    first, last = fmean(losses[:quarter]), fmean(losses[-quarter:])
    if first < limits["loss"] or (first - last) / first >= limits["fall_share"]:
        return None
    return f"Training loss did not fall: {first:.3f} in the first quarter, {last:.3f} in the last"


def unstable(history: Sequence[Point]) -> str | None:
    """L5: a loss that is not a number, or one far above those before it."""
    limits = load_signs()["L5"].thresholds
    before: list[float] = []
    for point in history:
        for name in ("loss", "eval_loss"):
            value = point.get(name)
            if value is not None and not math.isfinite(value):
                return f"The {'dev' if name == 'eval_loss' else 'training'} loss is not a number at step {point['step']}"
        loss = point.get("loss")
        if loss is None:
            continue
        recent = before[-int(limits["steps_before"]) :]
        usual = median(recent) if len(recent) == limits["steps_before"] else math.inf
        if loss > limits["times"] * usual and loss > usual + limits["nats"]:
            return f"Training loss leapt to {loss:.3f} at step {point['step']}, from about {usual:.3f}"
        before.append(loss)
    return None


def loss_against_metric(
    loss_before: float, loss_after: float, difference: float, low: float, high: float
) -> dict[str, str] | None:
    """L6: loss and the task's metric point in different directions; says which of them decides.

    Args:
        loss_before, loss_after: nats a supervised token, of base and tuned on the same tokens.
        difference: tuned minus base on the metric, -1..1, with its 95% limits.
    Returns:
        None where they agree.
    """
    if (loss_after < loss_before) == (difference > 0) or loss_after == loss_before or difference == 0:
        return None
    sure = low > 0 or high < 0
    moved = "fell" if loss_after < loss_before else "rose"
    seen = (
        f"Loss {moved} from {loss_before:.3f} to {loss_after:.3f} nats a token while the metric went by "
        f"{points(difference)} [{points(low).split()[0]}, {points(high).split()[0]}]"
    )
    decides = (
        "the metric decides, since its difference exceeds its error"
        if sure
        else "the metric's difference is within its error, so the loss is the better sign"
    )
    return {"rule": "L6", "message": f"{seen}: {decides}."}


def forgetting(
    name: str,
    before: float,
    after: float,
    high: float | None = None,
    allowed: float | None = None,
    low: float | None = None,
) -> dict[str, str] | None:
    """L7: a score on rows that the task does not cover surely fell by more than was allowed; see `score_fell`."""
    seen = score_fell(name, before, after, high, allowed, low)
    return forgetting_in([seen] if seen else [])


def forgetting_in(seen: Sequence[str]) -> dict[str, str] | None:
    """L7 as one finding for all that was seen to get worse (`score_fell`, `loss_rose`); None where nothing was."""
    return _finding("L7", "; ".join(seen)) if seen else None


def score_fell(
    name: str,
    before: float,
    after: float,
    high: float | None = None,
    allowed: float | None = None,
    low: float | None = None,
) -> str | None:
    """Say how far a score fell; None where it did not surely fall by more than was allowed.

    Args:
        name: of the guard set, or of the score on it.
        before, after: base and tuned, 0..1.
        low, high: 95% limits of the difference; without the upper one the fall counts as it stands.
        allowed: fall that was declared acceptable; the rule's own where None.
    """
    limit = load_signs()["L7"].thresholds["allowed"] if allowed is None else allowed
    fall = before - after
    if fall <= limit + 1e-9 or (high is not None and high >= -limit):
        return None
    doubt = ""
    if low is not None and high is not None:
        doubt = f" (95% interval {points(-high).split()[0]} to {points(-low)})"
    beyond = f", more than the {points(limit)} allowed" if limit else ""
    return f"{name} fell by {points(fall)}{doubt}, from {before:.3f} to {after:.3f}{beyond}"


def loss_rose(name: str, before: float, after: float, low: float, high: float) -> str | None:
    """Say how far a loss rose; None where it did not surely rise by more than the rule's share of what it was.

    Args:
        before, after: nats a supervised token, of base and tuned on the same tokens.
        low, high: 95% limits of the rise.
    """
    if low <= load_signs()["L7"].thresholds["loss_share"] * before:
        return None
    return (
        f"{name} rose by {after - before:.2f} nats a token (95% interval {low:.2f} to {high:.2f}), from {before:.3f} "
        f"to {after:.3f}"
    )


def _finding(rule: str, seen: str) -> dict[str, str]:
    return {"rule": rule, "message": f"{seen}: {load_signs()[rule].reading}."}


def _known(history: Iterable[Point], name: str) -> list[tuple[int, float]]:
    """Return step and value where a finite value was measured."""
    return [(point["step"], point[name]) for point in history if _is_number(point, name)]


def _is_number(point: Point, *names: str) -> bool:
    return all(point.get(name) is not None and math.isfinite(point[name]) for name in names)

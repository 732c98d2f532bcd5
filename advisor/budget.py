"""What fits into `--max-minutes`: pure arithmetic over measured rates.

Order of what gives way: a learning curve first, then dev rows of the ladder, then test rows (never under 400, or
all where there are fewer), then looks at dev while training, then epochs, then training rows. Every reduction is a sentence for the report.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

LEAST_TEST_ROWS = 400
LEAST_DEV_ROWS = 40
LEAST_TRAIN_ROWS = 32
LEAST_TRAINING_SECONDS = 30.0
USED_UP = "nothing of the time limit is left for training, which gets the least it can: 30 s"
LEAST_EVALUATIONS = 3
"""Fewer looks at dev show no turn of its loss."""
LOOKING_SHARE = 0.2
CURVE_SHARES = (0.25, 0.5, 1.0)
LEAST_CURVE_ROWS = 32
"""A quarter of fewer training rows is too few to learn from."""
LEAST_CURVE_STEPS = 20

_LADDER_SHARE = 0.15
_SCORING_SHARE = 0.30
START_SECONDS = 9.0
"""A child process of the trainer: imports and the load of a small model."""
_CHILDREN = 3
_THINNING = 1.3
"""Rows that have ended leave their batch, and those that go on are answered at a lower rate."""
SAFETY = 0.92
"""Rates were measured in one go; the rest of the machine is not always idle."""


@dataclass(frozen=True)
class Speed:
    """Seconds a row for each kind of work; `answer_tuned` is an answer with an adapter attached."""

    answer: float
    answer_tuned: float
    score: float
    train: float


@dataclass(frozen=True)
class Allowance:
    """How many rows the time allows."""

    dev_rows: int
    test_rows: int
    reductions: tuple[str, ...]


def seconds_per_row(
    *,
    mean_tokens: float,
    mean_answer: float,
    prefill: float,
    decode: float,
    tuned_prefill: float | None,
    tuned_decode: float | None,
    evaluate: float,
    train: float | None,
) -> Speed:
    """Turn rates in tokens a second into seconds a row; without rates of a tuned model nothing is tuned."""

    def answer(reading: float, writing: float) -> float:
        return (mean_tokens - mean_answer) / reading + _THINNING * mean_answer / writing

    return Speed(
        answer=answer(prefill, decode),
        answer_tuned=answer(tuned_prefill or prefill, tuned_decode or decode),
        score=mean_tokens / evaluate,
        train=mean_tokens / train if train else 0.0,
    )


def allow(
    *, seconds: float | None, speed: Speed, asked_rungs: int, dev_rows: int, test_rows: int
) -> Allowance:
    """How many dev and test rows to ask about.

    Args:
        seconds: what is left of the limit; None without one.
        asked_rungs: rungs that are asked of a model (the classifier costs nothing).
        dev_rows, test_rows: what there is.
    """
    if seconds is None:
        return Allowance(dev_rows, test_rows, ())
    usable = max(0.0, seconds * SAFETY - _CHILDREN * START_SECONDS)
    dev = _fit(usable * _LADDER_SHARE, speed.answer * max(1, asked_rungs), dev_rows, LEAST_DEV_ROWS)
    # zero_shot, the winner of dev and the tuned model answer; base and tuned are scored for loss.
    scored = 2 * speed.answer + speed.answer_tuned + 2 * speed.score
    test = _fit(usable * _SCORING_SHARE, scored, test_rows, LEAST_TEST_ROWS)
    reductions = []
    if dev < dev_rows:
        reductions.append(f"{dev:,} of {dev_rows:,} dev rows choose among the rungs (time limit)")
    if test < test_rows:
        reductions.append(
            f"{test:,} of {test_rows:,} test rows are scored, a seeded stratified sample (time limit)"
        )
    return Allowance(dev, test, tuple(reductions))


def allow_unmeasured(dev_rows: int, test_rows: int) -> Allowance:
    """How many rows to ask an endpoint about under a limit: its speed is not known beforehand, so the least."""
    dev, test = min(dev_rows, LEAST_DEV_ROWS), min(test_rows, LEAST_TEST_ROWS)
    note = f"{dev:,} of {dev_rows:,} dev and {test:,} of {test_rows:,} test rows are asked about (time limit)"
    return Allowance(dev, test, (note,) if (dev, test) != (dev_rows, test_rows) else ())


def _fit(seconds: float, each: float, there: int, least: int) -> int:
    return min(there, max(least, int(seconds / each))) if each > 0 else there


@dataclass(frozen=True)
class TrainingAllowance:
    """What of the training fits; `scoring_seconds` is what the work after it was estimated to take."""

    rows: int
    epochs: float
    evaluations: int
    seconds: float
    scoring_seconds: float
    reductions: tuple[str, ...]


@dataclass(frozen=True)
class Past:
    """What a run did before its training is forecast, and what of it a longer limit would make longer.

    Attributes:
        spent: seconds.
        is_local: whether the local model answered the rungs; an endpoint's answers to more rows are not reckoned.
        asked_rungs: rungs that are asked of a model.
        dev_rows, test_rows: that the limit allows; `all_dev`, `all_test` there are.
    """

    spent: float
    is_local: bool
    asked_rungs: int
    dev_rows: int
    test_rows: int
    all_dev: int
    all_test: int


def minutes_for_all(past: Past, *, speed: Speed, training: float, guard_seconds: float = 0.0) -> int:
    """Return a limit in whole minutes that leaves time for a whole training and for all after it.

    It holds for a new run too, in which a longer limit has more rows asked about.

    Args:
        training: seconds of all rows and epochs.
    """

    def asking(dev: int, test: int) -> float:
        answers = past.asked_rungs * dev + min(2, past.asked_rungs) * test
        return answers * speed.answer if past.is_local else 0.0

    def minutes(dev: int, test: int) -> int:
        after = training + _scoring(test, speed) + guard_seconds
        return math.ceil((before + asking(dev, test) + (after + 2 * START_SECONDS) / SAFETY) / 60)

    before = max(0.0, past.spent - asking(past.dev_rows, past.test_rows))
    limit, needed = 0, minutes(past.dev_rows, past.test_rows)
    while needed > limit:
        limit = needed
        allowance = allow(
            seconds=60 * limit - before,
            speed=speed,
            asked_rungs=past.asked_rungs,
            dev_rows=past.all_dev,
            test_rows=past.all_test,
        )
        needed = minutes(max(past.dev_rows, allowance.dev_rows), max(past.test_rows, allowance.test_rows))
    return limit


def _scoring(test_rows: int, speed: Speed) -> float:
    """Seconds of the test rows after training: the tuned model answers, base and tuned are scored for loss."""
    return test_rows * (speed.answer_tuned + 2 * speed.score)


def allow_training(
    *,
    seconds: float | None,
    speed: Speed,
    rows: int,
    epochs: float,
    dev_rows: int,
    test_rows: int,
    evaluations: int,
    guard_seconds: float = 0.0,
    past: Past | None = None,
) -> TrainingAllowance:
    """How many rows and epochs to train; what remains must also score the test rows once more.

    What gives way to a limit, in order: the looks at dev (never under three), the epochs, the rows.

    Args:
        seconds: what is left of the limit; None without one.
        dev_rows: rows of which the loss is measured at each of the `evaluations`.
        guard_seconds: what the guard rows take after training.
        past: from which a limit is named that would cut nothing; none is named without it.
    """
    look = dev_rows * speed.score
    scoring = _scoring(test_rows, speed) + guard_seconds

    def allowed(kept: int, shorter: float, looks: int, *notes: str) -> TrainingAllowance:
        taken = kept * shorter * speed.train + looks * look
        return TrainingAllowance(kept, shorter, looks, taken, scoring, notes)

    whole = allowed(rows, epochs, evaluations)
    if seconds is None or speed.train == 0:
        return whole
    left = seconds * SAFETY - 2 * START_SECONDS - scoring
    usable = max(LEAST_TRAINING_SECONDS, left)
    if whole.seconds <= usable:
        return whole
    notes = [USED_UP] * (left < usable)
    enough = _enough(past, speed, whole.seconds, guard_seconds)
    looks = _looks(usable, look, evaluations)
    notes += [f"dev is measured {looks} instead of {evaluations} times (time limit)"] * (looks < evaluations)
    fitting = max(1.0, (usable - looks * look) / speed.train)
    kept = min(rows, max(LEAST_TRAIN_ROWS, int(fitting)))
    if kept < min(rows, rows * epochs):
        notes.append(
            f"{kept:,} of {rows:,} training rows are trained on, for one epoch (time limit)" + enough
        )
        return allowed(kept, 1.0, looks, *notes)
    shorter = min(epochs, max(1.0, fitting / rows))
    if shorter < epochs:
        notes.append(f"{shorter:.1f} of {epochs:g} epochs are trained (time limit)" + enough)
    return allowed(rows, shorter, looks, *notes)


def _enough(past: Past | None, speed: Speed, training: float, guard_seconds: float) -> str:
    if past is None:
        return ""
    minutes = minutes_for_all(past, speed=speed, training=training, guard_seconds=guard_seconds)
    return f"; a limit of about {minutes:,} min would train all"


def _looks(usable: float, look: float, evaluations: int) -> int:
    """Return how often dev is measured where time is short: a fifth of it may go there."""
    if look <= 0:
        return evaluations
    return min(evaluations, max(LEAST_EVALUATIONS, int(LOOKING_SHARE * usable / look)))


@dataclass(frozen=True)
class CurveAllowance:
    """What of a learning curve fits.

    Attributes:
        steps: optimizer steps of each training; 0 where there is no curve.
        trainings: that are run for it: two where the main training is its last point, else three.
        answers: dev rows that each of the three models answers; 0 where only losses are compared.
        seconds: for all of it.
        reductions: what a time limit took away, sentences.
        refused: why there is no curve, a sentence; empty where there is one.
    """

    steps: int
    trainings: int
    answers: int
    seconds: float
    reductions: tuple[str, ...] = ()
    refused: str = ""


def allow_curve(
    *,
    seconds: float | None,
    speed: Speed,
    rows: int,
    steps: int,
    batch_size: int,
    watched_rows: int,
    dev_rows: int,
    evaluations: int,
) -> CurveAllowance:
    """How much of a learning curve to make; every training has the same steps, or the rows would not be compared.

    What gives way to a limit, in order: the answers to dev rows, the steps (never under a quarter of the main
    training's, or 20), the curve.

    Args:
        seconds: what the main training and the work after it leave of the limit; None without one.
        rows: that the main training has.
        steps: optimizer steps of the main training.
        watched_rows: dev rows of which the loss is measured, at each of the `evaluations` and at the end.
        dev_rows: that are answered.
    """

    def cost(length: int, trainings: int, answers: int) -> float:
        watching = watched_rows * speed.score
        training = length * batch_size * speed.train + evaluations * watching
        return (
            START_SECONDS
            + trainings * training
            + len(CURVE_SHARES) * (watching + answers * speed.answer_tuned)
        )

    if rows < LEAST_CURVE_ROWS:
        return _no_curve(
            f"{rows} training rows are too few to take a quarter of; {LEAST_CURVE_ROWS} are needed"
        )
    whole = CurveAllowance(steps, 2, dev_rows, cost(steps, 2, dev_rows))
    if seconds is None or whole.seconds <= seconds:
        return whole
    unanswered = f"the learning curve shows dev loss alone: {len(CURVE_SHARES)} x {dev_rows:,} answers do not fit (time limit)"
    if (needed := cost(steps, 2, 0)) <= seconds:
        return CurveAllowance(steps, 2, 0, needed, (unanswered,))
    fitting = _most_steps(seconds, lambda length: cost(length, 3, 0), steps)
    if fitting < max(LEAST_CURVE_STEPS, steps // 4):
        return _no_curve(
            f"it takes about {whole.seconds / 60:.1f} min, and the time limit leaves {max(0.0, seconds) / 60:.1f}"
        )
    shorter = f"the trainings of the learning curve have {fitting:,} of {steps:,} steps (time limit)"
    return CurveAllowance(fitting, 3, 0, cost(fitting, 3, 0), (shorter, unanswered))


def _most_steps(seconds: float, cost: Callable[[int], float], most: int) -> int:
    """Return the largest number of steps that fits, 0 where not even one does; the cost is linear in the steps."""
    fixed, each = cost(0), cost(1) - cost(0)
    if fixed >= seconds:
        return 0
    return most if each <= 0 else min(most, int((seconds - fixed) / each))


def _no_curve(why: str) -> CurveAllowance:
    return CurveAllowance(0, 0, 0, 0.0, refused=f"no learning curve: {why}")

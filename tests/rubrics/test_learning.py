"""The signs L1 to L7: each on a curve that shows it, and silent on the healthy one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.learning import (
    forgetting,
    load_signs,
    loss_against_metric,
    read_history,
)


def curve(losses, **columns) -> list[dict]:
    """A history with a loss at every step, and other columns by name, cut or filled with None."""
    steps = [{"step": at + 1, "loss": loss} for at, loss in enumerate(losses)]
    for name, values in columns.items():
        for point, value in zip(steps, values, strict=False):
            point[name] = value
    return steps


def every(number: int, values) -> list[float | None]:
    """Values measured at every so many steps."""
    return [value for one in values for value in [*[None] * (number - 1), one]]


FALLING = [2.0 * 0.95**at + 0.2 for at in range(60)]
RISING_DEV = every(10, [1.2, 0.9, 0.8, 0.85, 0.95, 1.1])
STAIRS = [level - 0.0005 * at for level in (2.0, 1.4, 0.8) for at in range(20)]
EPOCHS = [(at + 1) / 20 for at in range(60)]

SICK = {
    "L1": curve(FALLING, eval_loss=RISING_DEV),
    "L2": curve(
        FALLING,
        next_token_accuracy=[0.995] * 60,
        eval_next_token_accuracy=every(10, [0.6, 0.7, 0.8, 0.8, 0.801, 0.8]),
    ),
    "L3": curve(STAIRS, epoch=EPOCHS),
    "L4": curve([2.31] * 40),
    "L5": curve([*FALLING[:30], 9.0, *FALLING[30:]]),
}


@pytest.mark.parametrize("rule", SICK)
def test_a_sick_curve_shows_its_sign_and_no_other(rule):
    (found,) = read_history(SICK[rule])

    assert found["rule"] == rule
    assert load_signs()[rule].reading in found["message"]


def test_a_healthy_curve_shows_nothing():
    healthy = curve(
        FALLING,
        epoch=EPOCHS,
        grad_norm=[1.0] * 60,
        next_token_accuracy=[0.9] * 60,
        eval_loss=every(10, [1.4, 1.0, 0.8, 0.7, 0.66, 0.65]),
        eval_next_token_accuracy=every(10, [0.6, 0.7, 0.8, 0.82, 0.84, 0.86]),
    )

    assert read_history(healthy) == []


def test_overfitting_names_losses_steps_and_the_checkpoint_kept():
    (found,) = read_history(SICK["L1"], best_step=30)

    assert found["message"].startswith(
        "Dev loss rose from 0.800 at step 30 to 1.100 at step 60 while training loss went on falling; "
        "the checkpoint of step 30 was kept: overfitting"
    )


@pytest.mark.parametrize(
    "dev",
    [
        [1.2, 0.9, 0.8, 0.7, 0.69, 0.72],  # one measurement above the best
        [1.2, 0.9, 0.8, 0.805, 0.807, 0.81],  # within the noise
    ],
)
def test_a_small_or_single_rise_is_no_overfitting(dev):
    assert read_history(curve(FALLING, eval_loss=every(10, dev))) == []


def test_dev_loss_that_rises_with_training_loss_is_no_overfitting():
    (found,) = read_history(curve([*FALLING[::-1]], eval_loss=RISING_DEV))

    assert found["rule"] == "L4"


def test_a_vanished_gradient_is_told_from_a_flat_loss():
    (found,) = read_history(curve(FALLING, grad_norm=[1e-9] * 60))

    assert found["rule"] == "L4"
    assert "gradient" in found["message"]


def test_a_loss_that_is_flat_at_nothing_is_learned():
    assert read_history(curve([0.001] * 60)) == []


@pytest.mark.parametrize("column", ["loss", "eval_loss"])
def test_a_loss_that_is_not_a_number_names_its_step(column):
    history = curve(FALLING[:5])
    history[3][column] = math.nan

    (found,) = read_history(history)

    assert (found["rule"], "step 4" in found["message"]) == ("L5", True)


numbers = st.one_of(st.none(), st.floats(0, 20), st.just(math.nan), st.just(math.inf))


@given(st.lists(st.tuples(*[numbers] * 6), max_size=40))
def test_any_history_can_be_read(rows):
    names = ("loss", "eval_loss", "next_token_accuracy", "eval_next_token_accuracy", "grad_norm", "epoch")
    history = [{"step": at, **dict(zip(names, row, strict=True))} for at, row in enumerate(rows)]

    found = read_history(history)

    assert {finding["rule"] for finding in found} <= {"L1", "L2", "L3", "L4", "L5"}


def test_loss_and_metric_that_agree_are_no_sign():
    assert loss_against_metric(2.0, 1.0, 0.1, 0.05, 0.15) is None
    assert loss_against_metric(1.0, 1.0, 0.1, 0.05, 0.15) is None


def test_the_metric_decides_beyond_its_error_and_the_loss_within():
    beyond = loss_against_metric(2.0, 1.0, -0.1, -0.15, -0.05)
    within = loss_against_metric(2.0, 1.0, -0.02, -0.06, 0.02)

    assert "the metric decides" in beyond["message"]
    assert (
        "Loss fell from 2.000 to 1.000 nats a token while the metric went by -10 points" in beyond["message"]
    )
    assert "the loss is the better sign" in within["message"]


@pytest.mark.parametrize(
    ("after", "high", "allowed", "fell"),
    [
        (0.5, -0.02, None, True),
        (0.5, None, None, True),
        (0.5, 0.01, None, False),  # within chance
        (0.5, -0.02, 0.15, False),  # declared acceptable
        (0.7, None, None, False),
    ],
)
def test_forgetting_is_a_fall_beyond_chance_and_beyond_what_was_allowed(after, high, allowed, fell):
    found = forgetting("general knowledge", 0.6, after, high, allowed)

    assert (found is not None) == fell
    if found:
        assert found["rule"] == "L7"
        assert "general knowledge fell by 10 points, from 0.600 to 0.500" in found["message"]


def test_every_rule_has_text_reading_and_source():
    signs = load_signs()

    assert list(signs) == [f"L{number}" for number in range(1, 8)]
    assert all(sign.text and sign.reading and sign.source.startswith(sign.id) for sign in signs.values())

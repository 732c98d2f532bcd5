"""Learning curves: a known power law comes back, doubt holds the truth, and far away there is no answer."""

from __future__ import annotations

import numpy as np
import pytest

from rubrics.learning_curve import REACH, Point, falls, fit_curve, outlook


def law(n: float) -> float:
    return 0.9 - 0.15 * (n / 400) ** -0.5


def measured(values: list[float], error: float) -> list[Point]:
    return [Point(n, value, error) for n, value in zip((100, 200, 400), values, strict=True)]


def test_a_power_law_without_noise_comes_back():
    curve = fit_curve(measured([law(100), law(200), law(400)], 0.0))

    for n in (50, 100, 400, 800, 1600):
        assert curve.at(n).value == pytest.approx(law(n), abs=3e-3)
    assert curve.gain(800).value == pytest.approx(law(800) - law(400), abs=1e-3)


def test_a_loss_falls_to_its_floor():
    losses = [0.4 + 0.8 * (n / 400) ** -0.7 for n in (100, 200, 400)]

    curve = fit_curve(measured(losses, 1e-4), "loss")

    assert curve.at(1600).value == pytest.approx(0.4 + 0.8 * 4**-0.7, abs=0.01)
    assert curve.gain(800).low > 0


@pytest.mark.parametrize("error", [0.005, 0.02])
def test_the_interval_holds_the_truth(error: float):
    rng = np.random.default_rng(1)
    held = 0
    for seed in range(120):
        curve = fit_curve(
            measured([law(n) + error * rng.normal() for n in (100, 200, 400)], error), seed=seed
        )
        interval = curve.at(800)
        held += interval.low <= law(800) <= interval.high

    # Of 120 draws 95% are 114; fewer than 102 come in one of ten thousand experiments.
    assert held >= 102


def test_far_beyond_the_rows_there_is_no_answer():
    curve = fit_curve(measured([0.5, 0.6, 0.65], 0.01))

    curve.at(REACH * 400)
    for n in (REACH * 400 + 1, 10_000, 0):
        with pytest.raises(ValueError, match=r"rows?"):
            curve.at(n)


def test_scores_never_leave_their_scale_and_a_falling_curve_counts_as_flat():
    curve = fit_curve(measured([0.97, 0.98, 0.99], 0.01))
    falling = fit_curve(measured([0.8, 0.75, 0.7], 0.001))

    assert curve.at(1600).high <= 1
    assert falling.gain(1600).value == pytest.approx(0, abs=1e-6)


def test_the_outlook_says_yes_no_or_that_it_cannot_tell():
    steep = outlook(fit_curve(measured([0.5, 0.6, 0.7], 0.002)), 0.02, target=0.75)
    flat = outlook(fit_curve(measured([0.700, 0.702, 0.703], 0.002)), 0.05)
    noisy = outlook(fit_curve(measured([0.60, 0.62, 0.66], 0.03)), 0.03)

    assert (steep.helps, flat.helps, noisy.helps) == ("yes", "no", "unknown")
    assert steep.rising
    assert steep.rows == 800
    assert "collect more" in steep.text
    assert "will not help" in flat.text
    assert "cannot tell" in noisy.text


def test_a_target_is_answered_with_rows_or_as_out_of_reach():
    curve = fit_curve(measured([law(100), law(200), law(400)], 0.001))

    reached = curve.rows_for(0.78)

    assert reached is not None
    likely, safe = reached
    # 0.9 - 0.15 (n / 400)^-0.5 = 0.78 at n = 625.
    assert likely == pytest.approx(625, rel=0.05)
    assert safe is not None
    assert safe >= likely
    assert curve.rows_for(0.89) is None
    assert "not in reach" in outlook(curve, 0.02, target=0.89).text


@pytest.mark.parametrize(
    "points",
    [
        [Point(100, 0.5, 0.1), Point(200, 0.6, 0.1)],
        [Point(100, 0.5, 0.1)] * 3,
        [Point(100, 0.5, -0.1), Point(200, 0.6, 0.1), Point(400, 0.6, 0.1)],
        [Point(100, float("nan"), 0.1), Point(200, 0.6, 0.1), Point(400, 0.6, 0.1)],
    ],
)
def test_points_that_are_no_curve_are_refused(points: list[Point]):
    with pytest.raises(ValueError, match="point"):
        fit_curve(points)


@pytest.mark.parametrize(
    ("values", "error", "kind", "worse"),
    [
        ([0.26, 0.11, 0.09], 0.04, "score", True),
        ([0.26, 0.24, 0.22], 0.04, "score", False),  # within its errors: 0.04 < 1.645 x 0.0566
        ([0.26, 0.11, 0.3], 0.01, "score", False),
        ([0.5, 0.6, 0.7], 0.01, "loss", True),
        ([0.7, 0.6, 0.5], 0.01, "loss", False),
    ],
)
def test_more_rows_that_did_surely_worse_are_no_learning_curve(values, error, kind, worse):
    assert falls(measured(values, error), kind) is worse

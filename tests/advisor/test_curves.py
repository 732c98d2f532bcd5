"""Charts of a training: what belongs together, and what stays visible however few the columns are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.curves import (
    TASK_METRIC,
    Window,
    charts_of,
    limits_of,
    logarithmic,
    seen,
    smoothed,
    thinned,
    ticks_of,
    whole_of,
)
from advisor.watching import RunState, fold_all
from advisor.watching.folding import TRAINING
from trainer.events import DevScored, Event, Metric

_VALUES = st.lists(st.floats(-10, 10), min_size=1, max_size=3_000)
_WHOLE = Window(1, 1_000)


def points_of(values: list[float]) -> list[tuple[int, float]]:
    return list(enumerate(values, start=1))


def trained(*events: Event) -> RunState:
    return fold_all(RunState(), [(TRAINING, event) for event in events])


def measured(step: int, **values: float) -> Metric:
    return Metric(time=step, step=step, epoch=step / 10, values=values)


@given(_VALUES, st.integers(1, 200))
def test_thinning_keeps_the_extremes_and_the_order_and_bounds_the_points(values, columns):
    points = points_of(values)

    found = thinned(points, columns)

    assert len(found) <= 2 * columns
    assert list(found) == sorted(found)
    assert set(found) <= set(points)
    assert min(value for _, value in found) == min(values)
    assert max(value for _, value in found) == max(values)


@given(_VALUES, st.integers(1, 200))
def test_what_fits_is_not_thinned(values, spare):
    points = points_of(values)

    assert thinned(points, len(points) + spare) == tuple(points)


def test_a_single_spike_of_a_long_training_is_seen_in_eighty_columns():
    values = [1.0] * 500_000
    values[123_456] = 9.0

    assert (123_457, 9.0) in thinned(points_of(values), 80)


@given(_VALUES, st.floats(0.5, 500))
def test_a_smoothed_value_lies_between_the_values_before_it(values, half_life):
    for (_, value), at in zip(smoothed(points_of(values), half_life), range(1, len(values) + 1), strict=True):
        assert min(values[:at]) - 1e-9 <= value <= max(values[:at]) + 1e-9


def test_after_a_half_life_a_value_weighs_half():
    # Given 0 at step 0 and 3 at step 10, ten steps being the half-life: (0 * 0.5 + 3) / (0.5 + 1).
    assert smoothed([(0, 0.0), (10, 3.0)], half_life=10) == ((0, 0.0), (10, 2.0))


def test_smoothing_nothing_gives_nothing():
    assert smoothed([], half_life=3) == ()


_WINDOWS = st.builds(lambda first, span: Window(first, first + span), st.floats(1, 900), st.floats(4, 99))


@given(_WINDOWS, st.lists(st.tuples(st.sampled_from("zm"), st.floats(0.1, 4), st.floats(-2, 2)), max_size=12))
def test_zooming_and_moving_stay_on_the_steps_there_are(window, moves):
    for kind, factor, share in moves:
        window = window.zoomed(factor, _WHOLE) if kind == "z" else window.moved(share, _WHOLE)

        assert window.first >= _WHOLE.first - 1e-6
        assert window.last <= _WHOLE.last + 1e-6
        assert window.span >= 4 - 1e-6


def test_zooming_keeps_the_middle_and_moving_keeps_the_span():
    assert Window(400, 600).zoomed(0.5, _WHOLE) == Window(450, 550)
    assert Window(400, 600).moved(0.5, _WHOLE) == Window(500, 700)
    assert Window(900, 1_000).moved(0.5, _WHOLE) == Window(900, 1_000)
    assert Window(400, 600).zoomed(100, _WHOLE) == _WHOLE


def test_a_line_runs_on_to_the_edges_of_the_window():
    points = [(step, float(step)) for step in range(0, 100, 10)]

    assert seen(points, Window(25, 45)) == ((20, 20.0), (30, 30.0), (40, 40.0), (50, 50.0))
    assert seen(points, Window(91, 99)) == ()


def test_logarithms_leave_out_what_has_none():
    assert logarithmic([(1, 100.0), (2, 0.0), (3, -1.0), (4, 0.1)]) == ((1, 2.0), (4, -1.0))


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.0, 3.0], (0.9, 3.1)), ([2.0], (1.9, 2.1)), ([0.0], (-0.05, 0.05)), ([], (0.0, 1.0))],
)
def test_limits_leave_a_margin_also_around_a_constant(values, expected):
    assert limits_of([points_of(values)]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.1, 0.9], (0.06, 0.94)), ([0.0, 1.0], (0.0, 1.0)), ([1.0], (0.95, 1.0)), ([1.0, 3.0], (0.9, 3.0))],
)
def test_the_margin_of_shares_does_not_leave_them(values, expected):
    assert limits_of([points_of(values)], is_share=True) == pytest.approx(expected)


def test_a_training_gives_its_charts_those_looked_at_first_in_front():
    state = trained(
        measured(1, loss=2.0, next_token_accuracy=0.4, learning_rate=1e-3, memory_bytes=2.0**31),
        measured(2, loss=1.5, next_token_accuracy=0.5, learning_rate=9e-4, brand_new=7.0),
        measured(2, eval_loss=1.8, eval_next_token_accuracy=0.45),
        DevScored(time=2, step=2, metric="exact_match", n=8, value=0.25, low=0.05, high=0.6),
    )

    charts = charts_of(state.training)

    assert [chart.key for chart in charts] == [
        "loss",
        "next_token_accuracy",
        TASK_METRIC,
        "learning_rate",
        "memory_bytes",
        "brand_new",
    ]
    loss = charts[0]
    assert [(curve.name, curve.points, curve.is_sparse) for curve in loss.curves] == [
        ("train", ((1, 2.0), (2, 1.5)), False),
        ("dev", ((2, 1.8),), True),
    ]
    assert (charts[2].curves[0].name, charts[2].curves[0].note) == ("exact_match", "[0.05, 0.60] n=8")
    assert [curve.last for chart in charts[:3] for curve in chart.curves] == [1.5, 1.8, 0.5, 0.45, 0.25]
    assert charts[4].curves[0].points == ((1, 2.0),)
    assert [chart.key for chart in charts if chart.is_share] == ["next_token_accuracy", TASK_METRIC]


def test_values_that_are_no_numbers_are_left_out():
    state = trained(measured(1, loss=2.0), measured(2, loss=math.inf), measured(3, loss=1.0))

    assert charts_of(state.training)[0].curves[0].points == ((1, 2.0), (3, 1.0))


def test_nothing_measured_gives_no_chart():
    assert charts_of(RunState().training) == ()


def test_the_whole_runs_over_all_charts():
    state = trained(measured(3, loss=2.0), measured(9, learning_rate=1e-3))

    assert whole_of(charts_of(state.training)) == Window(3, 9)
    assert whole_of(charts_of(trained(measured(3, loss=2.0)).training)) == Window(3, 4)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 10))
def test_ticks_lie_between_the_limits_and_are_as_many_as_fit(low, span, most):
    ticks = ticks_of(low, low + span, most)

    assert 1 <= len(ticks) <= most + 1
    assert all(low - span * 1e-6 <= at <= low + span * (1 + 1e-6) for at, _ in ticks)
    assert [at for at, _ in ticks] == sorted(at for at, _ in ticks)


@given(st.floats(-8, 6), st.floats(0.01, 8), st.integers(2, 10))
def test_logarithmic_ticks_lie_between_the_limits_too(low, span, most):
    ticks = ticks_of(low, low + span, most, logs=True)

    assert 1 <= len(ticks) <= most + 1
    assert all(low - 1e-6 <= at <= low + span + 1e-6 for at, _ in ticks)


def test_ticks_have_round_labels():
    assert [label for _, label in ticks_of(1, 400_002, 2)] == ["200,000", "400,000"]
    assert [label for _, label in ticks_of(0.42, 1.9, 5)] == ["0.5", "1.0", "1.5"]
    assert [label for _, label in ticks_of(0, 4_000, 4)] == ["0", "1,000", "2,000", "3,000", "4,000"]
    assert [label for _, label in ticks_of(-2, 1, 5, logs=True)] == ["0.01", "0.1", "1", "10"]
    assert [label for _, label in ticks_of(math.log10(0.42), math.log10(0.49), 4, logs=True)] == [
        "0.42",
        "0.44",
        "0.46",
        "0.48",
    ]

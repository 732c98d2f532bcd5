"""A series keeps every step while it is short, and every spike however long it gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.watching.series import MOST_BINS, Series, SeriesBuilder


def built(values: list[float], *, at_once: int = 10**9) -> Series:
    builder = SeriesBuilder()
    for start in range(0, len(values), at_once):
        part = values[start : start + at_once]
        builder.add(list(range(start + 1, start + len(part) + 1)), part)
    return builder.freeze()


def test_a_short_series_is_kept_as_it_is():
    series = built([3.0, 1.0, 2.0])

    assert series.points == ((1, 3.0), (2, 1.0), (3, 2.0))
    assert (series.width, series.last_step, series.last) == (1, 3, 2.0)


def test_a_long_series_is_bounded_and_keeps_a_single_spike():
    values = [1.0] * 300_000
    values[123_456], values[200_001] = 9.0, -9.0

    series = built(values)

    assert len(series.points) <= 2 * MOST_BINS
    assert (123_457, 9.0) in series.points
    assert (200_002, -9.0) in series.points
    assert [step for step, _ in series.points] == sorted(step for step, _ in series.points)
    assert series.points[-1][0] > 299_000


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=5_000), st.integers(1, 2_000))
@pytest.mark.unmeasured
def test_how_values_come_in_makes_no_difference(values, at_once):
    assert built(values, at_once=at_once) == built(values)


def test_a_series_goes_on_from_a_frozen_one():
    whole = built([float(at % 7) for at in range(4_000)])
    begun = built([float(at % 7) for at in range(2_500)])

    builder = SeriesBuilder(begun)
    builder.add(list(range(2_501, 4_001)), [float(at % 7) for at in range(2_500, 4_000)])

    assert builder.freeze() == whole


def test_what_a_resumed_training_measures_again_replaces_the_former_values():
    builder = SeriesBuilder(built([5.0, 4.0, 3.0, 2.0]))

    builder.cut(3)
    builder.add([3, 4], [2.5, 1.5])

    assert builder.freeze().points == ((1, 5.0), (2, 4.0), (3, 2.5), (4, 1.5))


def test_cutting_everything_leaves_an_empty_series():
    builder = SeriesBuilder(built([5.0, 4.0]))

    builder.cut(1)

    assert builder.freeze() == Series()

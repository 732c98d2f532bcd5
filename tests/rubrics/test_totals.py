"""Means over tokens with rows as evidence: a textbook case by hand, and what must hold for any rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.statistics import errors_between, ratio_difference, ratio_interval, standard_errors

rows = st.lists(st.tuples(st.floats(0, 50), st.integers(1, 30)), min_size=2, max_size=30)


def test_equal_weights_give_the_t_interval_of_a_mean():
    # Values 1, 2, 3, 4: mean 2.5, standard deviation 1.29099, error 0.64550, t(3) = 3.18245.
    found = ratio_interval([1, 2, 3, 4], [1, 1, 1, 1])

    assert found.value == 2.5
    assert found.high - found.value == pytest.approx(3.18245 * 0.645497, rel=1e-5)
    assert found.value - found.low == pytest.approx(found.high - found.value)


def test_rows_count_by_their_tokens():
    # 3 of 4 and 1 of 6 tokens: 4 / 10, not the mean of 0.75 and 0.167. Residuals 3 - 0.4 x 4 = 1.4 and -1.4, over the
    # mean weight 5: +-0.28, so that the error is sqrt(2 x 0.28^2 / 2) = 0.28.
    found = ratio_interval([3, 1], [4, 6])

    assert found.value == pytest.approx(0.4)
    assert standard_errors([[3, 1]], [4, 6]) == [pytest.approx(0.28)]


@given(rows, st.floats(0.1, 10))
def test_a_unit_changes_nothing_but_the_unit(pairs, unit):
    sums, weights = zip(*pairs, strict=True)
    one, other = ratio_interval(sums, weights), ratio_interval([unit * value for value in sums], weights)

    assert (other.value, other.low, other.high) == pytest.approx(
        (unit * one.value, unit * one.low, unit * one.high), abs=1e-6
    )


@given(rows, st.floats(-1, 1))
def test_the_same_change_of_every_token_has_no_doubt(pairs, moved):
    sums, weights = zip(*pairs, strict=True)
    found = ratio_difference(
        sums, [value + moved * w for value, w in zip(sums, weights, strict=True)], weights
    )

    assert (found.value, found.low, found.high) == pytest.approx((moved,) * 3, abs=1e-6)


def test_errors_between_two_systems_add_up_to_that_of_their_difference():
    rng = np.random.default_rng(2)
    easy, weights = rng.normal(0, 5, 40), rng.integers(1, 9, 40)
    one, other = (list(easy + rng.normal(0, 0.5, 40)) for _ in range(2))

    errors = errors_between([one, other], weights)

    difference = standard_errors([[b - a for a, b in zip(one, other, strict=True)]], weights)[0]
    assert math.hypot(*errors) == pytest.approx(difference)
    # What makes rows hard for both is taken out.
    assert max(errors) < 0.2 * min(standard_errors([one, other], weights))


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        weights = rng.integers(1, 12, 48)
        values = 0.3 * weights + rng.normal(0, 1, 48) * weights
        found = ratio_interval(list(values), list(weights))
        held += found.low <= 0.3 <= found.high
    # 95% of 400 are 380; under 364 comes once in a thousand.
    assert held >= 364


@pytest.mark.parametrize(("sums", "weights"), [([1], [1]), ([1, 2], [1]), ([1, 2], [1, 0])])
def test_too_few_rows_or_none_of_a_weight_are_refused(sums, weights):
    with pytest.raises(ValueError, match="weight"):
        ratio_interval(sums, weights)
    with pytest.raises(ValueError, match="two"):
        errors_between([[1, 2]], [1, 1])

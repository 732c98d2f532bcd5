"""Power against the table of KNOWLEDGE section 4, a plain enumeration and a simulation."""

from __future__ import annotations

import math
from math import comb

import numpy as np
import pytest

from rubrics.compared import PairedResult
from rubrics.outcome import compare_outcome
from rubrics.power import (
    chance_to_settle,
    exact_power,
    minimum_detectable_effect,
    rows_needed,
    rows_to_settle,
)
from rubrics.rulebook import AfterTraining
from rubrics.statistics import mcnemar_exact, paired_share_difference

# n, points at 10% and at 20% discordant pairs. The cell 8.9 is 8.84 here, and by enumeration too: the table
# was rounded up there, so cells are held to 0.06 points.
KNOWLEDGE_TABLE = [
    (50, None, 17.6),
    (100, 8.9, 12.8),
    (200, 6.4, 9.1),
    (500, 4.1, 5.7),
    (1000, 2.9, 4.0),
]


@pytest.mark.parametrize(("n", "at_10", "at_20"), KNOWLEDGE_TABLE)
def test_smallest_visible_gain_is_that_of_the_table(n: int, at_10: float | None, at_20: float):
    for discordance, expected in ((0.1, at_10), (0.2, at_20)):
        gain = minimum_detectable_effect(n, discordance)

        if expected is None:
            assert gain is None
        else:
            assert gain is not None
            assert 100 * gain == pytest.approx(expected, abs=0.06)


def enumerated_power(n: int, gain: float, discordance: float) -> float:
    """Sum every (fixed, broken, same) outcome that the test calls significant."""
    p_fixed, p_broken = (discordance + gain) / 2, (discordance - gain) / 2
    return sum(
        comb(n, fixed)
        * comb(n - fixed, broken)
        * p_fixed**fixed
        * p_broken**broken
        * (1 - discordance) ** (n - fixed - broken)
        for fixed in range(n + 1)
        for broken in range(n - fixed + 1)
        if mcnemar_exact(fixed, broken) < 0.05
    )


@pytest.mark.parametrize(
    ("n", "gain", "discordance"),
    [
        (5, 0.2, 0.4),
        (20, 0.3, 0.5),
        (60, 0.1, 0.2),
        (60, 0.2, 0.2),
        (40, 0.0, 0.5),
        (30, 0.25, 1.0),
        (100, 0.0884, 0.1),
    ],
)
def test_power_equals_the_plain_enumeration(n: int, gain: float, discordance: float):
    assert exact_power(n, gain, discordance) == pytest.approx(
        enumerated_power(n, gain, discordance), abs=1e-12
    )


def test_power_at_many_rows_agrees_with_a_simulation():
    n, gain, discordance = 5000, 0.012, 0.1
    rng = np.random.default_rng(0)
    shares = [(discordance + gain) / 2, (discordance - gain) / 2, 1 - discordance]
    draws = rng.multinomial(n, shares, size=4000)

    significant = np.mean([mcnemar_exact(int(fixed), int(broken)) < 0.05 for fixed, broken, _ in draws])

    assert exact_power(n, gain, discordance) == pytest.approx(significant, abs=0.025)


def test_without_a_gain_the_test_keeps_its_level():
    for n in (30, 100, 1000):
        assert exact_power(n, 0.0, 0.3) < 0.05


def test_discordance_is_never_below_the_gain():
    assert exact_power(100, 0.1, 0.02) == exact_power(100, 0.1, 0.1)
    assert rows_needed(0.1, 0.0) == rows_needed(0.1, 0.1)


def test_no_rows_or_no_change_show_nothing():
    assert exact_power(0, 0.1, 0.2) == 0.0
    assert exact_power(100, 0.0, 0.0) == 0.0
    assert minimum_detectable_effect(100, 0.0) is None
    assert rows_needed(0.0, 0.0) is None


@pytest.mark.parametrize(("n", "discordance"), [(100, 0.1), (300, 0.4), (2000, 0.05), (80, 1.0)])
def test_the_smallest_visible_gain_has_just_the_wanted_power(n: int, discordance: float):
    gain = minimum_detectable_effect(n, discordance, power=0.9)

    assert gain is not None
    assert gain <= discordance
    assert exact_power(n, gain, discordance) == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize(
    ("gain", "discordance"), [(0.05, 0.1), (0.05, 0.2), (0.1, 0.1), (0.02, 0.1), (0.3, 0.5)]
)
def test_rows_needed_is_the_first_n_that_is_enough(gain: float, discordance: float):
    n = rows_needed(gain, discordance)

    assert n is not None
    assert exact_power(n, gain, discordance) >= 0.8
    assert all(exact_power(fewer, gain, discordance) < 0.8 for fewer in range(max(1, n - 60), n))


def test_rows_needed_and_smallest_gain_are_each_others_inverse():
    gain = minimum_detectable_effect(500, 0.2)

    assert gain is not None
    assert rows_needed(gain + 1e-5, 0.2) == pytest.approx(500, abs=1)


def test_a_gain_that_no_labelled_set_shows_needs_no_number():
    assert rows_needed(0.0005, 0.2) is None
    assert rows_needed(0.05, 0.2, limit=500) is None
    assert rows_needed(0.05, 0.2, limit=1000) == rows_needed(0.05, 0.2)


@pytest.mark.parametrize("arguments", [(-1, 0.1, 0.2), (10, -0.1, 0.2), (10, 0.1, 1.2), (10, 1.1, 0.2)])
def test_impossible_designs_are_refused(arguments: tuple[int, float, float]):
    with pytest.raises(ValueError, match=r"rows|shares"):
        exact_power(*arguments)


@pytest.mark.parametrize("power", [0.0, 0.05, 1.0])
def test_power_must_lie_between_level_and_certainty(power: float):
    with pytest.raises(ValueError, match="power"):
        minimum_detectable_effect(100, 0.1, power)
    with pytest.raises(ValueError, match="power"):
        rows_needed(0.05, 0.1, power)


@pytest.mark.parametrize(
    ("fixed", "broken", "n"), [(14, 10, 200), (24, 12, 400), (30, 20, 400), (24, 12, 200)]
)
def test_the_rows_to_settle_settle_it_with_the_promised_chance(fixed: int, broken: int, n: int):
    # Given a test that could not tell, when it is repeated on that many rows with the truth as it was seen
    gain, discordance = (fixed - broken) / n, (fixed + broken) / n
    needed = rows_to_settle(gain, math.sqrt(discordance - gain**2), 0.05)
    assert needed is not None
    shares = [(discordance + gain) / 2, (discordance - gain) / 2, 1 - discordance]
    tables = np.random.default_rng(0).multinomial(needed, shares, size=400)
    outcomes = [
        compare_outcome(
            PairedResult(i.value, i.low, i.high, mcnemar_exact(int(f), int(b))), min_gain=0.05
        ).outcome
        for f, b, _ in tables
        if (i := paired_share_difference(int(f), int(b), needed))
    ]

    settled = np.mean([outcome is not AfterTraining.INCONCLUSIVE for outcome in outcomes])

    # Then four of five such tests decide; the formula is the normal one, good to some points here.
    assert 0.72 <= settled <= 0.9


def test_no_number_of_rows_settles_a_difference_equal_to_the_smallest_gain():
    assert rows_to_settle(0.05, 0.4, 0.05) is None
    assert rows_to_settle(0.2, 0.4, 0.05) < rows_to_settle(0.08, 0.4, 0.05)
    assert chance_to_settle(100_000, 0.02, 0.4, 0.05) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="above 0"):
        rows_to_settle(0.1, 0.0, 0.05)

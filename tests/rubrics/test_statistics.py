"""Intervals and tests against statsmodels, scipy, published values and their own definitions."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from rubrics.statistics import (
    FlipTable,
    Interval,
    flip_table,
    mcnemar_exact,
    mean_interval,
    paired_mean_difference,
    paired_share_difference,
    score_interval,
    wilson,
)

CHI2_95 = 3.841458820694124


@pytest.mark.parametrize("n", [1, 2, 7, 50, 400, 3080])
def test_wilson_equals_statsmodels(n: int):
    for successes in {0, 1, n // 3, n // 2, n - 1, n}:
        interval = wilson(successes, n)

        low, high = proportion_confint(successes, n, method="wilson")
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-12)
        assert interval.value == successes / n


def test_wilson_is_exact_at_the_ends():
    assert wilson(0, 10).low == 0.0
    assert wilson(10, 10).high == 1.0


@given(st.integers(1, 5000), st.floats(0, 1))
def test_wilson_holds_its_value(n: int, share: float):
    interval = wilson(share * n, n)

    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.low < interval.high


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (0, -1), (-1, 5), (6, 5), (math.nan, 5)])
def test_wilson_refuses_the_impossible(successes: float, n: int):
    with pytest.raises(ValueError, match="row"):
        wilson(successes, n)


def test_the_graded_interval_agrees_with_the_normal_one_where_that_holds():
    scores = np.random.default_rng(3).beta(2, 3, size=2000)

    interval = mean_interval(list(scores))

    half = 1.96 * scores.std(ddof=1) / math.sqrt(len(scores))
    assert interval.value == pytest.approx(scores.mean())
    assert interval.low == pytest.approx(scores.mean() - half, abs=half / 50)
    assert interval.high == pytest.approx(scores.mean() + half, abs=half / 50)


def test_few_skewed_scores_get_a_skewed_interval_inside_the_scale():
    scores = [0.0] * 27 + [0.1, 0.4, 1.0]

    interval = mean_interval(scores)

    assert interval.low > 0
    assert interval.high - interval.value > 1.5 * (interval.value - interval.low)


def test_graded_zeros_and_ones_come_close_to_wilson():
    scores = [1.0] * 60 + [0.0] * 140

    graded, plain = mean_interval(scores), wilson(60, 200)

    assert (graded.low, graded.high) == pytest.approx((plain.low, plain.high), abs=0.002)


def test_rows_of_one_cluster_widen_a_score():
    rng = np.random.default_rng(5)
    right = np.repeat(rng.random(40) < 0.6, 10)
    names = np.repeat(np.arange(40), 10).tolist()

    alone, grouped = score_interval(list(right), True), score_interval(list(right), True, names)

    # Ten equal rows a cluster are worth one: forty rows, and a t quantile for their variance.
    expected = wilson(right.sum() / 10, 40)
    assert grouped.value == alone.value
    assert (grouped.low, grouped.high) == pytest.approx((expected.low, expected.high), abs=0.01)


def test_clusters_of_one_row_leave_the_plain_interval():
    scores = [1.0, 0.0, 1.0, 1.0]

    assert score_interval(scores, True, ["a", "b", "c", "d"]) == wilson(3, 4)


@pytest.mark.parametrize("score", [0.0, 0.37, 1.0])
def test_equal_scores_do_not_claim_certainty(score: float):
    interval = mean_interval([score] * 12)

    expected = wilson(score * 12, 12)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))
    assert interval.high - interval.low > 0.2


@pytest.mark.parametrize("scores", [[], [0.2, 1.2], [-0.1], [math.nan, 0.5]])
def test_scores_outside_the_scale_are_refused(scores: list[float]):
    with pytest.raises(ValueError, match=r"row|0\.\.1"):
        mean_interval(scores)
    with pytest.raises(ValueError, match=r"row|0\.\.1"):
        score_interval(scores, binary=True)


def test_right_or_wrong_rows_that_stand_alone_get_plain_wilson():
    scores = [1.0] * 30 + [0.0] * 10

    assert score_interval(scores, binary=True) == wilson(30, 40)
    assert score_interval(scores, binary=False) == mean_interval(scores)


def test_mcnemar_equals_published_p_values(shared_data: Path):
    lines = (shared_data / "stats" / "statsmodels_mcnemar_vectors.jsonl").read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["test"] == "mcnemar_exact"]
    assert len(rows) == 6

    for row in rows:
        (_, b), (c, _) = row["table"]
        assert mcnemar_exact(b, c) == pytest.approx(row["expected_p"], abs=0.51 * 10 ** -row["decimals"])


def test_mcnemar_equals_the_values_of_real_systems(shared_data: Path):
    content = (shared_data / "qa_em_f1" / "official_scores_a.json").read_text("utf-8")
    pairs = json.loads(content)["pairs"]
    assert len(pairs) == 10

    for pair in pairs.values():
        (_, b), (c, _) = pair["table"]
        assert mcnemar_exact(c, b) == pytest.approx(pair["mcnemar_exact_p"], rel=1e-9)


def test_mcnemar_without_a_change_is_one():
    assert mcnemar_exact(0, 0) == 1.0
    assert mcnemar_exact(8, 8) == 1.0


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="negative"):
        mcnemar_exact(-1, 3)
    with pytest.raises(ValueError, match="impossible"):
        paired_share_difference(4, 4, 7)
    with pytest.raises(ValueError, match="at least one row"):
        paired_share_difference(0, 0, 0)


def tango_statistic_squared(fixed: int, broken: int, n: int, difference: float) -> float:
    """Score statistic by Tango's own maximisation, done numerically and not by his closed form."""
    from scipy.optimize import minimize_scalar

    low, high = max(0.0, -difference), (1 - difference) / 2

    def minus_log_likelihood(q: float) -> float:
        shares = ((fixed, q + difference), (broken, q), (n - fixed - broken, 1 - 2 * q - difference))
        return -sum(count * math.log(max(share, 1e-300)) for count, share in shares if count)

    q = minimize_scalar(
        minus_log_likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-13}
    ).x
    variance = n * (2 * q + difference - difference**2)
    return (fixed - broken - n * difference) ** 2 / variance


@pytest.mark.parametrize(
    ("fixed", "broken", "n"), [(20, 3, 100), (3, 20, 100), (60, 30, 612), (40, 10, 50), (274, 17, 612)]
)
def test_tango_limits_lie_where_the_score_test_turns_significant(fixed: int, broken: int, n: int):
    interval = paired_share_difference(fixed, broken, n)

    assert mcnemar_exact(fixed, broken) < 0.05, "an interval widened to 0 has no such limit"
    assert interval.value == (fixed - broken) / n
    for limit in (interval.low, interval.high):
        assert tango_statistic_squared(fixed, broken, n, limit) == pytest.approx(CHI2_95, rel=1e-4)


def test_a_published_interval_is_widened_where_the_exact_test_is_not_significant():
    # Airway hyper-responsiveness (Bentur et al. 2009), 1 and 7 discordant of 21 pairs. Tango's interval is
    # published as -0.517 to -0.026 (Fagerland, Lydersen and Laake 2014), although exact McNemar says 0.070.
    interval = paired_share_difference(1, 7, 21)

    assert mcnemar_exact(1, 7) == pytest.approx(0.0703, abs=1e-4)
    assert interval.low == pytest.approx(-0.517, abs=5e-4)
    assert interval.high == 0.0


@pytest.mark.parametrize("n", [1, 10, 400])
def test_no_change_at_all_still_leaves_doubt(n: int):
    interval = paired_share_difference(0, 0, n)

    expected = CHI2_95 / (n + CHI2_95)
    assert (interval.low, interval.value, interval.high) == pytest.approx((-expected, 0.0, expected))


def test_all_rows_changed_keeps_the_interval_inside_the_scale():
    interval = paired_share_difference(30, 0, 30)

    assert (interval.value, interval.high) == (1.0, 1.0)
    assert 0.5 < interval.low < 1.0


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int]:
    fixed, broken, same = (draw(st.integers(0, size)) for size in (150, 150, 2000))
    return fixed, broken, max(1, fixed + broken + same)


@settings(max_examples=400, deadline=None)
@given(tables())
def test_interval_and_test_agree(table: tuple[int, int, int]):
    fixed, broken, n = table

    interval = paired_share_difference(fixed, broken, n)

    assert -1 <= interval.low <= interval.value <= interval.high <= 1
    assert (interval.low > 0 or interval.high < 0) == (mcnemar_exact(fixed, broken) < 0.05)


def test_interval_and_test_agree_on_every_small_table_and_at_every_border():
    for pairs in range(61):
        for fixed in range(pairs + 1):
            for n in {max(1, pairs), pairs + 1, 10 * pairs + 40}:
                interval = paired_share_difference(fixed, pairs - fixed, n)
                excludes = interval.low > 0 or interval.high < 0
                assert excludes == (mcnemar_exact(fixed, pairs - fixed) < 0.05), (fixed, pairs, n)


def test_an_exactly_significant_table_is_always_significant_by_score():
    # Why widening is enough and narrowing is never needed: at 0 Tango's statistic is (b - c)^2 / (b + c).
    from scipy.stats import binom

    pairs = np.arange(6, 20_001)
    critical = binom.ppf(0.025, pairs, 0.5) - 1

    assert float(((pairs - 2 * critical) ** 2 / pairs).min()) > CHI2_95


def test_the_difference_mirrors_when_the_systems_change_places():
    there, back = paired_share_difference(25, 6, 200), paired_share_difference(6, 25, 200)

    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_flip_table_counts_each_row_once():
    table = flip_table([True, True, False, False, False], [True, False, True, True, False])

    assert table == FlipTable(fixed=2, broken=1, both_right=1, both_wrong=1)
    assert (table.n, table.discordance) == (5, 0.6)
    with pytest.raises(ValueError, match=r"longer|shorter"):
        flip_table([True], [True, False])


def test_a_clear_graded_gain_is_seen_and_points_to_the_tuned_system():
    rng = np.random.default_rng(1)
    baseline = rng.uniform(0.2, 0.6, size=200)
    tuned = baseline + rng.normal(0.1, 0.05, size=200).clip(-0.2, 0.4)

    interval, p_value = paired_mean_difference(list(baseline), list(tuned))

    assert interval.value == pytest.approx((tuned - baseline).mean())
    assert 0.08 < interval.low < interval.value < interval.high < 0.12
    assert p_value == pytest.approx(1 / 10_000)


def test_sign_flips_equal_the_full_enumeration():
    # By hand: all 2^3 sign patterns of (0.1, 0.2, 0.3); two of eight reach the observed sum in size.
    interval, p_value = paired_mean_difference([0.0, 0.0, 0.0], [0.1, 0.2, 0.3])

    assert p_value == pytest.approx(2 / 8, abs=0.02)
    assert interval.value == pytest.approx(0.2)


def test_sums_that_differ_only_by_rounding_are_ties():
    # The differences cancel, up to their last bits, so every sign pattern is as extreme as the observed one.
    tuned = [0.6, 0.7, 0.2, 0.6, 0.7, 0.2]

    _, p_value = paired_mean_difference([0.5] * 6, tuned)

    assert p_value == 1.0


def test_noise_is_seldom_called_a_difference():
    rng = np.random.default_rng(7)
    p_values = []
    for _ in range(150):
        baseline, tuned = rng.random((2, 40))
        p_values.append(paired_mean_difference(list(baseline), list(tuned))[1])

    # Binomial (150, 0.05): above 15 in one of a hundred such experiments; the seed is fixed.
    assert sum(p < 0.05 for p in p_values) <= 15


def test_equal_systems_give_no_evidence_and_no_certainty():
    scores = [0.5, 0.7, 0.9] * 10

    interval, p_value = paired_mean_difference(scores, scores)

    assert p_value == 1.0
    assert interval.low < 0 < interval.high


def test_one_constant_gain_does_not_claim_certainty():
    interval, _ = paired_mean_difference([0.5] * 20, [0.75] * 20)

    assert interval.value == 0.25
    assert interval.low < 0.25 < interval.high


def test_rows_of_one_customer_count_as_one_piece_of_evidence():
    rng = np.random.default_rng(2)
    shift = np.repeat(rng.normal(0.05, 0.1, size=12), 20)
    baseline = np.full(240, 0.5)
    tuned = (baseline + shift + rng.normal(0, 0.01, size=240)).clip(0, 1)
    customers = [f"customer {row // 20}" for row in range(240)]

    alone, p_alone = paired_mean_difference(list(baseline), list(tuned))
    grouped, p_grouped = paired_mean_difference(list(baseline), list(tuned), clusters=customers)

    # Equal clusters: what is left to vary are the twelve customers' own means, with their t quantile.
    means = (tuned - baseline).reshape(12, 20).mean(axis=1)
    half = 2.201 * means.std(ddof=1) / math.sqrt(12)
    assert grouped.value == pytest.approx(alone.value)
    assert half < (grouped.high - grouped.low) / 2 < 1.25 * half
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)
    assert p_grouped > p_alone


def test_clusters_of_unequal_size_keep_the_mean_over_rows():
    # Nine rows of one customer gained 0.5, three customers with a row each lost 0.1.
    baseline = [0.5] * 12
    tuned = [1.0] * 9 + [0.4] * 3

    interval, p_value = paired_mean_difference(baseline, tuned, clusters=["big"] * 9 + ["a", "b", "c"])

    assert interval.value == pytest.approx((9 * 0.5 - 3 * 0.1) / 12)
    # The big customer outweighs the others together: every sign pattern is at least as far from 0.
    assert p_value == 1.0
    assert interval.low < 0 < interval.high


def test_one_constant_gain_in_clusters_counts_the_clusters():
    baseline, tuned = [0.5] * 20, [0.75] * 20
    clusters = [row // 5 for row in range(20)]

    grouped, _ = paired_mean_difference(baseline, tuned, clusters=clusters)
    as_many_rows, _ = paired_mean_difference(baseline[:4], tuned[:4])

    assert grouped == as_many_rows


def test_clusters_of_one_row_change_nothing():
    rng = np.random.default_rng(4)
    baseline, tuned = rng.random((2, 50))

    alone = paired_mean_difference(list(baseline), list(tuned), seed=3)

    assert paired_mean_difference(list(baseline), list(tuned), seed=3, clusters=range(50)) == alone


@pytest.mark.parametrize(
    ("baseline", "tuned", "clusters"),
    [([], [], None), ([0.1], [0.1, 0.2], None), ([0.1], [1.1], None), ([0.1, 0.2], [0.1, 0.2], ["a"])],
)
def test_pairs_that_do_not_fit_are_refused(baseline, tuned, clusters):
    with pytest.raises(ValueError, match=r"row|number|0\.\.1"):
        paired_mean_difference(baseline, tuned, clusters=clusters)


def test_importing_the_module_leaves_scipy_alone():
    code = "import sys, rubrics.statistics, rubrics.power; sys.exit('scipy' in sys.modules)"
    child = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)

    assert child.returncode == 0


def test_an_interval_is_a_value_and_cannot_be_edited():
    interval = Interval(0.5, 0.4, 0.6)

    with pytest.raises(AttributeError):
        interval.low = 0.0  # type: ignore[misc]

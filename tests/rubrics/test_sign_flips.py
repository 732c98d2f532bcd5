"""The sign-flip test and its clusters against McNemar, scipy and statsmodels, and against enumeration."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from rubrics.statistics import (
    compare_paired,
    false_alarm_rate,
    holm,
    mcnemar_exact,
    noise_floor,
    paired_mean_difference,
    set_score_difference,
    set_score_interval,
    sign_flip_test,
)

clustered_rows = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.integers(0, 15)), min_size=1, max_size=80
)


def test_mcnemar_equals_scipy_and_statsmodels_on_a_thousand_tables():
    rng = np.random.default_rng(0)
    for fixed, broken, right, wrong in rng.integers(0, [60, 60, 400, 400], size=(1000, 4)).tolist():
        found = mcnemar_exact(fixed, broken)

        assert found == pytest.approx(mcnemar([[right, broken], [fixed, wrong]], exact=True).pvalue, rel=1e-9)
        if fixed + broken:
            assert found == pytest.approx(binomtest(fixed, fixed + broken).pvalue, rel=1e-9)


def test_sign_flips_equal_scipy_s_permutation_test_on_a_thousand_samples():
    rng = np.random.default_rng(1)
    for _ in range(1000):
        size = int(rng.integers(2, 8))
        differences = rng.choice([rng.normal(size=size), rng.integers(-3, 4, size=size)])

        expected = permutation_test(
            (differences,), np.sum, permutation_type="samples", vectorized=True, n_resamples=np.inf
        )
        assert sign_flip_test(differences) == pytest.approx(expected.pvalue, abs=1e-9)


def test_single_rows_give_exactly_mcnemar():
    for fixed, broken in itertools.product(range(0, 40, 3), repeat=2):
        flips = sign_flip_test([1.0] * fixed + [-1.0] * broken + [0.0] * 5)
        assert flips == pytest.approx(mcnemar_exact(fixed, broken), rel=1e-12)


def test_whole_numbers_of_several_sizes_equal_their_enumeration():
    sums = [3, -1, 1, 2, 2, -1, 1, 4, 0]
    patterns = itertools.product((-1, 1), repeat=len(sums))
    extreme = [abs(np.dot(pattern, sums)) >= abs(sum(sums)) for pattern in patterns]

    assert sign_flip_test(sums) == pytest.approx(np.mean(extreme), rel=1e-12)


def test_random_flips_come_close_to_all_of_them():
    differences = np.random.default_rng(3).normal(0.3, 1, size=18)
    patterns = np.array(list(itertools.product((-1.0, 1.0), repeat=18)))
    exact = np.mean(np.abs(patterns @ differences) >= abs(differences.sum()) - 1e-9)

    # Three standard errors of 9,999 draws.
    assert sign_flip_test(differences) == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / 9999))


@settings(max_examples=300, deadline=None)
@given(clustered_rows)
def test_test_and_interval_agree_in_clusters(rows):
    before, after, names = zip(*rows, strict=True)

    found = compare_paired([float(x) for x in before], [float(x) for x in after], binary=True, clusters=names)

    low, high = found.interval.low, found.interval.high
    assert -1 <= low <= found.interval.value <= high <= 1
    assert (low > 0 or high < 0) == (found.p_value < 0.05)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30), st.booleans())
def test_test_and_interval_agree_on_graded_scores(pairs, better):
    before = [one for one, _ in pairs]
    after = [max(pair) if better else pair[1] for pair in pairs]

    interval, p_value = paired_mean_difference(before, after)

    assert -1 <= interval.low <= interval.value <= interval.high <= 1
    assert (interval.low > 0 or interval.high < 0) == (p_value < 0.05)


def test_the_test_is_named_by_what_it_flips():
    before, after = [0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0]

    alone = compare_paired(before, after, binary=True)
    shared = compare_paired(before, after, binary=True, clusters=["a", "a", "b", "c"])
    apart = compare_paired(before, after, binary=True, clusters=["a", "b", "c", "d"])

    assert alone == apart
    assert (alone.test, alone.clusters) == ("exact McNemar", None)
    assert (shared.test, shared.clusters) == ("exact sign-flip over 3 clusters", 3)
    assert shared.table == alone.table


def test_few_clusters_and_few_changes_are_said():
    rows = [float(row % 2) for row in range(60)]

    found = compare_paired(rows, rows[::-1], binary=True, clusters=[row // 20 for row in range(60)])

    assert any("3 clusters" in note for note in found.cautions)
    assert any("differ on 0 clusters" in note for note in found.cautions)
    assert compare_paired(rows, rows[::-1], binary=True).cautions == ()


def test_the_reference_file_is_met_and_what_is_not_offered_is_known(shared_data: Path):
    content = json.loads((shared_data / "qa_em_f1" / "official_scores_a.json").read_text("utf-8"))
    items = [
        json.loads(line)
        for line in (shared_data / "qa_em_f1/per_item_a.jsonl").read_text("utf-8").splitlines()
    ]
    for name, pair in content["pairs"].items():
        b, a = name.split(" vs ")
        for metric, binary in (("em", True), ("f1", False)):
            scores = [[item[f"{system}_{metric}"] for item in items] for system in (a, b)]
            found = compare_paired(*scores, binary=binary)
            assert 100 * found.interval.value == pytest.approx(pair[f"{metric}_diff"], abs=1e-6)
        exact = compare_paired(*[[item[f"{s}_em"] for item in items] for s in (a, b)], binary=True)
        assert exact.p_value == pytest.approx(pair["mcnemar_exact_p"], rel=1e-9)
    # Not offered, as `advisor help statistics` says: chi-squared forms of McNemar, and Wilcoxon's test.
    offered = {"table", "mcnemar_exact_p", "em_diff", "f1_diff"}
    assert set(pair) - offered == {"mcnemar_chi2_cc_p", "mcnemar_chi2_p", "wilcoxon_f1_p"}


@pytest.mark.unmeasured
def test_holm_equals_statsmodels():
    rng = np.random.default_rng(0)
    for size in range(1, 12):
        p_values = (rng.random(size) ** 3).tolist()
        assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1].tolist())
    with pytest.raises(ValueError, match="p-values"):
        holm([0.5, 1.5])


def test_looks_cost_what_armitage_published():
    assert [false_alarm_rate(looks)[0] for looks in (1, 2, 5)] == [0.05, 0.083, 0.142]
    assert false_alarm_rate(7)[0] == 0.142
    assert false_alarm_rate(2)[1] == pytest.approx(0.0975)
    with pytest.raises(ValueError, match="look"):
        false_alarm_rate(0)


def test_the_noise_floor_holds_the_differences_of_repeats():
    rng = np.random.default_rng(0)
    chances = rng.beta(2, 2, size=200)
    floor = noise_floor(rng.random((5, 200)) < chances)

    differences = [
        (rng.random(200) < chances).mean() - (rng.random(200) < chances).mean() for _ in range(2000)
    ]

    assert np.mean(np.abs(differences) <= floor.difference) == pytest.approx(0.95, abs=0.02)
    assert 0.3 < floor.unstable < 1
    with pytest.raises(ValueError, match="two repetitions"):
        noise_floor([[1.0]])


def macro_f1(labels: np.ndarray, answers: np.ndarray) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(labels, answers, average="macro", zero_division=0))


def test_a_mean_as_set_score_has_the_interval_of_the_mean():
    scores = np.random.default_rng(2).beta(2, 3, size=300)

    found = set_score_interval(lambda rows: float(scores[rows].mean()), 300)

    from rubrics.statistics import mean_interval

    expected = mean_interval(list(scores))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_macro_f1_gets_an_interval_and_a_test_that_agree():
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 3, 60)
    before = np.where(rng.random(60) < 0.4, labels, rng.integers(0, 3, 60))
    after = np.where(rng.random(60) < 0.9, labels, rng.integers(0, 3, 60))

    def score(rows: np.ndarray, exchanged: np.ndarray) -> float:
        answers = np.where(exchanged, after, before)
        tables = np.bincount(labels[rows] * 3 + answers[rows], minlength=9).reshape(3, 3)
        return float((2 * np.diag(tables) / (tables.sum(0) + tables.sum(1))).mean())

    interval, p_value = set_score_difference(score, 60)

    assert interval.value == pytest.approx(macro_f1(labels, after) - macro_f1(labels, before))
    assert p_value < 0.05
    assert 0 < interval.low < interval.value < interval.high <= 1
    constant, chance = set_score_difference(lambda rows, exchanged: 0.5, 60)
    assert (constant.value, constant.low < 0 < constant.high, chance) == (0.0, True, 1.0)

"""Agreement with people: kappa by hand and against scikit-learn, its interval, and what follows from it."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from rubrics.judging.agreement import Agreement, cohen_kappa, measure_agreement, shipped_limits, standing
from rubrics.rulebook import load_rulebook

LABELS = ("a", "b", "tie")


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def agreeing(n: int, right: int) -> Agreement:
    """Half a, half b by people; the judge is right on the first `right` rows."""
    people = ["a" if at % 2 else "b" for at in range(n)]
    judge = [label if at < right else {"a": "b", "b": "a"}[label] for at, label in enumerate(people)]
    return measure_agreement(judge, people, LABELS)


def test_kappa_of_the_textbook_table():
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: agreement 0.7, chance 0.5.
    kappa = cohen_kappa(np.array([[20.0, 5.0], [10.0, 15.0]]))

    assert kappa is not None
    assert kappa.value == pytest.approx(0.4)
    assert 0.1 < kappa.low < 0.2 < 0.6 < kappa.high < 0.7


@settings(max_examples=150, deadline=None)
@given(
    st.integers(2, 5).flatmap(
        lambda k: st.lists(
            st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=1, max_size=60
        ).map(lambda pairs: (k, pairs))
    ),
    st.sampled_from(["none", "quadratic"]),
)
def test_kappa_is_that_of_scikit_learn(table, weights):
    size, pairs = table
    one, other = zip(*pairs, strict=True)
    counts = np.zeros((size, size))
    for pair in pairs:
        counts[pair] += 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = cohen_kappa_score(
            one, other, labels=list(range(size)), weights=None if weights == "none" else weights
        )

    found = cohen_kappa(counts, weights)

    if found is None:
        assert np.isnan(expected)
        assert len(set(one)) == len(set(other)) == 1
    else:
        assert found.value == pytest.approx(expected, abs=1e-9)
        assert found.low <= found.value <= found.high <= 1 + 1e-12
        swapped = cohen_kappa(counts.T, weights)
        assert swapped is not None
        assert swapped.low == pytest.approx(found.low, abs=1e-9)


def test_perfect_agreement_on_few_rows_is_not_certain():
    kappa = agreeing(10, 10).kappa

    assert kappa is not None
    assert kappa.value == kappa.high == 1
    assert kappa.low < 0.5


@pytest.mark.parametrize(("skewed", "kappa"), [(False, 0.6), (True, 0.9)])
def test_the_interval_covers_the_true_kappa_about_as_often_as_it_says(skewed, kappa):
    shares = np.array([0.8, 0.1, 0.1]) if skewed else np.ones(3) / 3
    joint = kappa * np.diag(shares) + (1 - kappa) * np.outer(shares, shares)
    drawn = np.random.default_rng(5).multinomial(40, joint.ravel(), size=600).reshape(-1, 3, 3)

    intervals = [found for table in drawn if (found := cohen_kappa(table.astype(float))) is not None]
    covered = [found.low <= kappa <= found.high for found in intervals]

    assert 0.92 <= np.mean(covered) <= 0.985
    # The side that a refusal rests on: too high a lower limit would let a bad judge decide.
    assert np.mean([found.low > kappa for found in intervals]) < 0.04


def test_raters_must_have_rated_the_same_rows_with_known_labels():
    with pytest.raises(ValueError, match="2 and 1"):
        measure_agreement(["a", "b"], ["a"], LABELS)
    with pytest.raises(ValueError, match="c"):
        measure_agreement(["a"], ["c"], LABELS)


def test_the_two_annotators_of_pubmedqa_differ_on_the_counted_rows(shared_data):
    rows = rows_of(shared_data / "domain" / "pubmedqa_pqal.jsonl")
    facts = json.loads((shared_data / "FACTS_extra.json").read_text(encoding="utf-8"))
    [counted] = [fact for fact in facts if fact["name"] == "pubmedqa annotators"]
    first, second = ([row[f"annot_reasoning_{kind}"] for row in rows] for kind in ("required", "free"))

    found = measure_agreement(first, second, sorted({*first, *second}))

    assert found.n == 1000
    assert round(found.n * (1 - found.accuracy.value)) == counted["two_annotators_differ"] == 299
    assert found.kappa is not None
    assert found.kappa.value == pytest.approx(cohen_kappa_score(first, second))
    # So even these people, were one of them a judge, would not be let decide.
    assert not standing(found, 0, found.n).may_decide


def test_two_annotators_of_klue_nli_would_do(shared_data):
    rows = rows_of(shared_data / "korean" / "klue_nli_dev.jsonl")
    first, second = ([row["annotators"][at] for row in rows] for at in (0, 1))

    found = measure_agreement(first, second, sorted({*first, *second}))

    assert found.kappa is not None
    assert found.kappa.value == pytest.approx(cohen_kappa_score(first, second))
    assert standing(found, 0, found.n).may_decide


def test_grades_of_two_people_agree_more_by_quadratic_weights(shared_data):
    rows = [row for row in rows_of(shared_data / "sentiment" / "vader_tweets.jsonl") if row.get("ratings")]
    first, second = ([str(row["ratings"][at]) for row in rows] for at in (0, 1))
    grades = [str(grade) for grade in range(-4, 5)]

    plain = measure_agreement(first, second, grades)
    graded = measure_agreement(first, second, grades, "quadratic")

    assert plain.kappa is not None
    assert graded.kappa is not None
    expected = cohen_kappa_score(first, second, weights="quadratic", labels=grades)
    assert graded.kappa.value == pytest.approx(expected)
    assert graded.kappa.value > plain.kappa.value + 0.1


def test_limits_are_those_of_the_verdict_where_both_have_one():
    limits, verdict = shipped_limits(), load_rulebook().limits

    assert limits["kappa"].value == verdict.judge_agreement
    assert limits["human_rows"].value == verdict.test_rows
    assert all(limit.source for limit in limits.values())


@pytest.mark.parametrize(
    ("agreement", "invalid", "words"),
    [
        (None, 0, "not measured"),
        (None, 100, "none of its 100 verdicts could be read"),
        (agreeing(29, 29), 0, "only 29 judged rows"),
        (agreeing(100, 60), 0, "agrees too little with people: kappa 0.20"),
        (agreeing(30, 25), 0, "too few human labels to be sure"),
        (measure_agreement(["a"] * 40, ["a"] * 40, LABELS), 0, "chance explains"),
        (agreeing(100, 95), 6, "6 of 100 verdicts could not be read"),
    ],
)
def test_a_judge_is_refused_in_words(agreement, invalid, words):
    found = standing(agreement, invalid, 100)

    assert not found.may_decide
    assert words in found.reason


def test_a_judge_that_agrees_may_decide_and_a_stricter_limit_refuses_it():
    agreement = agreeing(100, 90)
    strict = {**shipped_limits(), "kappa": replace(shipped_limits()["kappa"], value=0.9, source="board")}

    assert standing(agreement, 5, 100).may_decide
    assert "kappa 0.80" in standing(agreement, 5, 100).reason
    assert "under 0.9 (board)" in standing(agreement, 5, 100, strict).reason

"""`--require`: what must hold for exit code 0."""

from __future__ import annotations

import pytest

from advisor.requirements import unmet

ALL = ["improved", "target", "verdict:FINE_TUNE", "verdict:NOT_SUITED"]


def test_of_a_tuned_model_that_ships_only_the_other_verdict_does_not_hold(make_report):
    assert unmet(make_report(), ALL) == ["verdict:NOT_SUITED: found FINE_TUNE"]


def test_without_a_training_nothing_is_improved_and_the_chosen_rung_counts(make_report):
    report = make_report(comparison=None, evaluations=[], training=None)

    assert unmet(report, ["improved", "target"]) == [
        "improved: found nothing was trained",
        "target: found 0.6, the target is 0.8",
    ]


@pytest.mark.parametrize("outcome", ["KEEP_BASELINE", "INCONCLUSIVE"])
def test_a_tuned_model_that_does_not_ship_meets_no_target(outcome, make_report):
    comparison = make_report().comparison.model_copy(update={"outcome": outcome})
    report = make_report().model_copy(update={"comparison": comparison})

    assert unmet(report, ["improved", "target"]) == [
        f"improved: found {outcome}",
        "target: found 0.6, the target is 0.8",
    ]


def test_a_target_is_met_on_test_and_not_on_dev(make_report):
    report = make_report(comparison=None, evaluations=[])
    lucky = [
        entry.model_copy(update={"metrics": make_report().evaluations[2].metrics})
        if entry.split == "dev"
        else entry
        for entry in report.baselines
    ]

    assert unmet(report.model_copy(update={"baselines": lucky}), ["target"]) != []


def test_nothing_is_required_unless_asked(make_report):
    assert unmet(make_report(), []) == []

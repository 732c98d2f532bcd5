"""The decision after training: one planted case a rule, their order, and the rows that would decide."""

from __future__ import annotations

import json

import pytest
from planted import answers, plan, report

from rubrics.compared import Guard, PairedResult
from rubrics.decide import decide_report
from rubrics.errors import Fault
from rubrics.measured_parts import Score
from rubrics.outcome import compare_outcome, rows_to_decide
from rubrics.rulebook import AfterTraining, load_rulebook
from rubrics.statistics import mcnemar_exact, paired_share_difference


def paired(fixed: int, broken: int, n: int = 400) -> PairedResult:
    interval = paired_share_difference(fixed, broken, n)
    return PairedResult(
        interval.value, interval.low, interval.high, mcnemar_exact(fixed, broken), n, fixed, broken
    )


WORSE, BETTER, SAME, SMALL, VAGUE = (
    paired(10, 40),
    paired(60, 20),
    paired(5, 5),
    paired(24, 12),
    paired(40, 26),
)

CASES = {
    "T1 rows": (BETTER, {"mismatch": ["template"]}, "T1", "INCONCLUSIVE", "template differ"),
    "T2 worse": (WORSE, {}, "T2", "KEEP_BASELINE", "-7.5 points"),
    "T2 guard": (BETTER, {"guards": [Guard("general", -0.06, -0.01)]}, "T2", "KEEP_BASELINE", "general by 6 points"),
    "T3 better": (BETTER, {}, "T3", "SHIP_TUNED", "no target"),
    "T3 met": (BETTER, {"target": 0.8, "tuned": Score(0.82, 0.78, 0.86)}, "T3", "SHIP_TUNED", "reaches the target of 0.80 with 0.82"),
    "T3 unmet": (BETTER, {"target": 0.9, "tuned": Score(0.82, 0.78, 0.86)}, "T3", "SHIP_TUNED", "misses the target of 0.90"),
    "T3 short, perhaps": (BETTER, {"target": 0.84, "tuned": Score(0.82, 0.78, 0.86)}, "T3", "SHIP_TUNED", "is not settled by 0.82"),
    "T3 without a score": (BETTER, {"target": 0.84}, "T3", "SHIP_TUNED", "its score is not"),
    "T4 as good": (SAME, {"margin": 0.03, "saving": True}, "T4", "SHIP_TUNED", "3 points declared before training"),
    "T5 small": (SAME, {}, "T5", "KEEP_BASELINE", "worth it from 5 points on"),
    "T6 vague": (VAGUE, {}, "T6", "INCONCLUSIVE", "The test cannot tell: +3.5 points"),
}  # fmt: skip


@pytest.mark.parametrize(("result", "declared", "rule", "outcome", "words"), CASES.values(), ids=CASES)
def test_planted_case_gives_its_rule(result, declared, rule, outcome, words):
    decision = compare_outcome(result, min_gain=0.05, **declared)

    assert (decision.rule, decision.outcome) == (rule, outcome)
    assert words in decision.reason


def test_texts_list_the_rules_that_exist():
    texts = {text.id: set(text.outcomes) for text in load_rulebook().after_training}
    seen = {rule: {outcome} for _, _, rule, outcome, _ in CASES.values()}

    assert seen == texts


def test_the_sentence_has_difference_interval_rows_and_p():
    reason = compare_outcome(BETTER, min_gain=0.05).reason

    assert reason.startswith("The tuned model is better: +10 points [")
    assert "on 400 test rows, p < 0.0001" in reason


def test_order():
    everything = {"mismatch": ["rows"], "guards": [Guard("g", -0.5)], "margin": 0.5, "saving": True}

    assert compare_outcome(BETTER, min_gain=0.05, **everything).rule == "T1"
    assert compare_outcome(BETTER, min_gain=0.05, **everything | {"mismatch": []}).rule == "T2"
    assert compare_outcome(BETTER, min_gain=0.05, margin=0.5, saving=True).rule == "T3"
    assert compare_outcome(WORSE, min_gain=0.05, margin=0.5, saving=True).rule == "T2", "worse is worse"
    assert compare_outcome(SAME, min_gain=0.05, margin=0.5, saving=True).rule == "T4"


def test_significant_but_smaller_than_worth_it_is_not_shipped():
    result = paired(30, 14)

    assert result.p_value < 0.05
    assert result.difference < 0.05 < result.high
    assert compare_outcome(result, min_gain=0.05).outcome == AfterTraining.INCONCLUSIVE


def test_gain_that_is_exactly_enough_ships():
    result = paired(30, 10)

    assert result.difference == pytest.approx(0.05)
    assert compare_outcome(result, min_gain=0.05).rule == "T3"


def test_margin_without_a_declared_saving_ships_nothing():
    assert compare_outcome(SAME, min_gain=0.05, margin=0.03).rule == "T5"
    assert compare_outcome(SAME, min_gain=0.05, saving=True).rule == "T5"


@pytest.mark.parametrize(
    ("guard", "drops"),
    [
        (Guard("g", -0.03), True),
        (Guard("g", -0.03, high=0.01), False),
        (Guard("g", -0.03, high=-0.01, allowed=0.05), False),
        (Guard("g", -0.08, high=-0.01, allowed=0.05), False),
        (Guard("g", -0.08, high=-0.06, allowed=0.05), True),
        (Guard("g", 0.01), False),
        (Guard("g", 0.0), False),
    ],
)
def test_a_guard_drops_beyond_what_was_allowed_and_beyond_chance(guard, drops):
    assert guard.drops is drops


def test_rows_needed_to_see_the_gain_at_the_discordance_seen():
    decision = compare_outcome(VAGUE, min_gain=0.05)

    assert decision.rows_needed == rows_to_decide(VAGUE, 0.05)
    assert decision.rows_needed > 400
    assert f"About {decision.rows_needed:,} rows" in decision.reason


def test_rows_needed_go_by_the_spread_that_was_seen_whatever_the_scores():
    # Given a graded result: a spread of 0.51 a row, half the smallest gain short of it
    graded = PairedResult(0.025, -0.075, 0.125, 0.6, n=100)

    needed = rows_to_decide(graded, 0.05)

    # Then that many rows put the smallest gain 1.96 + 0.84 standard errors above the difference
    assert 0.51 / needed**0.5 * (1.96 + 0.8416) == pytest.approx(0.025, rel=0.02)


def test_rows_needed_can_be_unknown_or_out_of_reach():
    unknown = PairedResult(0.02, -0.05, 0.09, 0.5)
    hopeless = PairedResult(0.0499, 0.02, 0.08, 0.01, n=5000)

    assert "not known" in compare_outcome(unknown, min_gain=0.05).reason
    assert "up to 100,000" in compare_outcome(hopeless, min_gain=0.05).reason


# From a report


def compared(**changed) -> dict:
    counts = {"fixed": 60, "broken": 20, "both_right": 220, "both_wrong": 100}
    inputs = report(
        comparison={"metric": "accuracy", "baseline": 0.6, "tuned": 0.7, "test": "mcnemar", **counts},
        evaluations=[
            {"system": "best_baseline", "split": "test", "n": 400, "metrics": {"accuracy": {"value": 0.6}}},
            {"system": "tuned", "split": "test", "n": 400, "metrics": {"accuracy": {"value": 0.7}}},
        ],
    )
    return decide_report({**inputs, **{name: value for name, value in changed.items() if name != "comparison"}}
                         | ({"comparison": inputs["comparison"] | changed["comparison"]} if "comparison" in changed else {}))  # fmt: skip


def test_report_gets_the_outcome_beside_what_was_given():
    result = json.loads(json.dumps(compared()))

    assert set(result) == {"verdict", "comparison"}
    comparison = result["comparison"]
    assert (comparison["outcome"], comparison["rule"], comparison["target"]) == ("SHIP_TUNED", "T3", "unmet")
    assert comparison["fixed"] == 60


def test_report_without_a_comparison_has_the_verdict_alone():
    assert set(decide_report(report(comparison=None))) == {"verdict"}


def test_given_limits_go_before_computed_ones():
    given = {"difference": 0.1, "low": -0.02, "high": 0.04, "p_value": 0.4}

    assert compared(comparison=given)["comparison"]["rule"] == "T5"


def test_unequal_rows_are_a_mismatch():
    short = [{"system": "tuned", "split": "test", "n": 390, "metrics": {"accuracy": {"value": 0.7}}}]

    result = compared(evaluations=short)["comparison"]

    assert (result["rule"], result["outcome"]) == ("T1", "INCONCLUSIVE")
    assert compared(comparison={"mismatch": ["truncation"]})["comparison"]["rule"] == "T1"


def test_declared_margin_and_saving_are_read_from_the_plan():
    same = {"fixed": 5, "broken": 5, "both_right": 290, "both_wrong": 100}

    assert compared(comparison=same, task=plan())["comparison"]["rule"] == "T5"
    assert compared(comparison=same, task=plan(margin=0.03))["comparison"]["rule"] == "T4"
    assert compared(comparison=same, task=plan(margin=0.03, saving=True))["comparison"]["rule"] == "T4"
    # A margin serves nothing but a saving, unless it is said to.
    assert compared(comparison=same, task=plan(margin=0.03, saving=False))["comparison"]["rule"] == "T5"
    saving = answers(economics="yes")
    assert compared(comparison=same, task=plan(), suitability=saving)["comparison"]["rule"] == "T5"
    assert compared(comparison=same, task=plan(margin=0.03), suitability=saving)["comparison"]["rule"] == "T4"


def test_guards_are_read_from_the_comparison():
    guards = [{"name": "general knowledge", "difference": -0.2, "high": -0.1}]

    assert compared(comparison={"guards": guards})["comparison"]["rule"] == "T2"


def test_what_cannot_be_computed_is_named():
    with pytest.raises(Fault) as caught:
        decide_report(report(comparison={"difference": 0.1, "low": 0.0, "high": 0.2}))
    assert caught.value.where == "comparison.p_value"
    with pytest.raises(Fault) as caught:
        decide_report(
            report(
                comparison={"fixed": 300, "broken": 200},
                evaluations=[{"system": "tuned", "split": "test", "n": 400}],
            )
        )
    assert caught.value.where == "comparison.fixed"

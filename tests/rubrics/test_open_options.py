"""A gain has to be shown over every cheap option that dev leaves open, and not only over the one dev chose."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from planted import report

from rubrics.compared import Compared, OtherOption, PairedResult
from rubrics.decide import decide_report
from rubrics.errors import Fault
from rubrics.open_options import dev_rows_to_settle, joint_quantile, not_better
from rubrics.outcome import judge
from rubrics.outcome_flips import recount
from rubrics.statistics import Interval, paired_share_difference

BETTER = recount(60, 20, 400)
"""Ten points over the chosen option, p < 0.0001."""


def other(ahead: int, behind: int, rows: int = 60, on_test: PairedResult | None = None) -> OtherOption:
    """An option that is right on so many dev rows where the chosen one is wrong, and the other way round."""
    lead: Interval = paired_share_difference(ahead, behind, rows)
    return OtherOption("instruction", lead.value, lead.low, lead.high, rows, on_test)


def decided(*others: OtherOption, paired: PairedResult = BETTER, **declared):
    return judge(Compared(paired, 0.05, others=others, **declared))


def test_what_dev_shows_to_be_worse_need_not_be_beaten():
    worse = other(2, 20, on_test=recount(10, 40, 400))

    assert not worse.open
    assert decided(worse).rule == "T3"


def test_an_option_that_was_beaten_too_is_named():
    decision = decided(other(6, 8, on_test=recount(50, 20, 400)))

    assert (decision.rule, decision.outcome, decision.against) == ("T3", "SHIP_TUNED", ())
    assert (
        "So it is over what dev leaves open beside it: the better instruction (+7.5 points ["
        in decision.reason
    )


@pytest.mark.parametrize(
    ("fixed", "broken", "rule"),
    # The same six points: sure, sure at 5% one-sided only, and not sure.
    [(60, 36, "T3"), (105, 81, "T3"), (160, 136, "T6")],
)
def test_over_an_open_option_five_percent_one_sided_is_enough(fixed, broken, rule):
    on_test = recount(fixed, broken, 400)

    decision = decided(other(6, 8, on_test=on_test))

    assert decision.rule == rule
    if fixed == 105:
        assert 0.05 < on_test.p_value < 0.1, "as one of a union, not as the one test"


def test_where_the_test_cannot_tell_more_test_rows_are_asked_for():
    decision = decided(other(6, 8, on_test=recount(160, 136, 400)))

    assert (decision.outcome, decision.against, decision.dev_rows_needed) == (
        "INCONCLUSIVE",
        ("instruction",),
        None,
    )
    assert decision.rows_needed > 400
    assert "may not be better than the better instruction (+6 points [" in decision.reason
    assert (
        f"About {decision.rows_needed:,} rows of test data in all would decide, with 80% chance."
        in decision.reason
    )


def test_an_option_that_does_as_well_on_test_keeps_a_cheap_one():
    decision = decided(other(6, 8, on_test=recount(10, 12, 400)))

    assert (decision.rule, decision.outcome, decision.against) == ("T5", "KEEP_BASELINE", ("instruction",))
    assert (
        "over what dev does not tell from the chosen option: the better instruction (-0.5 points"
        in decision.reason
    )


def test_of_an_option_that_was_not_asked_dev_speaks():
    unclear, behind = other(6, 8), other(20, 70, rows=2000)

    decision = decided(unclear)
    assert (decision.outcome, decision.rows_needed) == ("INCONCLUSIVE", None)
    assert decision.dev_rows_needed > 60
    assert "Dev (60 rows) does not tell the chosen option from the better instruction." in decision.reason
    assert f"About {decision.dev_rows_needed:,} rows of dev data in all would settle it" in decision.reason
    assert decided(behind).rule == "T3", "on 2,000 rows the option is surely worse"


def test_so_many_dev_rows_settle_it_in_about_eighty_percent_of_new_draws():
    c = Compared(BETTER, 0.05, others=[other(6, 8)])
    needed = dev_rows_to_settle(c, not_better(c))
    draws = np.random.default_rng(3).multinomial(needed, [6 / 60, 8 / 60, 46 / 60], size=400)

    settled = [decided(other(ahead, behind, rows=needed)).rule == "T3" for ahead, behind, _ in draws]

    assert sum(settled) / 400 == pytest.approx(0.8, abs=0.08)


def test_where_the_lead_eats_the_gain_no_number_of_dev_rows_settles_it():
    leading = dataclasses.replace(other(8, 6), lead=0.12, low=0.0, high=0.24)

    decision = decided(leading)

    assert (decision.rule, decision.dev_rows_needed) == ("T6", None)
    assert "What settles it is to ask the better instruction about the test rows too." in decision.reason


def test_the_more_options_are_open_the_surer_the_gain_has_to_be():
    # KNOWN: one-sided normal quantiles of 0.05 / 3 and 0.05 / 10; never under 1.96.
    assert joint_quantile(1) == pytest.approx(1.96, abs=1e-3)
    assert joint_quantile(3) == pytest.approx(2.128, abs=1e-3)
    assert joint_quantile(10) == pytest.approx(2.576, abs=1e-3)


def test_a_model_trained_to_save_must_not_be_worse_than_an_open_option_either():
    same, declared = recount(5, 5, 400), {"margin": 0.03, "saving": True}

    assert decided(paired=same, **declared).rule == "T4"
    assert decided(other(6, 8, on_test=recount(5, 6, 400)), paired=same, **declared).rule == "T4"
    worse = decided(other(6, 8, on_test=recount(5, 25, 400)), paired=same, **declared)
    assert worse.outcome == "KEEP_BASELINE"
    held = {entry["rule"]: entry["reason"] for entry in worse.considered}
    assert (
        "than what dev does not tell from the chosen option: the better instruction (-5 points" in held["T4"]
    )


def contender(**changed) -> dict:
    return {"rung": "instruction", "n": 60, "difference": -0.03, "low": -0.16, "high": 0.1} | changed


def of_report(*listed: dict) -> dict:
    compared = {"fixed": 60, "broken": 20, "both_right": 220, "both_wrong": 100, "contenders": list(listed)}
    return decide_report(report(comparison=compared))["comparison"]


def test_inputs_of_decide_hold_them():
    counts = {"fixed": 160, "broken": 136, "both_right": 60, "both_wrong": 44}

    assert of_report(contender())["against"] == ["instruction"]
    assert of_report(contender(on_test=counts))["rows_needed"] > 400
    assert of_report(contender(on_test=counts | {"fixed": 200, "both_wrong": 4}))["rule"] == "T3"
    fields = {flip["field"] for flip in of_report(contender(on_test=counts))["flip"]}
    assert "comparison.contenders.instruction.on_test.difference" in fields


@pytest.mark.parametrize("name", ["rung", "difference", "low", "high"])
def test_inputs_that_lack_a_part_are_named(name):
    with pytest.raises(Fault, match="missing") as caught:
        of_report(contender(**{name: None}))

    assert caught.value.where == f"comparison.contenders[0].{name}"

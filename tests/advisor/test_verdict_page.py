"""The verdict in a person's words, over the panel's situations: numbers, rules in order, and what follows from it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "tui"))

from ladder_runs import decided, measured, measuring, outcomes, verdict_of
from panel import cases

from advisor.amending import propose
from advisor.draft import Draft
from advisor.outcomes import OUTCOMES
from advisor.plan import Plan
from advisor.texts import use_language
from advisor.verdict_page import (
    accepted,
    cautions_of_run,
    considered_rules,
    facts_of,
    is_stale,
    next_step,
    overruled,
    reason_against,
)
from advisor.watching import RunState, RunWatch, fold_all
from rubrics.errors import Fault
from rubrics.rulebook import Outcome

BEFORE = [case["id"] for case in cases("before")]


@pytest.fixture(autouse=True)
def english():
    use_language("en")


@pytest.mark.parametrize("case", BEFORE)
def test_one_rule_decides_and_those_before_it_do_not_hold(case):
    verdict = verdict_of(case)

    rules = considered_rules(verdict)

    assert [rule.rule for rule in rules if rule.held == "decides"] == [verdict["rule"]]
    at = [rule.held for rule in rules].index("decides")
    assert all(rule.held in ("no", "unknown") for rule in rules[:at])
    assert len(rules) == 14


def test_a_rule_that_could_not_be_asked_is_not_called_false():
    rules = {rule.rule: rule for rule in considered_rules(verdict_of("stable pattern, far from the target"))}

    assert rules["R11"].held == "unknown"
    assert rules["R1"].held == "no"


def test_facts_are_the_numbers_of_the_verdict():
    facts = dict(facts_of(verdict_of("stable pattern, far from the target")))

    assert facts["target"] == "0.90"
    assert facts["smallest gain worth it"] == "5 points"
    assert facts["smallest gain that the test rows can show"] == "5.6 points"
    assert facts["training rows"] == "1,400"
    assert "months until training has paid for itself" not in facts
    dear = dict(facts_of(verdict_of("endpoint meets it, but too dear")))
    assert dear["months until training has paid for itself"] == "0.5"


def test_the_panel_has_every_outcome_and_each_has_a_next_step():
    assert set(outcomes()) == {outcome.value for outcome in Outcome} <= set(OUTCOMES)
    assert {name: next_step(name, is_overruled=False) for name in outcomes()} == {
        name: "plan" if name == "FINE_TUNE" else "results" for name in outcomes()
    }
    assert next_step("FINE_TUNE", is_overruled=True) == "results"
    assert next_step("NOT_SUITED", is_overruled=True) == "plan"


@pytest.mark.parametrize(
    ("outcome", "field"), [("FINE_TUNE", "no_train"), ("PROMPT_IS_ENOUGH", "force_train")]
)
def test_overruling_gives_a_plan_that_goes_against_the_verdict_for_a_reason(outcome, field):
    draft = Draft().changed(data=Path("rows.jsonl"))

    against = draft.changed(**overruled(outcome, " it must\nrun offline "))

    assert (against.get(field), against.get("overruled")) == (True, "it must run offline")
    assert against.problems() == ()
    assert reason_against(against, outcome) == "it must run offline"
    assert against.changed(**accepted()) == draft
    assert reason_against(draft, outcome) == ""


def test_the_run_takes_what_overruling_asks_for(tmp_path):
    run = decided(tmp_path, outcomes()["PROMPT_IS_ENOUGH"])
    fields = overruled("PROMPT_IS_ENOUGH", "it must run offline")

    found = propose(run, {"force_train": fields["force_train"]}, because=fields["overruled"])

    assert found.overrules
    assert found.plan.overruled == "it must run offline"


@pytest.mark.parametrize("reason", ["", " \n\t "])
def test_nothing_is_overruled_without_a_reason(reason):
    with pytest.raises(Fault, match="a reason is needed"):
        overruled("FINE_TUNE", reason)


def test_a_plan_that_never_trains_overrules_nothing():
    never = Draft.of(Plan(data=Path("rows.jsonl"), no_train=True))

    assert reason_against(never, "FINE_TUNE") == ""
    assert reason_against(never, "NOT_SUITED") == ""


def test_a_verdict_is_stale_while_what_it_rests_on_is_measured_again():
    def state(events) -> RunState:
        return fold_all(RunState(), [("", event) for event in events])

    assert not is_stale(state(measured()))
    assert is_stale(state([*measured(), *measuring(3)]))


def test_cautions_tell_of_rows_that_were_left_out(tmp_path):
    run = decided(tmp_path)
    state = RunWatch(run.path).poll()

    found = cautions_of_run(run.path, state)

    assert found == (
        "40 of 200 dev rows choose among the rungs (time limit)",
        "2 test rows stand in the training rows too; they are not scored.",
    )
    assert cautions_of_run(run.path, replace(state, artefacts={})) == ()

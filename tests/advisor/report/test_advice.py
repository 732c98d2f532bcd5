"""The last word of a report, over the panel's situations: it says what the rule that decided means, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "rubrics"))

from panel import cases, decide_inputs

from advisor.outcomes import CASES, OUTCOMES, outcome_words
from advisor.report.advice import advice
from rubrics.decide import decide_report
from rubrics.rulebook import load_rulebook

SAYS = {
    ("R1", ""): "take the test rows that also stand in train out",
    ("R2", "agreement"): "agree first on what a right answer is",
    ("R2", "rows"): "collect more test rows first",
    ("R2", "skew"): "add test rows with other answers",
    ("R3", ""): "Fine-tuning is worth a try, to save",
    ("R4", ""): "by retrieval",
    ("R5", ""): "is enough for this task",
    ("R5", "format"): "is enough once label or JSON are taken out",
    ("R6", ""): "the task does not suit it",
    ("R7", ""): "too little left to gain",
    ("R7", "format"): "cure the form of the answers",
    ("R7", "noise"): "mend the labels first",
    ("R8", ""): "collect more training rows",
    ("R9", ""): "mend the data first",
    ("R10", ""): "collect more test rows first",
    ("R11", ""): "a short training promises too little",
    ("R11", "rising"): "collect more training rows",
    ("R12", ""): "cost more than its gain",
    ("R13", ""): "with the retrieved context in the prompt",
    ("R14", ""): "Fine-tuning is worth a try: ",
    ("T1", ""): "score the tuned model",
    ("T1", "cut"): "which the time limit ended before half of its steps",
    ("T2", ""): "is worse",
    ("T2", "guard"): "got worse on the guard set",
    ("T3", ""): "it beats",
    ("T4", ""): "it saves, and is not worse",
    ("T5", ""): "gains too little over it",
    ("T5", "some"): "is better, and by less than is worth it",
    ("T5", "others"): "by enough, which dev does not tell from it",
    ("T6", ""): "The test cannot tell",
    ("T6", "some"): "whether by as much as is worth it is not shown",
    ("T6", "others"): "may not beat",
}
SCORE = {"low": 0.0, "high": 1.0}


def baselines(inputs: dict) -> list[dict]:
    return [
        entry
        | {"prompt_tokens": 1, "completion_tokens": 1, "latency_s": {"p50": 1, "p95": 1}, "cost": None}
        | {"metrics": {name: {**SCORE, **score} for name, score in entry["metrics"].items()}}
        for entry in inputs["baselines"]
    ]


def reported(case: dict, make_report):
    """A report of the situation, with what `decide` says of it."""
    inputs = decide_inputs(case)
    decided = decide_report(inputs)
    changed = {
        "verdict": decided["verdict"],
        "baselines": baselines(inputs),
        "comparison": None,
        "evaluations": [],
    }
    report = make_report()
    changed["task"] = report.task.model_dump() | {"metric": inputs["task"]["metric"]}
    if "comparison" in decided:
        known = {
            name: getattr(report.comparison, name) for name in ("metric", "p_value", "test", "low", "high")
        }
        found = {
            name: value
            for name, value in decided["comparison"].items()
            if name not in ("mismatch", "contenders")
        }
        listed = [
            {"n": 40, "chosen_value": 0.6, "value": 0.6, "p_value": 0.9}
            | {name: value for name, value in one.items() if name != "on_test"}
            for one in decided["comparison"].get("contenders", [])
        ]
        changed["comparison"] = {"difference": 0.1, **known, **found, "contenders": listed} | {
            "baseline": next(entry["rung"] for entry in inputs["baselines"] if entry["selected"]),
            "tuned": "tuned",
        }
    return make_report(**changed)


@pytest.mark.parametrize("case", [*cases("before"), *cases("after")], ids=lambda case: case["id"])
def test_the_last_word_is_that_of_the_rule_and_its_case(case, make_report):
    report = reported(case, make_report)
    last = report.comparison or report.verdict
    expected = case["expect"]

    text = advice(report)

    assert (last.rule, last.case) == (expected["rule"], expected.get("case", ""))
    assert SAYS[last.rule, last.case] in text
    # Of two sentences that stand for different advice only one is said.
    others = {said for said in SAYS.values() if said not in SAYS[last.rule, last.case]}
    assert not [said for said in others if said in text and said != SAYS[last.rule, last.case]]
    assert text[0].isupper()


def test_the_last_word_names_the_option_that_is_enough_and_not_the_one_that_scores_best(make_report):
    [case] = [case for case in cases("before") if case["id"] == "a cheaper option is enough too"]

    assert "the plain prompt without examples at 0.93" in advice(reported(case, make_report))


def test_an_extracted_score_is_given_where_the_form_alone_fails(make_report):
    [case] = [case for case in cases("before") if case["id"] == "format alone fails"]

    assert "at 0.94 [0.00, 1.00] (label_match, 400 test rows)" in advice(reported(case, make_report))


def test_every_case_of_a_rule_has_a_last_word_and_every_rule_is_in_the_panel():
    panel = {
        (case["expect"]["rule"], case["expect"].get("case", ""))
        for case in (*cases("before"), *cases("after"))
    }

    assert panel == set(SAYS)
    rulebook = load_rulebook()
    assert {rule for rule, _ in SAYS} == {text.id for text in (*rulebook.rules, *rulebook.after_training)}
    assert set(CASES) <= set(SAYS)


def test_an_outcome_is_called_by_its_rule_and_else_by_itself():
    assert outcome_words("PROMPT_IS_ENOUGH", "R12") != outcome_words("PROMPT_IS_ENOUGH", "R5")
    assert outcome_words("PROMPT_IS_ENOUGH", "R5", "") == OUTCOMES["PROMPT_IS_ENOUGH"]
    assert outcome_words("INCONCLUSIVE", "T6", "others") == CASES["T6", "others"]
    assert outcome_words("LATER", "R99").headline == "LATER"

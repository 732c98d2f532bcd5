"""The advice before training: one planted case a rule, their order, what is not known, and what would flip it."""

from __future__ import annotations

import json

import pytest
from planted import PRICES, answers, baselines, data, finding, plan, report, scored

from rubrics.errors import ExitCode, Fault
from rubrics.measured_parts import Agreement, Rung, Score
from rubrics.measurements import Measurements, from_report
from rubrics.rulebook import Outcome, load_rulebook
from rubrics.verdict import Verdict, decide
from rubrics.verdict_rules import RULES


def verdict(**changed) -> Verdict:
    return decide(from_report(report(**changed)))


NEAR = {"task": plan(target=0.9), "baselines": baselines("few_shot", 0.93, 0.94)}
RETRIEVED = [scored("retrieval", "dev", 0.7, 200), *report()["baselines"]]

CASES = {
    "R1 leaks": ({"data": data(finding("D4", 30))}, "R1", "FIX_DATA", "7.5% of the test rows"),
    "R1 by details": ({"data": data(finding("D4", 1, exact=12, near=["a"] * 10))}, "R1", "FIX_DATA", "5.5%"),
    "R2 no metric": ({"suitability": answers(agreement="no")}, "R2", "COLLECT_EVAL_DATA", "two people agree"),
    "R2 judge": ({"agreement": {"judge": 0.55}}, "R2", "COLLECT_EVAL_DATA", "with a kappa of 0.55"),
    "R2 judge worse than chance": ({"agreement": {"judge": -0.1}}, "R2", "COLLECT_EVAL_DATA", "with a kappa of -0.10"),
    "R2 people": ({"agreement": 0.5}, "R2", "COLLECT_EVAL_DATA", "People agree on 50%"),
    "R2 few rows": (
        {"data": data(test=29), "baselines": baselines("few_shot", 0.6, 0.6, 29)},
        "R2", "COLLECT_EVAL_DATA", "29 rows of clean test data",
    ),
    "R3 cheaper": (
        NEAR | {"suitability": answers(economics="yes"), "prices": PRICES, "volume": 5000},
        "R3", "FINE_TUNE", "after 3.3 of the 12 months",
    ),
    "R4 fresh facts": ({"suitability": answers(fresh_facts="yes")}, "R4", "USE_RETRIEVAL", "fresh or private facts"),
    "R4 without target": (
        {"suitability": answers(fresh_facts="yes"), "task": plan(target=None)}, "R4", "USE_RETRIEVAL", "facts",
    ),
    "R4 failures": ({"failures": {"tagged": 20, "missing_facts": 15}}, "R4", "USE_RETRIEVAL", "Most tagged failures are missing facts"),
    "R5 low reaches": (NEAR, "R5", "PROMPT_IS_ENOUGH", "prompt with examples is enough: its lower limit on test, 0.912"),
    "R5 within g": (
        NEAR | {"baselines": baselines("classifier", 0.91, 0.9)},
        "R5", "PROMPT_IS_ENOUGH", "The linear classifier is enough: 0.91 on dev reaches the target of 0.90",
    ),
    "R5 retrieval alone": (
        {"baselines": [*baselines("retrieval", 0.94, 0.94), scored("few_shot", "dev", 0.7)]},
        "R5", "USE_RETRIEVAL", "retrieved context is enough",
    ),
    "R6 creative": ({"suitability": answers(creative="yes")}, "R6", "NOT_SUITED", "variety is the point (S5)"),
    "R6 by outcome": ({"suitability": {"outcome": "unsuited"}}, "R6", "NOT_SUITED", "does not suit"),
    "R7 saturated": (
        {"task": plan(target=0.99), "baselines": baselines("few_shot", 0.96, 0.95)},
        "R7", "PROMPT_IS_ENOUGH", "4 points are left up to the ceiling of 1.00",
    ),
    "R7 noisy": ({"agreement": {"label_error": 0.36}}, "R7", "FIX_DATA", "36% of the labels"),
    "R7 people's ceiling": ({"agreement": {"people": 0.64}}, "R7", "PROMPT_IS_ENOUGH", "ceiling of 0.64"),
    "R8 few rows": ({"data": data(train=49)}, "R8", "COLLECT_TRAIN_DATA", "49 rows to train on"),
    "R8 rare label": (
        {"data": data(finding("D10", 1, "warning", rows_per_label={"refund": 4}))},
        "R8", "COLLECT_TRAIN_DATA", "rarest label has 4 rows",
    ),
    "R8 missing label": (
        {"data": data(finding("D10", 2, "warning", labels_missing_in_train=["a", "b"]))},
        "R8", "COLLECT_TRAIN_DATA", "lacks 2 labels",
    ),
    "R8 error": ({"data": data(finding("D10", 1))}, "R8", "COLLECT_TRAIN_DATA", "Seen."),
    "R9 conflicts": ({"data": data(finding("D3", 401, "warning"))}, "R9", "FIX_DATA", "20.1% of the rows"),
    "R9 overlong": ({"data": data(finding("D7", 3))}, "R9", "FIX_DATA", "3 overlong rows"),
    "R9 structure": ({"data": data(finding("D9", 1))}, "R9", "FIX_DATA", "1 structure error"),
    "R9 placeholders": ({"data": data(finding("D12", 2))}, "R9", "FIX_DATA", "2 placeholder errors"),
    "R10 power": (
        {"task": plan(target=0.65), "data": data(test=60), "baselines": baselines("few_shot", 0.6, 0.6, 60)},
        "R10", "COLLECT_EVAL_DATA", "60 rows of test data show a gain of 5 points",
    ),
    "R11 flat": ({"probe": {"high": 0.03, "rising": False}}, "R11", "PROMPT_IS_ENOUGH", "at most 3 points"),
    "R11 rising": ({"probe": {"high": 0.03, "rising": True}}, "R11", "COLLECT_TRAIN_DATA", "still rises"),
    "R12 dear": (
        {"prices": {"training": 5000, "value_per_correct": 0.1}, "volume": {"requests_per_month": 1000}},
        "R12", "PROMPT_IS_ENOUGH", "cost 5,000 and the gain is worth 360",
    ),
    "R13 retrieval leads": ({"baselines": RETRIEVED}, "R13", "FINE_TUNE", "Retrieval is 10 points ahead"),
    "R14 otherwise": ({}, "R14", "FINE_TUNE", "40 points are left above the prompt with examples"),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "rule", "outcome", "words"), CASES.values(), ids=CASES)
def test_planted_case_gives_its_rule(changed, rule, outcome, words):
    result = verdict(**changed)

    assert (result.rule, result.outcome) == (rule, outcome)
    assert words in result.reasons[0]


NOT_FIRED = {
    "leaks at the limit": {"data": data(finding("D4", 20))},
    "thirty test rows are enough to go on": {
        "data": data(test=30), "baselines": baselines("few_shot", 0.3, 0.3, 30), "discordance": 0.6,
    },
    "facts are fresh but retrieval was measured": {
        "suitability": answers(fresh_facts="yes"), "baselines": [scored("retrieval", "dev", 0.5), *report()["baselines"]],
    },
    "exactly g is left": {
        "task": plan(target=None, min_gain=0.1), "baselines": baselines("few_shot", 0.9, 0.9), "discordance": 0.1,
    },
    "eleven of twenty failures may be half of all": {"failures": {"tagged": 20, "missing_facts": 11}},
    "fifty training rows": {"data": data(train=50)},
    "five rows of a label": {"data": data(finding("D10", 1, "info", rows_per_label={"a": 5}))},
    "conflicts at the limit": {"data": data(finding("D3", 400, "warning"))},
    "a hint on lengths is no overlong row": {"data": data(finding("D7", 9, "info"))},
    "a warning of placeholders is no error": {"data": data(finding("D12", 9, "warning"))},
    "probe at g": {"probe": {"high": 0.05}},
    "retrieval ahead by less than g": {"baselines": [scored("retrieval", "dev", 0.64), *report()["baselines"]]},
}  # fmt: skip


@pytest.mark.parametrize("changed", NOT_FIRED.values(), ids=NOT_FIRED)
def test_at_the_limit_no_rule_fires(changed):
    assert verdict(**changed).rule == "R14"


def test_classifier_near_its_ceiling_is_the_option_to_beat():
    """77 labels, no target: half of what is left is as much as is worth it, and 400 rows can show it."""
    result = verdict(
        task=plan(target=None),
        data=data(train=10_000),
        baselines=[
            scored("classifier", "dev", 0.9, 600, selected=True),
            scored("classifier", "test", 0.89, 400)
            | {"metrics": {"accuracy": {"value": 0.89, "low": 0.86, "high": 0.91}}},
            scored("zero_shot", "dev", 0.4, 600),
        ],
        discordance=None,
    )

    assert (result.rule, result.outcome) == ("R14", Outcome.FINE_TUNE)
    assert "the linear classifier, which at 0.90 on dev is the option to beat" in result.reasons[0]
    assert "0.89 [0.86, 0.91] on 400 test rows" in result.reasons[1]
    assert result.evidence["need"] == pytest.approx(0.05)
    assert result.minimum_detectable_effect == pytest.approx(0.046, abs=0.001)


FAULTS = [
    ("R1", {"data": ("findings", finding("D4", 100))}),
    ("R2", {"agreement": {"judge": 0.5}}),
    ("R4", {"suitability": answers(fresh_facts="yes", creative="yes")}),
    ("R6", {"suitability": answers(creative="yes")}),
    ("R7", {"task": plan(target=None, min_gain=0.5)}),
    ("R8", {"data": ("findings", finding("D10", 3))}),
    ("R9", {"data": ("findings", finding("D9", 3))}),
    ("R10", {"discordance": 1.0, "task": plan(target=0.63)}),
    ("R11", {"probe": {"high": 0.01}}),
    (
        "R12",
        {"prices": {"training": 1e6, "value_per_correct": 0.1}, "volume": 1000},
    ),
]


def test_the_first_rule_that_holds_wins():
    """All faults at once, then one after the other mended: the rules come up in their order."""
    for at in range(len(FAULTS)):
        inputs = report()
        for _, fault in reversed(FAULTS[at:]):
            for part, value in fault.items():
                if isinstance(value, tuple):
                    inputs["data"]["findings"].append(value[1])
                else:
                    inputs[part] = value
        assert decide(from_report(inputs)).rule == FAULTS[at][0]


def test_good_enough_goes_before_unsuited_and_saturated():
    result = verdict(**NEAR, suitability=answers(creative="yes"))

    assert result.rule == "R5"


def test_saving_needs_break_even_within_the_horizon():
    cheap = NEAR | {"suitability": answers(economics="yes"), "prices": PRICES}

    assert verdict(**cheap, volume={"requests_per_month": 5000, "horizon_months": 3}).rule == "R5"
    assert verdict(**cheap, volume={"requests_per_month": 5000, "horizon_months": 4}).rule == "R3"
    assert verdict(**cheap, volume=1000).rule == "R5", "hosting eats the saving: it never pays"
    assert verdict(**cheap).rule == "R5", "no volume, no saving"


def test_the_cheapest_rung_that_meets_the_target_is_named():
    rungs = [
        *baselines("few_shot", 0.96, 0.96),
        scored("classifier", "dev", 0.95),
        scored("classifier", "test", 0.95),
    ]

    result = verdict(baselines=rungs)

    assert result.rule == "R5"
    assert result.reasons[0].startswith("The linear classifier is enough")
    assert "The best cheap option is the prompt with examples" in result.reasons[1]


def test_score_on_test_alone_never_meets_a_target_that_dev_misses():
    """Test enters through its lower limit only; 0.92 on 400 test rows has 0.889."""
    result = verdict(baselines=baselines("few_shot", 0.89, 0.92))

    assert result.rule != "R5"


def test_a_test_set_too_small_says_how_many_rows_it_takes():
    result = verdict(task=plan(target=0.65), discordance=0.1)

    assert result.rule == "R14"
    small = verdict(
        task=plan(target=0.65),
        discordance=0.1,
        data=data(test=200),
        baselines=baselines("few_shot", 0.6, 0.6, 200),
    )
    assert small.rule == "R10"
    assert "It takes 337 rows of test data to show a gain of 5 points." in small.reasons


def test_unmeasured_discordance_fires_power_only_where_no_discordance_would_do():
    few = baselines("few_shot", 0.6, 0.6, 200)
    unsure = verdict(task=plan(target=0.65), discordance=None, data=data(test=200), baselines=few)

    assert unsure.rule == "R14"
    assert next(entry for entry in unsure.considered if entry.rule == "R10").held is None
    assert "more test rows would make it safer" in unsure.reasons[-1]
    tiny = verdict(
        task=plan(target=0.65),
        discordance=None,
        data=data(test=60),
        baselines=baselines("few_shot", 0.6, 0.6, 60),
    )
    assert tiny.rule == "R10"


def test_need_as_the_knowledge_defines_it():
    def need(b: float, target: float | None, **agreement: float) -> float | None:
        rungs = (Rung("few_shot", dev=Score(b, n=100)),)
        return Measurements("accuracy", 0.05, target, rungs=rungs, agreement=Agreement(**agreement)).need

    assert need(0.6, 0.9) == pytest.approx(0.3)
    assert need(0.88, 0.9) == pytest.approx(0.05), "g where the target is nearer"
    assert need(0.6, 0.9, people=0.8) == pytest.approx(0.2), "no more than the ceiling leaves"
    assert need(0.6, None) == pytest.approx(0.2), "without a target half of what is left"
    assert need(0.95, None) == pytest.approx(0.05)


def test_nothing_scored_is_no_advice():
    with pytest.raises(Fault) as caught:
        verdict(baselines=[])

    assert caught.value.where == "baselines"
    assert caught.value.code is ExitCode.WRONG_USE


def test_a_rule_before_the_scores_needs_none():
    assert verdict(baselines=[], suitability=answers(creative="yes")).rule == "R6"


def test_table_and_text_list_the_same_rules_and_outcomes():
    texts = load_rulebook().rules

    assert [rule for rule, _ in RULES] == [text.id for text in texts]
    seen = {text.id: set() for text in texts}
    for changed, rule, outcome, _ in CASES.values():
        seen[rule].add(outcome)
        assert (
            verdict(**changed).outcome
            in dict(zip(seen, (text.outcomes for text in texts), strict=True))[rule]
        )
    assert seen == {text.id: set(text.outcomes) for text in texts}


def test_verdict_is_json_in_the_contract_form():
    result = json.loads(json.dumps(verdict().to_dict(), allow_nan=False))

    assert list(result) == [
        "outcome", "rule", "case", "rung", "reasons", "evidence", "considered", "flip", "minimum_detectable_effect",
    ]  # fmt: skip
    assert [entry["rule"] for entry in result["considered"]] == [f"R{number}" for number in range(1, 15)]
    assert {entry["held"] for entry in result["considered"]} == {True, False, "unknown"}
    assert all(set(flip) == {"field", "value", "outcome", "text", "also"} for flip in result["flip"])


def test_thresholds_can_be_replaced():
    leaking = data(finding("D4", 30))

    assert verdict(data=leaking, thresholds={"leak_share": 0.1}).rule == "R14"
    with pytest.raises(Fault, match="one of the thresholds"):
        verdict(thresholds={"leaks": 0.1})

"""Reading measurements from the shape of report.json: what is taken, what stays unknown, what is refused."""

from __future__ import annotations

import pytest
from planted import answers, baselines, data, finding, plan, report, scored

from rubrics.errors import ExitCode, Fault
from rubrics.measured_parts import Score
from rubrics.measurements import from_report
from rubrics.statistics import wilson


def test_everything_absent_is_unknown():
    m = from_report({})

    assert (m.metric, m.target, m.n, m.b, m.low, m.need, m.chosen) == ("", None, None, None, None, None, None)
    assert m.min_gain == 0.05
    assert m.ceiling == 1
    assert m.unsuited is None
    assert set(m.answers) == set()
    assert m.data.leak_share is None


def test_null_is_the_same_as_absent():
    names = (
        "task",
        "suitability",
        "data",
        "baselines",
        "prices",
        "volume",
        "probe",
        "agreement",
        "discordance",
    )

    assert from_report(dict.fromkeys(names)) == from_report({})


def test_the_symbols_of_the_rules():
    m = from_report(report(agreement={"people": 0.95, "label_error": 0.1}))

    assert (m.b, m.target, m.min_gain, m.n) == (0.6, 0.9, 0.05, 400)
    assert m.low == pytest.approx(wilson(244, 400).low)
    assert m.ceiling == pytest.approx(0.9)
    assert m.need == pytest.approx(0.3)


def test_given_limits_are_kept():
    entry = scored("few_shot", "test", 0.6) | {
        "metrics": {"accuracy": {"value": 0.6, "low": 0.5, "high": 0.7}}
    }

    assert from_report(report(baselines=[entry])).low == 0.5


def test_answers_by_id_and_by_key_and_unknown_left_out():
    criteria = [
        {"id": "S8", "answer": "no"},
        {"id": "fresh_facts", "answer": "yes"},
        {"id": "S5", "answer": "unknown"},
    ]

    m = from_report({"suitability": {"criteria": criteria}})

    assert m.answers == {"agreement": "no", "fresh_facts": "yes"}
    assert m.answered("creative", "yes") is None


def test_rungs_in_the_order_of_cost():
    rungs = [
        scored(name, "dev", 0.5)
        for name in ("retrieval", "own_rung", "few_shot", "classifier", "prompt_file")
    ]

    names = [rung.name for rung in from_report(report(baselines=rungs)).rungs]

    assert names == ["classifier", "prompt_file", "few_shot", "retrieval", "own_rung"]


def test_chosen_is_the_selected_else_the_best_on_dev_else_the_cheapest():
    tied = [
        scored("few_shot", "dev", 0.7),
        scored("zero_shot", "dev", 0.7),
        scored("instruction", "dev", 0.6),
    ]
    marked = [*tied[:2], scored("instruction", "dev", 0.6, selected=True)]

    assert from_report(report(baselines=tied)).chosen.name == "zero_shot"
    assert from_report(report(baselines=marked)).chosen.name == "instruction"


def test_of_several_ways_of_a_rung_the_selected_counts_else_the_best():
    ways = [scored("few_shot", "dev", value) for value in (0.6, 0.7, 0.65)]
    marked = [*ways, scored("few_shot", "dev", 0.62, selected=True)]

    assert from_report(report(baselines=ways)).b == 0.7
    assert from_report(report(baselines=marked)).b == 0.62


def test_clean_test_rows_leave_out_leaks_and_what_was_not_scored():
    whole = baselines("few_shot", 0.6, 0.6, 400)
    sample = baselines("few_shot", 0.6, 0.6, 150)
    leaks = data(finding("D4", 40))

    assert from_report(report(data=leaks, baselines=whole)).n == 360
    assert from_report(report(data=leaks, baselines=sample)).n == 150
    assert from_report(report(data=data(test=90), baselines=[])).n == 90


def test_sizes_of_splits_as_numbers_or_objects():
    sizes = {"train": {"rows": 700}, "dev": {"rows": 100}, "test": {"rows": 200}}

    m = from_report({"data": {"findings": [finding("D4", 20), finding("D3", 100)], "splits": sizes}})

    assert (m.data.train_rows, m.n) == (700, 180)
    assert (m.data.leak_share, m.data.conflict_share) == (0.1, 0.1)


def test_no_finding_is_a_clean_check_and_no_findings_an_unknown_one():
    assert from_report(report()).data.leak_share == 0
    assert from_report(report(data={"splits": {"train": 100}})).data.leak_share is None


def test_metric_is_taken_from_the_rungs_where_there_is_one():
    assert from_report(report(task={})).metric == "accuracy"
    two = [scored("few_shot", "dev", 0.6) | {"metrics": {"accuracy": {"value": 1}, "macro_f1": {"value": 1}}}]
    with pytest.raises(Fault) as caught:
        from_report(report(task={}, baselines=two))
    assert caught.value.where == "task.metric"


WRONG = {
    "task": ({"task": "sort mail"}, "task"),
    "target above 1": ({"task": plan(target=90)}, "task.target"),
    "target is a text": ({"task": plan(target="0.9")}, "task.target"),
    "target is true": ({"task": plan(target=True)}, "task.target"),
    "target is no number": ({"task": plan(target=float("nan"))}, "task.target"),
    "gain of nothing": ({"task": plan(min_gain=0)}, "task.min_gain"),
    "suitability outcome": ({"suitability": {"outcome": "maybe"}}, "suitability.outcome"),
    "answer": ({"suitability": {"criteria": [{"id": "S1", "answer": "perhaps"}]}}, "suitability.criteria[0].answer"),
    "criterion": ({"suitability": {"criteria": [{"id": "S11", "answer": "no"}]}}, "suitability.criteria[0].id"),
    "findings": ({"data": {"findings": {}}}, "data.findings"),
    "check": ({"data": {"findings": [{"check": "leaks"}]}}, "data.findings[0].check"),
    "count": ({"data": data(finding("D4", -1))}, "data.findings[0].count"),
    "half a row": ({"data": {"splits": {"train": 10.5}}}, "data.splits.train"),
    "baselines": ({"baselines": {}}, "baselines"),
    "rung": ({"baselines": [{"split": "dev"}]}, "baselines[0].rung"),
    "split missing": ({"baselines": [{"rung": "few_shot"}]}, "baselines[0].split"),
    "split": ({"baselines": [scored("few_shot", "train", 0.5)]}, "baselines[0].split"),
    "metric missing": ({"task": plan(metric="token_f1")}, "baselines[0].metrics.token_f1"),
    "value missing": (
        {"baselines": [scored("few_shot", "dev", 0.5) | {"metrics": {"accuracy": {"low": 0.1}}}]},
        "baselines[0].metrics.accuracy.value",
    ),
    "low": (
        {"baselines": [scored("few_shot", "dev", 0.5) | {"metrics": {"accuracy": {"value": 0.5, "low": "x"}}}]},
        "baselines[0].metrics.accuracy.low",
    ),
    "horizon": ({"volume": {"horizon_months": 0}}, "volume.horizon_months"),
    "price": ({"prices": {"training": -1}}, "prices.training"),
    "volume": ({"volume": "many"}, "volume"),
    "agreement": ({"agreement": 1.2}, "agreement"),
    "agreement of the judge": ({"agreement": {"judge": 60}}, "agreement.judge"),
    "probe": ({"probe": {"high": "big"}}, "probe.high"),
    "discordance": ({"discordance": 15}, "discordance"),
    "threshold": ({"thresholds": {"n": 3}}, "thresholds.n"),
    "power of one": ({"thresholds": {"power": 1}}, "thresholds.power"),
    "no horizon": ({"thresholds": {"horizon_months": 0}}, "thresholds.horizon_months"),
    "no gain": ({"thresholds": {"min_gain": 0}}, "thresholds.min_gain"),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "path"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_named_by_its_path(changed, path):
    with pytest.raises(Fault) as caught:
        from_report(report(**changed))

    assert caught.value.where == path
    assert caught.value.code is ExitCode.WRONG_USE
    assert caught.value.fix


def test_two_options_that_did_the_same_say_nothing_of_the_spread():
    assert from_report(report(deviation=0)).deviation is None
    assert from_report(report(deviation=0.2)).deviation == 0.2


def test_inputs_that_are_no_object():
    with pytest.raises(Fault, match="Expected an object"):
        from_report([])


def test_moved_score_follows_wilson():
    n = 400
    before = wilson(0.8 * n, n)
    moved = Score(0.8, before.low, before.high, n).moved(0.9)

    assert (moved.low, moved.high) == pytest.approx((wilson(0.9 * n, n).low, wilson(0.9 * n, n).high))


def test_moved_graded_score_keeps_its_distance_from_wilson():
    before = wilson(320, 400)
    graded = Score(0.8, before.low + 0.01, before.high - 0.01, 400)

    assert graded.moved(0.8) == graded
    more = graded.moved(0.8, 1600)
    assert more.low == pytest.approx(wilson(1280, 1600).low + 0.005)
    assert Score(0.8).moved(0.9) == Score(0.9)


def test_unsuited_by_a_blocker_even_where_no_outcome_is_given():
    assert from_report({"suitability": {"criteria": [{"id": "S6", "answer": "yes"}]}}).unsuited is True
    assert from_report({"suitability": answers()}).unsuited is False

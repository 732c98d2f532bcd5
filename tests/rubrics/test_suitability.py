"""The suitability rubric: its file, its rule, and what it says to people who ask the wrong way."""

from __future__ import annotations

import itertools
import json

import pytest
import yaml

from rubrics.errors import ExitCode, Fault
from rubrics.suitability import Answer, assess, load_criteria, load_rubric, parse_rubric

KEYS = {
    "S1": "domain",
    "S2": "format",
    "S3": "consistency",
    "S4": "behaviour",
    "S5": "creative",
    "S6": "changing",
    "S7": "fresh_facts",
    "S8": "agreement",
    "S9": "economics",
    "S10": "failures",
}
FAVOURABLE = {key: "no" if key in ("creative", "changing", "fresh_facts") else "yes" for key in KEYS.values()}


def judged(**values: str):
    return assess({key: Answer(value) for key, value in values.items()})


def test_the_criteria_are_those_of_the_contract():
    criteria = load_criteria()

    assert {criterion.id: criterion.key for criterion in criteria} == KEYS
    for criterion in criteria:
        assert criterion.question.endswith("?")
        assert "Yes:" in criterion.help
        assert "No:" in criterion.help
        assert criterion.default == "unknown"
        assert criterion.source.startswith(f"{criterion.id};")
        assert criterion.yes.reason != criterion.no.reason


def test_each_yes_points_where_the_rule_says():
    towards = {criterion.key: criterion.yes.weight > 0 for criterion in load_criteria()}

    assert [key for key, positive in towards.items() if not positive] == [
        "creative",
        "changing",
        "fresh_facts",
    ]


def test_nothing_answered_is_unclear_and_weighs_nothing():
    result = assess({})

    assert (result.outcome, result.score) == ("unclear", 0)
    assert {(row.answer, row.source, row.effect) for row in result.criteria} == {("unknown", "default", 0)}


def test_everything_in_favour_is_suited_with_the_highest_score():
    result = judged(**FAVOURABLE)

    assert result.outcome == "suited"
    assert result.score == load_rubric().score_range[1]


@pytest.mark.parametrize("blocker", ["creative", "changing"])
def test_nothing_outweighs_variety_or_changing_rules(blocker: str):
    result = judged(**FAVOURABLE | {blocker: "yes"})

    assert result.outcome == "unsuited"


def test_creative_work_under_changing_rules_says_why_it_is_unsuited():
    result = judged(creative="yes", changing="yes")

    assert result.outcome == "unsuited"
    reasons = {row.id: row.reason for row in result.criteria if row.answer == "yes"}
    assert "variety" in reasons["S5"]
    assert "old rules" in reasons["S6"]


def test_fresh_facts_point_to_retrieval_and_never_suit_alone():
    alone = judged(fresh_facts="yes")
    all_but_a_pattern = judged(
        fresh_facts="yes", creative="no", changing="no", agreement="yes", economics="yes", failures="yes"
    )

    assert alone.outcome == "unclear"
    assert "retrieval" in next(row.reason for row in alone.criteria if row.id == "S7")
    assert all_but_a_pattern.score >= load_rubric().suited_at
    assert all_but_a_pattern.outcome == "unclear"


def test_fresh_facts_do_not_forbid_tuning_the_way_of_answering():
    assert judged(**FAVOURABLE | {"fresh_facts": "yes"}).outcome == "suited"


def test_without_agreement_a_task_is_not_ready():
    result = judged(**FAVOURABLE | {"agreement": "no"})

    assert result.outcome == "unclear"
    assert result.score >= load_rubric().suited_at


@pytest.mark.parametrize("key", KEYS.values())
def test_unknown_is_the_same_as_unanswered(key: str):
    without = {name: value for name, value in FAVOURABLE.items() if name != key}

    said, unsaid = judged(**without, **{key: "unknown"}), judged(**without)

    assert (said.outcome, said.score) == (unsaid.outcome, unsaid.score)
    assert said.outcome == "suited", "one unknown never blocks"


def test_the_outcome_follows_the_rule_for_every_combination():
    rubric = load_rubric()
    low, high = rubric.score_range

    # Every eleventh of the 59,049 combinations: eleven and three share no factor, so all answers meet.
    for combination in itertools.islice(
        itertools.product(("yes", "no", "unknown"), repeat=len(KEYS)), 0, None, 11
    ):
        values = dict(zip(KEYS.values(), combination, strict=True))
        result = judged(**values)

        assert low <= result.score <= high
        assert result.score == sum(row.effect for row in result.criteria)
        blocked = "yes" in (values["creative"], values["changing"])
        assert (result.outcome == "unsuited") == blocked
        if result.outcome == "suited":
            assert "yes" in (values["domain"], values["format"], values["consistency"], values["behaviour"])
            assert values["agreement"] != "no"
            assert result.score >= rubric.suited_at


def test_the_result_is_the_object_of_the_contract():
    result = assess({"consistency": Answer("yes", "data")})

    content = json.loads(json.dumps(result.to_dict()))

    assert set(content) == {"outcome", "score", "criteria", "parts"}
    assert [row["id"] for row in content["criteria"]] == list(KEYS)
    consistency = content["criteria"][2]
    assert set(consistency) == {"id", "question", "answer", "source", "effect", "reason", "reference"}
    assert (consistency["answer"], consistency["source"], consistency["effect"]) == ("yes", "data", 2)
    assert consistency["reference"].startswith("S3")


def test_unknown_keys_and_values_are_wrong_use_and_all_named():
    with pytest.raises(Fault) as caught:
        judged(creativ="yes", domain="maybe")

    assert caught.value.code == ExitCode.WRONG_USE
    assert caught.value.where == "--answer"
    assert len(caught.value.problems) == 2
    assert "creativ" in str(caught.value)
    assert "maybe" in str(caught.value)
    assert all(word in caught.value.fix for word in [*KEYS.values(), "yes", "no", "unknown"])


def shipped() -> dict:
    from importlib import resources

    return yaml.safe_load(resources.files("rubrics").joinpath("suitability.yaml").read_text("utf-8"))


def test_a_threshold_changed_in_the_file_changes_the_outcome():
    content = shipped()
    content["outcome"]["suited_at"] = 1
    answers = {"domain": Answer("yes")}

    lenient = parse_rubric(yaml.safe_dump(content))

    assert assess(answers).outcome == "unclear"
    assert assess(answers, lenient).outcome == "suited"


@pytest.mark.parametrize("field", ["id", "key", "question", "help", "yes", "no", "default", "source"])
def test_a_missing_field_is_named_with_its_criterion(field: str):
    content = shipped()
    del content["criteria"][3][field]

    with pytest.raises(Fault, match=f"criterion 4: '{field}' is missing") as caught:
        parse_rubric(yaml.safe_dump(content))

    assert caught.value.code == ExitCode.PROGRAM_FAULT


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("outcome", "blockers"), ["creativity"], "blockers"),
        (("outcome", "suited_at"), "three", "suited_at"),
        (("outcome", "suited_at"), True, "suited_at"),
        (("criteria", 0, "default"), "yes", "default"),
        (("criteria", 0, "key"), "format", "same key"),
        (("criteria", 0, "yes", "effect"), None, "effect"),
        (("criteria",), {}, "criteria"),
    ],
)
def test_a_wrong_field_is_named(place, value, message: str):
    content = shipped()
    *path, last = place
    target = content
    for step in path:
        target = target[step]
    target[last] = value

    with pytest.raises(Fault, match=message):
        parse_rubric(yaml.safe_dump(content))


@pytest.mark.parametrize("text", ["", "- a", "outcome: [", "outcome: {}"])
def test_a_file_that_is_no_rubric_is_refused(text: str):
    with pytest.raises(Fault, match=r"suitability\.yaml"):
        parse_rubric(text)


def test_the_rubric_is_read_once():
    assert load_rubric() is load_rubric()

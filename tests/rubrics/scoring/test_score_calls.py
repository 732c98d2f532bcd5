"""Function calls against hand-checked cases and the Berkeley leaderboard's own answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rubrics.scoring import call_match

AREA = '[{"area": {"base": [10], "height": [5, 5.5], "unit": ["cm", ""]}}]'
TWO = '[{"f": {"x": [1]}}, {"f": {"x": [1, 2]}}]'


def call(name: str, **arguments: Any) -> str:
    return json.dumps([{"name": name, "arguments": arguments}])


@pytest.mark.parametrize(
    ("answer", "reference", "right"),
    [
        (call("area", base=10, height=5), AREA, True),
        (call("area", height=5.5, base=10.0, unit="CM"), AREA, True),
        ('{"name": "area", "arguments": {"base": 10, "height": 5}}', AREA, True),
        ('{"function": {"name": "area", "arguments": "{\\"base\\": 10, \\"height\\": 5}"}}', AREA, True),
        ('{"area": {"base": 10, "height": 5}}', AREA, True),
        (call("volume", base=10, height=5), AREA, False),
        (call("area", base=10), AREA, False),
        (call("area", base=10, height=5, depth=1), AREA, False),
        (call("area", base=11, height=5), AREA, False),
        (call("area", base="10", height=5), AREA, False),
        (call("area", base=True, height=5), '[{"area": {"base": [1], "height": [5]}}]', False),
        ("area(base=10, height=5)", AREA, False),
        ("", AREA, False),
        ("[]", AREA, False),
        # Several calls, in any order; one that could be either leaves the other its place.
        ('[{"f": {"x": 2}}, {"f": {"x": 1}}]', TWO, True),
        ('[{"f": {"x": 1}}, {"f": {"x": 1}}]', TWO, True),
        ('[{"f": {"x": 2}}, {"f": {"x": 2}}]', TWO, False),
        ('[{"f": {"x": 1}}]', TWO, False),
        # Texts of possible answers are compared as the leaderboard does, exact ones as they are.
        (call("go", to="new york, ny"), '[{"go": {"to": ["New York NY"]}}]', True),
        (call("go", to="new york"), call("go", to="New York"), False),
        (call("go", to="New York", n=1.0), call("go", n=1, to="New York"), True),
        # Accepted objects list accepted values of each member.
        (
            call("u", info={"name": "Jo"}),
            '[{"u": {"info": [{"name": ["Jo", "Joe"], "age": [3, ""]}]}}]',
            True,
        ),
        (call("u", info={"age": 3}), '[{"u": {"info": [{"name": ["Jo", "Joe"], "age": [3, ""]}]}}]', False),
        # No call is wanted.
        ("I have no tool for that.", "[]", True),
        ("", "[]", True),
        ("[]", "[]", True),
        (call("area", base=1), "[]", False),
        (call("보내기", 받는이="김철수"), '[{"보내기": {"받는이": ["김철수"]}}]', True),
    ],
)
def test_a_call_is_right_by_name_and_accepted_arguments(answer, reference, right):
    assert call_match(answer, [reference]) == float(right)


@pytest.mark.parametrize("reference", ["not JSON", "3", '["f"]', '{"a": 1, "b": 2}'])
def test_a_reference_without_calls_is_refused(reference):
    with pytest.raises(ValueError, match=r"is not JSON|holds no calls"):
        call_match("[]", [reference])


def rows(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = (folder / f"output_format/bfcl_{kind}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def first_accepted(value: Any) -> Any:
    """One answer that a possible answer accepts; objects in it list accepted values again."""
    if isinstance(value, dict):
        return {name: first_accepted(options[0]) for name, options in value.items()}
    return [first_accepted(item) for item in value] if isinstance(value, list) else value


def gold(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "arguments": {
                key: first_accepted(options[0]) for key, options in wanted.items() if options[0] != ""
            },
        }
        for entry in row["ground_truth"]
        for name, wanted in entry.items()
    ]


def perturbed(calls: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The same calls with another name, an argument too many, one too few, another value, and twice."""
    [one] = calls
    yield [{**one, "name": one["name"] + "_x"}]
    yield [{**one, "arguments": {**one["arguments"], "unheard_of": 1}}]
    yield [{**one, "arguments": {**one["arguments"], next(iter(one["arguments"])): {"wrong": "value"}}}]
    yield [one, one]
    yield []


@pytest.mark.parametrize(("kind", "count"), [("simple_python", 400), ("multiple", 200), ("irrelevance", 240)])
def test_the_leaderboards_own_answers_are_right(shared_data: Path, kind: str, count: int):
    scores = [
        call_match(json.dumps(gold(row)), [json.dumps(row["ground_truth"])])
        for row in rows(shared_data, kind)
    ]

    assert scores == [1.0] * count


def test_perturbed_answers_are_wrong(shared_data: Path):
    for row in rows(shared_data, "simple_python"):
        reference = json.dumps(row["ground_truth"])
        for calls in perturbed(gold(row)):
            assert call_match(json.dumps(calls), [reference]) == 0.0, (row["id"], calls)


def test_required_arguments_of_the_leaderboard_cannot_be_left_out(shared_data: Path):
    for row in rows(shared_data, "multiple"):
        [one] = gold(row)
        [wanted] = row["ground_truth"][0].values()
        for key in one["arguments"]:
            fewer = {name: value for name, value in one["arguments"].items() if name != key}
            score = call_match(json.dumps({**one, "arguments": fewer}), [json.dumps(row["ground_truth"])])
            assert score == float("" in wanted[key])


def test_a_call_where_none_is_wanted_is_wrong(shared_data: Path):
    for row in rows(shared_data, "irrelevance"):
        made = json.dumps({"name": row["functions"][0]["name"], "arguments": {}})
        assert call_match(made, [json.dumps(row["ground_truth"])]) == 0.0

"""JSON answers: validity, schemas, equality, and the document within wording."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.errors import ExitCode, Fault
from rubrics.scoring import (
    json_equality,
    json_inside,
    json_part,
    json_validity,
    repeated_keys,
    schema_validity,
)
from rubrics.scoring.json_answers import DEEPEST

FENCED = 'Here it is:\n```json\n{"a": 1}\n```\nAnything else?'


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ('{"a": [1, 2.5e3, null, true]}', True),
        (' \n"text"\t', True),
        ("0", True),
        ('{"a": 1, "a": 2}', True),
        ("9" * 10_000, True),
        ("[" * DEEPEST + "]" * DEEPEST, True),
        ("", False),
        ("NaN", False),
        ("[Infinity]", False),
        ("[-Infinity]", False),
        ("{'a': 1}", False),
        ('{"a": 1,}', False),
        ("[01]", False),
        ('{"a": 1} {"b": 2}', False),
        (FENCED, False),
        ("\ufeff{}", False),
        ('"\t"', False),
        ("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), False),
        ("[" * 100_000 + "]" * 100_000, False),
        ("[" * 1_000_000, False),
    ],
)
def test_validity_is_strict(text, valid):
    assert json_validity(text) == float(valid)


def test_repeated_keys_are_noted_and_never_equal_to_one_of_their_readings():
    twice = '{"a": {"b": 1, "b": 2}, "c": 3, "c": 3}'

    assert repeated_keys(twice) == ("b", "c")
    assert repeated_keys("not JSON") == ()
    assert json_equality(twice, ['{"a": {"b": 2}, "c": 3}']) == 0.0
    assert json_equality(twice, [twice]) == 1.0


@pytest.mark.parametrize(
    ("answer", "reference", "equal"),
    [
        ('{"b": 2, "a": 1}', '{"a": 1, "b": 2}', True),
        ('{"a":1.0}', '{"a": 1e0}', True),
        ("12345678901234567890", "12345678901234567891", False),
        ("0.1", "0.10000000000000001", False),
        ('"cafe\u0301"', '"caf\u00e9"', True),
        ('{"cafe\u0301": ["cafe\u0301"]}', '{"caf\u00e9": ["caf\u00e9"]}', True),
        ('"\\uc11c\\uc6b8"', '"서울"', True),
        ("[1, 2]", "[2, 1]", False),
        ("true", "1", False),
        ("[true]", "[1]", False),
        ('"1"', "1", False),
        ("null", "false", False),
        ("{}", "[]", False),
        ('{"a": 1}', '{"a": 1, "b": null}', False),
        ("", "{}", False),
        ("{", "{}", False),
    ],
)
def test_equality_is_of_documents(answer, reference, equal):
    assert json_equality(answer, [reference]) == float(equal)


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        ('{"a": 1}', '{"a": 1}'),
        (FENCED, '{"a": 1}\n'),
        ('The result is {"a": 1}.', '{"a": 1}'),
        ('{not this} but {"a": 1}', '{"a": 1}'),
        ('{"a": 1} or {"a": 2}', ""),
        ("nothing", ""),
        ("", ""),
        ('{"a": {"b": 1}} done', '{"a": {"b": 1}}'),
    ],
)
def test_the_one_document_in_an_answer_is_found(answer, part):
    assert json_part(answer) == part


def test_form_is_forgiven_by_one_metric_and_not_by_the_other():
    assert json_equality(FENCED, ['{"a": 1}']) == 0.0
    assert json_inside(FENCED, ['{"a": 1}']) == 1.0
    assert json_inside(FENCED, ['{"a": 2}']) == 0.0


def test_a_huge_answer_without_a_document_ends_soon():
    assert json_inside("{" * 1_000_000, ["{}"]) == 0.0


@pytest.mark.parametrize("score", [json_equality, json_inside])
def test_a_reference_that_is_not_json_is_refused(score):
    with pytest.raises(ValueError, match="is not JSON"):
        score("{}", ["{"])


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(values, values)
def test_equality_is_symmetric_and_blind_to_spelling(one, other):
    a, b = json.dumps(one), json.dumps(other, indent=2, ensure_ascii=False, sort_keys=True)

    assert json_equality(a, [b]) == json_equality(b, [a])
    assert json_validity(a) == json_validity(b) == 1.0
    respelled = json.dumps(one, indent=1, ensure_ascii=False)
    if not repeated_keys(respelled):
        assert json_equality(respelled, [a]) == 1.0


def test_the_json_schema_test_suite_is_met(shared_data: Path):
    lines = (shared_data / "json_validity/jsonschema_2020_12.jsonl").read_text("utf-8").splitlines()
    cases = [json.loads(line) for line in lines]

    wrong = [
        (case["file"], case["group"], case["test"])
        for case in cases
        if schema_validity(json.dumps(case["data"]), schema=case["schema"]) != float(case["valid"])
    ]

    assert len(cases) == 1009
    assert wrong == []


def test_an_answer_that_is_not_json_obeys_no_schema():
    assert schema_validity("{", schema={}) == 0.0
    assert schema_validity(FENCED, schema={"type": "object"}) == 0.0


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "nonsense"}, "not a JSON Schema"),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "does not hold"),
        ({"pattern": "("}, "not a regular expression"),
        ({"pattern": r"^(\w|\w\w)+[?!]$"}, "takes over"),
    ],
)
def test_a_schema_that_cannot_judge_is_wrong_use(schema, said):
    with pytest.raises(Fault, match=said) as raised:
        schema_validity(json.dumps("a" * 60), schema=schema)

    assert (raised.value.code, raised.value.where) == (ExitCode.WRONG_USE, "--schema")

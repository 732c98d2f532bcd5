"""D6: JSON answers in several forms, and the form that is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from checked_rows import answered, of_kind, required
from hypothesis import given
from hypothesis import strategies as st

from advisor.data.consistency import canonical_json, key_order
from advisor.data.json_forms import Spacing, spacing_of
from advisor.data.reading import read_file

KINDS = (
    "order of JSON keys",
    "variants of a JSON key",
    "missing JSON keys",
    "spacing of JSON",
    "kinds of JSON values",
)


def test_majority_orders_the_keys() -> None:
    assert key_order(['{"b": 1, "a": 2}', '{"a": 1, "b": 2}', '{"b": 0, "a": 0, "c": 0}', "no JSON"]) == (
        "b",
        "a",
        "c",
    )
    assert key_order([]) == ()
    assert key_order([json.dumps({str(at): at}) for at in range(150)]) == ()


def test_a_circle_of_majorities_still_has_an_order() -> None:
    circle = ['{"a": 1, "b": 1}'] * 3 + ['{"b": 1, "c": 1}'] * 2 + ['{"c": 1, "a": 1}']
    assert key_order(circle) == ("a", "b", "c")


def test_values_stay_as_they_are_written() -> None:
    text = '{"b":1.50,"a":[1e5,{"z":-0,"y":"\\u00e9"}],"c":null}'
    assert canonical_json(text, ("a", "b")) == '{"a": [1e5, {"z": -0, "y": "é"}], "b": 1.50, "c": null}'
    assert (
        canonical_json(text, ("a", "b"), spacing="compact")
        == '{"a":[1e5,{"z":-0,"y":"é"}],"b":1.50,"c":null}'
    )
    assert canonical_json('{"a": {"b": []}}', (), spacing="indented") == '{\n  "a": {\n    "b": []\n  }\n}'


@pytest.mark.parametrize("text", ["prose", '{"a": 1, "a": 2}', '{"a": NaN}', "[1]", '{"a": 1', "{" * 100_000])
def test_what_is_no_plain_object_stays(text: str) -> None:
    assert canonical_json(text, ("a",)) == text


keys = st.sampled_from(["id", "name", "Name", "date", "ü", '"', ""])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
objects = st.lists(st.tuples(keys, values), max_size=6).map(dict)


@given(st.lists(objects, max_size=12), st.sampled_from(["spaced", "compact", "indented"]))
@pytest.mark.unmeasured
def test_canonical_json_is_final_and_loses_nothing(
    given_objects: list[dict[str, object]], spacing: Spacing
) -> None:
    texts = [json.dumps(value) for value in given_objects]
    order = key_order(texts)
    rewritten = [canonical_json(text, order, spacing=spacing) for text in texts]

    assert [json.loads(text) for text in rewritten] == given_objects
    assert key_order(rewritten) == order
    assert [canonical_json(text, order, spacing=spacing) for text in rewritten] == rewritten


@pytest.mark.parametrize(
    ("text", "spacing"),
    [
        ('{"a": 1}', "spaced"),
        ('{"a":1}', "compact"),
        ('{"a:": "b:c"}', "spaced"),
        ('{\n "a":1}', "indented"),
        ("{}", None),
    ],
)
def test_spacing(text: str, spacing: str | None) -> None:
    assert spacing_of(text) == spacing


def objects_with(change: dict[int, str]) -> list[str]:
    return [change.get(at, f'{{"id": {at}, "queue": "q{at}", "open": true}}') for at in range(1, 71)]


def test_clean_json_has_no_finding() -> None:
    rows = answered(objects_with({}))
    assert [of_kind(rows, kind) for kind in KINDS] == [None] * len(KINDS)


@pytest.mark.parametrize(
    ("kind", "odd"),
    [
        ("order of JSON keys", '{"queue": "q", "id": 3, "open": true}'),
        ("variants of a JSON key", '{"id": 3, "Queue": "q", "open": true}'),
        ("variants of a JSON key", '{"id": 3, "queeu": "q", "open": true}'),
        ("missing JSON keys", '{"id": 3, "queue": "q"}'),
        ("spacing of JSON", '{"id":3,"queue":"q","open":true}'),
        ("kinds of JSON values", '{"id": "3", "queue": "q", "open": true}'),
        ("kinds of JSON values", '{"id": 3, "queue": ["q"], "open": true}'),
    ],
)
def test_each_odd_object_is_found(kind: str, odd: str) -> None:
    found = required(answered(objects_with({5: odd, 66: odd})), kind)
    assert (found.severity, found.rows) == ("warning", ("r:5", "r:66"))


def test_null_and_digits_in_text_are_no_other_kind() -> None:
    rows = answered(objects_with({5: '{"id": null, "queue": "12", "open": true}'}))
    assert of_kind(rows, "kinds of JSON values") is None


def test_keys_that_are_data_have_no_order() -> None:
    rows = answered([f'{{"{at}": 1, "{at + 1}": 2}}' for at in range(150)])
    assert [of_kind(rows, kind) for kind in KINDS] == [None] * len(KINDS)


def test_slots_of_a_real_file(shared_data: Path) -> None:
    """Its slots stand in the order of the utterance: a real variation, found without one alarm beside it."""
    rows = read_file(shared_data / "output_format/restaurant8k_train3.jsonl").rows
    found = required(rows, "order of JSON keys")
    assert found.count == 57
    assert [of_kind(rows, kind) for kind in KINDS[1:]] == [None] * 4
    order = key_order([read.answer for read in rows])
    assert set(order) == {"people", "time", "date", "first_name", "last_name"}

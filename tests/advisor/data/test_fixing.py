"""Fixes: each does what its name says, together they leave nothing for a second time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

import pytest
from fuzz_examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.data.edits import EDITORS
from advisor.data.fixes import BY_NAME, FIXES, chosen, fix_for
from advisor.data.fixing import Mended, as_log, mend
from advisor.data.reading import Record
from advisor.data.removals import REMOVERS, Need
from advisor.data.rows import Message, Row
from rubrics.errors import Fault


def read(value: dict[str, Any], before: Row) -> Row:
    turn = Message(role="user", content=value["question"])
    return Row(before.id, (turn,), value["answer"], before.source)


def edit_pair(value: dict[str, Any], edit: Any) -> dict[str, Any]:
    edited = {"question": edit(value["question"], "prompt"), "answer": edit(value["answer"], "answer")}
    return {**value, **edited}


def records(pairs: Sequence[tuple[str, str]]) -> list[Record]:
    values = [
        {"n": at, "question": question, "answer": answer} for at, (question, answer) in enumerate(pairs)
    ]
    return [Record(at, value, read(value, Row(f"f:{at}", (), ""))) for at, value in enumerate(values)]


def count_words(rows: Sequence[Row]) -> list[tuple[int, int]]:
    return [(len(row.prompt.split()), len(row.answer.split())) for row in rows]


def fixed(pairs: Sequence[tuple[str, str]], *names: str, need: Need | None = None) -> Mended:
    return mend(records(pairs), [BY_NAME[name] for name in names], need or Need(), edit_pair, read)


def pairs_of(mended: Mended) -> list[tuple[str, str]]:
    return [(record.value["question"], record.value["answer"]) for record in mended.records]


UNLIKE = [(f"{word} {word[::-1]} {at}", "refund" if at % 2 else "delivery") for at, word in enumerate(
    ("quarterly", "banana", "xylophone", "metric", "window", "fjord", "jazz", "oxygen", "picnic", "kettle")
)]  # fmt: skip
"""Ten rows of two labels whose prompts share next to nothing."""


def test_every_fix_has_its_work_and_every_work_its_fix() -> None:
    assert EDITORS.keys() | REMOVERS.keys() == BY_NAME.keys()
    assert not EDITORS.keys() & REMOVERS.keys()


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("trim", (" what? \n", "\tdepot\u200b"), ("what?", "depot")),
        ("trim", ("code", "    def f():\n        return 1\n\n"), ("code", "    def f():\n        return 1")),
        ("spaces", ("zero\u200bwidth", "no\u00a0break"), ("zerowidth", "no break")),
        ("unicode", ("cafe\u0301", "\u1112\u1161\u11ab"), ("café", "한")),
        ("quotes", ("“what”", "it’s"), ('"what"', "it's")),
        ("mojibake", ("cafÃ©", "itâ€™s"), ("café", "it’s")),
    ],
)
def test_texts_are_mended(name: str, before: tuple[str, str], after: tuple[str, str]) -> None:
    mended = fixed([before, ("sound", "text")], name)
    assert pairs_of(mended) == [after, ("sound", "text")]
    assert mended.counts() == {name: {"changed": 1, "dropped": 0}}
    assert [(change.row, change.before, change.after) for change in mended.changes] == [
        ("f:0", *both) for both in zip(before, after, strict=True) if both[0] != both[1]
    ]


def test_joiners_and_ideographic_spaces_are_letters_of_their_scripts() -> None:
    pair = ("می\u200cخواهم 👩\u200d👧", "全角\u3000空白")
    assert pairs_of(fixed([pair], "spaces", "trim", "unicode")) == [pair]


def test_a_text_never_vanishes() -> None:
    mended = fixed([("\u200b", "\ufeff")], "spaces", "trim")
    assert pairs_of(mended) == [("\u200b", "\ufeff")]
    assert mended.changes == []


def test_labels_take_their_commonest_form() -> None:
    pairs = [*UNLIKE, *UNLIKE, ("a", "Refund."), ("b", "REFUND")]
    answers = [answer for _, answer in pairs_of(fixed(pairs, "labels"))]
    assert set(answers) == {"refund", "delivery"}


def test_misspelt_labels_are_mended_only_when_asked() -> None:
    pairs = [*UNLIKE * 4, ("a", "delivry")]
    assert pairs_of(fixed(pairs, "labels"))[-1] == ("a", "delivry")
    assert pairs_of(fixed(pairs, "label-spelling"))[-1] == ("a", "delivery")


def test_open_answers_keep_their_case() -> None:
    pairs = [(f"question {at}", f"Answer number {at} of many") for at in range(20)]
    assert pairs_of(fixed(pairs, "labels", "lower-labels", "label-spelling")) == pairs


def test_json_answers_are_written_in_one_order_with_their_values_unchanged() -> None:
    pairs = [
        ("a", '{"x": 1.50, "y": [1]}'),
        ("b", '{"x":2,"y":[]}'),
        ("c", '{"y": null, "x": 1e5}'),
        ("d", "no"),
    ]
    answers = [answer for _, answer in pairs_of(fixed(pairs, "json-keys"))]
    assert answers[2] == '{"x": 1e5, "y": null}'
    for (_, before), after in zip(pairs[:3], answers, strict=False):
        assert json.loads(before) == json.loads(after)
        assert list(json.loads(after)) == ["x", "y"]
    assert answers[3] == "no"


def test_straight_quotes_do_not_break_json() -> None:
    pair = ("a", '{"said": "he said “yes”"}')
    assert pairs_of(fixed([pair], "quotes")) == [pair]


@pytest.mark.parametrize(
    ("name", "pairs", "kept"),
    [
        ("duplicates", [("a", "x"), ("A ", "X"), ("a", "y")], [0, 2]),
        ("conflicts", [("a", "x"), ("a", "x"), ("a", "y"), ("b", "x")], [3]),
        ("conflicts-majority", [("a", "x"), ("a", "y"), ("A", "x"), ("b", "x"), ("b", "y")], [0, 2]),
        ("placeholders", [("a", "x"), ("b", "TODO"), ("c", "nan")], [0]),
    ],
)
def test_rows_are_dropped(name: str, pairs: list[tuple[str, str]], kept: list[int]) -> None:
    mended = fixed(pairs, name)
    assert [record.value["n"] for record in mended.records] == kept
    assert mended.counts() == {name: {"changed": 0, "dropped": len(pairs) - len(kept)}}
    gone = next(change for change in mended.changes)
    assert gone.after is None
    assert gone.before["question"]


def test_one_of_each_group_of_near_duplicates_stays() -> None:
    base = "I am still waiting for my transfer to arrive at the bank"
    pairs = [(base, "x"), (base + ".", "x"), (base + "!", "x"), ("something else altogether", "x")]
    assert [record.value["n"] for record in fixed(pairs, "near-duplicates").records] == [0, 3]


def test_rows_that_leak_or_are_too_long_go() -> None:
    against = [record.row for record in records([("What is this about, please", "z")])]
    need = Need(against, count_words, 4)
    pairs = [
        ("what is  this about, PLEASE", "x"),
        ("what is this about, pleasee", "x"),
        ("one two", "x y"),
        ("one two", "x y z"),
    ]
    mended = fixed(pairs, "leaks", "too-long", need=need)
    assert [record.value["n"] for record in mended.records] == [2]


def test_a_fix_can_make_work_for_another() -> None:
    mended = fixed([("a", "x"), ("a ", "x\u200b")], "spaces", "trim", "duplicates")
    assert pairs_of(mended) == [("a", "x")]


def test_the_choice_of_fixes() -> None:
    safe = [fix.name for fix in FIXES if fix.safe]
    assert [fix.name for fix in chosen([], all_safe=False)] == safe
    assert [fix.name for fix in chosen(["duplicates", "trim"], all_safe=False)] == ["trim", "duplicates"]
    assert {fix.name for fix in chosen(["redact"], all_safe=True)} == {*safe, "redact"}
    with pytest.raises(Fault, match="no fix named 'trimm'") as caught:
        chosen(["trimm"], all_safe=False)
    assert "trim, " in caught.value.fix
    with pytest.raises(Fault, match="keeps some"):
        chosen(["conflicts", "conflicts-majority"], all_safe=False)


def test_secrets_are_masked_in_the_log_wherever_they_stand() -> None:
    mended = fixed([("a", "secret "), ("secret", "nan")], "trim", "placeholders")
    log = json.dumps(list(as_log(mended.changes, lambda text: text.replace("secret", "***"))))
    assert "secret" not in log
    assert log.count("***") == 3


_PIECES = ("a", "B", " ", "\u00a0", "\u200b", "e\u0301", "Ã©", "“", "’", '"', "{", "}", "[", ",", "yes", "No.", "nan",
           "TODO", "ann@example.com", '{"a": 1, "b": 2}', '{"b":1,"a":2}', "\n", "transfer ", "한글 ", "İ")  # fmt: skip
pieces = (
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=6).map("".join).filter(lambda text: text.strip())
)
answers = st.one_of(st.sampled_from(["yes", "Yes", "no", "NO.", "maybe ", "TODO"]), pieces)
rows_drawn = st.lists(st.tuples(pieces, answers), min_size=1, max_size=12)
fixes_drawn = st.sets(st.sampled_from(sorted(BY_NAME)), min_size=1).map(
    lambda names: names - {"conflicts"} if "conflicts-majority" in names else names
)


@settings(max_examples=examples(300), deadline=None)
@given(drawn=rows_drawn, names=fixes_drawn, against=st.lists(pieces, min_size=1, max_size=3))
@pytest.mark.unmeasured
def test_a_second_time_changes_nothing(
    drawn: list[tuple[str, str]], names: set[str], against: list[str]
) -> None:
    need = Need([record.row for record in records([(text, "x") for text in against])], count_words, 3)
    fixes = [fix for fix in FIXES if fix.name in names]
    given_records = records(drawn)
    first = mend(given_records, fixes, need, edit_pair, read)
    again = mend(first.records, fixes, need, edit_pair, read)

    assert again.changes == []
    assert again.records == first.records
    numbers = [record.value["n"] for record in first.records]
    assert numbers == sorted(set(numbers))
    assert given_records == records(drawn)
    gone = {change.row for change in first.changes if change.after is None}
    assert {record.row.id for record in given_records} == {record.row.id for record in first.records} | gone
    assert all(record.row == read(record.value, record.row) for record in first.records)


def test_what_a_check_finds_names_its_fix() -> None:
    assert fix_for({"check": "D1", "details": {}}) is BY_NAME["duplicates"]
    assert fix_for({"check": "D5", "details": {}}) is None
    names = set(chain([fix.check for fix in FIXES]))
    assert names <= {f"D{at}" for at in range(1, 13)}

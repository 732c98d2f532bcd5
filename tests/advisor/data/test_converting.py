"""Conversion: what is not named as lost is not lost, and nothing disappears unsaid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fuzz_examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.data.converting import WRITABLE, Tally, convert, refusal
from advisor.data.formats import parse, write
from advisor.data.formats.conversation import Call, Conversation, Part, Turn, turn_of
from advisor.data.reading import Records, read_records
from advisor.data.writing import write_records
from rubrics.errors import ExitCode, Fault

CHATS = ("openai", "gemini", "alpaca", "sharegpt")

texts = st.text(min_size=1, max_size=12).filter(str.strip)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
arguments = st.dictionaries(names, json_values, max_size=2)
results = st.text(max_size=8) | arguments.map(
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
)
images = st.sampled_from(["https://example.org/a.png", "data:image/jpeg;base64,AAAA"]).map(
    lambda url: Part("image", url)
)


FEATURES = (
    "system", "developer", "multi-turn", "weight", "name", "parts", "image", "tools", "calls", "call ids",
    "text beside", "reasoning", "answers",
)  # fmt: skip


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """A conversation with at most two features, so that each stands alone often enough to be missed."""
    has = draw(st.sets(st.sampled_from(FEATURES), max_size=2) | st.just({"answers"}))
    turns: list[Turn] = []
    if has & {"system", "developer"}:
        turns.append(Turn("developer" if "developer" in has else "system", draw(texts)))
    for _ in range(draw(st.integers(2, 3)) if "multi-turn" in has else 1):
        turns.append(draw_user(draw, has))
        if has & {"calls", "call ids", "text beside"} and draw(st.booleans()):
            turns += draw_tool_use(draw, has, f"c{len(turns)}")
        thoughts = [Part("reasoning", "hm")] if "reasoning" in has else []
        answer = turn_of("assistant", [*thoughts, Part("text", draw(texts))])
        turns.append(answer._replace(weight=1 if "weight" in has else None))
    if has & {"calls", "call ids", "text beside"} and draw(st.booleans()):
        turns[-1] = draw_tool_use(draw, has, "last")[0]
    tools = ({"name": draw(names), "parameters": {}},) if "tools" in has else ()
    answers = (turns[-1].text, "another") if has == {"answers"} else ()
    return Conversation(tuple(turns), tools, answers)


def draw_user(draw: st.DrawFn, has: set[str]) -> Turn:
    parts = [Part("text", draw(texts)) for _ in range(2 if "parts" in has else 1)]
    turn = turn_of("user", parts + ([draw(images)] if "image" in has else []))
    return turn._replace(name="ann" if "name" in has else "")


def draw_tool_use(draw: st.DrawFn, has: set[str], prefix: str) -> list[Turn]:
    ids = [f"{prefix}-{index}" if "call ids" in has else "" for index in range(draw(st.integers(1, 3)))]
    calls = tuple(Call(draw(names), draw(arguments), call_id) for call_id in ids)
    thoughts = [Part("reasoning", "hm")] if "reasoning" in has else []
    asked = turn_of(
        "assistant", [*thoughts, *([Part("text", "wait")] if "text beside" in has else [])], calls=calls
    )
    return [asked, *(Turn("tool", draw(results), call_id=call.id) for call in calls)]


def bare(conversation: Conversation) -> Conversation:
    """The conversation without what only pairs calls and results, and which their order tells as well."""
    turns = tuple(
        turn._replace(
            call_id="",
            name="" if turn.role == "tool" else turn.name,
            calls=tuple(Call(call.name, dict(call.arguments)) for call in turn.calls),
        )
        for turn in conversation.turns
    )
    return conversation._replace(turns=turns)


def one_record(tmp_path: Path, value: dict[str, Any], source: str) -> Records:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(value) + "\n", encoding="utf-8")
    return read_records(path, format=source)


def tallied(records: Records, target: str) -> tuple[list[dict[str, Any]], Tally]:
    rows, tally = convert(records, records.format, target)
    return list(rows), tally


@settings(max_examples=examples(), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(conversation=conversations())
def test_what_is_not_named_is_not_lost(tmp_path: Path, conversation: Conversation) -> None:
    source = (
        "prompt-completion"
        if conversation.answers and not refusal(conversation, "prompt-completion")
        else "openai"
    )
    value = write(conversation, source)
    given_one = parse(value, source)
    assert isinstance(given_one, Conversation)
    records = one_record(tmp_path, value, source)
    for target in WRITABLE:
        rows, tally = tallied(records, target)
        assert tally.written == len(rows)
        assert tally.written + len(tally.refused) == 1
        if not rows:
            assert refusal(given_one, target)
            continue
        back = parse(rows[0], target)
        assert isinstance(back, Conversation), (target, back)
        if not tally.losses:
            assert bare(back) == bare(given_one), target


@settings(max_examples=examples(), deadline=None)
@given(conversation=conversations())
def test_openai_holds_everything(conversation: Conversation) -> None:
    """All but the list of accepted answers, which chat rows do not have."""
    written = write(conversation, "openai")
    back = parse(json.loads(json.dumps(written)), "openai")
    assert isinstance(back, Conversation)
    assert bare(back) == bare(conversation)._replace(answers=())
    assert write(back, "openai") == written


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_containers_hold_the_same_rows(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from([".jsonl", ".json", ".csv", ".tsv", ".parquet"]))
    packing = data.draw(st.sampled_from(["", ".gz", ".zst"]))
    words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(
        str.strip
    )
    pairs = st.fixed_dictionaries(
        {"question": words, "answer": words, "answers": st.lists(words, min_size=1)}
    )
    chats = conversations().map(lambda one: write(one, "openai"))
    rows = data.draw(st.lists(pairs, min_size=1, max_size=3) | st.lists(chats, min_size=1, max_size=3))
    if suffix in (".csv", ".tsv") and "\\u0000" in json.dumps(rows):
        return
    path = tmp_path_factory.mktemp("held") / f"rows{suffix}{packing}"
    assert write_records(path, rows) == len(rows)
    records = read_records(path)
    assert [parse(record.value, records.format) for record in records] == [
        parse(row, records.format) for row in rows
    ]


def shared(folder: Path, name: str) -> Records:
    return read_records(folder / f"formats/{name}.jsonl")


def there_and_back(
    tmp_path: Path, records: Records, target: str
) -> Iterator[tuple[Conversation, Conversation]]:
    """Each conversation of a file, and the same after a file in the target format and one back."""
    rows, tally = convert(records, records.format, target)
    there = tmp_path / f"{target}.jsonl"
    assert write_records(there, rows) == len(records)
    assert not tally.refused
    middle = read_records(there)
    assert middle.format == target
    back, _ = convert(middle, target, records.format)
    for record, value in zip(records, back, strict=True):
        first, second = parse(record.value, records.format), parse(value, records.format)
        assert isinstance(first, Conversation)
        assert isinstance(second, Conversation)
        yield bare(first), bare(second)


@pytest.mark.parametrize("target", CHATS)
@pytest.mark.parametrize(
    "name",
    ["gemini_contents_support", "llamafactory_identity", "rubyopenai_sarcastic", "rubyopenai_sentiment"],
)
def test_plain_files_come_back_whole(shared_data: Path, tmp_path: Path, name: str, target: str) -> None:
    for first, second in there_and_back(tmp_path, shared(shared_data, name), target):
        assert first == second


@pytest.mark.parametrize("target", ["openai", "gemini", "sharegpt"])
@pytest.mark.parametrize("name", ["openai_drone_training", "llamafactory_glaive_toolcall_en_demo"])
def test_files_with_tools_come_back_whole(shared_data: Path, tmp_path: Path, name: str, target: str) -> None:
    """But for the spacing of JSON that tools answered, where Gemini holds the object and not its text."""
    for first, second in there_and_back(tmp_path, shared(shared_data, name), target):
        assert spaced_alike(first) == spaced_alike(second)


def spaced_alike(conversation: Conversation) -> Conversation:
    turns = [
        turn._replace(text=json.dumps(json.loads(turn.text))) if turn.role == "tool" else turn
        for turn in conversation.turns
    ]
    return conversation._replace(turns=tuple(turns))


def shape(value: Any) -> Any:
    """The types and keys of a value; the elements of a list are one shape each."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def test_gemini_output_has_the_shape_of_the_shared_example(shared_data: Path) -> None:
    example = shared(shared_data, "gemini_contents_support").records[0].value
    records = shared(shared_data, "rubyopenai_sarcastic")
    rows, _ = convert(records, records.format, "gemini")
    assert all(shape(row) == shape(example) for row in rows)
    assert [content["role"] for content in example["contents"]] == ["user", "model"]


def test_what_a_target_lacks_is_named_with_counts(shared_data: Path) -> None:
    records = shared(shared_data, "openai_drone_training")
    rows, tally = convert(records, "openai", "alpaca")
    assert len(list(rows)) == 103
    assert tally.lines() == [
        "tools: alpaca cannot hold them, 103 rows",
        "tool_calls: the answer's calls are written as JSON text, 103 rows",
        "parallel_tool_calls: no field of a row, left out, 103 rows",
    ]
    weights, tally = convert(shared(shared_data, "llamafactory_v1_sft_identity"), "openai", "gemini")
    assert len(list(weights)) == 46
    assert tally.lines() == ["weight: gemini cannot hold it, 46 rows"]


def test_rows_that_cannot_be_said_are_listed(shared_data: Path) -> None:
    records = shared(shared_data, "llamafactory_glaive_toolcall_en_demo")
    rows, tally = convert(records, "sharegpt", "alpaca")
    assert len(list(rows)) + len(tally.refused) == 150
    assert tally.refused[0].line == 1
    assert tally.lines()[-1] == "tool calls before the answer: alpaca cannot hold them: 77 rows not written"


def test_a_field_of_one_format_stays_in_that_format(tmp_path: Path) -> None:
    value = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "id": 7}
    records = one_record(tmp_path, value, "openai")
    rows, tally = tallied(records, "openai")
    assert rows == [value]
    assert not tally.losses
    rows, tally = tallied(records, "sharegpt")
    assert tally.lines() == ["id: no field of a row, left out, 1 row"]


@pytest.mark.parametrize("target", ["text", "parquet", ""])
def test_what_is_no_format_to_write_is_wrong_use(shared_data: Path, target: str) -> None:
    with pytest.raises(Fault) as caught:
        convert(shared(shared_data, "rubyopenai_sentiment"), "prompt-completion", target)
    assert caught.value.code == ExitCode.WRONG_USE

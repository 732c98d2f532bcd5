"""Every format on real files, and what is said of files that hold no question with its answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.data.formats import format_of, map_texts, parse
from advisor.data.formats.conversation import Conversation, Unreadable
from advisor.data.reading import Records, read_file, read_records
from rubrics.errors import ExitCode, Fault

READ = {
    "gemini_contents_support": ("gemini", 10, 0),
    "llamafactory_glaive_toolcall_en_demo": ("sharegpt", 150, 93),
    "llamafactory_identity": ("alpaca", 91, 0),
    "llamafactory_reason_tool_use_demo_50": ("openai", 50, 50),
    "llamafactory_v1_sft_identity": ("openai", 46, 0),
    "openai_drone_training": ("openai", 103, 103),
    "rubyopenai_sarcastic": ("openai", 10, 0),
    "rubyopenai_sentiment": ("prompt-completion", 2, 0),
}
"""Format, rows, and rows that are not said by turns of text alone."""

REFUSED = {
    "llamafactory_dpo_en_demo": "found a preference pair (chosen, rejected), as DPO takes",
    "llamafactory_kto_en_demo": "found an answer with a preference label (true or false), as KTO takes",
    "mlx_lora_text_test": "found text alone (text), where prompt and answer cannot be told apart",
    "mlx_lora_text_train": "found text alone (text), where prompt and answer cannot be told apart",
    "mlx_lora_text_valid": "found text alone (text), where prompt and answer cannot be told apart",
    "rubyopenai_batch": "found an OpenAI batch request (custom_id, method, url, body), which has no answer",
    "rubyopenai_train": "found a text with a label (text, label)",
}


def fault_of(path: Path, **reading: Any) -> Fault:
    with pytest.raises(Fault) as caught:
        read_file(path, **reading)
    return caught.value


def records_or_none(path: Path) -> Records | None:
    """The records, or None where the rows are refused; another fault is one of the test."""
    try:
        return read_records(path)
    except Fault as fault:
        if fault.code != ExitCode.BAD_DATA or not fault.problems:
            raise
        return None


@pytest.mark.parametrize("name", READ)
def test_real_files_are_recognised(shared_data: Path, name: str) -> None:
    file = read_file(shared_data / f"formats/{name}.jsonl")
    assert (file.format, len(file.rows), sum(not row.plain for row in file.rows)) == READ[name]
    assert all(row.prompt.strip() and row.answer.strip() for row in file.rows)


@pytest.mark.parametrize("name", REFUSED)
def test_files_without_pairs_are_refused_with_what_they_are(shared_data: Path, name: str) -> None:
    fault = fault_of(shared_data / f"formats/{name}.jsonl")
    assert fault.code == ExitCode.BAD_DATA
    assert REFUSED[name] in fault.what
    assert fault.fix


def test_every_shared_file_of_formats_is_covered(shared_data: Path) -> None:
    names = {path.stem for path in (shared_data / "formats").glob("*.jsonl")}
    assert names == {*READ, *REFUSED, "openai_toy_chat_fine_tuning"}


def test_the_odd_row_of_the_toy_file_is_the_only_one_refused(shared_data: Path) -> None:
    path = shared_data / "formats/openai_toy_chat_fine_tuning.jsonl"
    assert fault_of(path).problems == (f"{path}:4: messages[1].role: expected user, found assistant",)


def test_a_labelled_text_is_read_with_the_fields_that_the_refusal_names(shared_data: Path) -> None:
    path = shared_data / "formats/rubyopenai_train.jsonl"
    names = "--prompt-field text --answer-field label"
    command = f"advisor data convert {path} --to question-answer {names} -o pairs.jsonl"
    assert fault_of(path).fix.endswith(command)
    file = read_file(path, prompt_field="text", answer_field="label")
    assert [row.answer for row in file.rows] == ["Positive", "Negative", "Positive"]
    assert file.evidence == "3 rows with text and label as told"


def test_facts_of_the_shared_files_hold(shared_data: Path) -> None:
    """Rows, keys, blank lines, byte order mark and line ends of `.facts.json`, for every JSONL file read here."""
    checked = 0
    for facts_file in sorted(shared_data.glob("*/*.facts.json")):
        facts = json.loads(facts_file.read_text(encoding="utf-8"))
        path = shared_data / facts["file"]
        if path.suffix != ".jsonl" or path.parent.name == "formats_bad" or facts["bytes"] > 1_500_000:
            continue
        records = records_or_none(path)
        if records is None:
            continue
        assert len(records) == facts["rows"], path
        counts = {key: sum(key in record.value for record in records) for key in facts["keys"]}
        assert counts == facts["keys"], path
        assert ("byte order mark" in records.file.evidence) == facts["bom"], path
        # A reader that skipped or joined lines would number the last row differently.
        assert records.records[-1].line == facts["rows"] + facts["blank_lines"], path
        assert (b"\r\n" in path.read_bytes()) == facts["crlf"], path
        checked += 1
    assert checked >= 20


WIDER = {
    "jsonl_valid_general": "text alone is valid for continued pretraining; here it holds no pair to learn",
    "csv_valid_general": "the same, as CSV",
}
"""Where Together's verdict is another one, and why. Extra columns, which theirs refuses, are fine here, but their
case for it is text alone and so refused all the same; a weight of 1.0, which theirs refuses, is read as 1, but the
answer of their case has weight 0 and is refused for that."""


def test_the_verdicts_of_another_validator(shared_data: Path) -> None:
    lines = (shared_data / "formats_bad/together_cases.jsonl").read_text().splitlines()
    cases = [json.loads(line) for line in lines]
    assert len(cases) == 28
    differ = set()
    for case in cases:
        path = shared_data / "formats_bad" / case["file"]
        if (records_or_none(path) is not None) != case["expected_pass"]:
            differ.add(path.stem)
    assert differ == set(WIDER)


def test_wider_than_that_validator(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "a", "weight": 1.0},
        {"role": "assistant", "content": "b", "weight": 1.0},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"messages": turns, "extra_column": 1}) + "\n")
    assert read_file(path).evidence.endswith("ignored: extra_column")


def test_arguments_encoded_twice_are_named(shared_data: Path) -> None:
    (problem,) = fault_of(shared_data / "formats_bad/openai_drone_double_encoded.jsonl").problems
    assert (
        "messages[2].tool_calls[0].function.arguments: expected an object as JSON text, found text" in problem
    )


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"b": 1, "a": "é"}'}}
USER = {"role": "user", "content": "q"}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "r"}
ANSWER = {"role": "assistant", "content": "done"}


def calling(*calls: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls or (CALL,))}


def read(*turns: Any, **more: Any) -> Conversation | Unreadable:
    value = {"messages": list(turns), **more}
    name = format_of(value)
    assert name == "openai"
    return parse(value, name)


def problems(*turns: Any, **more: Any) -> list[str]:
    found = read(*turns, **more)
    assert isinstance(found, Unreadable), found
    return list(found.problems)


def test_a_call_as_answer_is_its_canonical_json(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"messages": [USER, calling()]}) + "\n")
    (row,) = read_file(path).rows
    assert row.answer == '[{"arguments":{"a":"é","b":1},"name":"f"}]'
    assert not row.plain


@pytest.mark.parametrize(
    ("turns", "problem"),
    [
        ((USER, calling(), ANSWER), "messages[2].role: expected tool, found assistant"),
        ((USER, calling(), RESULT), "messages: expected a last turn of the assistant, found tool"),
        ((USER, calling(), RESULT, USER, ANSWER), "messages[3].role: expected assistant or tool, found user"),
        (
            (USER, calling(), {**RESULT, "tool_call_id": "c2"}, ANSWER),
            'messages[2].tool_call_id: expected the id of a call before it that has no result yet, found "c2"',
        ),
        (
            (USER, calling(CALL, {**CALL, "id": "c2"}), RESULT, ANSWER),
            'expected a tool turn for call "c2" first, found none',
        ),
        ((USER, calling(CALL, CALL)), "expected an id of its own for each call, found one twice"),
        (
            (USER, calling({**CALL, "function": {"name": "f", "arguments": "{"}})),
            "messages[1].tool_calls[0].function.arguments: expected an object as JSON text, found a fault at",
        ),
        (
            (USER, calling({**CALL, "function": {"name": "f", "arguments": '{"a": NaN}'}})),
            "expected an object as JSON text, found what JSON does not have",
        ),
        (
            (USER, calling({"id": "c1", "function": {"arguments": {}}})),
            "function.name: expected text, found no",
        ),
        (
            (USER, {"role": "assistant", "content": "b", "weight": 0.5}),
            "weight: expected 0 or 1, found the number",
        ),
        (
            (USER, {"role": "assistant", "content": "b", "weight": True}),
            "weight: expected 0 or 1, found true",
        ),
        ((USER, {"role": "assistant", "content": "b", "weight": 0}), "expected 1 on the answer, found 0"),
        (
            ({**USER, "tool_calls": [CALL]}, ANSWER),
            "expected calls of the assistant alone, found them under user",
        ),
    ],
)
def test_tool_calls_and_weights(turns: tuple[Any, ...], problem: str) -> None:
    assert any(problem in one for one in problems(*turns)), problems(*turns)


def test_parallel_calls_may_be_answered_in_any_order() -> None:
    other = {**CALL, "id": "c2"}
    second = {**RESULT, "tool_call_id": "c2"}
    found = read(USER, calling(CALL, other), second, RESULT, ANSWER)
    assert isinstance(found, Conversation)
    assert [call.id for call in found.turns[1].calls] == ["c1", "c2"]


def test_legacy_functions_read_as_tools() -> None:
    called = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    found = read(
        USER, called, {"role": "function", "name": "f", "content": "r"}, ANSWER, functions=[{"name": "f"}]
    )
    assert isinstance(found, Conversation)
    assert found.tools == ({"name": "f"},)
    assert [turn.role for turn in found.turns] == ["user", "assistant", "tool", "assistant"]


@pytest.mark.parametrize(
    ("value", "name", "prompt", "answer"),
    [
        ({"instruction": "a", "input": "b", "response": "c"}, "alpaca", "a\nb", "c"),
        ({"instruction": "a", "output": "c", "history": [["x", "y"]]}, "alpaca", "x\ny\na", "c"),
        (
            {"messages": [{"from": "user", "value": "a"}, {"from": "assistant", "value": "c"}]},
            "sharegpt", "a", "c",
        ),
        (
            {"conversations": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "c"}]},
            "openai", "a", "c",
        ),
        (
            {"system_instruction": "s", "contents": [{"parts": [{"text": "a"}]},
             {"role": "model", "parts": [{"text": "c"}]}]},
            "gemini", "a", "c",
        ),
        (
            {"prompt": [{"role": "user", "content": "a"}], "completion": [{"role": "assistant", "content": "c"}]},
            "prompt-completion", "a", "c",
        ),
        (
            {"messages": [{"role": "developer", "content": "s"}, {"role": "user", "content": "a"},
             {"role": "assistant", "content": [{"type": "text", "text": "c"}]}]},
            "openai", "a", "c",
        ),
    ],
)  # fmt: skip
def test_variants(tmp_path: Path, value: dict[str, Any], name: str, prompt: str, answer: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(value) + "\n")
    file = read_file(path)
    (row,) = file.rows
    assert (file.format, row.prompt, row.answer, row.plain) == (name, prompt, answer, True)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"contents": [{"role": "robot", "parts": []}]}, "contents[0].role: expected user or model"),
        ({"contents": [{"role": "user", "parts": []}]}, "contents[0].parts: expected a list of parts, found an empty"),
        ({"contents": [{"role": "user", "parts": [{"text": "a"}]}]}, "expected a last turn of the model, found user"),
        ({"instruction": "a", "output": ""}, "output: expected text, found empty text"),
        ({"instruction": "", "input": " ", "output": "b"}, "instruction: expected text, found none in instruction"),
        ({"conversations": [{"from": "gpt", "value": "a"}]}, "expected human, found gpt or function_call"),
        ({"conversations": [{"from": "human", "value": "a"}, {"from": "function_call", "value": "f(x)"}]},
         "conversations[1].value: expected a call as JSON text, found a fault at character 1"),
    ],
)  # fmt: skip
def test_faults_in_other_formats(value: dict[str, Any], problem: str) -> None:
    name = format_of(value)
    assert isinstance(name, str)
    found = parse(value, name)
    assert isinstance(found, Unreadable)
    assert any(problem in one for one in found.problems), found.problems


@pytest.mark.parametrize("name", READ)
def test_editing_texts_leaves_everything_else(shared_data: Path, name: str) -> None:
    records = read_records(shared_data / f"formats/{name}.jsonl")
    for record in records:
        same = map_texts(record.value, records.format, lambda text, place: text)
        assert json.dumps(same) == json.dumps(record.value)
        places: set[str] = set()
        edited = map_texts(
            record.value, records.format, lambda text, place, seen=places: seen.add(place) or text + "!"
        )
        conversation = parse(edited, records.format)
        assert isinstance(conversation, Conversation)
        before = parse(record.value, records.format)
        assert isinstance(before, Conversation)
        changed = [turn.text.removesuffix("!") != turn.text for turn in conversation.turns if turn.text]
        assert all(changed)
        assert conversation.tools == before.tools
        assert [turn.calls for turn in conversation.turns] == [turn.calls for turn in before.turns]
        assert "prompt" in places

"""The reader: what it accepts, and that it names every problem of a file in one pass."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from fuzz_examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.data.reading import DataFile, read_file
from rubrics.errors import ExitCode, Fault


def write(folder: Path, *lines: Any, name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    return path


def fault_of(path: Path) -> Fault:
    with pytest.raises(Fault) as caught:
        read_file(path)
    return caught.value


def file_or_fault(path: Path) -> DataFile | Fault:
    try:
        return read_file(path)
    except Fault as fault:
        return fault


def problems_of(path: Path) -> list[str]:
    """The problems without the folder that they begin with."""
    fault = fault_of(path)
    assert fault.code == ExitCode.BAD_DATA
    return [problem.removeprefix(f"{path.parent}/") for problem in fault.problems]


def chat(*turns: tuple[str, Any], **extra: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in turns], **extra}


@pytest.mark.parametrize(
    ("row", "format_name"),
    [
        ({"question": "2 + 2?", "answer": "4"}, "question-answer"),
        ({"prompt": "2 + 2?", "completion": "4"}, "prompt-completion"),
        ({"input": "2 + 2?", "output": "4"}, "input-output"),
        (chat(("user", "2 + 2?"), ("assistant", "4")), "openai"),
    ],
)
def test_each_format_reads_into_the_same_row(tmp_path: Path, row: dict[str, Any], format_name: str) -> None:
    path = write(tmp_path, row)
    file = read_file(path)
    assert file.format == format_name
    (read,) = file.rows
    assert (read.prompt, read.answer, read.references) == ("2 + 2?", "4", ("4",))
    assert (read.id, read.source) == ("rows:1", "rows.jsonl:1")
    assert file.bytes_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_blank_lines_are_skipped_and_counted_in_ids(tmp_path: Path) -> None:
    row = {"question": "a", "answer": "b"}
    file = read_file(write(tmp_path, row, "", "   ", row))
    assert [read.id for read in file.rows] == ["rows:1", "rows:4"]


def test_a_name_keeps_ids_of_two_files_apart(tmp_path: Path) -> None:
    file = read_file(write(tmp_path, {"question": "a", "answer": "b"}), name="test")
    assert file.rows[0].id == "test:1"


def test_accepted_answers(tmp_path: Path) -> None:
    only = {"question": "a", "answers": ["b", "c"]}
    both = {"question": "a", "answer": "c", "answers": ["b", "c"]}
    first, second = read_file(write(tmp_path, only, both)).rows
    assert (first.answer, first.references) == ("b", ("b", "c"))
    assert (second.answer, second.references) == ("c", ("c", "b"))


def test_extra_fields_are_ignored_and_named(tmp_path: Path) -> None:
    file = read_file(write(tmp_path, {"input": "a", "output": "b", "id": 7, "note": None}))
    assert file.evidence == "1 rows with input and output; ignored: id, note"


def test_chat_prompt_is_every_turn_before_the_last_answer(tmp_path: Path) -> None:
    turns = [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Bye"),
        ("assistant", "So long"),
    ]
    (row,) = read_file(write(tmp_path, chat(*turns))).rows
    assert [turn["role"] for turn in row.messages] == ["system", "user", "assistant", "user"]
    assert (row.system, row.prompt, row.answer) == ("Be brief.", "Hi\nHello\nBye", "So long")


def test_every_problem_of_a_file_is_reported_in_one_pass(tmp_path: Path) -> None:
    good = {"question": "a", "answer": "b"}
    lines: list[Any] = [good] * 1000
    lines[6] = '{"question": "a", "answer": "b"'
    lines[99] = {"question": "a"}
    lines[100] = {"question": "a", "answer": "  "}
    lines[101] = {"question": None, "answer": 3}
    lines[102] = {"input": "a", "output": "b"}
    lines[103] = '{"question": "a", "answer": "b", "weight": NaN}'
    lines[104] = ["a", "b"]
    lines[105] = {"question": "a", "answers": [""]}
    lines[106] = '{"question": "a", "answer": "\\ud800"}'
    lines[899] = '{"question": a"}'
    path = write(tmp_path, *lines)
    assert fault_of(path).what == "10 of 1000 lines cannot be used"
    assert problems_of(path) == [
        "rows.jsonl:7: json: expected valid JSON, found a fault at column 32 (Expecting ',' delimiter)",
        "rows.jsonl:100: answer: expected text, found no such field",
        "rows.jsonl:101: answer: expected text, found blank text",
        "rows.jsonl:102: question: expected text, found null",
        "rows.jsonl:102: answer: expected text, found the number 3",
        "rows.jsonl:103: format: expected question-answer as in most of the 1000 rows, found input-output",
        "rows.jsonl:104: json: expected a number, found NaN, which JSON does not have",
        "rows.jsonl:105: row: expected an object with question and answer, prompt and completion, input and "
        "output, messages, contents, instruction, or conversations, found a list",
        "rows.jsonl:106: answers[0]: expected text, found empty text",
        "rows.jsonl:107: answer: expected valid Unicode, found a lone surrogate (half of a character)",
        "rows.jsonl:900: json: expected valid JSON, found a fault at column 14 (Expecting value)",
    ]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "a preference pair (chosen, rejected)"),
        (
            chat(("user", "a"), ("assistant", "b"), label=False) | {"label": False},
            "an answer with a preference label (true or false), as KTO takes",
        ),
        ({"prompt": "a", "completion": "b", "label": True}, "an answer with a preference label"),
        ({"custom_id": "1", "method": "POST", "url": "/v1", "body": {}}, "an OpenAI batch request"),
        ({"custom_id": "1", "response": {}}, "an OpenAI batch result"),
        ({"text": "a"}, "text alone (text)"),
        ({"text": "a", "label": "b"}, "a text with a label (text, label)"),
        ({"foo": 1, "b\u0007r": 2}, "the fields foo, b\\x07r"),
        ({}, "an empty object"),
    ],
)
def test_other_shapes_are_named(tmp_path: Path, row: dict[str, Any], found: str) -> None:
    (problem,) = problems_of(write(tmp_path, row))
    assert problem.startswith("rows.jsonl:1: format: expected question and answer")
    assert f"found {found}" in problem


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"messages": "hi"}, "messages: expected a list of turns, found text"),
        ({"messages": []}, "messages: expected at least one turn, found an empty list"),
        (chat(("user", "a")), "messages: expected a last turn of the assistant, found user"),
        (chat(("system", "a"), ("assistant", "b")), "messages[1].role: expected user, found assistant"),
        (chat(("user", "a"), ("user", "b")), "messages[1].role: expected assistant, found user"),
        (chat(("robot", "a")), 'messages[0].role: expected system, user, assistant or tool, found "robot"'),
        (chat(("user", "a"), ("assistant", "")), "messages[1].content: expected text, found empty text"),
        (
            chat(("user", ["a"]), ("assistant", "b")),
            "messages[0].content[0]: expected an object with type and text, found text",
        ),
        (
            chat(("user", "a"), ("assistant", "b"), tools=[1]),
            "tools[0]: expected an object with the function's name, found the number 1",
        ),
        (chat(("user", "a"), ("tool", "b")), "messages[1].role: expected assistant, found tool"),
    ],
)
def test_chat_structure(tmp_path: Path, row: dict[str, Any], problem: str) -> None:
    (found,) = problems_of(write(tmp_path, row))
    assert problem in found


def test_missing_file_and_folder_are_wrong_use(tmp_path: Path) -> None:
    missing, folder = fault_of(tmp_path / "none.jsonl"), fault_of(tmp_path)
    assert (missing.code, missing.what) == (ExitCode.WRONG_USE, "there is no such file")
    assert (folder.code, folder.what) == (ExitCode.WRONG_USE, "expected a file, found a folder")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (codecs.BOM_UTF8, "the file is empty"),
        (b'{"a": 1}\n\x00\x01', "expected text, found a binary file (a NUL byte at byte 9, line 2)"),
        ('{"question": "a"}'.encode("utf-16"), "expected UTF-8, found UTF-16 (its byte order mark)"),
        ('{"question": "a"}'.encode("utf-32"), "expected UTF-8, found UTF-32 (its byte order mark)"),
        (b"[]\n", "the file is an empty JSON array"),
        (b"PK\x03\x04 and so on", "expected rows, found a zip archive or an Excel workbook"),
        (b"BZh91AY", "expected rows, found bzip2"),
        (
            b'{\n "question": "a"\n}',
            "expected JSONL (one object a line), found one JSON object over several lines",
        ),
    ],
)
def test_files_that_are_no_jsonl_at_all(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    fault = fault_of(path)
    assert (fault.code, fault.what) == (ExitCode.BAD_DATA, what)
    assert fault.fix


def test_undecodable_bytes_are_located(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"input": "a", "output": "b"}\n{"input": "caf\xe9", "output": "b"}\n')
    assert problems_of(path) == [
        "rows.jsonl:2: encoding: expected UTF-8, found byte 0xe9 at byte 44 of the file"
    ]


def test_a_utf8_mark_is_skipped_and_said(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(codecs.BOM_UTF8 + b'{"input": "a", "output": "b"}\r\n')
    file = read_file(path)
    assert file.rows[0].prompt == "a"
    assert "byte order mark was skipped" in file.evidence


def test_hostile_json_is_a_fault_like_any_other(tmp_path: Path) -> None:
    path = write(
        tmp_path, "[" * 100_000, '{"input": ' + "1" * 5000 + "}", '{"input": "a", "output": Infinity}'
    )
    assert [problem.split(": ", 2)[1] for problem in problems_of(path)] == ["json"] * 3


@pytest.mark.parametrize(
    ("name", "rows", "format_name"),
    [
        ("classification/banking77_train.jsonl", 10003, "input-output"),
        ("classification/banking77_train.chat.jsonl", 2001, "openai"),
        ("formats/rubyopenai_sentiment.jsonl", 2, "prompt-completion"),
        ("qa_em_f1/xquad_en_a.jsonl", 612, "question-answer"),
        ("korean/songys_chatbot.jsonl", 11823, "input-output"),
    ],
)
def test_real_files(shared_data: Path, name: str, rows: int, format_name: str) -> None:
    file = read_file(shared_data / name)
    assert (len(file.rows), file.format) == (rows, format_name)


def test_a_known_broken_file_names_line_and_column(shared_data: Path) -> None:
    (problem,) = problems_of(shared_data / "formats_bad/rubyopenai_errors_missing_quote.jsonl")
    assert "missing_quote.jsonl:2: json: expected valid JSON, found a fault at column 76" in problem


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["question", "answer", "answers", "messages", "role", "content", "weight", "text", "type",
                 "tool_calls", "function", "name", "arguments", "tools", "contents", "parts", "systemInstruction",
                 "functionCall", "functionResponse", "conversations", "from", "value", "instruction", "output",
                 "history", "prompt", "completion", "image_url", "url"]
            ),
            inner | st.sampled_from(["user", "assistant", "tool", "system", "human", "gpt", "model", "text", "{}"]),
        )
    ),
    max_leaves=12,
)  # fmt: skip
lines = st.lists(
    st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode()), max_size=6
)
arrays = st.lists(json_values, max_size=4).map(lambda value: json.dumps(value, indent=1).encode())
packed = st.binary(max_size=60).flatmap(
    lambda tail: st.sampled_from(
        [b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"PAR1", gzip.compress(tail)]
    ).map(lambda head: head + tail)
)
bodies = st.binary(max_size=400) | lines.map(b"\n".join) | arrays | packed


@settings(
    max_examples=examples(),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(content=bodies, suffix=st.sampled_from([".jsonl", ".json", ".csv", ".tsv", ".parquet", ".txt"]))
def test_the_reader_raises_nothing_but_faults(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    path.write_bytes(content)
    outcome = file_or_fault(path)
    if isinstance(outcome, Fault):
        assert outcome.code == ExitCode.BAD_DATA
        assert outcome.problems
        assert all(problem.encode() and problem.startswith(str(path)) for problem in outcome.problems)
    else:
        assert all(row.answer.strip() for row in outcome.rows)
        assert len({row.id for row in outcome.rows}) == len(outcome.rows)

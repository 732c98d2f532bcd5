"""Containers: how rows are packed, what streams, what is warned of, and what is written."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from advisor.data.checking import check_file
from advisor.data.reading import read_file, read_plain_file, read_records
from advisor.data.writing import write_records
from advisor.plan import make_plan
from advisor.plan_files import read_files
from rubrics.errors import ExitCode, Fault

PAIRS = [{"question": f"q {index}", "answer": f"a, {index}\nand more"} for index in range(7)]
KINDS = [".jsonl", ".json", ".csv", ".tsv", ".parquet"]


def fault_of(path: Path, **reading: Any) -> Fault:
    with pytest.raises(Fault) as caught:
        read_file(path, **reading)
    return caught.value


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_containers_are_known_by_their_bytes(tmp_path: Path, suffix: str, packing: str) -> None:
    path = tmp_path / f"rows{suffix}{packing}"
    write_records(path, PAIRS)
    assert [row.answer for row in read_file(path).rows] == [pair["answer"] for pair in PAIRS]
    if suffix in (".jsonl", ".json", ".parquet"):
        unnamed = path.rename(tmp_path / "data")
        assert read_file(unnamed).rows[6].id == ("data:7")


def test_evidence_says_how_rows_are_packed(tmp_path: Path) -> None:
    write_records(tmp_path / "rows.json.zst", PAIRS)
    file = read_file(tmp_path / "rows.json.zst")
    assert file.evidence == "7 rows with question and answer; a JSON array; packed with zstd"
    assert file.rows[0].id == "rows:1"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    content = gzip.compress(b'{"question": "a", "answer": "b"}\n')
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    (row,) = read_file(Path("-")).rows
    assert (row.id, row.source) == ("stdin:1", "stdin:1")


def test_lines_of_a_table_and_an_array(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text('question,answer\n"two\nlines",b\nc,\n')
    assert fault_of(table).problems == (f"{table}:4: answer: expected text, found empty text",)
    array = tmp_path / "rows.json"
    array.write_text(
        '[{"question": "a", "answer": "b"}, {"question": "c"},\n {"question": NaN, "answer": "d"}]'
    )
    assert fault_of(array).problems == (
        f"{array}:1: [1].answer: expected text, found no such field",
        f"{array}:2: [2].json: expected a number, found NaN, which JSON does not have",
    )


@pytest.mark.parametrize("broken", [b'caf\xe9"}]', b"caf\xc3"])
@pytest.mark.parametrize("padding", [0, 1, (1 << 20) - 40])
def test_a_fault_of_encoding_in_an_array_is_located(tmp_path: Path, broken: bytes, padding: int) -> None:
    path = tmp_path / "rows.json"
    content = b"[\n" + b" " * padding + b'{"question": "c"},\n{"question": "' + broken
    path.write_bytes(content)
    at = content.index(broken) + 3
    assert fault_of(path).problems == (
        f"{path}:2: [0].answer: expected text, found no such field",
        f"{path}:3: encoding: expected UTF-8, found byte 0x{content[at]:02x} at byte {at} of the file",
    )


def test_rows_of_one_line_have_ids_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(PAIRS))
    records = read_records(path)
    assert [record.row.id for record in records] == [f"rows:{number}" for number in range(1, 8)]
    assert [record.line for record in records] == list(range(1, 8))


def test_chat_in_a_table_is_json_in_a_cell(tmp_path: Path) -> None:
    turns = json.dumps([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}])
    path = tmp_path / "rows.csv"
    path.write_text('messages\n"' + turns.replace('"', '""') + '"\n[1\n')
    (problem,) = fault_of(path).problems
    assert problem.startswith(f"{path}:3: messages: json: expected valid JSON")
    path.write_text('messages\n"' + turns.replace('"', '""') + '"\n')
    assert read_file(path).format == "openai"


def test_parquet_with_nested_turns(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    turns = [
        {"role": "user", "content": "a", "weight": None},
        {"role": "assistant", "content": "b", "weight": 1},
    ]
    table = pyarrow.table({"messages": [turns], "score": [float("nan")], "when": [None]})
    parquet.write_table(table, tmp_path / "rows.parquet")
    (record,) = read_records(tmp_path / "rows.parquet")
    assert record.value == {"messages": [{"role": "user", "content": "a"}, turns[1]]}


def test_a_format_can_be_set_and_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"input": "a", "output": "b", "instruction": "do"}\n')
    assert read_file(path).format == "alpaca"
    assert read_file(path, format="input-output").rows[0].prompt == "a"
    assert fault_of(path, format="jsonl").code == ExitCode.WRONG_USE
    assert fault_of(path, prompt_field="input").code == ExitCode.WRONG_USE
    assert (
        "answer: expected text, found no such field" in fault_of(path, format="question-answer").problems[1]
    )


def test_an_array_streams(tmp_path: Path) -> None:
    """Memory holds a piece of the file, not the file: most of it is a field that no row keeps."""
    path = tmp_path / "rows.json"
    rows = ({"question": f"q {index}", "answer": "a", "ignored": "x" * 20_000} for index in range(2000))
    write_records(path, rows)
    assert path.stat().st_size > 40_000_000
    tracemalloc.start()
    try:
        assert len(read_file(path).rows) == 2000
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()


def test_keys_that_stand_twice_are_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "a", "question": "b", "answer": "c"}\n{"question": "d", "answer": "e"}\n')
    file = read_file(path)
    assert file.rows[0].prompt == "b"
    (warning,) = file.warnings
    assert warning.startswith(f"{path}:1: question: expected each key once, found it again in one object")
    (finding,) = (item for item in check_file(path)["findings"] if item["check"] == "D9")
    assert (finding["severity"], finding["details"]["problems"]) == ("warning", [warning])


def test_a_refused_file_is_a_finding_with_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "a"}\n' * 50)
    found = check_file(path, as_findings=True)
    (finding,) = found["findings"]
    assert (found["rows"], finding["check"], finding["severity"], finding["count"]) == (0, "D9", "error", 50)
    assert finding["details"]["problems"][49] == f"{path}:50: answer: expected text, found no such field"


def test_rows_with_tools_are_not_trained_on(shared_data: Path) -> None:
    path = shared_data / "formats/openai_drone_training.jsonl"
    with pytest.raises(Fault) as caught:
        read_plain_file(path)
    assert caught.value.code == ExitCode.BAD_DATA
    assert caught.value.what == "103 of 103 rows hold tools, tool calls, images or reasoning"
    assert "not offered" in caught.value.fix
    assert len(caught.value.problems) == 103


def test_the_walk_refuses_rows_with_tools(shared_data: Path) -> None:
    plan = make_plan({"data": shared_data / "formats/openai_drone_training.jsonl"})

    with pytest.raises(Fault, match="103 of 103 rows hold tools"):
        read_files(plan)


@pytest.mark.parametrize("name", ["rows.txt", "rows", "rows.gz", "rows.jsonl.bz2"])
def test_unknown_suffixes_are_wrong_use(tmp_path: Path, name: str) -> None:
    with pytest.raises(Fault) as caught:
        write_records(tmp_path / name, PAIRS)
    assert caught.value.code == ExitCode.WRONG_USE
    assert not list(tmp_path.iterdir())


def test_a_file_that_exists_stays(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("mine")
    with pytest.raises(Fault, match="exists already"):
        write_records(path, PAIRS)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("suffix", KINDS)
def test_a_failure_leaves_nothing_behind(tmp_path: Path, suffix: str) -> None:
    def broken() -> Any:
        yield PAIRS[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_records(tmp_path / f"rows{suffix}", broken())
    assert not list(tmp_path.iterdir())


def test_a_table_refuses_what_it_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="NUL character, found one in row 1"):
        write_records(tmp_path / "rows.csv", [{"question": "a\0", "answer": "b"}])
    with pytest.raises(Fault, match="one kind of value a column"):
        write_records(tmp_path / "rows.parquet", [{"a": 1}, {"a": "b"}])
    assert not list(tmp_path.iterdir())

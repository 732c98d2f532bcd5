"""A sample of real use is read in any format, with answers or without, and every bad line is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.data.production import Production, read_production
from advisor.example import example_folder
from rubrics.errors import ExitCode, Fault


def read(folder: Path, *lines: Any, name: str = "p.jsonl") -> Production:
    path = folder / name
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return read_production(path)


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


@pytest.mark.parametrize(
    ("line", "prompt", "answer", "system"),
    [
        ({"question": "a?"}, "a?", "", ""),
        ({"question": "a?", "answer": "b"}, "a?", "b", ""),
        ({"prompt": "a?", "completion": "b"}, "a?", "b", ""),
        ({"input": "a?", "output": None}, "a?", "", ""),
        ({"query": "a?", "user_id": 7}, "a?", "", ""),
        ({"text": "a?"}, "a?", "", ""),
        ('"a?"', "a?", "", ""),
        ({"instruction": "do", "input": "this", "output": "b"}, "do\n\nthis", "b", ""),
        ({"messages": [user("a?")]}, "a?", "", ""),
        ({"messages": [user([{"type": "text", "text": "a?"}])]}, "a?", "", ""),
        ({"messages": [{"role": "system", "content": "s"}, user("a?")]}, "a?", "", "s"),
        ({"messages": [user("a?"), {"role": "assistant", "content": "b"}]}, "a?", "b", ""),
        ({"messages": [user("a"), {"role": "assistant", "content": "b"}, user("c")]}, "a\nb\nc", "", ""),
        ({"messages": [user("a"), {"role": "tool", "content": "{}"}]}, "a", "", ""),
        ({"conversations": [{"from": "human", "value": "a?"}, {"from": "gpt", "value": "b"}]}, "a?", "b", ""),
        (
            {
                "systemInstruction": {"parts": [{"text": "s"}]},
                "contents": [{"role": "user", "parts": [{"text": "a?"}]}],
            },
            "a?",
            "",
            "s",
        ),
    ],
)
def test_a_line_of_each_format(line: Any, prompt: str, answer: str, system: str, tmp_path: Path) -> None:
    (row,) = read(tmp_path, line).rows
    assert (row.prompt, row.answer, row.system, row.id) == (prompt, answer, system, "production:1")


def test_plain_lines_and_mixed_formats(tmp_path: Path) -> None:
    plain = read(tmp_path, "Wo ist mein Paket?", "", "  no { json here", name="p.txt")
    assert [row.prompt for row in plain.rows] == ["Wo ist mein Paket?", "no { json here"]
    assert [row.id for row in plain.rows] == ["production:1", "production:3"]
    mixed = read(tmp_path, {"question": "a", "answer": "b"}, {"messages": [user("c")]}, {"question": "d"})
    assert mixed.evidence == "2 with question, 1 with messages; 1 have an answer"


def test_every_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    lines = [
        {"question": "fine"},
        "{broken",
        {"question": 7},
        {"subject": "x"},
        {"question": "  "},
        {"messages": []},
        {"messages": [{"role": "assistant", "content": "only"}]},
        [1],
        {"messages": ["hello"]},
    ]
    with pytest.raises(Fault) as raised:
        read(tmp_path, *lines)
    fault = raised.value
    assert (fault.code, fault.what) == (ExitCode.BAD_DATA, "8 of 9 lines cannot be used")
    assert "--production" in fault.where
    assert [problem.split(":")[1] for problem in fault.problems] == [str(number) for number in range(2, 10)]
    assert any("question: expected text, found the number 7" in problem for problem in fault.problems)
    assert any("found subject" in problem for problem in fault.problems)


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (None, ExitCode.WRONG_USE, "no such file"),
        (b"", ExitCode.BAD_DATA, "empty"),
        (b"a\0b", ExitCode.BAD_DATA, "not text"),
        (b'{"question": "\xff"}', ExitCode.BAD_DATA, "1 of 1"),
    ],
)
def test_files_that_are_no_sample(content: bytes | None, code: ExitCode, said: str, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Fault) as raised:
        read_production(path)
    assert raised.value.code == code
    assert said in raised.value.what


def test_half_a_character_does_not_stop_the_reading(tmp_path: Path) -> None:
    (row,) = read(tmp_path, '{"question": "a\\ud83d b"}').rows
    assert row.prompt.encode("utf-8").decode("utf-8") == "a\ufffd b"


def test_the_bundled_sample_is_read() -> None:
    sample = read_production(example_folder() / "production.jsonl")
    assert len(sample.rows) == 130
    assert not any(row.answer for row in sample.rows)


@pytest.mark.parametrize(
    "name", ["formats/gemini_contents_support", "formats/llamafactory_identity", "dynamic/nq_open_dev"]
)
def test_real_files_of_other_formats_are_read(shared_data: Path, name: str) -> None:
    path = shared_data / f"{name}.jsonl"
    lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
    assert len(read_production(path).rows) == len(lines)

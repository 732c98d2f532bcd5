"""A copy of a file under names that a run can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.data.formats.pairs import lacks_names
from advisor.data.reading import read_file
from advisor.pairs_copies import pairs_copy, usable_copy
from advisor.previewing import previews
from rubrics.errors import Fault

TABLE = "id,question,queue\n1,where,cards\n2,when,login\n"


def table(folder: Path, text: str = TABLE) -> Path:
    file = folder / "tickets.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_two_columns_become_pairs_and_the_file_stays(tmp_path: Path) -> None:
    file = table(tmp_path)

    copy = pairs_copy(file, "question", "queue")

    assert copy == tmp_path / "tickets.pairs.jsonl"
    assert [(row.prompt, row.answer) for row in read_file(copy).rows] == [
        ("where", "cards"),
        ("when", "login"),
    ]
    assert file.read_text(encoding="utf-8") == TABLE


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    file = table(tmp_path)
    first = pairs_copy(file, "question", "queue")

    second = pairs_copy(file, "queue", "question")

    assert second.name == "tickets.pairs-2.jsonl"
    assert read_file(first).rows[0].answer == "cards"


def test_a_column_without_text_is_a_fault_and_leaves_no_file(tmp_path: Path) -> None:
    file = table(tmp_path, "question,queue\nwhere,\n")

    with pytest.raises(Fault):
        pairs_copy(file, "question", "queue")

    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("format_", "fields", "lacks"),
    [
        ("question-answer", ["question", "queue"], True),
        ("question-answer", ["question", "answer"], False),
        ("question-answer", ["question", "answers"], False),
        ("", ["q", "a"], True),
        ("", ["q"], False),
        ("openai", ["messages", "id"], False),
    ],
)
def test_names_lack_where_two_fields_could_be_a_pair(format_: str, fields: list[str], lacks: bool) -> None:
    assert lacks_names(format_, fields) is lacks


def test_a_refusal_and_a_preview_say_the_way_on_only_where_names_are_what_lacks(tmp_path: Path) -> None:
    unnamed = table(tmp_path)
    with pytest.raises(Fault) as refused:
        read_file(unnamed)
    *_, preview = previews(unnamed)
    assert f"advisor data convert {unnamed} --to question-answer --prompt-field NAME" in refused.value.fix
    assert preview.lacks_names
    assert preview.columns == (("id", "1"), ("question", "where"), ("queue", "cards"))

    empty = table(tmp_path, "question,answer\nwhere,\n")
    with pytest.raises(Fault) as refused:
        read_file(empty)
    *_, preview = previews(empty)
    assert "mend or remove" in refused.value.fix
    assert not preview.lacks_names


def test_lines_that_cannot_be_used_are_left_out_of_a_copy_and_named(tmp_path: Path) -> None:
    file = tmp_path / "desk.jsonl"
    sound = [{"question": f"q{at}", "answer": "a", "extra": at} for at in range(4)]
    lines = [json.dumps(row) for row in sound]
    lines[2:2] = [
        '{"question": "no answer"}',
        "not json",
        '{"messages": [{"role": "user", "content": "other"}]}',
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = file.read_bytes()

    copy, left_out = usable_copy(file)
    again, _ = usable_copy(file)

    assert [json.loads(line) for line in copy.read_text(encoding="utf-8").splitlines()] == sound
    assert (copy.name, again.name) == ("desk.usable.jsonl", "desk.usable-2.jsonl")
    assert [problem.split(":")[1] for problem in left_out] == ["3", "4", "5"]
    assert file.read_bytes() == before
    assert len(read_file(copy).rows) == 4


def test_rows_in_another_format_than_most_are_left_out_too(tmp_path: Path) -> None:
    file = tmp_path / "desk.jsonl"
    chat = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    rows = [{"question": "q1", "answer": "a"}, chat, {"question": "q2", "answer": "a"}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    copy, left_out = usable_copy(file)

    assert [row.prompt for row in read_file(copy).rows] == ["q1", "q2"]
    assert len(left_out) == 1
    assert "found openai" in left_out[0]


def test_a_file_without_a_line_that_can_be_used_is_not_copied(tmp_path: Path) -> None:
    file = tmp_path / "desk.jsonl"
    file.write_text('{"a": 1}\n{"b": 2}\n', encoding="utf-8")

    with pytest.raises(Fault):
        usable_copy(file)

    assert [path.name for path in tmp_path.iterdir()] == ["desk.jsonl"]

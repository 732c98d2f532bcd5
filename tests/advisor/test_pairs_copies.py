"""A copy of a file under names that a run can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.data.formats.pairs import lacks_names
from advisor.data.reading import read_file
from advisor.pairs_copies import pairs_copy
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

"""A data file's first rows at once, and what the rest holds as it is read on."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

import pytest

from advisor.data.reading import read_file
from advisor.previewing import SAMPLED_ANSWERS, previews
from advisor.previews import LONGEST_TEXT, MOST_ROWS
from advisor.proposals import propose_metric
from rubrics.errors import ExitCode, Fault


def written(path: Path, rows: int, answer: str = "yes {}") -> Path:
    lines = (
        json.dumps({"question": f"question {at}", "answer": answer.format(at), "id": at})
        for at in range(rows)
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def last(path: Path):
    return list(previews(path))[-1]


def test_the_first_rows_come_before_the_file_is_read(tmp_path):
    found = previews(written(tmp_path / "rows.jsonl", 3000))

    first = next(found)

    assert (first.read, first.finished, len(first.rows)) == (MOST_ROWS, False, MOST_ROWS)
    assert (first.rows[0].line, first.rows[0].prompt, first.rows[0].answer) == (1, "question 0", "yes 0")
    assert first.proposal is not None


def test_the_count_runs_and_never_more_than_fifty_rows_are_kept(tmp_path):
    ticks = itertools.count()
    path = written(tmp_path / "rows.jsonl", 3000)

    found = list(previews(path, every=2, clock=lambda: next(ticks)))

    counts = [preview.read for preview in found]
    assert counts == sorted(counts)
    assert len(counts) > 4
    assert counts[-1] == 3000
    assert [preview.finished for preview in found] == [False] * (len(found) - 1) + [True]
    assert max(len(preview.rows) for preview in found) == MOST_ROWS


def test_format_and_fields_are_named(tmp_path):
    found = last(written(tmp_path / "rows.jsonl", 3))

    assert (found.format, found.fields, found.ignored) == ("question-answer", ("question", "answer"), ("id",))
    assert (found.container, found.usable) == ("jsonl", 3)


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
def test_tables_are_read_packed_or_not(tmp_path, name):
    text = b"prompt,completion\nhello,world\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(text) if name.endswith("gz") else text)

    found = last(path)

    assert (found.container, found.format, found.rows[0].answer) == ("csv", "prompt-completion", "world")
    assert found.notes == (("packed with gzip",) if name.endswith("gz") else ())


def test_rows_that_cannot_be_used_are_shown_in_their_place_and_counted(tmp_path):
    path = tmp_path / "rows.jsonl"
    lines = ['{"question": "a", "answer": "b"}'] * 3
    lines[1] = '{"question": "a", "answer": 7}'
    lines += ["no json", '{"prompt": "p", "completion": "c"}']
    path.write_text("\n".join(lines))

    found = last(path)

    assert [row.line for row in found.problems] == [2, 4]
    assert "answer: expected text" in found.problems[0].problem
    assert [bool(row.problem) for row in found.rows] == [False, True, False, True, False]
    assert (found.read, found.unusable, found.usable) == (5, 3, 2)
    with pytest.raises(Fault) as refused:
        read_file(path)
    assert len(refused.value.problems) == found.unusable


def test_problems_are_kept_up_to_fifty_and_all_are_counted(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("no json\n" * 400)

    found = last(path)

    assert (len(found.problems), found.unusable, found.format, found.proposal) == (MOST_ROWS, 400, "", None)


def test_a_long_text_is_cut(tmp_path):
    found = last(written(tmp_path / "rows.jsonl", 1, answer="x" * 100_000))

    assert len(found.rows[0].answer) == LONGEST_TEXT


@pytest.mark.parametrize("rows", [40, SAMPLED_ANSWERS])
def test_the_metric_is_the_one_that_a_run_proposes(tmp_path, rows):
    path = written(tmp_path / "rows.jsonl", rows, answer='{{"n": {}}}')

    found = last(path)

    assert found.proposal == propose_metric([row.answer for row in read_file(path).rows])
    assert found.proposal.kind == "json"


def test_of_more_answers_a_sample_of_the_whole_file_proposes(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [("7" if at < SAMPLED_ANSWERS else "a word or two") for at in range(3 * SAMPLED_ANSWERS)]
    path.write_text(
        "".join(json.dumps({"question": str(at), "answer": a}) + "\n" for at, a in enumerate(rows))
    )

    found = list(previews(path))

    assert found[0].proposal.kind == "labels"
    assert found[0].proposal.seen == "1"
    assert found[-1].proposal.seen == "2"


def test_chat_rows_show_their_turns_and_tools_are_counted(tmp_path):
    path = tmp_path / "rows.jsonl"
    turns = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": "a"},
    ]
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    path.write_text(json.dumps({"messages": turns}) + "\n" + json.dumps({"messages": turns, "tools": [tool]}))

    found = last(path)

    assert (found.format, found.rows[0].prompt, found.rows[0].answer, found.not_plain) == (
        "openai",
        "u",
        "a",
        1,
    )


@pytest.mark.parametrize(("content", "code"), [(None, ExitCode.WRONG_USE), (b"a\0b" * 9, ExitCode.BAD_DATA)])
def test_a_file_that_cannot_be_read_is_a_fault(tmp_path, content, code):
    path = tmp_path / "rows.jsonl"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(Fault) as refused:
        list(previews(path))

    assert refused.value.code == code


def test_an_empty_file_has_no_rows(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.touch()

    found = last(path)

    assert (found.read, found.rows, found.finished) == (0, (), True)

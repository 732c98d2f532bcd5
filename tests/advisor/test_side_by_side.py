"""Test rows side by side: the counts of the comparison, found by kind and by words, with and without a tuned model."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from made_runs import Made, lengthen, make_run, pattern, shipping

from advisor.side_by_side import prompt_of, read_side_by_side
from rubrics.errors import Fault


def test_rows_are_counted_as_the_comparison_counts_them(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", shipping())
    comparison = json.loads((run / "comparison.json").read_text())

    found = read_side_by_side(run)

    assert found.systems == ("base", "best_baseline", "tuned")
    assert found.pair == ("best_baseline", "tuned")
    assert found.counts() == {kind: comparison[kind] for kind in found.counts()}
    assert found.counts() == {"fixed": 30, "broken": 2, "both_wrong": 10, "both_right": 58}


def test_a_row_holds_every_answer(tmp_path: Path) -> None:
    found = read_side_by_side(make_run(tmp_path / "run", shipping()))

    row = found.rows[1]
    assert (row.id, row.kind, row.reference) == ("test:1", "broken", "CLEAT")
    assert row.message == "My parcel 1 has not come, where is it?"
    assert [(answer.text, answer.score, answer.cut) for answer in row.answers] == [
        ("CLEAT", 1.0, False),
        ("CLEAT", 1.0, False),
        ("HALYARD", 0.0, True),
    ]


def test_rows_are_found_by_kind_and_by_words_in_any_text(tmp_path: Path) -> None:
    found = read_side_by_side(make_run(tmp_path / "run", shipping()))

    assert found.find() == list(range(100))
    assert found.find("broken") == [0, 1]
    assert found.find(words="  PARCEL   7  has") == [7]
    assert found.find(words="test:42") == [42]
    assert found.find("broken", "halyard") == [0, 1]
    assert found.find("both_right", "halyard") == list(range(20, 60))
    assert found.find(words="no such words") == []


def test_rows_that_stand_in_train_are_left_out_and_counted(tmp_path: Path) -> None:
    made = Made(pattern(6, 2), pattern(6, 3), pattern(6, 4), leaked=("test:0", "test:5"))

    found = read_side_by_side(make_run(tmp_path / "run", made))

    assert [row.id for row in found.rows] == ["test:1", "test:2", "test:3", "test:4"]
    assert found.left_out == 2


def test_without_a_tuned_model_the_best_option_stands_against_the_plain_prompt(tmp_path: Path) -> None:
    found = read_side_by_side(make_run(tmp_path / "run", Made(pattern(10, 2), pattern(10, 5))))

    assert found.systems == found.pair == ("base", "best_baseline")
    assert found.counts() == {"fixed": 3, "broken": 0, "both_wrong": 5, "both_right": 2}


def test_the_plain_prompt_alone_is_right_or_wrong(tmp_path: Path) -> None:
    made = Made(pattern(10, 4), pattern(10, 4), selected="zero_shot")

    found = read_side_by_side(make_run(tmp_path / "run", made))

    assert found.systems == ("best_baseline",)
    assert found.counts() == {"wrong": 6, "right": 4}


def test_graded_scores_are_better_or_worse(tmp_path: Path) -> None:
    made = Made([0.0, 0.0, 0.0], [0.2, 0.5, 0.5], [0.4, 0.5, 0.1], metric="token_f1")

    found = read_side_by_side(make_run(tmp_path / "run", made))

    assert [row.kind for row in found.rows] == ["better", "equal", "worse"]
    assert found.counts() == {"better": 1, "worse": 1, "equal": 1}


def test_the_whole_prompt_is_read_from_the_file(tmp_path: Path) -> None:
    found = read_side_by_side(make_run(tmp_path / "run", shipping()))

    prompt = prompt_of(found, "best_baseline", "test:3")

    assert [turn["role"] for turn in prompt[:3]] == ["system", "user", "assistant"]
    assert prompt[-1]["content"] == "My parcel 3 has not come, where is it?"
    with pytest.raises(Fault, match="has no row gone"):
        prompt_of(found, "tuned", "gone")


def test_a_run_without_answers_says_how_to_get_them(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", shipping())
    (run / "baselines.json").unlink()

    with pytest.raises(Fault, match="no test answers yet") as told:
        read_side_by_side(run)
    assert f"advisor resume {run}" in told.value.fix


def test_answers_to_different_rows_are_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", shipping())
    file = run / "evaluation" / "tuned.test.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))

    with pytest.raises(Fault, match="different rows"):
        read_side_by_side(run)


@pytest.mark.unmeasured
def test_ten_thousand_rows_are_read_and_searched_quickly(tmp_path: Path) -> None:
    made = Made(pattern(100, 20), pattern(100, 60), pattern(100, 90), wrong="W" * 200)
    run = make_run(tmp_path / "run", made)
    lengthen(run, 100)
    begin = time.process_time()

    found = read_side_by_side(run)

    assert time.process_time() - begin < 4
    assert found.counts() == {"fixed": 3_000, "broken": 0, "both_wrong": 1_000, "both_right": 6_000}
    begin = time.process_time()
    assert found.find("both_wrong", "test:99-99") == [9_999]
    assert time.process_time() - begin < 0.2

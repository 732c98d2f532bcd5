"""Hints of a file that need not be sound, and of a sample where it is long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.hinting import SAMPLED_ROWS, hints_of, sampled_hints
from rubrics.errors import Fault


def written(path: Path, rows: int, extra: str = "") -> Path:
    lines = (
        json.dumps({"question": f"Order AB{at} late?", "answer": json.dumps({"n": at})}) for at in range(rows)
    )
    path.write_text("\n".join(lines) + "\n" + extra)
    return path


def test_of_a_short_file_they_are_those_of_all_rows(tmp_path):
    path = written(tmp_path / "rows.jsonl", 40)

    found = sampled_hints(path, "en")

    assert found.hints == hints_of(path, "en")
    assert {hint.name for hint in found.hints} >= {"json", "codes"}
    assert (found.rows, found.usable) == (40, 40)


def test_rows_that_cannot_be_read_are_passed_over(tmp_path):
    path = written(tmp_path / "rows.jsonl", 40, "no json\n")

    found = sampled_hints(path, "en")

    assert found.usable == 40
    with pytest.raises(Fault):
        hints_of(path, "en")


def test_of_a_long_file_a_sample_speaks_and_says_so(tmp_path):
    path = written(tmp_path / "rows.jsonl", SAMPLED_ROWS + 700)

    found = sampled_hints(path, "ko")

    assert (found.rows, found.usable) == (SAMPLED_ROWS, SAMPLED_ROWS + 700)
    assert any("JSON" in hint.text for hint in found.hints)


def test_it_stops_when_it_is_told_to(tmp_path):
    asked = iter([False, False, True])

    assert sampled_hints(written(tmp_path / "rows.jsonl", 40), "en", lambda: next(asked)) is None
    assert next(asked, None) is None


def test_a_missing_file_is_a_fault(tmp_path):
    with pytest.raises(Fault):
        sampled_hints(tmp_path / "none.jsonl", "en")

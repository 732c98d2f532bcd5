"""`data fix`, `convert` and `split` at the command: what they print for a person and for a program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.data.fixes import FIXES
from rubrics.errors import ExitCode


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seventy sound rows, one twice and one with white space, in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    values = [
        {"question": f"{'abcdefghij'[n % 9 :]} {n * 7919}", "answer": f"depot {n % 3}"} for n in range(70)
    ]
    values += [values[3], {"question": "where is it ", "answer": "depot 1"}]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


def narrow(text: str) -> bool:
    return all(len(line) <= 80 for line in text.splitlines())


def test_the_fixes_are_listed(rows: Path, advisor: Any) -> None:
    page = advisor("data", "fix", "--list").out
    assert all(fix.name in page for fix in FIXES)
    assert narrow(page)
    assert [fix["name"] for fix in advisor("data", "fix", "--list", "--json").json()["fixes"]] == [
        fix.name for fix in FIXES
    ]


def test_fix_says_what_it_did_and_what_it_left(rows: Path, advisor: Any) -> None:
    ran = advisor("data", "fix", "rows.jsonl", "-o", "out.jsonl")
    assert (ran.code, ran.err) == (0, "")
    page = " ".join(ran.out.split())
    assert "trim 1 0" in page
    assert "duplicates 0 1" in page
    assert "nothing to do: mojibake" in page
    assert "not applied: quotes" in page
    assert "71 of 72 rows written: out.jsonl" in page
    assert narrow(ran.out)


def test_fix_tells_a_program(rows: Path, advisor: Any) -> None:
    done = advisor(
        "data", "fix", "rows.jsonl", "-o", "out.jsonl", "--rule", "trim,duplicates", "--json"
    ).json()
    assert done["applied"] == ["trim", "duplicates"]
    assert done["fixes"] == [
        {"rule": "trim", "changed": 1, "dropped": 0},
        {"rule": "duplicates", "changed": 0, "dropped": 1},
    ]
    assert (done["rows"], done["written"], done["changes"]) == (72, 71, "out.changes.jsonl")


def test_convert_names_losses_on_stderr_and_in_json(rows: Path, advisor: Any) -> None:
    values = [
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 1}]}
    ]
    Path("chat.jsonl").write_text(json.dumps(values[0]) + "\n", encoding="utf-8")
    ran = advisor("data", "convert", "chat.jsonl", "--to", "gemini", "-o", "out.jsonl")
    assert (ran.code, ran.out) == (0, "")
    assert "lost: weight: gemini cannot hold it (1 row)" in ran.err
    done = advisor("data", "convert", "chat.jsonl", "--to", "gemini", "-o", "two.jsonl", "--json").json()
    assert done["losses"] == [{"field": "weight", "why": "gemini cannot hold it", "rows": 1}]
    refused = advisor("data", "convert", "chat.jsonl", "--to", "gemini", "-o", "three.jsonl", "--strict")
    assert (refused.code, Path("three.jsonl").exists()) == (ExitCode.BAD_DATA, False)
    forced = advisor(
        "data", "convert", "chat.jsonl", "--to", "gemini", "-o", "two.jsonl", "--force", "--quiet"
    )
    assert (forced.code, forced.err) == (0, "")


def test_split_says_sizes_groups_and_what_the_test_can_show(rows: Path, advisor: Any) -> None:
    ran = advisor("data", "split", "rows.jsonl", "-o", "parts", "--test", 20, "--seed", 2)
    assert ran.code == 0
    page = " ".join(ran.out.split())
    assert "test 20 27.8% parts/test.jsonl" in page
    assert "2 rows in 1 groups" in page or "kept together" in page
    assert "20 rows of test are too few to tell two models apart" in page
    assert narrow(ran.out)
    assert json.loads(Path("parts/split.json").read_text())["asked_sizes"] == {"test": 20}

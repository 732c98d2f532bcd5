"""`data check` over files: what it reads, and what it judges where two or three files are given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.data.checking import check_file
from rubrics.errors import ExitCode, Fault


def write(path: Path, prompts: list[str], answer: str = "depot") -> Path:
    rows = [{"q": prompt, "a": f"{answer} {at % 4}"} for at, prompt in enumerate(prompts)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def checked(file: Path, **more: Any) -> dict[str, Any]:
    return check_file(file, prompt_field="q", answer_field="a", **more)


def leak(result: dict[str, Any]) -> dict[str, Any]:
    [finding] = [finding for finding in result["findings"] if finding["check"] == "D4"]
    return finding


def numbered(start: int, count: int) -> list[str]:
    return [f"{chr(97 + n % 26) * 4} {n * 104_729} {n * 7919}" for n in range(start, start + count)]


def test_a_small_test_file_that_stands_in_train_is_an_error_from_either_side(tmp_path: Path) -> None:
    train, test = (
        write(tmp_path / "train.jsonl", numbered(0, 400)),
        write(tmp_path / "test.jsonl", numbered(0, 10)),
    )
    for file, against, share in ((train, test, 10 / 400), (test, train, 1.0)):
        finding = leak(checked(file, against=against))
        assert finding["severity"] == "error"
        assert (finding["details"]["exact"], finding["details"]["share"]) == (10, share)
    assert leak(checked(train, against=test))["details"]["against"] == {"rows": 10, "found": 10, "share": 1.0}


def test_without_a_leak_the_check_says_what_it_compared(tmp_path: Path) -> None:
    file, other = write(tmp_path / "a.jsonl", numbered(0, 60)), write(tmp_path / "b.jsonl", numbered(900, 60))
    finding = leak(checked(file, against=other))
    assert (finding["severity"], finding["count"]) == ("info", 0)
    assert "none of the 60 rows stands in the file of --against" in finding["message"]


@pytest.mark.unmeasured
def test_the_smaller_of_two_limits_counts(tiny_model: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [*numbered(0, 60), "word " * 100])
    found = checked(file, model=str(tiny_model), max_length=90)
    [long] = [f for f in found["findings"] if f["details"].get("kind") == "overlong"]
    assert (long["rows"], long["details"]["max_length"]) == (["a:61"], 90)
    assert found["statistics"]["lengths"]["unit"] == "tokens"


def test_a_file_that_cannot_be_used_is_a_finding_for_a_program(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"q": "x", "a": "y"}\n{"q": \n{"q": "x"}\n', encoding="utf-8")
    result = checked(path, as_findings=True)
    assert (result["rows"], [finding["check"] for finding in result["findings"]]) == (0, ["D9"])
    assert len(result["findings"][0]["details"]["problems"]) == 2
    with pytest.raises(Fault) as caught:
        checked(path)
    assert caught.value.code == ExitCode.BAD_DATA

"""`advisor data` from outside: a file checked, mended, converted and split, by pipes and on a terminal, and disturbed."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from journey_tools import Outcome, advisor

FULL = Path("/dev/full")
ROWS = "".join(
    json.dumps({"input": f"parcel {n} is {'late' if n % 2 else 'broken'}, {n * 7919} says", "output": ("Late", "broken")[n % 2 == 0], "id": n}) + "\n"
    for n in range(120)
)  # fmt: skip
MESSY = (
    ROWS
    + ROWS.splitlines()[0]
    + '\n{"input": " mail ann.lee@example-mail.com", "output": "late", "id": 999}\n'
)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text(MESSY, encoding="utf-8")
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def on_terminal(*words: object, cwd: Path, columns: int = 80, **environment: str) -> str:
    """What a person sees: the program with a pseudo-terminal for its output."""
    master, slave = pty.openpty()
    settings = {"COLUMNS": str(columns), "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **environment}
    base = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI")}
    with subprocess.Popen(
        [sys.executable, "-m", "advisor", *map(str, words)],
        cwd=cwd,
        stdout=slave,
        stderr=subprocess.DEVNULL,
        env={**base, **settings},
    ) as process:
        os.close(slave)
        seen = b""
        while chunk := _read(master):
            seen += chunk
        process.wait()
    os.close(master)
    return seen.decode()


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:
        # Linux says so where the other end is closed.
        return b""


def test_check_fix_check(rows: Path, tmp_path: Path) -> None:
    before = rows.read_bytes()
    sheet = advisor("data", "check", rows, cwd=tmp_path).out
    assert re.search(r"^warning +D1 ", sheet, re.MULTILINE)
    assert re.search(r"^warning +D6 ", sheet, re.MULTILINE)
    assert re.search(r"--rule\s+(\\\s+)?labels", sheet)
    assert "ann.lee" not in sheet

    fixed = advisor("data", "fix", rows, "-o", "out.jsonl", "--all-safe", "--rule", "redact", cwd=tmp_path)

    assert fixed.code == 0, fixed.err
    assert "120 of 122 rows" in fixed.out or "121 of 122 rows" in fixed.out
    assert rows.read_bytes() == before
    kept = lines(tmp_path / "out.jsonl")
    assert {row["output"] for row in kept} == {"Late", "broken"}
    assert kept[-1]["input"] == "mail [EMAIL]"
    log = lines(tmp_path / "out.changes.jsonl")
    assert {change["rule"] for change in log} == {"trim", "redact", "labels", "duplicates"}
    assert "ann.lee" not in json.dumps(log)
    again = advisor(
        "data",
        "fix",
        "out.jsonl",
        "-o",
        "again.jsonl",
        "--all-safe",
        "--rule",
        "redact",
        "--json",
        cwd=tmp_path,
    )
    assert again.json()["fixes"] == []
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()


def test_the_commands_stand_in_a_pipe(rows: Path, tmp_path: Path) -> None:
    with rows.open("rb") as source:
        fixed = advisor("data", "fix", "-", "-o", "-", "--quiet", cwd=tmp_path, stdin=source)
    (tmp_path / "fixed.jsonl").write_text(fixed.out, encoding="utf-8")
    with (tmp_path / "fixed.jsonl").open("rb") as source:
        converted = advisor("data", "convert", "-", "--to", "openai", "-o", "-", cwd=tmp_path, stdin=source)
    assert (fixed.code, converted.code) == (0, 0)
    assert fixed.err == ""
    assert "id: no field of a row, left out" in converted.err
    assert all(json.loads(line)["messages"][-1]["role"] == "assistant" for line in converted.out.splitlines())
    with rows.open("rb") as source:
        checked = advisor("data", "check", "-", "--json", cwd=tmp_path, stdin=source)
    assert checked.json()["rows"] == 122


def test_split_keeps_unknown_fields_and_says_what_it_did(rows: Path, tmp_path: Path) -> None:
    ran = advisor("data", "split", rows, "-o", "parts", "--fractions", "0.6,0.2,0.2", "--json", cwd=tmp_path)
    assert ran.json()["sizes"].keys() == {"train", "dev", "test"}
    ids = [row["id"] for name in ("train", "dev", "test") for row in lines(tmp_path / f"parts/{name}.jsonl")]
    assert sorted(ids) == sorted(row["id"] for row in lines(rows))
    refused = advisor("data", "split", rows, "-o", "parts", cwd=tmp_path)
    assert (refused.code, "not overwritten" in refused.err) == (2, True)


def test_a_terminal_gets_colour_and_blocks_a_pipe_does_not(rows: Path, tmp_path: Path) -> None:
    sheet = on_terminal("data", "check", "rows.jsonl", cwd=tmp_path)
    assert "\x1b[" in sheet
    assert "█" in sheet
    assert "! warning" in sheet
    colourless = on_terminal("data", "check", "rows.jsonl", cwd=tmp_path, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", colourless)
    assert "! warning" in colourless
    piped = advisor("data", "check", "rows.jsonl", cwd=tmp_path).out
    assert piped.isascii()
    assert max(map(len, piped.splitlines())) <= 80


BAD: dict[str, tuple[list[str], int, str]] = {
    "no output": (["fix", "rows.jsonl"], 2, "-o OUTPUT is missing"),
    "unknown fix": (["fix", "rows.jsonl", "-o", "o.jsonl", "--rule", "trimm"], 2, "trimm"),
    "output is input": (["fix", "rows.jsonl", "-o", "rows.jsonl", "--force"], 2, "is the input"),
    "log is input": (
        ["fix", "rows.jsonl", "-o", "o.jsonl", "--changes", "rows.jsonl", "--force"],
        2,
        "is the input",
    ),
    "output is a folder": (["convert", "rows.jsonl", "--to", "openai", "-o", "."], 2, "found a folder"),
    "no such folder": (
        ["convert", "rows.jsonl", "--to", "openai", "-o", "no/o.jsonl"],
        2,
        "folder does not exist",
    ),
    "unknown format": (["convert", "rows.jsonl", "--to", "xml", "-o", "o.jsonl"], 2, "'xml'"),
    "loss refused": (
        ["convert", "rows.jsonl", "--to", "openai", "-o", "o.jsonl", "--strict"],
        3,
        "id: no field",
    ),
    "no such group": (["split", "rows.jsonl", "-o", "parts", "--group-field", "who"], 3, "rows.jsonl:1"),
    "two ways": (["split", "rows.jsonl", "-o", "p", "--fractions", "1,0,0", "--test", "3"], 2, "--fractions"),
    "two pipes": (["check", "-", "--against", "-"], 2, "read once"),
    "two results": (["fix", "rows.jsonl", "-o", "-", "--json"], 2, "standard output"),
    "split to a pipe": (["split", "rows.jsonl", "-o", "-"], 2, "several files"),
    "log beside the result": (
        ["fix", "rows.jsonl", "-o", "o.jsonl", "--changes", "-", "--json"],
        2,
        "standard output",
    ),
    "no such file": (["split", "absent.jsonl", "-o", "parts"], 2, "no such file"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_done_is_said_and_leaves_nothing(name: str, rows: Path, tmp_path: Path) -> None:
    words, code, said = BAD[name]
    outcome = advisor("data", *words, cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert outcome.code == code, outcome.err
    assert said in outcome.err
    assert "what to do:" in outcome.err
    assert "Traceback" not in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
    assert rows.read_text(encoding="utf-8") == MESSY


def _limited(*words: str, cwd: Path) -> Outcome:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    return advisor("data", *words, cwd=cwd, preexec_fn=limit)


@pytest.mark.parametrize(
    "words",
    [
        ["fix", "rows.jsonl", "-o", "o.jsonl"],
        ["convert", "rows.jsonl", "--to", "openai", "-o", "o.jsonl"],
        ["split", "rows.jsonl", "-o", "parts"],
    ],
)
def test_without_space_nothing_is_left_behind(words: list[str], rows: Path, tmp_path: Path) -> None:
    outcome = _limited(*words, cwd=tmp_path)
    assert outcome.code == 5, outcome.err
    assert "no space left" in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_standard_output_is_no_fault_of_the_program(rows: Path, tmp_path: Path) -> None:
    for words in (["check", "rows.jsonl"], ["fix", "rows.jsonl", "-o", "-"]):
        with FULL.open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "advisor", "data", *words],
                cwd=tmp_path,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == 5, done.stderr
        assert "no space left" in done.stderr
        assert "Exception" not in done.stderr


def test_a_reader_that_leaves_ends_the_command_in_silence(tmp_path: Path) -> None:
    row = json.dumps({"question": "q", "answer": "x" * 4000}) + "\n"
    (tmp_path / "big.jsonl").write_text(
        "".join(row.replace('"q"', f'"q{n}"') for n in range(500)), encoding="utf-8"
    )
    words = ["data", "convert", "big.jsonl", "--to", "openai", "-o", "-", "--quiet"]
    process = subprocess.Popen(
        [sys.executable, "-m", "advisor", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 0
    process.stderr.close()


def test_a_run_keeps_the_rows_of_a_customer_together(tmp_path: Path) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(letters[(n * k + k) % 26] for k in (3, 5, 7, 11, 17, 19)) for n in range(300)]
    values = [
        {"question": f"{word} {n * 7919}", "answer": ("late", "broken")[n % 2], "who": f"c{n % 60}"}
        for n, word in enumerate(words)
    ]
    (tmp_path / "rows.jsonl").write_text(
        "".join(json.dumps(value) + "\n" for value in values), encoding="utf-8"
    )
    words = [
        "--data",
        "rows.jsonl",
        "--cluster-field",
        "who",
        "--no-train",
        "--rungs",
        "classifier",
        "--out",
        "run",
    ]
    outcome = advisor("run", *words, "--quiet", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    groups = [
        {row["group"] for row in lines(tmp_path / f"run/splits/{name}.jsonl")}
        for name in ("train", "dev", "test")
    ]
    assert all(groups)
    assert sum(map(len, groups)) == len(set().union(*groups)) == 60

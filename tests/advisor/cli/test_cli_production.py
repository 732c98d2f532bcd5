"""--production on the command line and in a run, and secrets that no output shows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from advisor.example import example_folder, example_plan
from advisor.run_directory import RunDirectory
from rubrics.errors import ExitCode

SECRETS = ("ghp_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5", "joanna.b@ferries.co.uk", "4539 5787 6362 1486")


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Rows of the example, some with a secret, twice and with another answer so that other checks quote them."""
    lines = (example_folder() / "desk.jsonl").read_text(encoding="utf-8").splitlines()[:160]
    rows = [json.loads(line) for line in lines]
    for at, secret in enumerate(SECRETS):
        rows += [
            {"question": f"I wrote before about {secret}", "answer": answer}
            for answer in (f"A{at}", f"B{at}")
        ]
        rows += [{"question": f"See {secret}", "answer": secret}] * 2
    return write(tmp_path / "desk.jsonl", rows)


@pytest.fixture
def shouted(tmp_path: Path) -> Path:
    lines = (example_folder() / "production.jsonl").read_text(encoding="utf-8").splitlines()[:90]
    return write(
        tmp_path / "production.jsonl",
        [{"question": f"{json.loads(line)['question'].upper()} {SECRETS[2]}"} for line in lines],
    )


def shown_in(text: str) -> list[str]:
    return [
        secret
        for secret in SECRETS
        if secret.casefold() in text.casefold() or secret[:14].casefold() in text.casefold()
    ]


def checks(findings: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        finding["details"].get("kind", ""): finding
        for finding in findings
        if finding["check"] in ("D8", "D11")
    }


def test_data_check_compares_with_production_and_masks_secrets(desk, shouted, advisor):
    ran = advisor("data", "check", desk, "--production", shouted, "--json")
    spoken = advisor("data", "check", desk, "--production", shouted, "--quiet")

    found = checks(ran.json()["findings"])
    assert found["two-sample"]["severity"] == "warning"
    assert "capital letters throughout" in found["marks"]["message"]
    assert {"github_token", "email", "card"} <= found.keys()
    assert {finding["check"] for finding in ran.json()["findings"]} >= {"D1", "D3"}
    assert "warning  D8   production differs from these rows (AUC " in spoken.out
    assert "collect rows like these: " in spoken.out
    assert shown_in(ran.out + ran.err + spoken.out + spoken.err) == []
    assert ran.code == spoken.code


def test_a_run_compares_with_production_and_its_report_says_so(desk, shouted, advisor, tmp_path):
    out = tmp_path / "run"
    flags = ("--rungs", "classifier", "--no-train", "--task", "Route it", "--production", shouted)

    ran = advisor("run", "--data", desk, *flags, "--out", out, "--json")

    assert ran.code == 0, ran.err
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report == ran.json()
    found = checks(report["data"]["findings"])
    assert found["two-sample"]["details"]["auc"] > 0.8
    assert found["card"]["count"] == 6
    assert "production differs from these rows" in (out / "report.md").read_text(encoding="utf-8")
    assert f"--production {shouted}" in report["run"]["command"]
    assert RunDirectory(out).plan().production == shouted
    files = [
        out / name for name in ("report.json", "report.md", "inspection.json", "verdict.json", "events.jsonl")
    ]
    assert [name for file in files for name in shown_in(file.read_text(encoding="utf-8"))] == []


def test_other_production_is_looked_at_again_on_resume(desk, shouted, advisor, tmp_path):
    out = tmp_path / "run"
    flags = ("--rungs", "classifier", "--no-train", "--production", shouted, "--out", out)
    first = advisor("run", "--data", desk, *flags, "--json").json()
    write(shouted, [{"question": "too few"}])

    again = advisor("resume", out, "--json").json()

    assert "two-sample" in checks(first["data"]["findings"])
    assert "too small" in checks(again["data"]["findings"])


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_production_file_that_cannot_be_read_is_named(command, desk, advisor, tmp_path):
    bad = write(tmp_path / "bad.jsonl", [{"question": "fine"}, {"subject": "no prompt"}])
    words = (
        ("data", "check", desk) if command == "check" else ("run", "--data", desk, "--out", tmp_path / "run")
    )

    broken = advisor(*words, "--production", bad)
    absent = advisor(
        *words[:-1], tmp_path / "run2" if command == "run" else desk, "--production", tmp_path / "none"
    )

    assert (broken.code, absent.code) == (ExitCode.BAD_DATA, ExitCode.WRONG_USE)
    assert "bad.jsonl:2: row: expected one of question, " in broken.err
    assert "--production" in absent.err


def test_without_scikit_learn_the_check_says_what_to_install(desk, shouted, advisor, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)

    ran = advisor("data", "check", desk, "--production", shouted)

    assert ran.code == ExitCode.LACKING
    assert "pip install scikit-learn" in ran.err
    assert advisor("data", "check", desk).code != ExitCode.LACKING


def test_the_demo_compares_with_the_bundled_sample():
    assert example_plan().production == example_folder() / "production.jsonl"


def test_init_writes_production_down(desk, shouted, advisor, tmp_path):
    out = tmp_path / "advisor.toml"

    ran = advisor("init", "--data", desk, "--production", shouted, "--out", out)

    assert ran.code == 0
    assert f'production = "{shouted}"' in out.read_text(encoding="utf-8")

"""run, baseline, resume and report as a person and a script meet them; nothing here asks a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.interrupt import Interrupted
from advisor.plan import Plan
from advisor.report.model import Report
from advisor.run_directory import RunDirectory, create_run
from rubrics.errors import ExitCode
from trainer.events import Logged, parse_event


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch, make_report: Any) -> list[RunDirectory]:
    """The walk says a line and returns a report; the runs that were walked are noted."""
    runs: list[RunDirectory] = []

    def walk(plan: Plan, run: RunDirectory, listener: Any, stop: Any, **more: Any) -> Report:
        runs.append(run)
        listener(Logged(message="at work"))
        return make_report()

    monkeypatch.setattr("advisor.walk.walk", walk)
    return runs


def test_a_run_prints_its_report_as_one_object(walked, advisor, rows_file, tmp_path, make_report):
    ran = advisor("run", "--data", rows_file, "--out", tmp_path / "run", "--json")

    assert (ran.code, ran.json()) == (0, make_report().to_json())
    assert walked == [RunDirectory(tmp_path / "run")]


def test_a_run_ends_with_tables_and_its_last_word(walked, advisor, rows_file, tmp_path):
    ran = advisor("run", "--data", rows_file, "--out", tmp_path / "run")

    assert "at work" in ran.err
    assert "at work" not in ran.out
    for shown in ("FINE_TUNE (rule R14)", "tuned model", "fixed 32, broken 2", "p = 1e-07", "train 200 s"):
        assert shown in ran.out
    assert "reduced: 400 of 3,000 test rows" in ran.out
    assert "not measured: " in ran.out
    assert ran.out.rstrip().splitlines()[-1] == "SHIP_TUNED: Ship the tuned model."


def test_a_quiet_run_prints_the_last_word_alone(walked, advisor, rows_file, tmp_path):
    ran = advisor("run", "--data", rows_file, "--out", tmp_path / "run", "--quiet")

    assert (ran.out, ran.err) == ("SHIP_TUNED: Ship the tuned model.\n", "")


def test_the_event_stream_goes_to_stdout(walked, advisor, rows_file, tmp_path):
    ran = advisor("run", "--data", rows_file, "--out", tmp_path / "run", "--json-events")

    events = [parse_event(line) for line in ran.out.splitlines()]
    assert isinstance(events[0], Logged)
    assert events[0].message == "at work"


def test_a_condition_that_does_not_hold_ends_with_4_after_the_report(walked, advisor, rows_file, tmp_path):
    ran = advisor(
        "run", "--data", rows_file, "--out", tmp_path / "run", "--json",
        "--require", "improved", "--require", "verdict:NOT_SUITED",
    )  # fmt: skip

    assert ran.code == ExitCode.REQUIREMENT_UNMET
    assert ran.json()["schema"] == 1
    assert "required: verdict:NOT_SUITED: found FINE_TUNE" in ran.err
    assert "improved" not in ran.err


@pytest.mark.parametrize("end", [Interrupted, KeyboardInterrupt])
def test_an_interrupted_run_says_how_to_go_on(end, advisor, rows_file, tmp_path, monkeypatch):
    def stop(*arguments: Any, **more: Any) -> None:
        raise end

    monkeypatch.setattr("advisor.walk.walk", stop)

    ran = advisor("run", "--data", rows_file, "--out", tmp_path / "run")

    assert (ran.code, ran.out) == (ExitCode.INTERRUPTED, "")
    assert f"advisor resume {tmp_path / 'run'}" in ran.err


def test_resume_goes_on_with_the_plan_of_the_run(walked, advisor, rows_file, tmp_path):
    run = create_run(Plan(data=rows_file, seed=5, require=("improved",)), tmp_path / "run")

    ran = advisor("resume", run.path, "--json")

    assert (ran.code, walked) == (0, [run])


def test_resume_changes_the_plan_first_and_says_so(walked, advisor, rows_file, tmp_path):
    run = create_run(Plan(data=rows_file), tmp_path / "run")

    ran = advisor("resume", run.path, "--epochs", "3", "--rungs", "classifier,zero_shot")

    assert (ran.code, walked) == (0, [run])
    assert (run.plan().epochs, run.plan().rungs) == (3.0, ("classifier", "zero_shot"))
    assert "changed: --rungs, --epochs" in ran.err


def test_resume_refuses_to_overrule_a_verdict_without_a_word(walked, advisor, rows_file, tmp_path):
    run = create_run(Plan(data=rows_file), tmp_path / "run")
    (run.path / "verdict.json").write_text('{"outcome": "NOT_SUITED"}', encoding="utf-8")

    refused = advisor("resume", run.path, "--force-train")
    taken = advisor("resume", run.path, "--force-train", "--because", "we own the rows")

    assert (refused.code, "--because" in refused.err) == (ExitCode.WRONG_USE, True)
    assert (taken.code, walked) == (0, [run])
    assert run.plan().overruled == "we own the rows"


@pytest.mark.parametrize("command", ["run", "resume"])
def test_a_run_can_only_end_where_a_report_can_be_made(command, advisor, rows_file, tmp_path):
    run = create_run(Plan(data=rows_file), tmp_path / "run")
    words = [run.path] if command == "resume" else ["--data", rows_file, "--out", tmp_path / "new"]

    ran = advisor(command, *words, "--until", "train")

    assert (ran.code, "decide, forecast" in ran.err) == (ExitCode.WRONG_USE, True)
    assert not (tmp_path / "new").exists()


def test_the_demo_takes_the_bundled_example(walked, advisor, tmp_path):
    advisor("demo", "--out", tmp_path / "run")

    assert walked[0].plan().data is not None
    assert walked[0].plan().data.name == "desk.jsonl"


@pytest.mark.parametrize("command", ["resume", "stop", "report"])
def test_a_run_that_is_not_there_is_wrong_use(command, advisor, tmp_path):
    ran = advisor(command, tmp_path / "absent", "--json")

    assert (ran.code, ran.out) == (ExitCode.WRONG_USE, "")
    assert "absent: no such run" in ran.err


@pytest.fixture
def finished(rows_file: Path, tmp_path: Path, make_report: Any) -> RunDirectory:
    run = create_run(Plan(data=rows_file), tmp_path / "run")
    report = make_report(comparison=None, evaluations=[], training=None)
    (run.path / "report.json").write_text(json.dumps(report.to_json()), encoding="utf-8")
    return run


def test_a_report_comes_as_page_or_object(finished, advisor):
    assert advisor("report", finished.path).out.startswith("# Route the message\n")
    for words in (("--json",), ("--format", "json")):
        assert advisor("report", finished.path, *words).json()["schema"] == 1


def test_a_report_goes_to_a_new_file_and_never_over_an_old_one(finished, advisor, tmp_path):
    path = tmp_path / "page.md"

    first, second = (advisor("report", finished.path, "-o", path) for _ in range(2))

    assert (first.code, first.out) == (0, "")
    assert path.read_text(encoding="utf-8").startswith("# Route the message")
    assert second.code == ExitCode.WRONG_USE
    assert "exists already" in second.err
    assert advisor("report", finished.path, "-o", tmp_path / "absent/page.md").code == ExitCode.WRONG_USE


def test_a_format_that_does_not_exist_is_refused(finished, advisor):
    ran = advisor("report", finished.path, "--format", "pdf")

    assert (ran.code, "--format" in ran.err) == (ExitCode.WRONG_USE, True)


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (None, ExitCode.WRONG_USE, "no such file"),
        ("", ExitCode.BAD_DATA, "empty"),
        ('{"question": "q", "answer": "a"}\n{oops\n', ExitCode.BAD_DATA, "rows.jsonl:2"),
        ('{"question": "q"}\n', ExitCode.BAD_DATA, "answer"),
    ],
)
def test_rows_that_cannot_be_used_end_a_run_before_anything_is_spent(content, code, said, advisor, tmp_path):
    rows = tmp_path / "rows.jsonl"
    if content is not None:
        rows.write_text(content, encoding="utf-8")

    ran = advisor("run", "--data", rows, "--out", tmp_path / "run")

    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


@pytest.mark.parametrize("command", ["run", "baseline"])
def test_a_slip_in_the_command_leaves_no_run_behind(command, advisor, rows_file, tmp_path):
    out, slip = tmp_path / "run", tmp_path / "slip.jsonl"
    slips = [
        ("--data", slip),
        ("--data", tmp_path),
        ("--train", rows_file, "--test", slip),
        ("--data", rows_file, "--prompt-file", slip),
        ("--train", rows_file),
    ]

    for words in slips:
        ran = advisor(command, *words, "--out", out)

        assert (ran.code, ran.out, out.exists()) == (ExitCode.WRONG_USE, "", False), words
        assert str(words[-1]) in ran.err or "--test" in ran.err


def test_a_whole_baseline_of_the_classifier_reports_and_can_be_judged_again(rows_file, advisor, tmp_path):
    out = tmp_path / "run"

    ran = advisor("baseline", "--data", rows_file, "--rungs", "classifier", "--out", out, "--json")
    again = advisor("resume", out, "--json")

    assert ran.code == 0, ran.err
    assert again.json()["baselines"] == ran.json()["baselines"]
    events = RunDirectory(out).events()
    assert {event.stage for event in events if getattr(event, "reused", False)} >= {"inspect", "baseline"}
    assert (
        advisor("decide", "--inputs", out / "report.json", "--json").json()["verdict"]
        == ran.json()["verdict"]
    )
    assert (out / "report.md").is_file()

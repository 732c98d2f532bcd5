"""The whole job, driven from outside: what it leaves, and how it goes on after it was disturbed."""

from __future__ import annotations

import json
import signal
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from journey_tools import Outcome, advisor, history, kill, start, trained_share, wait_for

from advisor.report.model import Report
from advisor.run_directory import RunDirectory


def test_report_validates_and_holds_the_three_systems(whole_run: tuple[Path, Outcome]) -> None:
    run, outcome = whole_run
    report = outcome.json()
    schema = json.loads((files("advisor") / "report" / "schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(report)
    assert [entry["system"] for entry in report["evaluations"]] == ["base", "best_baseline", "tuned"]
    assert len({entry["n"] for entry in report["evaluations"]}) == 1
    base, _, tuned = report["evaluations"]
    assert base["supervised_tokens"] == tuned["supervised_tokens"] > 0
    assert report == json.loads((run / "report.json").read_text())
    assert (run / "report.md").read_text().startswith("# Route the message.")


def test_the_first_number_is_there_before_the_model_is_loaded(whole_run: tuple[Path, Outcome]) -> None:
    run, outcome = whole_run
    said = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]

    scored = [event for event in said if event["type"] == "rung_scored" and event["n"]]
    ended = next(event for event in said if event["type"] == "stage_finished" and event["stage"] == "measure")
    first = scored[0]
    assert (first["rung"], first["split"], first["done"]) == ("classifier", "dev", first["total"])
    assert first["time"] < ended["time"] - ended["seconds"] / 2
    # The ladder says the same of it, and every rung begins anew there.
    again = [event for event in scored if (event["rung"], event["split"]) == ("classifier", "dev")]
    assert [event["value"] for event in again] == [first["value"]] * 2
    [entry] = [
        entry
        for entry in outcome.json()["baselines"]
        if (entry["rung"], entry["split"]) == ("classifier", "dev")
    ]
    assert entry["metrics"]["exact_match"]["value"] == first["value"]


def test_decide_says_of_the_report_what_the_run_said(whole_run: tuple[Path, Outcome], tmp_path: Path) -> None:
    run, outcome = whole_run
    report = outcome.json()

    again = advisor("decide", "--inputs", run / "report.json", "--json", cwd=tmp_path).json()

    assert again["verdict"] == report["verdict"]
    for name in ("outcome", "rule", "case", "reason", "target", "flip", "considered", "rows_needed"):
        assert again["comparison"][name] == report["comparison"][name], name
    assert report["churn"] is not None


def test_flags_of_training_are_in_effect(whole_run: tuple[Path, Outcome]) -> None:
    config = whole_run[1].json()["training"]["config"]
    wanted = {"batch_size": 2, "epochs": 2, "learning_rate": 1e-3, "precision": "fp32", "rank": 16, "seed": 0}
    assert {name: config[name] for name in wanted} == wanted


def test_checkpoints_at_least_every_tenth_and_test_scored_once(whole_run: tuple[Path, Outcome]) -> None:
    run, outcome = whole_run
    training = outcome.json()["training"]
    measured = [point["step"] for point in training["history"] if point["eval_loss"] is not None]
    gaps = [later - earlier for earlier, later in zip([0, *measured], measured, strict=False)]
    assert max(gaps) <= -(-training["config"]["max_steps"] // 10)
    ledger = [json.loads(line) for line in (run / "ledger.jsonl").read_text().splitlines()]
    assert len(ledger) == len({entry["system"] for entry in ledger})


def test_resume_of_a_finished_run_does_nothing_again(whole_run: tuple[Path, Outcome], tmp_path: Path) -> None:
    run, outcome = whole_run
    before = (run / "training" / "result.json").stat().st_mtime_ns
    again = advisor("resume", run, "--json", cwd=tmp_path)
    assert again.code == 0, again.err
    assert (run / "training" / "result.json").stat().st_mtime_ns == before
    assert again.json()["comparison"] == outcome.json()["comparison"]


def test_an_existing_run_directory_is_refused(
    whole_run: tuple[Path, Outcome], plan: list[str], tmp_path: Path
) -> None:
    run, _ = whole_run
    before = (run / "report.json").read_bytes()
    refused = advisor("run", *plan, "--out", run, cwd=tmp_path)
    assert refused.code == 2
    assert "exists already" in refused.err
    assert "advisor resume" in refused.err
    assert (run / "report.json").read_bytes() == before


def test_report_runs_and_compare_read_the_run(whole_run: tuple[Path, Outcome], tmp_path: Path) -> None:
    run, outcome = whole_run
    page = advisor("report", run, cwd=tmp_path)
    assert "## On the same test rows" in page.out
    listed = advisor("runs", "--folder", run.parent, "--json", cwd=tmp_path).json()["runs"]
    assert [(entry["state"], entry["outcome"]) for entry in listed] == [
        ("finished", outcome.json()["comparison"]["outcome"])
    ]
    same = advisor("compare", run, run, "--json", cwd=tmp_path).json()
    assert (same["fixed"], same["broken"], same["p_value"]) == (0, 0, 1.0)


def test_requirement_that_does_not_hold_exits_4(whole_run: tuple[Path, Outcome], tmp_path: Path) -> None:
    run, outcome = whole_run
    plan = (run / "plan.toml").read_text()
    (run / "plan.toml").write_text(plan.replace("require = []", 'require = ["verdict:NOT_SUITED"]'))
    refused = advisor("resume", run, "--quiet", cwd=tmp_path)
    (run / "plan.toml").write_text(plan)
    assert refused.code == 4
    assert f"found {outcome.json()['verdict']['outcome']}" in refused.err


@pytest.mark.parametrize(
    ("victim", "share"),
    [
        ("trainer", 0.6),
        ("advisor", 0.3),
        *(
            pytest.param(victim, share, marks=pytest.mark.journey)
            for victim in ("trainer", "advisor")
            for share in (0.3, 0.6, 0.9)
        ),
    ],
)
def test_killed_run_resumes_to_the_same_result(
    victim: str, share: float, plan: list[str], whole_run: tuple[Path, Outcome], tmp_path: Path
) -> None:
    # given an undisturbed run, and one whose trainer or advisor is killed on the way
    undisturbed, outcome = whole_run
    run = tmp_path / "run"
    process = start("run", *plan, "--out", run, cwd=tmp_path)
    wait_for(lambda: trained_share(run) >= share, f"{share:.0%} of training")
    directory = RunDirectory(run)
    kill(directory.trainer_owner() if victim == "trainer" else process.pid)
    _, err = process.communicate(timeout=60)
    if victim == "trainer":
        # then the advisor says that, where the log is, and what to do
        assert process.returncode == 5, err
        assert "killed by signal 9" in err
        assert "advisor resume" in err
    # when it is resumed
    resumed = advisor("resume", run, "--json", cwd=tmp_path)
    assert resumed.code == 0, resumed.err
    # then losses, best checkpoint and the tuned score are those of the undisturbed run
    expected, found = history(undisturbed), history(run)
    assert [point["step"] for point in found] == [point["step"] for point in expected]
    for mine, theirs in zip(found, expected, strict=True):
        for name in ("loss", "eval_loss"):
            if theirs[name] is not None:
                assert abs(mine[name] - theirs[name]) <= 1e-3, f"{name} at step {theirs['step']}"
    report, wanted = Report.model_validate(resumed.json()), Report.model_validate(outcome.json())
    assert report.training is not None
    assert wanted.training is not None
    assert report.training.best_step == wanted.training.best_step
    tuned = next(entry for entry in report.evaluations if entry.system == "tuned")
    assert tuned.metrics == next(entry for entry in wanted.evaluations if entry.system == "tuned").metrics


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(plan: list[str], tmp_path: Path) -> None:
    # given a run that is training
    run = tmp_path / "run"
    process = start("run", *plan, "--out", run, cwd=tmp_path)
    wait_for(lambda: trained_share(run) >= 0.2, "a fifth of training")
    # when Ctrl-C comes
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    # then it saves, exits 130 and nobody works on the run any more
    assert process.returncode == 130, err
    assert f"advisor resume {run}" in err
    assert not RunDirectory(run).is_live()
    assert list((run / "training").glob("checkpoint-*/complete"))


def test_stop_ends_a_run_of_another_terminal(plan: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = start("run", *plan, "--out", run, cwd=tmp_path)
    wait_for(lambda: (run / "measurement.json").exists(), "the dry run")
    stopped = advisor("stop", run, "--json", cwd=tmp_path)
    _, err = process.communicate(timeout=120)
    assert stopped.json() == {"run": str(run), "was_live": True}
    assert process.returncode == 130, err


def test_a_time_limit_takes_rows_away_and_says_so(tiny_model: Path, tmp_path: Path) -> None:
    # given more dev and test rows than are always asked about, and no time at all
    letters = "abcdefghijklmnopqrstuvwxyz"
    for name, first, count in (("train", 0, 60), ("dev", 1000, 60), ("test", 2000, 450)):
        rows = [
            {
                "question": " ".join(letters[(n * k + k) % 26] * 3 + str(n * k) for k in (3, 5, 7, 11)),
                "answer": ("late", "broken")[n % 2],
            }
            for n in range(first, first + count)
        ]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = [word for name in ("train", "dev", "test") for word in (f"--{name}", f"{name}.jsonl")]
    words += ["--model", str(tiny_model), "--task", "Route the message.", "--rungs", "classifier,zero_shot"]
    words += ["--epochs", "0.2", "--force-train", "--max-minutes", "0.01", "--out", "run", "--json"]
    # when it runs
    report = advisor("run", *words, cwd=tmp_path).json()
    # then the least rows were asked about, every system was scored on the same ones, and the report says so
    assert report["run"]["reductions"] == [
        "40 of 60 dev rows choose among the rungs (time limit)",
        "400 of 450 test rows are scored, a seeded stratified sample (time limit)",
    ]
    assert {entry["n"] for entry in report["baselines"] if entry["split"] == "dev"} == {40}
    assert {entry["n"] for entry in report["evaluations"]} == {400}
    assert "400 of 450 test rows" in (tmp_path / "run/report.md").read_text(encoding="utf-8")

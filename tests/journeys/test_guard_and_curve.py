"""What a run says beside the task's score: the guard rows, and a learning curve that goes on after a stop."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest
from journey_tools import Outcome, advisor, start, wait_for

from advisor.run_directory import RunDirectory
from trainer.events import Progress, read_events


def test_the_bundled_guard_rows_inform_and_decide_nothing(whole_run: tuple[Path, Outcome]) -> None:
    run, outcome = whole_run
    report = outcome.json()
    guard = report["guard"]
    assert (guard["rows"], guard["declared"], guard["measure"]) == (48, False, "answered")
    assert guard["low"] <= guard["difference"] <= guard["high"]
    loss = guard["changes"]["loss"]
    assert loss["difference"] == pytest.approx(guard["tuned"]["loss"] - guard["base"]["loss"])
    assert report["comparison"]["guards"] == []
    assert "L7" in {finding["rule"] for finding in report["training"]["findings"]} or not guard["fell"]
    assert "## What else changed" in (run / "report.md").read_text()
    for system in ("base", "tuned"):
        lines = (run / "jobs" / f"{system}-guard" / "row-scores.jsonl").read_text().splitlines()
        assert sum(json.loads(line)["tokens"] for line in lines) == guard["supervised_tokens"]


def _trained(job: Path) -> float:
    return max(
        (event.done for event in read_events(job / "events.jsonl") if isinstance(event, Progress)), default=0
    )


@pytest.mark.journey
def test_a_learning_curve_stopped_on_the_way_goes_on_where_it_was(
    whole_run: tuple[Path, Outcome], tmp_path: Path
) -> None:
    # given a finished run of which a learning curve and a declared guard are asked for afterwards
    run = tmp_path / "run"
    shutil.copytree(whole_run[0], run)
    plan = (run / "plan.toml").read_text()
    plan = plan.replace(
        "learning_curve = false", 'learning_curve = true\nguard = "default"\nguard_margin = 1.0'
    )
    (run / "plan.toml").write_text(plan)
    trained = (run / "training" / "result.json").stat().st_mtime_ns
    # when it is stopped while the second training of the curve works
    process = start("resume", run, cwd=tmp_path)
    wait_for(lambda: _trained(run / "jobs" / "curve-50") >= 5, "the second training of the curve")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert not RunDirectory(run).is_live()
    first = (run / "jobs" / "curve-25" / "result.json").stat().st_mtime_ns
    before = _trained(run / "jobs" / "curve-50")
    # and resumed
    resumed = advisor("resume", run, "--json", cwd=tmp_path)
    assert resumed.code == 0, resumed.err
    # then what was done stands, and the last point is the main training, which was not done again
    assert (run / "jobs" / "curve-25" / "result.json").stat().st_mtime_ns == first
    assert (run / "training" / "result.json").stat().st_mtime_ns == trained
    assert "going on from checkpoint" in (run / "jobs" / "curve-50" / "events.jsonl").read_text()
    report = resumed.json()
    curve = report["learning_curve"]
    steps = report["training"]["config"]["max_steps"]
    assert (curve["refused"], curve["steps"]) == ("", steps)
    assert before < steps == _trained(run / "jobs" / "curve-50")
    assert [point["main"] for point in curve["points"]] == [False, False, True]
    rows = [point["rows"] for point in curve["points"]]
    whole = report["data"]["splits"]["train"]
    assert rows == [round(0.25 * whole), round(0.5 * whole), whole]
    assert all(point["loss_error"] > 0 and point["score"] for point in curve["points"])
    assert curve["by_loss"]["rows"] == 2 * whole
    assert report["forecast"]["curve_seconds"] > 0
    assert "## Would more data help?" in (run / "report.md").read_text()
    # no test row was scored for it, and the checkpoints that nobody needs any more are gone
    assert [entry["system"] for entry in report["ledger"]].count("tuned") == 1
    assert not list((run / "jobs").glob("curve-*/checkpoint-*"))
    # and the guard, declared with a margin that nothing can miss, is among what the rules read
    assert [entry["allowed"] for entry in report["comparison"]["guards"]] == [1.0]
    assert report["guard"]["declared"]

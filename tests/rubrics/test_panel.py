"""Planted situations with known right answers, through `advisor decide`, and their flips put to the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from panel import cases, decide_inputs
from rewritten import rewritten
from typer.testing import CliRunner

from advisor.cli.app import app
from rubrics.decide import decide_report
from rubrics.measurements import from_report
from rubrics.verdict import first_that_holds
from rubrics.verdict_flips import dials

BEFORE, AFTER = cases("before"), cases("after")


def named(entries):
    return pytest.mark.parametrize("case", entries, ids=lambda case: case["id"])


def decided(case, tmp_path) -> dict:
    """What the command prints; the app itself is called, since a process a case would take a minute."""
    path = tmp_path / "inputs.json"
    path.write_text(json.dumps(decide_inputs(case)), encoding="utf-8")
    ran = CliRunner().invoke(app, ["decide", "--inputs", str(path), "--json"], catch_exceptions=False)
    assert ran.exit_code == 0
    return json.loads(ran.stdout)


@named(BEFORE)
def test_a_situation_before_training_gets_its_advice(case, tmp_path):
    verdict, expected = decided(case, tmp_path)["verdict"], case["expect"]

    assert (verdict["outcome"], verdict["rule"]) == (expected["outcome"], expected["rule"])
    assert expected.get("says", "") in verdict["reasons"][0]
    assert expected.get("reasons", "") in " ".join(verdict["reasons"])
    assert verdict["case"] == expected.get("case", "")
    assert "without" not in expected or expected["without"] not in " ".join(verdict["reasons"])
    assert [entry["rule"] for entry in verdict["considered"]] == [f"R{number}" for number in range(1, 15)]
    fired = [entry for entry in verdict["considered"] if entry["held"] is True]
    assert fired[0]["rule"] == verdict["rule"]
    assert fired[0]["outcome"] == verdict["outcome"]


@named(BEFORE)
def test_every_printed_flip_flips_and_one_step_short_of_it_does_not(case):
    inputs = decide_inputs(case)
    measured, verdict = from_report(inputs), decide_report(inputs)["verdict"]
    by_field = {dial.field: dial for dial in dials(measured)}

    assert verdict["flip"], "every situation is some number away from another outcome"
    for flip in verdict["flip"]:
        for way in (flip, *flip["also"]):
            dial = by_field[way["field"]]
            sign = 1 if way["value"] > dial.present else -1
            short = round(way["value"] - sign * dial.step, 6)
            short = max(short, dial.present) if sign > 0 else min(short, dial.present)
            assert first_that_holds(dial.move(way["value"]))[1].outcome == flip["outcome"]
            assert first_that_holds(dial.move(short))[1].outcome != flip["outcome"]


def written_anew(inputs, way, present: float, part: str, step: float) -> tuple[str, str]:
    """What a report says that has the number of a flip, and one that is a step short of it."""
    metric, up = inputs["task"]["metric"], way["value"] > present
    short = round(way["value"] - step if up else way["value"] + step, 6)
    short = max(short, present) if up else min(short, present)
    at = rewritten(inputs, way["field"], way["value"], up=up, metric=metric)
    before = rewritten(inputs, way["field"], short, up=not up, metric=metric)
    return tuple(decide_report(report)[part]["outcome"] for report in (at, before))


@named(BEFORE)
def test_a_report_written_anew_with_the_number_of_a_flip_is_decided_otherwise(case):
    inputs = decide_inputs(case)
    known = {dial.field: dial for dial in dials(from_report(inputs))}

    for flip in decide_report(inputs)["verdict"]["flip"]:
        for way in (flip, *flip["also"]):
            dial = known[way["field"]]
            at, short = written_anew(inputs, way, dial.present, "verdict", dial.step)
            assert (at, short != at) == (flip["outcome"], True), way


@named(AFTER)
def test_a_comparison_written_anew_with_the_number_of_a_flip_is_decided_otherwise(case):
    inputs = decide_inputs(case)
    comparison = inputs["comparison"]
    present = {
        "comparison.fixed": comparison["fixed"],
        "comparison.broken": comparison["broken"],
        "task.min_gain": inputs["task"]["min_gain"],
        "task.margin": inputs["task"].get("margin"),
        "guard.allowed": next((guard["allowed"] for guard in comparison.get("guards", [])), None),
    }
    for entry in comparison.get("contenders", []):
        field = f"comparison.contenders.{entry['rung']}"
        present |= {f"{field}.difference": entry["difference"], f"{field}.n": entry["n"]}

    flips = decide_report(inputs)["comparison"]["flip"]
    assert flips or "mismatch" in comparison
    for flip in flips:
        for way in (flip, *flip["also"]):
            if way["field"].endswith("on_test.difference"):
                continue  # The interval of another test than the counts give cannot be written as counts.
            step = 1 if way["field"].endswith((".fixed", ".broken", ".n")) else 0.001
            at, short = written_anew(inputs, way, present[way["field"]], "comparison", step)
            assert (at, short != at) == (flip["outcome"], True), way


@named(AFTER)
def test_a_situation_after_training_gets_its_decision(case, tmp_path):
    comparison, expected = decided(case, tmp_path)["comparison"], case["expect"]

    assert (comparison["outcome"], comparison["rule"]) == (expected["outcome"], expected["rule"])
    assert comparison["case"] == expected.get("case", "")
    assert expected["says"] in comparison["reason"]
    assert any(expected.get("notes", "") in note for note in [*comparison["notes"], ""])
    assert [entry["rule"] for entry in comparison["considered"]] == [f"T{number}" for number in range(1, 7)]
    fired = [entry for entry in comparison["considered"] if entry["held"]]
    assert (fired[0]["rule"], fired[0]["outcome"]) == (comparison["rule"], comparison["outcome"])


def test_the_panel_covers_every_outcome_and_every_rule():
    before = {(case["expect"]["rule"], case["expect"]["outcome"]) for case in BEFORE}
    after = {case["expect"]["rule"] for case in AFTER}

    assert len(BEFORE) + len(AFTER) >= 24
    assert {rule for rule, _ in before} == {f"R{number}" for number in range(1, 15)}
    assert len({outcome for _, outcome in before}) == 7
    assert after == {f"T{number}" for number in range(1, 7)}


def test_the_installed_command_says_the_same(tmp_path):
    """Once from outside: the exit code, stdout as one JSON object, and the seconds."""
    path = tmp_path / "inputs.json"
    path.write_text(json.dumps(decide_inputs(BEFORE[0])), encoding="utf-8")

    ran = subprocess.run(
        [sys.executable, "-m", "advisor", "decide", "--inputs", str(path), "--json"],
        capture_output=True, text=True, check=False, env=os.environ, cwd=tmp_path,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["verdict"]["outcome"] == BEFORE[0]["expect"]["outcome"]

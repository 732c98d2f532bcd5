"""Prices and volume in a run: they reach the verdict, the report and the costs, and a new price asks nothing anew."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from jsonschema import Draft202012Validator

sys.path.insert(0, str(Path(__file__).resolve().parent / "chat"))

from server import MODEL, Answer, FakeServer, reply, serving

from advisor.report.model import json_schema
from rubrics.errors import ExitCode

PRICES = [
    "--price", "10,20", "--tuned-price", "1,2", "--training-cost", "50", "--labelling-cost", "0",
    "--hosting-per-month", "100", "--retraining-per-month", "0", "--requests-per-month", "100000",
]  # fmt: skip


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A model whose prompts have ten tokens a turn and which answers one word, always the same."""

    def respond(request: dict[str, Any]) -> Answer:
        body = reply("q1")
        turns = len(request["messages"])
        body["usage"] = {"prompt_tokens": 10 * turns, "completion_tokens": 1, "total_tokens": 10 * turns + 1}
        return Answer(body)

    with serving() as fake:
        fake.respond = respond
        yield fake


@pytest.fixture
def words(server: FakeServer, rows_file: Path, tmp_path: Path) -> list[str]:
    """A run that asks the endpoint and trains nothing."""
    asked = ["--endpoint", server.url, "--endpoint-model", MODEL, "--rungs", "zero_shot,few_shot"]
    return ["run", "--data", str(rows_file), *asked, "--no-train", "--out", str(tmp_path / "run"), "--json"]


def test_prices_reach_costs_verdict_and_report(words, advisor, tmp_path):
    report = advisor(*words, *PRICES).json()

    Draft202012Validator(json_schema()).validate(report)
    for entry in report["baselines"]:
        spent = 10 * entry["prompt_tokens"] + 20 * entry["completion_tokens"]
        assert entry["cost"] == pytest.approx(spent / 1e6)
    chosen = next(entry for entry in report["baselines"] if entry["selected"] and entry["split"] == "test")
    found = report["economics"]
    assert found["present_per_request"] == pytest.approx(chosen["cost"] / chosen["n"])
    # One turn of ten tokens and an answer of one: what the tuned model is asked.
    assert found["tuned_per_request"] == pytest.approx((10 * 1 + 1 * 2) / 1e6)
    saved = found["present_per_request"] - found["tuned_per_request"]
    assert found["break_even_requests_per_month"] == pytest.approx((50 / 12 + 100) / saved)
    assert found["lacking"] == ["what a right answer is worth"]
    evidence = report["verdict"]["evidence"]
    assert evidence["break_even_requests_per_month"] == found["break_even_requests_per_month"]
    page = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "## Economics" in page
    assert "Not given, and not taken as free: what a right answer is worth." in page


def test_the_report_gives_decide_what_it_needs(words, advisor, tmp_path):
    report = advisor(*words, *PRICES).json()

    decided = advisor("decide", "--inputs", tmp_path / "run" / "report.json", "--json").json()

    assert report["prices"]["training"] == 50
    assert report["volume"] == {"requests_per_month": 100_000}
    assert decided["verdict"] == report["verdict"]


def test_a_dear_training_speaks_against_it(words, advisor):
    worth = ["--value-per-correct", "0.001", "--requests-per-month", "10", "--answer", "economics=no"]

    verdict = advisor(*words, "--training-cost", "1000000", *worth).json()["verdict"]

    [rule] = [rule for rule in verdict["considered"] if rule["rule"] == "R12"]
    assert (rule["held"], rule["outcome"]) == (True, "PROMPT_IS_ENOUGH")


def test_without_prices_nothing_is_said_of_money(words, advisor, tmp_path):
    report = advisor(*words).json()

    assert (report["economics"], report["prices"], report["volume"]) == (None, None, None)
    assert {entry["cost"] for entry in report["baselines"]} == {None}
    assert "Economics" not in (tmp_path / "run" / "report.md").read_text(encoding="utf-8")


def test_another_price_makes_the_verdict_anew_and_asks_nothing(words, advisor, server, tmp_path):
    first = advisor(*words, *PRICES).json()
    asked = len(server.requests)
    plan = tmp_path / "run" / "plan.toml"
    plan.write_text(tomli_w.dumps(tomllib.loads(plan.read_text()) | {"price": [20.0, 40.0]}), "utf-8")

    again = advisor("resume", tmp_path / "run", "--json").json()

    assert len(server.requests) == asked
    reused = {
        event["stage"]: event["reused"]
        for event in map(json.loads, (tmp_path / "run" / "events.jsonl").read_text().splitlines())
        if event["type"] == "stage_finished"
    }
    assert (reused["baseline"], reused["decide"]) == (True, False)
    for before, after in zip(first["baselines"], again["baselines"], strict=True):
        assert after == before | {"cost": pytest.approx(2 * before["cost"])}
    assert again["economics"]["present_per_request"] == pytest.approx(
        2 * first["economics"]["present_per_request"]
    )


def test_the_run_says_in_words_what_was_not_given(words, advisor):
    ran = advisor(*[word for word in words if word != "--json"], "--price", "10,20")

    [line] = [line for line in ran.out.splitlines() if line.startswith("economics: Not given")]
    assert "what hosting costs a month" in line
    assert "the price of an answer now" not in line


def test_prices_that_are_none_are_refused(words, advisor, tmp_path):
    ran = advisor(*words, "--price", "0.15")

    assert ran.code == ExitCode.WRONG_USE
    assert "--price: '0.15' is not two prices" in ran.err
    assert not (tmp_path / "run").exists()

"""The forecast of the ladder: held against what a run then asks, and what it says where little is known."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "chat"))

from forking import forked_trainers
from server import MODEL, Answer, FakeServer, reply, serving

from advisor import ladder_forecast
from advisor.interrupt import Interrupted, StopSignal
from advisor.ladder_forecast import Amount, LadderForecast, RungForecast, forecast_ladder
from advisor.plan import RUNGS, Plan
from advisor.run_directory import RunDirectory, create_run
from advisor.rungs.about import RUNG_ABOUT
from advisor.rungs.names import RUNG_NAMES
from advisor.walk import walk
from rubrics.errors import Fault
from trainer.job import read_json_lines


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving() as fake:
        fake.respond = lambda request: Answer(reply("q1"))
        yield fake


def measured(plan: Plan, folder: Path) -> RunDirectory:
    """The plan's ladder as a run measures it."""
    run = create_run(plan, folder)
    with forked_trainers():
        walk(plan, run, lambda event: None, StopSignal(), until="decide")
    return run


def asked(run: RunDirectory) -> dict[tuple[str, str], tuple[int, int]]:
    """Calls and prompt tokens of each rung on each split, as the run has them."""
    found = {}
    for file in sorted((run.path / "baselines").glob("*.*.jsonl")):
        rung, split, _ = file.name.split(".")
        rows = list(read_json_lines(file))
        if rung != "classifier":
            found[rung, split] = (len(rows), sum(row["prompt_tokens"] for row in rows))
    return found


def rung(forecast: LadderForecast, name: str) -> RungForecast:
    return next(entry for entry in forecast.rungs if entry.rung == name)


def test_every_rung_has_its_words():
    assert set(RUNG_ABOUT) == set(RUNG_NAMES) == set(RUNGS)


@pytest.fixture(scope="module")
def local_run(tiny_model, tmp_path_factory) -> RunDirectory:
    """A ladder of every rung, measured with the tiny model."""
    folder = tmp_path_factory.mktemp("forecast")
    rows = folder / "rows.jsonl"
    lines = [{"question": f"w{n * 7919} {'x' * (n % 9)}", "answer": f"q{n % 3}"} for n in range(40)]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    prompt = folder / "prompt.txt"
    prompt.write_text("Name the queue.")
    plan = Plan(data=rows, model=str(tiny_model), task="Sort it", no_train=True, prompt_file=prompt)
    return measured(plan, folder / "runs" / "one")


def test_a_local_run_asks_what_was_forecast_token_by_token(local_run):
    forecast = forecast_ladder(local_run.plan())

    # the run asked as many calls, of as many tokens, on the splits that were foreseen
    split = json.loads((local_run.path / "split.json").read_text())
    assert (forecast.train, forecast.dev, forecast.test) == (split["train"], split["dev"], split["test"])
    assert (forecast.exact, forecast.counted) == (True, "tokenizer")
    found = asked(local_run)
    assert {name for name, split in found if split == "dev"} == set(RUNGS) - {"classifier"}
    for (name, part), (calls, tokens) in found.items():
        amount = getattr(rung(forecast, name), part)
        assert (amount.calls, amount.prompt_tokens) == (calls, tokens), (name, part)
    total = sum(calls for calls, _ in found.values())
    assert forecast.least.calls <= total <= forecast.most.calls
    assert ("zero_shot", "test") in found
    assert rung(forecast, "zero_shot").on_test == "always"


def test_the_time_is_known_once_a_run_has_measured_the_model(local_run, tmp_path):
    plan, runs = local_run.plan(), local_run.path.parent
    assert forecast_ladder(plan, runs=tmp_path).seconds is None

    known = forecast_ladder(plan, runs=runs)

    assert known.pace is not None
    assert known.pace.run == "one"
    assert known.seconds is not None
    assert known.seconds[0] == known.pace.start_seconds + known.least.calls * known.pace.seconds_per_call
    # other weights of the model have another pace
    assert forecast_ladder(plan.model_copy(update={"precision": "fp32"}), runs=runs).pace is None
    # and a faster machine takes a shorter time
    fast = RunDirectory(tmp_path / "fast")
    shutil.copytree(local_run.path, fast.path, ignore=shutil.ignore_patterns("jobs"))
    rates = json.loads((fast.path / "measurement.json").read_text())
    for name, value in rates["measurement"].items():
        if name.endswith("tokens_per_second") and value:
            rates["measurement"][name] = 10 * value
    (fast.path / "measurement.json").write_text(json.dumps(rates))
    faster = forecast_ladder(plan, own=fast.path).pace
    assert faster is not None
    assert faster.seconds_per_call == pytest.approx(known.pace.seconds_per_call / 10)


def test_an_endpoint_is_asked_as_often_as_was_forecast(server, rows_file, tmp_path):
    plan = Plan(
        data=rows_file,
        endpoint=server.url,
        endpoint_model=MODEL,
        rungs=("zero_shot", "few_shot"),
        no_train=True,
        max_minutes=5,
    )
    forecast = forecast_ladder(plan)
    assert (forecast.counted, forecast.pace) == ("letters", None)

    measured(plan, tmp_path / "runs" / "one")

    assert forecast.least.calls <= len(server.requests) <= forecast.most.calls
    assert forecast.most.calls - forecast.least.calls == forecast.test
    again = forecast_ladder(plan, runs=tmp_path / "runs")
    assert again.pace is not None
    assert again.pace.start_seconds == 0


def test_a_limit_on_an_endpoint_takes_rows_and_says_so(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(
            json.dumps({"question": f"w{n * 7919} {n}", "answer": f"q{n % 3}"}) + "\n" for n in range(600)
        )
    )
    plan = Plan(
        data=rows, endpoint="http://127.0.0.1:9/v1", endpoint_model="m", rungs=("zero_shot",), no_train=True
    )

    forecast = forecast_ladder(plan.model_copy(update={"max_minutes": 1.0}))

    assert (forecast.dev, forecast_ladder(plan).dev) == (40, 60)
    assert "40 of 60 dev" in forecast.reductions[0]
    assert (
        forecast.least
        == forecast.most
        == Amount(160, forecast.most.prompt_tokens, forecast.most.completion_tokens)
    )


def test_a_limit_on_a_local_model_waits_for_its_speed(rows_file):
    plan = Plan(data=rows_file, model="org/not-fetched", max_minutes=1)

    forecast = forecast_ladder(plan)

    assert (forecast.limit_waits, forecast.counted, forecast.seconds) == (True, "letters", None)


def test_without_a_tokenizer_four_bytes_are_a_token(tmp_path):
    rows = tmp_path / "rows.jsonl"
    lines = [{"question": f"{n:08d}", "answer": "환불" if n % 2 else "refund"} for n in range(20)]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    plan = Plan(data=rows, task="sort", model="org/not-fetched", rungs=("zero_shot",))

    forecast = forecast_ladder(plan)

    # one for the task, two for the question; two for either answer and one for its end
    entry = rung(forecast, "zero_shot")
    assert entry.dev.prompt_tokens == 3 * forecast.dev
    assert entry.dev.completion_tokens == 3 * forecast.dev


def test_rungs_that_do_not_apply_say_why(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(json.dumps({"question": f"q{n}", "answer": f"open {n}"}) + "\n" for n in range(30))
    )

    forecast = forecast_ladder(Plan(data=rows, model="org/not-fetched"))

    assert "answers are open" in rung(forecast, "classifier").skipped
    assert "no --prompt-file" in rung(forecast, "prompt_file").skipped
    assert rung(forecast, "prompt_file").dev == Amount()


def test_a_rung_that_does_not_fit_is_forecast_as_the_run_leaves_it_out(tiny_model, tmp_path):
    # given a context of 512 tokens, which eight examples of this length do not fit into
    rows = tmp_path / "rows.jsonl"
    lines = [{"question": f"w{n * 7919} " + "order " * 100, "answer": f"q{n % 3}"} for n in range(40)]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    plan = Plan(data=rows, model=str(tiny_model), task="Sort it", no_train=True)
    # when it is forecast, and measured
    forecast = forecast_ladder(plan)
    run = measured(plan, tmp_path / "run")
    # then both leave the same rungs out, for the same reason, and nothing is reckoned for them
    left_out = json.loads((run.path / "baselines.json").read_text())["skipped"]
    assert "more than the model's context of 512" in left_out["few_shot"]
    assert {entry.rung: entry.skipped for entry in forecast.rungs if entry.skipped} == left_out
    assert rung(forecast, "few_shot").dev == Amount()
    assert (forecast.least.calls, forecast.most.calls) == _calls(run)


def _calls(run: RunDirectory) -> tuple[int, int]:
    """What was asked, which is the least where the plain prompt won and the most where another did."""
    found = asked(run)
    calls = sum(count for count, _tokens in found.values())
    test = found["zero_shot", "test"][0]
    others = [name for name, split in found if split == "test" and name != "zero_shot"]
    return (calls - test, calls) if others else (calls, calls + test)


def test_many_rows_are_counted_and_known_by_a_sample(tmp_path, monkeypatch):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(
            json.dumps({"question": f"w{n * 7919} {n}", "answer": f"q{n % 3}"}) + "\n" for n in range(600)
        )
    )
    plan = Plan(data=rows, model="org/not-fetched", rungs=("zero_shot",))
    exact = forecast_ladder(plan)

    monkeypatch.setattr(ladder_forecast, "EXACT_ROWS", 500)
    monkeypatch.setattr(ladder_forecast, "divided", lambda *given: pytest.fail("rows were divided"))
    sampled = forecast_ladder(plan)

    assert not sampled.exact
    assert (sampled.train, sampled.dev, sampled.test) == (420, 60, 120)
    assert sampled.most.calls == pytest.approx(exact.most.calls, rel=0.02)
    assert sampled.most.prompt_tokens == pytest.approx(exact.most.prompt_tokens, rel=0.05)


def test_a_forecast_that_is_no_longer_wanted_ends(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"question": f"q{n}", "answer": "a"}) + "\n" for n in range(600)))
    looks: list[int] = []

    def check() -> None:
        looks.append(1)
        raise Interrupted

    with pytest.raises(Interrupted):
        forecast_ladder(Plan(data=rows), check=check)
    assert len(looks) == 1


@pytest.mark.parametrize("given", ["dev", ""])
def test_given_files_are_the_splits(given, tmp_path, monkeypatch):
    sizes = {"train": 200, "test": 70} | ({"dev": 30} if given else {})
    files: dict[str, Any] = {}
    for name, count in sizes.items():
        files[name] = tmp_path / f"{name}.jsonl"
        lines = [{"question": f"{name} w{n * 7919}", "answer": f"q{n % 3}"} for n in range(count)]
        files[name].write_text("".join(json.dumps(line) + "\n" for line in lines))
    plan = Plan(**files, model="org/not-fetched", rungs=("few_shot",))
    exact = forecast_ladder(plan)

    monkeypatch.setattr(ladder_forecast, "EXACT_ROWS", 10)
    sampled = forecast_ladder(plan)

    assert (exact.dev, exact.test, exact.most.calls) == ((30, 70, 100) if given else (20, 70, 90))
    assert (sampled.train, sampled.dev, sampled.test) == (exact.train, exact.dev, exact.test)


def test_what_a_run_would_refuse_is_refused(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"question": "q", "answer": "a"}\n{oops\n')

    with pytest.raises(Fault) as raised:
        forecast_ladder(Plan(data=rows))

    assert any("rows.jsonl:2" in problem for problem in raised.value.problems)
    with pytest.raises(Fault, match="no test rows"):
        forecast_ladder(Plan(train=rows))

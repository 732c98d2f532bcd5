"""What the verdict reads of a run: counted on the rows that were divided, by clusters, and on the options that matter."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "chat"))

from server import MODEL, Answer, reply, serving

from advisor.interrupt import StopSignal
from advisor.pairing import in_common
from advisor.predictions import Prediction
from advisor.run_directory import RunDirectory
from advisor.stages.assess import ASSESS
from advisor.stages.baseline import BASELINE, predictions_file
from advisor.stages.budget import BUDGET
from advisor.stages.contenders import cured_option
from advisor.stages.inspect import INSPECT
from advisor.stages.split import SPLIT
from advisor.walk import open_context

Answering = Callable[[int], str]
LABELS = ("refund", "parcel", "login")


def text_of(at: int) -> str:
    """A message like no other, with its number last."""
    draw = random.Random(at)
    return " ".join("".join(draw.choices("abcdefghijklmnoprstu", k=7)) for _ in range(9)) + f" {at}"


def right(at: int) -> str:
    return LABELS[at % 3]


def wrong_in(every: int) -> Answering:
    """Right but for every so many rows, however those are divided."""
    return lambda at: "something else" if random.Random(at).random() < 1 / every else right(at)


@contextmanager
def answering(**rungs: Answering) -> Iterator[str]:
    """A model that answers each kind of prompt in its own way."""

    def respond(request: dict[str, Any]) -> Answer:
        turns = request["messages"]
        examples = len(turns) > 2
        rung = "few_shot" if examples else "zero_shot" if turns[0]["content"] == "Sort it" else "instruction"
        return Answer(reply(rungs[rung](int(turns[-1]["content"].split()[-1]))))

    with serving() as fake:
        fake.respond = respond
        yield fake.url


@pytest.fixture
def measured(advisor, tmp_path) -> Callable[..., dict[str, Any]]:
    """Measure the cheap options, without training; the report."""

    def call(url: str, *words: str, data: Path | None = None, rungs: str = "zero_shot,instruction,few_shot"):
        asked = ["--endpoint", url, "--endpoint-model", MODEL, "--rungs", rungs, "--task", "Sort it"]
        given = ["--data", str(data)] if data else []
        out = ["--no-train", "--out", str(tmp_path / "run"), "--json"]
        ran = advisor("run", *given, *asked, *words, *out)
        assert ran.code == 0, ran.err
        return ran.json()

    return call


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def rows(tmp_path) -> Path:
    return write(
        tmp_path / "rows.jsonl", [{"question": text_of(at), "answer": right(at)} for at in range(300)]
    )


def scored_on_test(report: dict[str, Any]) -> list[str]:
    return [entry["rung"] for entry in report["baselines"] if entry["split"] == "test"]


def test_the_cheapest_option_that_reaches_the_target_is_asked_about_the_test_rows(measured, rows):
    with answering(zero_shot=lambda at: "no", instruction=wrong_in(25), few_shot=right) as url:
        report = measured(url, "--target", "0.8", data=rows)

    assert scored_on_test(report) == ["zero_shot", "instruction", "few_shot"]
    verdict = report["verdict"]
    assert (verdict["outcome"], verdict["rule"], verdict["rung"]) == ("PROMPT_IS_ENOUGH", "R5", "instruction")
    assert "the better instruction at 0.9" in report["advice"]


@pytest.mark.parametrize("words", [(), ("--target", "0.8", "--max-minutes", "5")])
def test_without_a_target_or_under_a_time_limit_only_plain_prompt_and_winner_are(words, measured, rows):
    with answering(zero_shot=lambda at: "no", instruction=wrong_in(25), few_shot=right) as url:
        report = measured(url, *words, data=rows)

    assert scored_on_test(report) == ["zero_shot", "few_shot"]


def test_what_changes_without_any_gain_is_planned_with(measured, rows, tmp_path):
    with answering(
        zero_shot=wrong_in(3), instruction=lambda at: "no", few_shot=lambda at: right(at) if at % 2 else "no"
    ) as url:
        report = measured(url, data=rows)

    first, second = (
        {row["id"]: row["scores"]["exact_match"] for row in map(json.loads, (tmp_path / "run" / "baselines" / f"{rung}.dev.jsonl").open())}
        for rung in ("zero_shot", "few_shot")
    )  # fmt: skip
    apart = sum(first[name] != second[name] for name in first) / len(first)
    behind = abs(sum(first.values()) - sum(second.values())) / len(first)
    assert report["churn"] == pytest.approx(apart - behind)
    evidence = report["verdict"]["evidence"]
    assert evidence["discordance"] == pytest.approx(report["churn"] + evidence["need"])


def test_training_rows_of_a_label_are_counted_after_the_rows_were_divided(measured, tmp_path):
    answers = ["refund"] * 150 + ["parcel"] * 143 + ["rare"] * 7
    data = write(
        tmp_path / "rare.jsonl",
        [{"question": text_of(at), "answer": text} for at, text in enumerate(answers)],
    )

    with answering(zero_shot=lambda at: "refund") as url:
        report = measured(url, data=data, rungs="zero_shot")

    train = [json.loads(line) for line in (tmp_path / "run" / "splits" / "train.jsonl").open()]
    rarest = min(Counter(row["answer"] for row in train).values())
    assert report["data"]["labels"] == {"rarest": rarest, "missing": 0}
    assert rarest < 7
    [rule] = [rule for rule in report["verdict"]["considered"] if rule["rule"] == "R8"]
    assert rule["held"] == (rarest < 5)


def test_findings_of_one_file_are_shares_of_its_rows_and_not_of_all(measured, tmp_path):
    train = [{"question": text_of(at), "answer": right(at)} for at in range(80)]
    conflicting = [{"question": text_of(at), "answer": right(at + 1)} for at in range(20)]
    held_out = [{"question": text_of(1000 + at), "answer": right(1000 + at)} for at in range(300)]
    files = {"train": [*train, *conflicting], "dev": held_out[:100], "test": held_out[100:]}
    words = [
        word
        for name, rows in files.items()
        for word in (f"--{name}", str(write(tmp_path / f"{name}.jsonl", rows)))
    ]

    with answering(zero_shot=lambda at: "refund") as url:
        report = measured(url, *words, rungs="zero_shot")

    assert (report["data"]["rows"], report["data"]["checked"]) == (400, 100)
    assert report["verdict"]["evidence"]["conflict_share"] == pytest.approx(0.4)


def test_dev_rows_in_clusters_are_fewer_pieces_of_evidence_too(measured, tmp_path):
    people = [f"c{at // 10}" for at in range(300)]
    rows = [{"question": text_of(at), "answer": right(at), "customer": who} for at, who in enumerate(people)]
    data = write(tmp_path / "people.jsonl", rows)

    def by_customer(at: int) -> str:
        return right(at) if (at // 10) % 2 else "no"

    with answering(zero_shot=by_customer) as url:
        report = measured(url, "--cluster-field", "customer", data=data, rungs="zero_shot")

    dev = next(entry for entry in report["baselines"] if entry["split"] == "dev")["metrics"]["exact_match"]
    n = report["data"]["splits"]["dev"]
    assert n > 10
    # Whole customers are right or wrong, so that the interval is nearly as wide as one of three rows.
    assert dev["high"] - dev["low"] > 0.5
    assert report["independent"] < 0.2
    assert report["verdict"]["evidence"]["independent_rows"] < report["data"]["splits"]["test"] / 5


def opened(run: Path):
    """The run's context, with everything that was measured before training."""
    directory = RunDirectory(run)

    def silent(event: object) -> None:
        return None

    context = open_context(directory.plan(), directory, silent, silent, StopSignal())
    for stage in (ASSESS, INSPECT, SPLIT, BUDGET, BASELINE):
        context.execute(stage)
    return context


def test_an_option_that_fails_by_its_form_alone_is_one_to_beat_with_the_form_cured(measured, rows, tmp_path):
    def wordy(at: int) -> str:
        return f"The label is {wrong_in(4)(at)}."

    with answering(zero_shot=wordy, instruction=lambda at: "no", few_shot=lambda at: "no") as url:
        report = measured(url, data=rows)
        context = opened(tmp_path / "run")

    [dev] = [
        entry for entry in report["baselines"] if (entry["rung"], entry["split"]) == ("zero_shot", "dev")
    ]
    assert dev["metrics"]["exact_match"]["value"] == 0
    cured = cured_option(context)
    assert cured is not None
    assert (cured.rung, cured.extraction, cured.contender.rung) == (
        "zero_shot",
        "label_match",
        "zero_shot/label_match",
    )
    assert cured.contender.value == pytest.approx(dev["metrics"]["label_match"]["value"])
    assert cured.contender.difference == pytest.approx(cured.contender.value)
    assert cured.contender.n == dev["n"]
    assert predictions_file(context, cured.rung, "test").exists()


def test_no_option_is_added_where_the_form_is_sound(measured, rows, tmp_path):
    with answering(zero_shot=wrong_in(4), instruction=lambda at: "no", few_shot=lambda at: "no") as url:
        measured(url, data=rows)
        context = opened(tmp_path / "run")

    assert cured_option(context) is None


def prediction(name: str, reference: str = "a") -> Prediction:
    return Prediction(id=name, prompt=[], reference=reference, prediction="a", scores={"exact_match": 1.0})


@pytest.mark.parametrize(
    ("before", "after", "shared", "mismatch"),
    [
        ([prediction("1"), prediction("2")], [prediction("2"), prediction("1")], ["2", "1"], []),
        ([prediction("1"), prediction("2")], [prediction("2")], ["2"], ["rows"]),
        ([prediction("1")], [prediction("1"), prediction("3")], ["1"], ["rows"]),
        ([prediction("1", "b")], [prediction("1")], ["1"], ["references"]),
    ],
)
def test_two_systems_are_compared_on_the_rows_that_both_answered(before, after, shared, mismatch):
    first, second, found = in_common(before, after)

    assert [row.id for row in first] == [row.id for row in second] == shared
    assert found == mismatch

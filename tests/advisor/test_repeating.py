"""evaluate --repeats: the mean over sampled answers, its interval, and the noise floor of one scoring."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "chat"))

from forking import forked_trainers
from server import MODEL, Answer, FakeServer, reply, serving

from advisor.predictions import noise_over_all, score_over_all
from rubrics.errors import ExitCode
from rubrics.scoring import macro_f1_interval
from rubrics.statistics import mean_interval, noise_floor

ROWS = 40


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    lines = ({"id": f"r/{at}", "question": f"question {at}", "answer": "ab"[at % 2]} for at in range(ROWS))
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A model that is always right on the first 20 questions, and on the others with a chance of one half."""

    def respond(request: dict[str, Any]) -> Answer:
        at = int(request["messages"][-1]["content"].split()[-1])
        luck = np.random.default_rng([at, int(request.get("seed", 0))]).random()
        right = at < 20 or luck < 0.5
        return Answer(reply("ab"[at % 2] if right else "ba"[at % 2]))

    with serving() as fake:
        fake.respond = respond
        yield fake


@pytest.fixture
def words(rows: Path, server: FakeServer, tmp_path: Path) -> list[str]:
    asked = ["--endpoint", server.url, "--endpoint-model", MODEL, "--metric", "exact_match,macro_f1"]
    return ["evaluate", "--data", str(rows), *asked, "--out", str(tmp_path / "scored")]


def predictions(folder: Path, number: int) -> list[dict[str, Any]]:
    path = folder / f"predictions-{number}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_repetition_is_kept_and_the_score_is_their_mean(words, advisor, server, tmp_path):
    found = advisor(*words, "--repeats", 3, "--temperature", 0.7, "--json").json()

    kept = [predictions(tmp_path / "scored", number) for number in (1, 2, 3)]
    assert [[row["id"] for row in each] for each in kept] == [[row["id"] for row in kept[0]]] * 3
    scores = [[row["scores"]["exact_match"] for row in each] for each in kept]
    assert len(server.requests) == 3 * ROWS == len({json.dumps(asked) for asked in server.requests})
    assert {asked["temperature"] for asked in server.requests} == {0.7}
    assert {asked["seed"] for asked in server.requests} == {0, 1, 2}
    expected = mean_interval(np.mean(scores, axis=0))
    assert found["metrics"]["exact_match"] == pytest.approx(vars(expected))
    assert (found["n"], found["repeats"], found["temperature"]) == (ROWS, 3, 0.7)
    assert found["noise_floor"]["exact_match"] == vars(noise_floor(scores))
    assert found["noise_floor"].keys() == {"exact_match", "macro_f1"}
    assert [each["metrics"]["exact_match"]["value"] for each in found["repetitions"]] == [
        float(np.mean(each)) for each in scores
    ]
    f1 = [each["metrics"]["macro_f1"]["value"] for each in found["repetitions"]]
    assert found["metrics"]["macro_f1"]["value"] == pytest.approx(float(np.mean(f1)))
    assert found == json.loads((tmp_path / "scored" / "scores.json").read_text())


def test_the_noise_floor_is_said_in_words(words, advisor):
    ran = advisor(*words, "--repeats", 3, "--temperature", 0.7)

    noise = next(line for line in ran.out.splitlines() if line.startswith("noise of exact_match: "))
    assert "noise of macro_f1: " in ran.out
    assert "mean of 3 repetitions at temperature 0.7" in ran.out
    assert "(95%)" in noise
    assert "predictions-3.jsonl" in ran.err


def test_once_and_greedy_is_as_it_was(words, advisor, server, tmp_path):
    found = advisor(*words, "--json").json()

    assert found.keys() <= {"n", "missing", "unknown", "metrics", "details", "cautions"}
    assert (tmp_path / "scored" / "predictions.jsonl").is_file()
    assert {asked["temperature"] for asked in server.requests} == {0}
    assert not any("seed" in asked for asked in server.requests)


def test_an_endpoint_may_be_repeated_greedily(words, advisor):
    """Servers answer differently at temperature 0 too."""
    found = advisor(*words, "--repeats", 2, "--json").json()

    assert found["noise_floor"]["exact_match"]["difference"] == 0


def test_a_difference_under_the_floor_comes_by_sampling_alone():
    # Given 40 rows of which 20 hang on a coin, scored 400 times over
    rng = np.random.default_rng(1)
    scores = np.hstack([np.ones((400, 20)), rng.integers(0, 2, (400, 20))])

    floor = noise_floor(scores[:5].tolist()).difference

    # Then about 95% of the differences of two scorings stay under it
    means = scores.mean(axis=1)
    under = np.abs(means[0::2] - means[1::2]) <= floor + 1e-9
    assert 0.9 < under.mean() < 0.995


def test_the_mean_of_macro_f1_over_repetitions_has_an_interval_around_it():
    references, right = ["a", "b"] * 20, ["a", "b"] * 20
    wrong = ["a"] * 40

    found = score_over_all(references, [right, wrong], "macro_f1", ["a", "b"])

    assert found.value == pytest.approx((1 + 1 / 3) / 2)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--repeats", "0"], "--repeats"),
        (["--repeats", "101"], "--repeats"),
        (["--temperature", "-1"], "--temperature"),
        (["--temperature", "0.001"], "--temperature"),
        (["--temperature", "nan"], "--temperature"),
        (["--temperature", "2.5"], "--temperature"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_values_that_mean_nothing_are_refused(more, said, words, advisor, tmp_path):
    ran = advisor(*words, *more)

    assert (ran.code, said in ran.err) == (ExitCode.WRONG_USE, True)
    assert not (tmp_path / "scored").exists()


def test_greedy_repetitions_of_a_local_model_are_refused(rows, advisor, tmp_path):
    ran = advisor("evaluate", "--data", rows, "--model", "smollm2-135m", "--repeats", 3)

    assert ran.code == ExitCode.WRONG_USE
    assert "gives the same answers again at temperature 0" in ran.err


def test_answers_that_exist_are_not_sampled(rows, advisor):
    ran = advisor("evaluate", "--predictions", rows, "--references", rows, "--temperature", 0.5)

    assert (ran.code, "--temperature" in ran.err) == (ExitCode.WRONG_USE, True)


def test_a_local_model_gives_the_same_samples_for_the_same_seed(rows, advisor, tiny_model, tmp_path):
    def sample(name: str, seed: int) -> list[list[str]]:
        out = tmp_path / name
        given = ["--model", tiny_model, "--precision", "fp32", "--temperature", 1, "--repeats", 2]
        with forked_trainers():
            ran = advisor("evaluate", "--data", rows, *given, "--seed", seed, "--out", out, "--json")
        assert ran.code == 0, ran.err
        return [[row["prediction"] for row in predictions(out, number)] for number in (1, 2)]

    one, again, other = sample("one", 5), sample("again", 5), sample("other", 50)

    assert one == again
    assert one[0] != one[1]
    assert one != other


def test_a_difference_of_macro_f1_under_the_floor_comes_by_sampling_alone():
    # Given 60 rows of three labels, a third of them answered by a coin, in 400 scorings
    rng = np.random.default_rng(2)
    references = ["a", "b", "c"] * 20
    coin = [at < 20 for at in range(60)]
    scorings = [
        [rng.choice(["a", "b"]) if tossed else right for tossed, right in zip(coin, references, strict=True)]
        for _ in range(400)
    ]

    floor = noise_over_all(references, scorings[:6], "macro_f1", ["a", "b", "c"])

    # Then about 95% of the differences of two scorings stay under it, and half of the floor would be too little
    values = [macro_f1_interval(references, answered).value for answered in scorings]
    differences = np.abs(np.subtract(values[0::2], values[1::2]))
    assert 0.9 < (differences <= floor.difference).mean() < 0.995
    assert (differences <= floor.difference / 2).mean() < 0.8
    assert floor.unstable == pytest.approx(20 / 60, abs=0.05)


def test_rows_of_one_customer_widen_the_interval_of_a_mean_over_repetitions(words, rows, advisor, tmp_path):
    lines = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    marked = [line | {"customer": f"c{at // 20}"} for at, line in enumerate(lines)]
    rows.write_text("".join(json.dumps(line) + "\n" for line in marked), encoding="utf-8")

    alone = advisor(*words, "--repeats", 2, "--temperature", 0.7, "--json").json()
    other = [*words[:-1], str(tmp_path / "again")]
    found = advisor(
        *other, "--repeats", 2, "--temperature", 0.7, "--cluster-field", "customer", "--json"
    ).json()

    assert (found["clusters"], "clusters" in alone) == (2, False)
    one, wide = alone["metrics"]["exact_match"], found["metrics"]["exact_match"]
    assert one["value"] == wide["value"]
    assert wide["high"] - wide["low"] > 1.5 * (one["high"] - one["low"])
    assert "clusters" in " ".join(found["cautions"]["exact_match"])

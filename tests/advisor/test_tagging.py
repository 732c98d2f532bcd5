"""Wrong answers to be tagged: written with a run, tagged by a person, taken up by a resume and by decide."""

from __future__ import annotations

import json
import random

import pytest

from advisor.predictions import Prediction
from advisor.tagging import SHOWN, read_tags, write_failures
from rubrics.errors import ExitCode, Fault


def prediction(at: int, score: float = 0.0, text: str = "wrong") -> Prediction:
    prompt = [{"role": "system", "content": "Route it."}, {"role": "user", "content": f"question {at}"}]
    return Prediction(
        id=f"r{at}", prompt=prompt, reference="right", prediction=text, scores={"exact_match": score}
    )


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def tag(path, name: str, most: int = SHOWN) -> None:
    rows = [row | {"tag": name} if at < most else row for at, row in enumerate(lines(path))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_a_sample_of_the_wrong_answers_is_written_ready_to_be_tagged(tmp_path):
    path = tmp_path / "failures.jsonl"
    answered = [prediction(at, at % 2) for at in range(200)]

    written = write_failures(path, "few_shot", answered, "exact_match")

    rows = lines(path)
    assert written == len(rows) == SHOWN
    places = [int(row["id"].removeprefix("r")) for row in rows]
    assert places == sorted(places)
    # Not the first ones: rows often come by day or by customer.
    assert sum(place >= 100 for place in places) > SHOWN / 4
    assert rows[0] == {
        "id": rows[0]["id"], "rung": "few_shot", "prompt": f"question {places[0]}", "reference": "right", "prediction": "wrong",
        "score": 0.0, "tag": None,
    }  # fmt: skip
    assert read_tags(path) == []

    # The same when the ladder is measured again, in whatever order.
    write_failures(path, "few_shot", answered[::-1], "exact_match")
    assert {row["id"] for row in lines(path)} == {row["id"] for row in rows}


def test_tags_stay_with_answers_that_are_still_the_same(tmp_path):
    path = tmp_path / "failures.jsonl"
    write_failures(path, "few_shot", [prediction(0), prediction(1)], "exact_match")
    tag(path, "format")

    write_failures(path, "few_shot", [prediction(0), prediction(1, text="another")], "exact_match")

    assert [row["tag"] for row in lines(path)] == ["format", None]


def test_an_answer_with_a_line_separator_in_it_is_one_line(tmp_path):
    path = tmp_path / "failures.jsonl"
    write_failures(path, "few_shot", [prediction(0, text="a\u2028b")], "exact_match")
    tag(path, "bad_label")

    assert read_tags(path) == [{"id": "r0", "tag": "bad_label"}]


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (None, ExitCode.WRONG_USE, "no such file"),
        ('{"id": "a", "tag": "typo"}\n', ExitCode.BAD_DATA, "'typo' is not a tag"),
        ('{"id": "a", "tag": 3}\n', ExitCode.BAD_DATA, "3 is not a tag"),
        ('{"id": "a"\n', ExitCode.BAD_DATA, "line 1 is not JSON"),
        ("\n[]\n", ExitCode.BAD_DATA, "line 2 is not a JSON object"),
        (b"\xff\xfe", ExitCode.BAD_DATA, "cannot be read"),
    ],
)
def test_a_file_that_is_no_list_of_tags_is_refused(content, code, said, tmp_path):
    path = tmp_path / "failures.jsonl"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(Fault) as caught:
        read_tags(path)

    assert caught.value.code == code
    assert said in str(caught.value)


def test_tags_that_cannot_be_read_are_not_overwritten(tmp_path):
    path = tmp_path / "failures.jsonl"
    path.write_text('{"id": "r0", "tag": "format"\n', encoding="utf-8")

    with pytest.raises(Fault):
        write_failures(path, "few_shot", [prediction(0)], "exact_match")

    assert '"tag": "format"' in path.read_text(encoding="utf-8")


@pytest.fixture
def guessed(tmp_path):
    """Rows whose answers have nothing to do with their prompts: a classifier fails on most of them."""
    draw = random.Random(3)
    words = [
        "parcel",
        "invoice",
        "login",
        "refund",
        "depot",
        "customs",
        "form",
        "bridge",
        "lamp",
        "river",
        "garden",
        "window",
    ]
    rows = [
        {"question": " ".join(draw.sample(words, 8)) + f" {at}", "answer": draw.choice("abcdef")}
        for at in range(300)
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_resume_takes_tags_up_and_so_does_decide(advisor, guessed, tmp_path):
    run = tmp_path / "run"
    first = advisor("baseline", "--data", guessed, "--rungs", "classifier", "--out", run, "--json", "--quiet")
    path = run / "baselines" / "failures.jsonl"
    assert first.code == 0, first.err
    assert first.json()["verdict"]["rule"] != "R4"
    assert {row["rung"] for row in lines(path)} == {"classifier"}
    assert 10 <= len(lines(path)) <= SHOWN

    tag(path, "missing_fact")
    second = advisor("resume", run, "--json", "--quiet").json()

    assert (second["verdict"]["outcome"], second["verdict"]["rule"]) == ("USE_RETRIEVAL", "R4")
    s10 = second["suitability"]["criteria"][-1]
    assert (s10["id"], s10["answer"], s10["source"], s10["effect"]) == ("S10", "no", "data", -2)
    (tmp_path / "first.json").write_text(first.out, encoding="utf-8")
    decided = advisor("decide", "--inputs", tmp_path / "first.json", "--failures", path, "--json").json()
    assert decided["verdict"]["rule"] == "R4"
    assert decided["verdict"]["evidence"]["failures"]["missing_fact"] == len(lines(path))


def test_a_persons_answer_to_s10_is_kept(advisor, guessed, tmp_path):
    run = tmp_path / "run"
    flags = ("--rungs", "classifier", "--answer", "failures=yes", "--json", "--quiet")
    advisor("baseline", "--data", guessed, "--out", run, *flags)
    tag(run / "baselines" / "failures.jsonl", "missing_fact")

    s10 = advisor("resume", run, "--json", "--quiet").json()["suitability"]["criteria"][-1]

    assert (s10["answer"], s10["source"]) == ("yes", "user")


def test_wrong_tags_end_a_resume_with_3_and_lose_nothing(advisor, guessed, tmp_path):
    run = tmp_path / "run"
    advisor("baseline", "--data", guessed, "--rungs", "classifier", "--out", run, "--quiet")
    path = run / "baselines" / "failures.jsonl"
    tag(path, "typo", most=1)

    ran = advisor("resume", run, "--json", "--quiet")

    assert (ran.code, ran.out) == (ExitCode.BAD_DATA, "")
    assert "'typo' is not a tag" in ran.err
    assert lines(path)[0]["tag"] == "typo"

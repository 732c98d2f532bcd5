"""`advisor judge` against judges on loopback: biased, agreeing too little, failing, talking nonsense."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from judging_desk import KEY, Desk, by_quality, judging, says, texts_of
from server import MODEL, Answer, FakeServer, failure, refused, reply

from advisor.judging.asking import Caps, next_wave
from advisor.judging.kept import Call, call_of
from rubrics.errors import ExitCode
from rubrics.judging.framing import Framed

MIRRORED = {"a": "b", "b": "a"}
PAIRS = [(f"{i % 4} a{i}", f"{(i * 7 + 1) % 5} other b{i}") for i in range(40)]
"""Their better one, by quality, is sometimes A, sometimes B, sometimes neither."""


def truth(pairs: list[tuple[str, str]]) -> list[str]:
    return [{"1": "a", "2": "b", "tie": "tie"}[by_quality(*pair)] for pair in pairs]


def kept(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "judged.jsonl").read_text().split("\n") if line]


def everything_written(folder: Path) -> str:
    return "\n".join(path.read_text() for path in folder.rglob("*") if path.is_file())


# Pairs


def test_a_judge_that_agrees_with_people_decides(advisor, desk: Desk, server: FakeServer):
    pairs = [(f"1 a{i}", f"3 b{i}") for i in range(30)]
    pairs += [(f"4 a{i}", f"2 b{i}") for i in range(8)] + [(f"2 a{i}", f"2 b{i}") for i in range(6)]
    server.respond = judging(by_quality)

    found = advisor(*desk.pairs(pairs, truth(pairs)), "--json").json()

    assert (found["wins"]["a"], found["wins"]["b"], found["wins"]["ties"]) == (8, 30, 6)
    assert found["wins"]["difference"]["value"] == pytest.approx(22 / 44)
    assert found["wins"]["difference"]["low"] > 0
    assert found["wins"]["p_value"] < 0.001
    assert found["agreement"]["kappa"]["value"] == 1
    assert (found["may_decide"], found["outcome"]) == (True, "b")
    assert (found["invalid"], found["calls"], found["position"]["flips"]) == (0, 88, 0)
    assert found["prompt_tokens"] == 7 * 88


def test_the_request_is_greedy_framed_and_held_to_a_schema(advisor, desk: Desk, server: FakeServer):
    server.respond = judging(by_quality)

    advisor(*desk.pairs([("1 one", "2 two")]))

    forward, backward = sorted(server.requests, key=lambda request: texts_of(request)["ANSWER 1"])
    assert texts_of(forward) == {
        "QUESTION": "question 0?",
        "REFERENCE": "answer 0",
        "ANSWER 1": "1 one",
        "ANSWER 2": "2 two",
    }
    assert texts_of(backward)["ANSWER 1"] == "2 two"
    assert forward["temperature"] == 0
    form = forward["response_format"]
    assert (form["type"], form["json_schema"]["strict"]) == ("json_schema", True)
    assert form["json_schema"]["schema"]["properties"]["verdict"]["enum"] == ["1", "2", "tie"]


def test_swapping_the_files_swaps_the_result(advisor, desk: Desk, server: FakeServer):
    server.respond = judging(by_quality)

    one = advisor(*desk.pairs(PAIRS, truth(PAIRS)), "--json").json()
    swapped = [(b, a) for a, b in PAIRS]
    other = advisor(*desk.pairs(swapped, truth(swapped)), "--json").json()

    assert (one["wins"]["a"], one["wins"]["b"]) == (other["wins"]["b"], other["wins"]["a"])
    assert one["wins"]["difference"]["low"] == pytest.approx(-other["wins"]["difference"]["high"])
    assert one["wins"]["p_value"] == other["wins"]["p_value"]
    assert MIRRORED.get(one["outcome"], one["outcome"]) == other["outcome"]
    # The same prompts in the other order: nothing had to be asked again.
    assert len(server.requests) == one["calls"] == other["calls"]


def test_a_judge_of_places_makes_ties_and_flips_alone(advisor, desk: Desk, server: FakeServer):
    server.respond = judging(lambda first, second: "1")

    found = advisor(*desk.pairs(PAIRS, truth(PAIRS)), "--json").json()

    assert found["wins"]["ties"] == found["wins"]["n"] == 40
    assert found["position"]["flip_rate"]["value"] == found["position"]["first_share"] == 1
    assert (found["may_decide"], found["outcome"]) == (False, "undecided")


def test_a_judge_of_lengths_is_shown_as_one(advisor, desk: Desk, server: FakeServer):
    server.respond = judging(lambda first, second: "1" if len(first) > len(second) else "2")
    pairs = [("short", "much longer"), ("much longer", "short")] * 10
    pairs = [(f"{a} {i:02}", f"{b} {i:02}") for i, (a, b) in enumerate(pairs)]

    found = advisor(*desk.pairs(pairs, ["a"] * 20), "--json").json()

    assert found["length"]["judge"]["longer_share"]["value"] == 1
    assert found["length"]["human"]["longer_share"]["value"] == 0.5


def test_a_judge_that_agrees_on_six_of_ten_is_refused(advisor, desk: Desk, server: FakeServer):
    server.respond = judging(by_quality)
    pairs = [(f"1 a{i}", f"3 b{i}") if i % 2 else (f"3 a{i}", f"1 b{i}") for i in range(60)]
    people = [MIRRORED[label] if i % 10 < 4 else label for i, label in enumerate(truth(pairs))]

    ran = advisor(*desk.pairs(pairs, people))
    found = advisor(*desk.pairs(pairs, people), "--json").json()

    assert found["agreement"]["accuracy"]["value"] == pytest.approx(0.6)
    assert found["agreement"]["kappa"]["value"] == pytest.approx(0.2)
    assert (found["may_decide"], found["outcome"]) == (False, "undecided")
    assert "agrees too little with people: kappa 0.20" in found["reason"]
    assert "Landis and Koch" in found["reason"]
    assert ran.code == 0
    assert "must not decide" in ran.out


def test_without_human_labels_it_must_not_decide(advisor, desk: Desk, server: FakeServer):
    server.respond = judging(lambda first, second: "1" if "b" in first else "2")

    found = advisor(*desk.pairs(PAIRS), "--json").json()

    assert found["wins"]["b"] == 40
    assert (found["agreement"], found["may_decide"], found["outcome"]) == (None, False, "undecided")
    assert "not measured" in found["reason"]


def test_equal_and_missing_answers_are_not_asked_about(advisor, desk: Desk, server: FakeServer):
    server.respond = judging(by_quality)
    arguments = desk.pairs([("1 same", "1 same"), ("1 x", "2 y"), ("1 x", "2 z")])
    desk.lines("b.jsonl", [{"id": "r0", "prediction": "1 same"}, {"id": "r1", "prediction": "2 y"}])

    found = advisor(*arguments, "--json").json()

    assert (found["calls"], found["identical"], found["missing"]) == (2, 1, {"a": 0, "b": 1})
    assert (found["wins"]["a"], found["wins"]["b"], found["wins"]["ties"]) == (1, 1, 1)


def test_replies_that_cannot_be_read_are_counted_and_left_out(advisor, desk: Desk, server: FakeServer):
    def respond(request: dict[str, Any]) -> Answer:
        texts = texts_of(request)
        if texts["QUESTION"] in {f"question {i}?" for i in range(5)}:
            return Answer(reply("The first one is clearly better."))
        return says(verdict=by_quality(texts["ANSWER 1"], texts["ANSWER 2"]))

    server.respond = respond

    found = advisor(*desk.pairs(PAIRS, truth(PAIRS)), "--json").json()

    assert (found["invalid"], found["wins"]["n"], found["agreement"]["n"]) == (5, 35, 35)
    assert not found["may_decide"]
    assert "5 of 40 verdicts could not be read" in found["reason"]


# One file


def test_scores_have_a_mean_with_an_interval_and_agreement_by_grade(advisor, desk: Desk, server: FakeServer):
    server.respond = lambda request: says(score=int(texts_of(request)["ANSWER"][0]))
    answers = [f"{1 + i % 5} {'x' * (i % 5)} {i:02}" for i in range(40)]
    people = [min(5, int(text[0]) + (i % 4 == 0)) for i, text in enumerate(answers)]

    found = advisor(*desk.singles(answers, people), "--json").json()

    assert (found["kind"], found["n"], found["calls"]) == ("pointwise", 40, 40)
    assert found["mean"]["value"] == 3
    assert found["score"]["value"] == 0.5
    assert 2.4 < found["mean"]["low"] < 3 < found["mean"]["high"] < 3.6
    assert found["counts"] == dict.fromkeys("12345", 8)
    assert found["length"]["correlation"] == pytest.approx(1)
    assert found["agreement"]["weights"] == "quadratic"
    assert (found["may_decide"], found["outcome"]) == (True, None)


def test_half_a_surrogate_pair_in_an_answer_can_be_judged(advisor, desk: Desk, server: FakeServer):
    server.respond = lambda request: says(score=4)

    found = advisor(*desk.singles(["cut \ud83d"]), "--price", "1,1", "--max-cost", "1", "--json").json()

    assert found["mean"]["value"] == 4
    assert texts_of(server.requests[0])["ANSWER"] == "cut ?"


def test_a_missing_answer_scores_lowest(advisor, desk: Desk, server: FakeServer):
    server.respond = lambda request: says(score=5)
    arguments = desk.singles(["x", "y"])
    desk.lines("a.jsonl", [{"id": "r0", "prediction": "x"}, {"id": "stranger", "prediction": "z"}])

    found = advisor(*arguments, "--json").json()

    assert (found["mean"]["value"], found["missing"], found["unknown"]) == (3, {"a": 1}, 1)


def test_a_rubric_of_ones_own_is_what_the_judge_reads(
    advisor, desk: Desk, server: FakeServer, tmp_path: Path
):
    server.respond = lambda request: says(score=0)
    (tmp_path / "mine.yaml").write_text(
        "name: mine\ncriteria: [{name: rhyme, text: 'Does it rhyme?'}]\nscale: {0: wrong, 1: right}\n"
        "preference: Prefer the rhyme.\nthresholds: {human_rows: {value: 500, source: our board}}\n"
    )

    found = advisor(*desk.singles(["x"] * 3, [0, 1, 0]), "--rubric", "mine.yaml", "--json").json()

    assert "rhyme: Does it rhyme?" in server.requests[0]["messages"][0]["content"]
    assert found["mean"]["value"] == 0
    assert found["rubric"]["name"] == "mine"
    assert "500 are needed (our board)" in found["reason"]


def test_files_of_the_program_carry_questions_and_references(advisor, desk: Desk, server: FakeServer):
    server.respond = lambda request: says(score=4)
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    desk.lines("a.jsonl", [{"id": "x:1", "prompt": turns, "reference": "so", "prediction": "because"}])

    ran = advisor("judge", "a.jsonl", "--endpoint", server.url, "--endpoint-model", MODEL)

    assert ran.code == 0
    texts = texts_of(server.requests[0])
    assert (texts["REFERENCE"], texts["ANSWER"]) == ("so", "because")
    assert texts["QUESTION"] == "[system]\nBe brief.\n\n[user]\nWhy?"


# Cost, stopping, going on


def test_the_cost_cap_is_never_passed_and_what_was_judged_is_said(advisor, desk: Desk, server: FakeServer):
    server.respond = judging(by_quality)
    arguments = desk.pairs(PAIRS, truth(PAIRS))
    # Two calls are bounded by 0.0048 or so and cost 0.00002: the cap leaves room for some rows before the last.
    cap = 0.0052

    ran = advisor(*arguments, "--price", "1,1", "--max-cost", cap, "--json")
    found = ran.json()

    assert ran.code == 0
    assert 0 < found["cost"] <= cap
    assert found["cost"] == pytest.approx((found["prompt_tokens"] + found["completion_tokens"]) / 1e6)
    assert 1 < found["n"] < found["rows"] == 40
    assert found["stopped_by"] == "--max-cost"
    assert found["calls"] == len(server.requests) == 2 * found["n"]


def test_a_cap_stops_in_time_and_a_higher_one_goes_on(advisor, desk: Desk, server: FakeServer):
    server.respond = judging(by_quality)
    arguments = desk.pairs(PAIRS, truth(PAIRS))

    first = advisor(*arguments, "--max-calls", 21, "--json").json()
    again = advisor(*arguments, "--max-calls", 21, "--json").json()
    rest = advisor(*arguments, "--json").json()

    assert (first["calls"], first["n"], first["rows"], first["stopped_by"]) == (20, 10, 40, "--max-calls")
    assert again == first
    assert (rest["calls"], rest["n"], rest["stopped_by"]) == (80, 40, None)
    assert len(server.requests) == 80
    assert "10 of 40 rows are judged" in advisor(*arguments, "--max-calls", 21, "--out", "new.jsonl").out


def test_the_next_wave_leaves_room_for_the_dearest_reply():
    def call(row: int, order: str) -> Call:
        return call_of(f"r{row}", order, Framed("s" * 1_000, f"{order[0]}{row}" + "u" * 934, {}), {})

    groups = [[call(row, "forward"), call(row, "backward")] for row in range(9)]
    caps = Caps(max_tokens=498, price=(1e6, 1e6), max_cost=4 * 2_500 - 1)

    wave = next_wave(groups, {}, caps)

    # 1,936 bytes, 2 of the empty schema, 64 for the template and 498 of the reply: 2,500 a call.
    assert caps.bound(groups[0][0]) == 2_500
    assert [call.id for call in wave.calls] == ["r0", "r0"]
    assert wave.stopped_by == "--max-cost"


def test_a_cap_under_one_row_judges_nothing(advisor, desk: Desk, server: FakeServer):
    ran = advisor(*desk.pairs(PAIRS), "--price", "1,1", "--max-cost", "0.0001", "--json")

    assert ran.code == 0
    assert (ran.json()["calls"], ran.json()["wins"], ran.json()["n"]) == (0, None, 0)
    assert server.requests == []


def test_labelled_rows_come_first(advisor, desk: Desk, server: FakeServer):
    server.respond = judging(by_quality)
    arguments = desk.pairs(PAIRS)
    labels = [{"id": f"r{i}", "preferred": truth(PAIRS)[i]} for i in (3, 17, 31)]
    human = desk.lines("human.jsonl", labels)

    found = advisor(*arguments, "--human", human, "--max-calls", 6, "--json").json()

    assert (found["n"], found["agreement"]["n"]) == (3, 3)


def test_only_what_changed_is_asked_again(advisor, desk: Desk, server: FakeServer, tmp_path: Path):
    server.respond = judging(by_quality)
    advisor(*desk.pairs(PAIRS))
    changed = [("9 better", PAIRS[0][1]), *PAIRS[1:]]

    found = advisor(*desk.pairs(changed), "--json").json()

    assert len(server.requests) == 82
    assert found["calls"] == 80
    assert len(kept(tmp_path)) == 82


def test_a_server_that_fails_midway_costs_nothing_twice(
    advisor, desk: Desk, server: FakeServer, tmp_path: Path
):
    good = judging(by_quality)
    server.respond = lambda request: (
        good(request) if len(server.requests) <= 30 else refused(400, failure("out of credit"))
    )
    arguments = desk.pairs(PAIRS, truth(PAIRS))

    ran = advisor(*arguments)
    answered = len(kept(tmp_path))
    server.respond = good
    server.requests.clear()
    found = advisor(*arguments, "--json").json()

    assert ran.code == ExitCode.LACKING
    assert "out of credit" in ran.err
    assert 20 <= answered <= 30
    assert len(server.requests) <= 80 - answered
    assert found["n"] == 40
    assert not list(tmp_path.glob(".*.work"))


def test_passing_failures_are_tried_again(advisor, desk: Desk, server: FakeServer):
    server.respond = judging(by_quality)
    server.script.extend([refused(503, failure("later"), retry_after_ms="20")] * 2)

    found = advisor(*desk.pairs(PAIRS[:2]), "--json").json()

    assert found["n"] == 2
    assert len(server.requests) == 6


def test_a_killed_writers_partial_line_is_asked_again(
    advisor, desk: Desk, server: FakeServer, tmp_path: Path
):
    server.respond = judging(by_quality)
    arguments = desk.pairs(PAIRS[:3])
    advisor(*arguments)
    path = tmp_path / "judged.jsonl"
    path.write_bytes(path.read_bytes()[:-20])

    found = advisor(*arguments, "--json").json()

    assert (found["n"], len(server.requests), len(kept(tmp_path))) == (3, 7, 6)


@pytest.mark.parametrize("content", ['{"id": "r0", "prediction": "x"}\n', "notes", "\n"])
def test_another_file_is_not_overwritten(
    advisor, desk: Desk, server: FakeServer, tmp_path: Path, content: str
):
    (tmp_path / "judged.jsonl").write_text(content)

    ran = advisor(*desk.pairs(PAIRS))

    assert ran.code == ExitCode.WRONG_USE
    assert "not overwritten" in ran.err
    assert (tmp_path / "judged.jsonl").read_text() == content
    assert server.requests == []


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_without_schemas_is_asked_without(advisor, desk: Desk, server: FakeServer, status: int):
    good = judging(by_quality)
    server.respond = lambda request: (
        refused(status, failure("response_format of type json_schema is not supported"))
        if "response_format" in request
        else good(request)
    )

    ran = advisor(*desk.pairs(PAIRS[:4]))

    assert ran.code == 0
    assert ran.err.count("takes no JSON schema") == 1
    assert "4" in re.findall(r"of (\d+);", ran.out)


def test_no_secret_is_written_or_shown(advisor, desk: Desk, server: FakeServer, tmp_path: Path):
    server.respond = lambda request: Answer(reply(f'{{"reason": "{KEY}", "verdict": "tie"}}'))
    secret = server.url.replace("http://", "http://user:hunter22@")
    arguments = [secret if word == server.url else word for word in desk.pairs(PAIRS[:3])]

    shown = advisor(*arguments)
    found = advisor(*arguments, "--json")

    written = everything_written(tmp_path) + shown.out + shown.err + found.out + found.err
    assert found.json()["wins"]["ties"] == 3
    assert KEY not in written
    assert "hunter22" not in written


def test_a_stop_keeps_what_was_answered(advisor, desk: Desk, server: FakeServer, tmp_path: Path):
    good, once = judging(by_quality), [signal.SIGINT]

    def respond(request: dict[str, Any]) -> Answer:
        if len(server.requests) >= 20 and once:
            os.kill(os.getpid(), once.pop())
        return good(request)

    server.respond, server.delay_s = respond, 0.03
    arguments = desk.pairs(PAIRS)

    ran = advisor(*arguments)
    answered = len(kept(tmp_path))
    found = advisor(*arguments, "--json").json()

    assert (ran.code, ran.out) == (ExitCode.INTERRUPTED, "")
    assert "same command again" in ran.err
    assert 10 < answered < 80
    assert found["n"] == 40
    # The four under way at the stop may have been answered without being taken.
    assert len(server.requests) <= 84


def test_judging_at_an_endpoint_loads_no_torch():
    code = "import sys, advisor.judging.judge, advisor.cli.judge; sys.exit('torch' in sys.modules)"

    checkout = Path(__file__).resolve().parents[3]

    assert subprocess.run([sys.executable, "-c", code], cwd=checkout, check=False).returncode == 0


# Wrong use


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--max-cost", "1"], "--max-cost needs --price"),
        (["--price", "1"], "is not two prices"),
        (["--price", "1,x"], "is not two prices"),
        (["--price", "1,1", "--max-cost", "0"], "is not a cost"),
        (["--model", "smollm2-135m"], "give either --model or --endpoint"),
        (["--rubric", "nowhere.yaml"], "no such file"),
    ],
)
def test_wrong_flags_are_said_before_anything_is_asked(advisor, desk: Desk, server: FakeServer, extra, words):
    ran = advisor(*desk.pairs(PAIRS), *extra)

    assert (ran.code, ran.out) == (ExitCode.WRONG_USE, "")
    assert words in ran.err
    assert server.requests == []


def test_every_wrong_human_label_is_named_by_its_line(advisor, desk: Desk, server: FakeServer):
    arguments = desk.pairs(PAIRS[:4], ["a", "A", "tie", "c"])

    ran = advisor(*arguments)

    assert ran.code == ExitCode.BAD_DATA
    assert "human.jsonl:2: expected an id and preferred one of a, b, tie, found 'A'" in ran.err
    assert "human.jsonl:4:" in ran.err
    assert server.requests == []


def test_references_without_a_question_are_listed(advisor, desk: Desk):
    arguments = desk.pairs(PAIRS[:3])
    desk.lines("other.jsonl", [{"id": "r0", "question": "only this?"}])
    arguments[arguments.index("--data") + 1] = "other.jsonl"

    ran = advisor(*arguments)

    assert ran.code == ExitCode.BAD_DATA
    assert "2 of 3 references have no question" in ran.err
    assert "no question for id 'r2'" in ran.err

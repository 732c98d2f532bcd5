"""assess, decide, compare, evaluate and data check, as scripts use them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from advisor.example import example_folder
from rubrics.errors import ExitCode

METRICS = "squad_exact_match,token_f1"


def program(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "advisor", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def write(path: Path, text: Any) -> Path:
    path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return path


def inputs(**changed: Any) -> dict[str, Any]:
    """Measurements of a task that is far from its target, with good data and enough test rows."""

    def rung(name: str, split: str, n: int, value: float) -> dict[str, Any]:
        scores = {"exact_match": {"value": value, "low": value - 0.05, "high": value + 0.05}}
        return {
            "rung": name,
            "model": "m",
            "split": split,
            "n": n,
            "metrics": scores,
            "selected": name == "few_shot",
        }

    return {
        "task": {"description": "Route it", "metric": "exact_match", "target": 0.9, "min_gain": 0.05},
        "suitability": {
            "outcome": "suited",
            "score": 4,
            "criteria": [
                {"id": f"S{n}", "answer": "no" if n in (5, 6, 7) else "yes"} for n in (1, 2, 3, 5, 6, 7, 8)
            ],
        },
        "data": {"rows": 2000, "findings": [], "splits": {"train": 1400, "dev": 200, "test": 400}},
        "baselines": [
            rung("zero_shot", "dev", 200, 0.5),
            rung("few_shot", "dev", 200, 0.6),
            rung("zero_shot", "test", 400, 0.5),
            rung("few_shot", "test", 400, 0.6),
        ],
    } | changed


def test_assess_refuses_a_creative_and_changing_task_in_a_moment(tmp_path):
    start = time.perf_counter()

    ran = program("assess", "--answer", "creative=yes", "--answer", "changing=yes", "--json", cwd=tmp_path)

    seconds = time.perf_counter() - start
    print(f"assess took {seconds:.2f} s")  # noqa: T201 - the contract says a second; busy machines get three
    found = json.loads(ran.stdout)
    assert (ran.returncode, found["outcome"]) == (0, "unsuited")
    by_id = {item["id"]: item for item in found["criteria"]}
    assert len(by_id) == 10
    for name in ("S5", "S6"):
        assert (by_id[name]["answer"], by_id[name]["source"]) == ("yes", "user")
        assert by_id[name]["effect"] < 0
        assert by_id[name]["reason"]
        assert by_id[name]["reference"]
    assert by_id["S1"]["answer"] == "unknown"
    assert seconds < 3


def test_assess_tells_a_person_outcome_table_and_reasons(advisor):
    shown = advisor("assess", "--answer", "creative=yes").out

    assert shown.startswith("unsuited (score ")
    assert "S5: " in shown
    assert advisor("assess", "--answer", "creative=yes", "--quiet").out.count("\n") == 1


def test_assess_without_answers_blocks_nothing(advisor):
    assert advisor("assess", "--json").json()["outcome"] == "unclear"


@pytest.mark.parametrize(
    "answer", ["creative=maybe", "colour=yes", "creative", "=yes", "creative=", "S5=yes"]
)
def test_assess_refuses_an_answer_that_it_does_not_know(answer, advisor):
    ran = advisor("assess", "--answer", answer, "--json")

    assert (ran.code, ran.out) == (ExitCode.WRONG_USE, "")
    assert "--answer" in ran.err
    assert "creative" in ran.err or "advisor help suitability" in ran.err


def test_assess_asks_in_korean_by_flag_and_by_locale(advisor, monkeypatch):
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    english = advisor("assess", "--json").json()
    by_flag = advisor("assess", "--lang", "ko", "--json").json()
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    by_locale = advisor("assess", "--json").json()

    assert by_flag == by_locale
    assert [item["id"] for item in by_flag["criteria"]] == [item["id"] for item in english["criteria"]]
    for korean, other in zip(by_flag["criteria"], english["criteria"], strict=True):
        assert korean["question"].endswith(("까?", "까요?"))
        assert korean["question"] != other["question"]
    assert advisor("assess", "--lang", "en", "--json").json() == english
    assert advisor("assess", "--lang", "xx").code == ExitCode.WRONG_USE


def test_assess_shows_what_the_rows_say_and_answers_only_when_told_to(advisor, tmp_path):
    rows = "".join(json.dumps({"question": f"q {at}?", "answer": '{"a": 1}'}) + "\n" for at in range(20))
    path = write(tmp_path / "rows.jsonl", rows)

    shown = advisor("assess", "--data", path, "--json", "--lang", "en").json()
    taken = advisor("assess", "--data", path, "--accept-hints", "--json").json()
    kept = advisor("assess", "--data", path, "--accept-hints", "--answer", "format=no", "--json").json()

    assert {item["answer"] for item in shown["criteria"]} == {"unknown"}
    hint = next(hint for hint in shown["hints"] if hint["name"] == "json")
    assert (hint["key"], hint["suggests"], hint["value"]) == ("format", "yes", 1.0)
    assert (taken["criteria"][1]["answer"], taken["criteria"][1]["source"]) == ("yes", "data")
    assert (kept["criteria"][1]["answer"], kept["criteria"][1]["source"]) == ("no", "user")
    person = advisor("assess", "--data", path, "--lang", "en").out
    assert "> 100% of the answers parse as a JSON object or list. -> yes?" in person


def test_assess_refuses_hints_without_rows(advisor, tmp_path):
    assert advisor("assess", "--accept-hints").code == ExitCode.WRONG_USE
    assert advisor("assess", "--data", tmp_path / "absent.jsonl").code == ExitCode.WRONG_USE


def test_assess_adds_up_to_its_score(advisor):
    found = advisor("assess", "--answer", "creative=no", "--answer", "economics=no", "--json").json()

    assert found["parts"] == {"for": 1, "against": -1, "least": -16, "most": 12, "suited_at": 3}
    assert found["score"] == sum(item["effect"] for item in found["criteria"]) == 0


def test_decide_applies_the_rules_to_a_file(advisor, tmp_path):
    path = write(tmp_path / "inputs.json", inputs())

    ran = advisor("decide", "--inputs", path, "--json")

    verdict = ran.json()["verdict"]
    assert (ran.code, verdict["outcome"]) == (0, "FINE_TUNE")
    assert verdict.keys() >= {
        "outcome",
        "rule",
        "reasons",
        "evidence",
        "considered",
        "flip",
        "minimum_detectable_effect",
    }
    assert verdict["reasons"]
    assert "comparison" not in ran.json()


def test_decide_follows_its_inputs(advisor, tmp_path):
    reached = inputs(task={"metric": "exact_match", "target": 0.5, "min_gain": 0.05})
    few = inputs(data={"rows": 100, "findings": [], "splits": {"train": 60, "dev": 20, "test": 20}})

    outcomes = [
        advisor("decide", "--inputs", write(tmp_path / "i.json", given), "--json").json()["verdict"][
            "outcome"
        ]
        for given in (reached, few)
    ]

    assert outcomes == ["PROMPT_IS_ENOUGH", "COLLECT_EVAL_DATA"]


def test_decide_judges_a_comparison_where_one_is_given(advisor, tmp_path):
    given = inputs(comparison={"fixed": 120, "broken": 10, "both_right": 200, "both_wrong": 70})
    path = write(tmp_path / "inputs.json", given)

    assert advisor("decide", "--inputs", path, "--json").json()["comparison"]["outcome"] == "SHIP_TUNED"
    shown = advisor("decide", "--inputs", path).out
    assert "SHIP_TUNED: " in shown
    assert "R14 decides" in shown
    assert "would change: With 72 test rows fixed" in shown or "fixed by training instead of 120" in shown


def test_decide_reads_a_report_of_the_program(advisor, tmp_path, make_report):
    path = write(tmp_path / "report.json", make_report().to_json())

    ran = advisor("decide", "--inputs", path, "--json")

    assert ran.code == 0, ran.err
    assert ran.json()["comparison"]["outcome"] == "SHIP_TUNED"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"baselines": 7}', '{"task": {}}', None])
def test_decide_refuses_what_is_no_measurement(content, advisor, tmp_path):
    path = tmp_path / "inputs.json"
    if content is not None:
        write(path, content)

    ran = advisor("decide", "--inputs", path, "--json")

    assert (ran.code, ran.out) == (ExitCode.WRONG_USE, "")
    assert ran.err.startswith("error: ")
    assert "what to do: " in ran.err


@pytest.mark.parametrize("system", ["logistic_regression_baseline", "slqa"])
def test_evaluate_prints_the_official_scores(system, shared_data, tmp_path):
    folder = shared_data / "qa_em_f1"
    official = json.loads((folder / "official_scores_a.json").read_text(encoding="utf-8"))["scores"][system]

    ran = program(
        "evaluate",
        "--predictions", str(folder / f"pred_{system}_a.json"),
        "--references", str(folder / "xquad_en_a.jsonl"),
        "--metric", METRICS,
        "--json",
        cwd=tmp_path,
    )  # fmt: skip

    found = json.loads(ran.stdout)
    assert (ran.returncode, found["n"], found["missing"]) == (0, 612, official["unanswered"])
    scores = found["metrics"]
    assert 100 * scores["squad_exact_match"]["value"] == pytest.approx(official["exact_match"], abs=5e-5)
    assert 100 * scores["token_f1"]["value"] == pytest.approx(official["f1"], abs=5e-5)
    assert all(score["low"] <= score["value"] <= score["high"] for score in scores.values())


@pytest.fixture
def answered(tmp_path: Path) -> tuple[Path, Path]:
    predictions = write(
        tmp_path / "p.jsonl", '{"id": "a", "prediction": "x"}\n{"id": "z", "prediction": "x"}\n'
    )
    return predictions, write(
        tmp_path / "r.jsonl", '{"id": "a", "answer": "x"}\n{"id": "b", "answer": "y"}\n'
    )


def test_evaluate_tells_a_person_what_is_missing(answered, advisor):
    predictions, references = answered

    ran = advisor("evaluate", "--predictions", predictions, "--references", references)

    assert "0.500 [" in ran.out
    assert "1 references have no prediction and score 0" in ran.out
    assert "1 predictions have an id that no reference has" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--predictions"),
        (("--predictions", "p.jsonl"), "--references"),
        (("--predictions", "p.jsonl", "--references", "r.jsonl", "--data", "r.jsonl"), "--data"),
        (("--predictions", "p.jsonl", "--references", "r.jsonl", "--metric", "bleu"), "--metric"),
        (("--predictions", "absent.jsonl", "--references", "r.jsonl"), "absent.jsonl: no such file"),
        (("--predictions", ".", "--references", "r.jsonl"), "folder"),
        (("--data", "r.jsonl"), "--model or --endpoint"),
        (("--data", "r.jsonl", "--endpoint", "http://e"), "--endpoint-model"),
        (
            ("--data", "r.jsonl", "--endpoint", "http://e", "--endpoint-model", "m", "--adapter", "a"),
            "--adapter",
        ),
        (("--data", "r.jsonl", "--model", "m", "--precision", "fp8"), "--precision"),
    ],
)
def test_evaluate_refuses_what_does_not_go_together(words, said, answered, advisor, monkeypatch):
    monkeypatch.chdir(answered[0].parent)

    ran = advisor("evaluate", *words, "--json")

    assert (ran.code, ran.out) == (ExitCode.WRONG_USE, "")
    assert said in ran.err


def test_evaluate_names_the_line_that_does_not_fit(answered, advisor, tmp_path):
    broken = write(tmp_path / "broken.jsonl", '{"id": "a", "prediction": "x"}\n{"id": "b", \n')

    ran = advisor("evaluate", "--predictions", broken, "--references", answered[1])

    assert ran.code == ExitCode.BAD_DATA
    assert f"{broken}: line 2" in ran.err


def test_compare_prints_the_comparison_of_two_systems(shared_data, advisor):
    folder = shared_data / "qa_em_f1"
    a, b = folder / "pred_logistic_regression_baseline_a.json", folder / "pred_bert_a.json"
    arguments = (
        "compare",
        a,
        b,
        "--references",
        folder / "xquad_en_a.jsonl",
        "--metric",
        "squad_exact_match",
    )

    found = advisor(*arguments, "--json").json()

    per_item = (folder / "per_item_a.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [(item["logistic_regression_baseline_em"], item["bert_em"]) for item in map(json.loads, per_item)]
    assert (found["fixed"], found["broken"]) == (pairs.count((0, 1)), pairs.count((1, 0)))
    assert (found["both_right"], found["both_wrong"]) == (pairs.count((1, 1)), pairs.count((0, 0)))
    assert found["outcome"] == "SHIP_TUNED"
    assert f"fixed {found['fixed']}, broken {found['broken']}" in advisor(*arguments).out
    assert advisor(*arguments, "--quiet").out.count("\n") == 1


def test_compare_refuses_files_that_do_not_fit(answered, advisor, tmp_path):
    predictions, references = answered

    absent = advisor("compare", predictions, tmp_path / "absent", "--references", references)
    metric = advisor("compare", predictions, predictions, "--references", references, "--metric", "a,b")
    broken = advisor("compare", predictions, write(tmp_path / "b", "{"), "--references", references)

    assert (absent.code, metric.code, broken.code) == (2, 2, 3)
    assert "line 1" in broken.err


def test_data_check_says_what_it_found(advisor):
    ran = advisor("data", "check", example_folder() / "desk.jsonl", "--json")

    assert ran.code == 0
    assert ran.json().keys() == {"rows", "format", "findings", "statistics"}
    assert ran.json()["format"].keys() == {"name", "evidence"}


def test_data_check_ends_with_3_where_a_finding_is_an_error(advisor, tmp_path):
    same = "".join(
        json.dumps({"question": f"where is parcel {at}", "answer": "depot"}) + "\n" for at in range(60)
    )

    ran = advisor("data", "check", write(tmp_path / "same.jsonl", same))

    assert ran.code == ExitCode.BAD_DATA
    assert re.search(r"^error +D5", ran.out, re.MULTILINE)


def test_data_check_lists_every_line_that_cannot_be_read(advisor, tmp_path):
    lines = [json.dumps({"question": f"q{at}", "answer": "a"}) for at in range(12)]
    lines[6] = '{"question": '
    lines[9] = '{"question": "without an answer"}'

    path = write(tmp_path / "broken.jsonl", "\n".join(lines))
    ran = advisor("data", "check", path)

    assert (ran.code, ran.out) == (ExitCode.BAD_DATA, "")
    assert "broken.jsonl:7:" in ran.err
    assert "broken.jsonl:10:" in ran.err

    ran = advisor("data", "check", path, "--json")

    [finding] = ran.json()["findings"]
    assert (ran.code, finding["check"], finding["severity"]) == (ExitCode.BAD_DATA, "D9", "error")
    assert [":7:" in finding["details"]["problems"][0], ":10:" in finding["details"]["problems"][1]] == [
        True,
        True,
    ]


def test_evaluate_lets_whole_clusters_vary(tmp_path, advisor):
    # Given 20 documents of ten rows each, all right or all wrong
    references, answers = tmp_path / "references.jsonl", tmp_path / "answers.jsonl"
    rows = [{"id": at, "answer": "yes", "document": f"d{at // 10}"} for at in range(200)]
    references.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    given = ({"id": at, "prediction": "yes" if at // 10 % 2 else "no"} for at in range(200))
    answers.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    words = (
        "evaluate",
        "--predictions",
        answers,
        "--references",
        references,
        "--metric",
        "exact_match,label_match",
    )

    alone = advisor(*words, "--json").json()["metrics"]["exact_match"]
    found = advisor(*words, "--cluster-field", "document", "--json").json()
    wide = found["metrics"]["exact_match"]

    assert found["clusters"] == 20
    # KNOWN: 20 clusters that agree wholly are 20 rows, whose interval is sqrt(10) times as wide, and a little more.
    assert wide["value"] == alone["value"] == 0.5
    assert 2.7 < (wide["high"] - wide["low"]) / (alone["high"] - alone["low"]) < 3.5
    shown = advisor(*words, "--cluster-field", "document").out
    assert "the rows form 20 clusters" in shown
    assert "0 of 200 answers are right but for their form, 0% of those that are not right" in shown
    refused = advisor(*words, "--cluster-field", "documents")
    assert refused.code == 2
    assert "Did you mean document?" in refused.err

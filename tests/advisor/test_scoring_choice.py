"""By which metrics a run scores: the choice, its options, and how they reach the report."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from advisor.data.rows import Message, Row
from advisor.plan import Plan, make_plan
from advisor.predictions import score_answers, summarise
from advisor.scoring import BASIC, Scoring, read_options, scoring_of
from rubrics.errors import ExitCode, Fault
from rubrics.scoring import METRICS, Options, overlap
from trainer.job import Completion

LABELS = ["refund", "login", "other"] * 12


def rows_of(answers: list[str]) -> list[Row]:
    turn = (Message(role="user", content="ask"),)
    return [Row(f"r{at}", turn, answer, source=f"rows.jsonl:{at + 1}") for at, answer in enumerate(answers)]


def plan(**values: Any) -> Plan:
    return make_plan({"data": "rows.jsonl", **values})


def test_the_proposed_metric_decides_unless_another_is_asked_for():
    rows = rows_of(['{"a": 1}', '{"a": 2}'])

    proposed, asked = scoring_of(plan(), rows), scoring_of(plan(metric="field_f1"), rows)

    assert (proposed.metric, asked.metric) == ("json_equality", "field_f1")
    assert proposed.reason.startswith("proposed: every answer is a JSON document")
    assert "asked for by --metric; these answers suggest json_equality" in asked.reason
    assert set(proposed.names) == {*BASIC, "json_equality", "json_inside", "field_f1", "json_validity"}
    assert "suggest" not in scoring_of(plan(metric="json_equality"), rows).reason


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.decides])
def test_every_metric_that_decides_can_be_asked_for(name, tmp_path):
    (tmp_path / "schema.json").write_text('{"type": "object"}', encoding="utf-8")
    options: dict[str, Any] = {
        "schema_validity": {"schema_file": tmp_path / "schema.json"},
        "format_adherence": {"pattern": ".+"},
        "numeric_match": {"tolerance": "1%"},
    }
    answers = ["7"] if name == "numeric_match" else ['{"name": "f", "arguments": {}}']

    scoring = scoring_of(plan(metric=name, **options.get(name, {})), rows_of(answers))

    assert scoring.metric == name
    assert scoring.score(answers[0], answers)[name] > 0


def test_labels_are_those_of_all_rows_and_macro_f1_is_of_all_rows():
    rows = rows_of(LABELS)
    scoring = scoring_of(plan(), rows)
    completions = [
        Completion(
            id=row.id,
            text=f"It is {row.answer}.",
            prompt_tokens=1,
            completion_tokens=1,
            latency_s=0.1,
            finish_reason="stop",
        )
        for row in rows
    ]

    predictions = score_answers(rows, {row.id: row.messages for row in rows}, completions, scoring)
    summed = summarise(predictions, scoring)

    assert scoring.options.labels == ("login", "other", "refund")
    assert predictions[0].scores == {
        "exact_match": 0.0,
        "squad_exact_match": 0.0,
        "token_f1": pytest.approx(0.5),
        "label_match": 1.0,
    }
    assert {name: score.value for name, score in summed.items()} == {
        "exact_match": 0.0,
        "squad_exact_match": 0.0,
        "token_f1": pytest.approx(0.5),
        "label_match": 1.0,
        "macro_f1": 0.0,
    }


def test_an_option_adds_what_it_is_for(tmp_path):
    (tmp_path / "schema.json").write_text('{"type": "object"}', encoding="utf-8")

    scoring = scoring_of(plan(schema_file=tmp_path / "schema.json", pattern="[a-z]+"), rows_of(LABELS))

    assert scoring.score("refund", ["refund"]) | {
        "schema_validity": 0.0,
        "format_adherence": 1.0,
    } == scoring.score("refund", ["refund"])


def test_a_tolerance_that_no_metric_reads_is_refused():
    with pytest.raises(Fault, match="--tolerance is read by none") as raised:
        scoring_of(plan(tolerance="1"), rows_of(LABELS))

    assert raised.value.code == ExitCode.WRONG_USE
    assert scoring_of(plan(tolerance="1"), rows_of(["1", "2"])).score("3", ["2"])["numeric_match"] == 1.0


def test_rows_that_a_metric_cannot_score_are_named():
    with pytest.raises(Fault, match="2 reference answers cannot be scored by numeric_match") as raised:
        scoring_of(plan(metric="numeric_match"), rows_of(["1", "one", "1 or 2"]))

    assert raised.value.code == ExitCode.BAD_DATA
    assert [problem.partition(": ")[0] for problem in raised.value.problems] == [
        "rows.jsonl:2",
        "rows.jsonl:3",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ("{", "is not JSON"),
        ("[]", "not a JSON object"),
        ('{"type": 3}', "not a JSON Schema"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_schema_file_that_is_none_is_wrong_use(content, said, tmp_path):
    path = tmp_path / "schema.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(Fault, match=said) as raised:
        read_options(path, None, None)

    assert raised.value.code == ExitCode.WRONG_USE
    assert raised.value.where.startswith("--schema")


@pytest.mark.parametrize(("pattern", "tolerance"), [("(", None), (None, "wide")])
def test_options_are_checked_before_anything_is_read(pattern, tolerance):
    with pytest.raises(Fault) as raised:
        read_options(None, pattern, tolerance)

    assert raised.value.code == ExitCode.WRONG_USE


def test_what_decides_the_scores_decides_the_hash():
    one = Scoring(options=Options(tolerance="1"))

    assert one.facts() == Scoring(options=Options(tolerance="1")).facts()
    assert one.facts() != Scoring(options=Options(tolerance="2")).facts()
    assert one.facts() != Scoring(names=(*BASIC, "chrf"), options=Options(tolerance="1")).facts()


def write_rows(path: Path, answers: list[str]) -> Path:
    lines = [
        json.dumps(
            {"question": f"message {at} about {answer} and {answer}s, case {at * 37}", "answer": answer}
        )
        for at, answer in enumerate(answers)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_choice_reaches_the_report_of_a_run_without_a_model(advisor, tmp_path):
    rows = write_rows(tmp_path / "rows.jsonl", ["refund", "login", "other"] * 40)
    out = tmp_path / "run"

    ran = advisor("baseline", "--data", rows, "--rungs", "classifier", "--out", out, "--json")

    assert ran.code == 0, ran.err
    report = ran.json()
    assert report["task"]["metric"] == "exact_match"
    assert "closed set of labels (3)" in report["task"]["metric_reason"]
    for entry in report["baselines"]:
        assert entry["metrics"].keys() == {*BASIC, "label_match", "macro_f1"}
    assert "the metric is exact_match (proposed: " in ran.err
    page = (out / "report.md").read_text(encoding="utf-8")
    assert "## How answers are scored" in page
    assert "`exact_match` decides (proposed: " in page
    assert "| macro_f1 |" in page


def test_a_run_with_a_metric_that_its_rows_do_not_suit_ends_before_it_begins(advisor, tmp_path):
    rows = write_rows(tmp_path / "rows.jsonl", ["refund", "login"] * 30)

    ran = advisor(
        "baseline",
        "--data",
        rows,
        "--rungs",
        "classifier",
        "--metric",
        "json_equality",
        "--out",
        tmp_path / "run",
    )

    assert ran.code == ExitCode.BAD_DATA
    assert "cannot be scored by json_equality" in ran.err


def test_an_unknown_metric_lists_the_names(advisor, tmp_path):
    for command in (
        ("run", "--data", "rows.jsonl"),
        ("evaluate", "--predictions", "p", "--references", "r"),
        ("compare", "a", "b"),
    ):
        ran = advisor(*command, "--metric", "f1")

        assert ran.code == ExitCode.WRONG_USE
        assert "rouge_l" in ran.err
        assert "label_match" in ran.err


def test_a_metric_whose_library_is_missing_exits_before_anything_is_spent(advisor, tmp_path, monkeypatch):
    rows = write_rows(tmp_path / "rows.jsonl", ["refund", "login"] * 30)
    overlap._chrf_scorer.cache_clear()
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)

    ran = advisor(
        "baseline", "--data", rows, "--rungs", "classifier", "--metric", "chrf", "--out", tmp_path / "run"
    )

    assert ran.code == ExitCode.LACKING
    assert "finetune-advisor[metrics]" in ran.err


def test_the_help_names_every_metric(advisor):
    ran = advisor("help", "metrics")

    assert [name for name in METRICS if name not in ran.out] == []

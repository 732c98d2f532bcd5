"""Where an interval may be narrower than it claims, a note stands beside it: rare labels, few rows, clusters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from advisor.cautions import cautions_by_metric
from advisor.report.model import json_schema
from rubrics.scoring.labels import macro_f1_interval

RARE = "1 of 3 labels have fewer than 10 rows: the interval of macro-F1 may be narrower than its 95% claims."


def labels(*counts: int) -> list[str]:
    return [f"label{at}" for at, count in enumerate(counts) for _ in range(count)]


def files(folder: Path, references: list[str]) -> list[str]:
    """Every answer but the first is right."""
    rows = [{"id": at, "answer": answer} for at, answer in enumerate(references)]
    given = [{"id": at, "prediction": answer if at else "none"} for at, answer in enumerate(references)]
    for name, content in (("r", rows), ("p", given)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in content))
    return ["--predictions", str(folder / "p.jsonl"), "--references", str(folder / "r.jsonl")]


def test_rare_labels_are_named_for_macro_f1_alone():
    scores = {"exact_match": 0.5, "macro_f1": 0.5}

    assert cautions_by_metric(scores, labels(60, 40, 9)) == {"macro_f1": [RARE]}
    assert cautions_by_metric(scores, labels(60, 40, 10)) == {}


def test_few_graded_rows_and_few_clusters_are_named():
    found = cautions_by_metric({"exact_match": 0.5, "token_f1": 0.5}, labels(20))

    assert found == {"token_f1": ["With 20 rows the interval may be narrower than its 95% claims."]}
    assert cautions_by_metric({"exact_match": 0.5}, labels(200), clusters=12) == {
        "exact_match": ["With 12 clusters the interval may be narrower than its 95% claims."]
    }


def test_evaluate_says_it_beside_the_scores(advisor, tmp_path):
    words = ["evaluate", *files(tmp_path, labels(60, 40, 9)), "--metric", "exact_match,macro_f1"]

    assert advisor(*words, "--json").json()["cautions"] == {"macro_f1": [RARE]}
    assert f"note: macro_f1: {RARE}" in advisor(*words).out.splitlines()


def test_evaluate_says_nothing_where_there_is_no_reason(advisor, tmp_path):
    words = ["evaluate", *files(tmp_path, labels(60, 40)), "--metric", "exact_match,macro_f1"]

    assert "cautions" not in advisor(*words, "--json").json()
    assert "note:" not in advisor(*words).out


@pytest.fixture
def report(advisor: Any, rows_file: Path, tmp_path: Path) -> Any:
    """A run by the classifier alone on 60 rows of three labels, so that every label is rare on test."""
    words = ["--data", rows_file, "--rungs", "classifier", "--out", tmp_path / "run"]
    return advisor("baseline", *words, "--json").json()


def test_a_run_says_it_of_every_scored_split(report, tmp_path):
    Draft202012Validator(json_schema()).validate(report)
    splits = report["data"]["splits"]
    assert 0 < splits["test"] < 30
    for entry in report["baselines"]:
        assert "3 of 3 labels have fewer than 10 rows" in entry["cautions"]["macro_f1"][0]
        assert "the interval may be narrower" in entry["cautions"]["token_f1"][0]
    page = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "Take care, `macro_f1`: 3 of 3 labels have fewer than 10 rows" in page


def test_macro_f1_lets_whole_clusters_vary():
    truth = labels(60, 40)
    answered = [label if at % 3 else "label0" for at, label in enumerate(truth)]

    alone = macro_f1_interval(truth, answered)
    clustered = macro_f1_interval(truth, answered, clusters=[at // 20 for at in range(100)])

    assert alone.value == clustered.value
    assert clustered.high - clustered.low > alone.high - alone.low

"""The `evaluate` modules load offline and say what `rubrics.scoring` says.

Of the documented vectors in shared/data/metrics/evaluate_doc_vectors.jsonl:

- met: `exact_match` without options (rows 1 and 5), `squad` (row 6; in percent there, a share here);
- not offered: `exact_match` with regexes_to_ignore, ignore_case, ignore_punctuation or ignore_numbers
  (rows 2 to 4), `squad_v2` with its no-answer probability (row 7), `f1` of labels (rows 8 to 13), and
  `mcnemar` without the exact distribution (row 14).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from rubrics.errors import Fault
from rubrics.metrics import metric_path
from rubrics.scoring import METRICS

ROWS = {
    "predictions": ["Paris", "the Eiffel Tower.", "cafe\u0301", "red red blue"],
    "references": [["Rome", "Paris"], ["Eiffel tower"], ["caf\u00e9"], ["red blue blue", "green"]],
}

# One child answers all jobs, a line each: importing `evaluate` takes seconds.
CHILD = """
import json, sys
import evaluate

for line in sys.stdin:
    job = json.loads(line)
    module = evaluate.load(job["path"], keep_in_memory=True)
    scores = module.compute(predictions=job["predictions"], references=job["references"])
    answer = {"scores": scores, "description": module.description, "citation": module.citation,
              "inputs": module.inputs_description}
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture(scope="module")
def compute(tmp_path_factory: pytest.TempPathFactory):
    """Compute jobs (name, predictions, references) in a child that cannot reach a hub."""
    if find_spec("evaluate") is None:
        pytest.skip("evaluate is not installed: it comes with the extra [train]")
    home = tmp_path_factory.mktemp("hf")
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(home),
        "HF_MODULES_CACHE": str(home / "m"),
    }
    log = home / "child.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-c", CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
            cwd=Path(__file__).parents[2],
        ) as child,
    ):

        def run(jobs):
            answers = []
            for name, predictions, references in jobs:
                job = {"path": str(metric_path(name)), "predictions": predictions, "references": references}
                child.stdin.write(json.dumps(job) + "\n")
                child.stdin.flush()
                answer = child.stdout.readline()
                assert answer, log.read_text()
                answers.append(json.loads(answer))
            return answers

        yield run
        child.stdin.close()


def test_modules_agree_with_the_pure_functions_for_both_shapes_of_references(compute):
    single = [references[0] for references in ROWS["references"]]
    jobs = [(name, ROWS["predictions"], shape) for name in METRICS for shape in (single, ROWS["references"])]

    answers = compute(jobs)

    for (name, predictions, references), answer in zip(jobs, answers, strict=True):
        accepted = [[entry] if isinstance(entry, str) else entry for entry in references]
        scores = [METRICS[name].score(p, r) for p, r in zip(predictions, accepted, strict=True)]
        assert answer["scores"] == {name: pytest.approx(sum(scores) / len(scores))}
    by_shape = [answer["scores"]["exact_match"] for answer in answers[:2]]
    assert by_shape == [0.25, 0.5], "the shapes must be told apart for this test to mean anything"


def test_modules_are_documented(compute):
    answers = compute([(name, ["a"], ["a b"]) for name in METRICS])

    for name, answer in zip(METRICS, answers, strict=True):
        assert len(answer["description"].strip()) > 40
        assert answer["citation"].strip()
        assert name in answer["inputs"]


def test_documented_vectors_are_met(compute, shared_data: Path):
    lines = (shared_data / "metrics" / "evaluate_doc_vectors.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    strict = [row for row in rows if row["metric"] == "exact_match" and not row["kwargs"]]
    squad = [row for row in rows if row["metric"] == "squad"]
    assert (len(strict), len(squad)) == (2, 1), "the vectors changed: see which rows are met"
    texts = [
        (
            [prediction["prediction_text"] for prediction in row["predictions"]],
            [reference["answers"]["text"] for reference in row["references"]],
        )
        for row in squad
    ]
    jobs = [("exact_match", row["predictions"], row["references"]) for row in strict]
    jobs += [(name, *text) for text in texts for name in ("squad_exact_match", "token_f1")]

    values = [value for answer in compute(jobs) for value in answer["scores"].values()]

    expected = [row["expected"]["exact_match"] for row in strict]
    expected += [row["expected"][key] / 100 for row in squad for key in ("exact_match", "f1")]
    assert [round(value, 2) for value in values] == expected


def test_a_path_is_given_for_every_metric_and_no_other():
    for name in METRICS:
        assert (metric_path(name) / f"{name}.py").is_file()
    with pytest.raises(Fault):
        metric_path("bleu")


def test_knowing_the_paths_does_not_load_evaluate():
    code = "import sys, rubrics.metrics; sys.exit(bool({'evaluate', 'datasets', 'torch'} & set(sys.modules)))"

    child = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)

    assert child.returncode == 0

"""The `evaluate` modules load offline and say what `rubrics.scoring` says.

The documented vectors in shared/data/metrics/ stand in `DOCUMENTED`, each met or, with the reason, not offered.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sacrebleu.metrics import CHRF

from rubrics.errors import Fault
from rubrics.metrics import MODULES, metric_path
from rubrics.scoring import METRICS, Options, scorer, token_means

# One child answers all jobs, a line each: importing `evaluate` takes seconds.
CHILD = """
import doctest, json, sys
import evaluate
from rubrics.metrics import metric_path

for line in sys.stdin:
    job = json.loads(line)
    module = evaluate.load(job["path"], keep_in_memory=True)
    if job["arguments"] is None:
        parser = doctest.DocTestParser()
        names = {"evaluate": evaluate, "metric_path": metric_path}
        examples = parser.get_doctest(module.inputs_description, names, job["path"], None, None)
        ran, said = doctest.DocTestRunner(verbose=False), []
        failed = ran.run(examples, out=said.append)
        answer = {"description": module.description, "citation": module.citation, "examples": failed.attempted,
                  "failed": failed.failed, "said": "".join(said), "inputs": module.inputs_description}
    else:
        answer = module.compute(**job["arguments"])
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture(scope="module")
def compute(tmp_path_factory: pytest.TempPathFactory):
    """Compute jobs (name, arguments) in a child that cannot reach a hub; without arguments it reads the manual."""
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
            for name, arguments in jobs:
                job = {"path": str(metric_path(name)), "arguments": arguments}
                child.stdin.write(json.dumps(job) + "\n")
                child.stdin.flush()
                answer = child.stdout.readline()
                assert answer, log.read_text()
                answers.append(json.loads(answer))
            return answers

        yield run
        child.stdin.close()


CALL = '{"f": {"x": 1}}'
OPTIONS: dict[str, dict[str, Any]] = {
    "schema_validity": {"schema": {"type": "object"}},
    "format_adherence": {"pattern": "[a-z ]+"},
    "numeric_match": {"tolerance": "10%"},
    "label_match": {"labels": ["red", "blue"]},
}
TEXTS = (["red", "It is blue.", "서울"], [["blue", "red"], ["blue"], ["서울시"]])
ROWS: dict[str, tuple[list[str], list[list[str]]]] = {
    "call_match": ([CALL, "[]"], [['[{"f": {"x": [1, 2]}}]'], ["[]", CALL]]),
    "numeric_match": (["about 95 km", "7"], [["100 km"], ["8"]]),
    **dict.fromkeys(
        ("json_equality", "json_inside", "field_f1", "field_precision", "field_recall"),
        (['{"a": 1, "b": [2]}', 'see {"a": 1}', "x"], [['{"b": [2], "a": 1.0}'], ['{"a": 1}', "{}"], ["1"]]),
    ),
    **dict.fromkeys(("json_validity", "schema_validity"), (['{"a": 1}', "1", "x"], [[], [], []])),
}
NO_REFERENCES = ("json_validity", "schema_validity", "format_adherence", "refusal_rate")
BY_ROW = [name for name, metric in METRICS.items() if metric.per_row]


def test_modules_agree_with_the_pure_functions_for_both_shapes_of_references(compute):
    jobs = []
    for name in BY_ROW:
        answers, accepted = ROWS.get(name, TEXTS)
        for shape in (accepted, [entry[0] if entry else "" for entry in accepted]):
            references = {} if name in NO_REFERENCES else {"references": shape}
            jobs.append((name, {"predictions": answers, **references, **OPTIONS.get(name, {})}))

    answers = compute(jobs)

    for (name, arguments), answer in zip(jobs, answers, strict=True):
        options = Options(
            **{key: tuple(v) if isinstance(v, list) else v for key, v in OPTIONS.get(name, {}).items()}
        )
        shape = arguments.get("references", [[]] * len(arguments["predictions"]))
        accepted = [[entry] if isinstance(entry, str) else entry for entry in shape]
        scores = [scorer(name, options)(*row) for row in zip(arguments["predictions"], accepted, strict=True)]
        assert answer == {name: pytest.approx(sum(scores) / len(scores))}, name
    by_shape = [answer["exact_match"] for answer in answers[:2]]
    assert by_shape == [1 / 3, 0.0], "the shapes must be told apart for this test to mean anything"


def test_modules_are_documented_and_their_examples_hold(compute):
    manuals = compute([(name, None) for name in MODULES])

    for name, manual in zip(MODULES, manuals, strict=True):
        assert len(manual["description"].strip()) > 40
        assert manual["citation"].strip()
        assert name in manual["inputs"]
        assert manual["examples"] >= 2, name
        assert manual["failed"] == 0, manual["said"]


def test_confusions_come_with_macro_f1(compute):
    rows = {"predictions": ["a", "It is a", "c"], "references": ["a", "b", "b"]}

    strict, named = compute([("macro_f1", rows), ("label_macro_f1", rows)])

    assert (strict["labels"], strict["confusion"]) == (["a", "b"], [[1, 0, 0], [0, 0, 2]])
    assert (named["confusion"], named["accuracy"]) == ([[1, 0, 0], [1, 0, 1]], pytest.approx(1 / 3))
    assert strict["by_label"]["a"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}


def test_loss_and_next_token_accuracy_are_those_of_the_arrays(compute):
    logits = [[[0.0, 1.0, 2.0]] * 3, [[3.0, 0.0, 0.0]] * 2]
    labels = [[0, 2, -100], [1, 0]]

    loss, accuracy = compute(
        [
            ("total_loss", {"predictions": logits, "references": labels}),
            ("next_token_accuracy", {"predictions": [[2, 2, 2], [0, 0]], "references": labels}),
        ]
    )

    expected = [token_means(*row) for row in zip(logits, labels, strict=True)]
    assert loss["total_loss"] == pytest.approx((expected[0].loss + expected[1].loss) / 2)
    assert loss["next_token_accuracy"] == accuracy["next_token_accuracy"] == 1.0
    assert loss["supervised_tokens"] == 2


def _f1_of_label(label: str) -> Callable[[dict[str, Any]], float]:
    return lambda answer: answer["by_label"][label]["f1"]


def _itself(name: str) -> Callable[[dict[str, Any]], float]:
    return lambda answer: answer[name]


Met = tuple[str, Callable[[dict[str, Any]], float], str, float]
"""Module, how its answer is read, the key of the vector's expectation, the unit of that expectation."""

DOCUMENTED: list[list[Met] | str] = [
    [("exact_match", _itself("exact_match"), "exact_match", 1)],
    *["not offered: exact_match is strict; regexes and case are never ignored by it"] * 3,
    [("exact_match", _itself("exact_match"), "exact_match", 1)],
    [
        ("squad_exact_match", _itself("squad_exact_match"), "exact_match", 100),
        ("token_f1", _itself("token_f1"), "f1", 100),
    ],
    "not offered: no probability that there is no answer",
    [("macro_f1", _f1_of_label("1"), "f1", 1)],
    [("macro_f1", _f1_of_label("0"), "f1", 1)],
    "not offered: rows have no weights",
    [("macro_f1", _itself("macro_f1"), "f1", 1)],
    [("macro_f1", _itself("accuracy"), "f1", 1)],
    "not offered: a mean weighted by support hides rare labels, which macro-F1 is there to show",
    "not offered: the exact McNemar test decides, not its chi-squared approximation",
]
"""Of each line of evaluate_doc_vectors.jsonl."""


def _arguments(row: dict[str, Any]) -> dict[str, Any]:
    if row["metric"] == "squad":
        return {
            "predictions": [entry["prediction_text"] for entry in row["predictions"]],
            "references": [entry["answers"]["text"] for entry in row["references"]],
        }
    return {name: row[name] for name in ("predictions", "references")}


def test_documented_vectors_are_met(compute, shared_data: Path):
    lines = (shared_data / "metrics" / "evaluate_doc_vectors.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    met = [
        (row, *one)
        for row, entry in zip(rows, DOCUMENTED, strict=True)
        if not isinstance(entry, str)
        for one in entry
    ]

    answers = compute([(name, _arguments(row)) for row, name, *_ in met])

    for (row, name, read, key, unit), answer in zip(met, answers, strict=True):
        assert round(read(answer) * unit, 2) == row["expected"][key], (row, name)
    assert sum(isinstance(entry, str) for entry in DOCUMENTED) == 7


TRANSLATION = ["not offered: BLEU needs a corpus and says little of one answer; chrF is offered"] * 5 + [
    "met"
] * 3
"""Of each line of sacrebleu_test_vectors.jsonl."""


def test_chrf_vectors_are_met(compute, shared_data: Path):
    lines = (shared_data / "metrics" / "sacrebleu_test_vectors.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line, state in zip(lines, TRANSLATION, strict=True) if state == "met"]
    assert {row["metric"] for row in rows} == {"sentence_chrf"}
    jobs = [
        (
            "chrf",
            {"predictions": row["hyps"], "references": [text for texts in row["refs"] for text in texts]},
        )
        for row in rows
    ]

    for row, answer in zip(rows, compute(jobs), strict=True):
        # sacrebleu's own test smooths n-grams that are missing, which its default (and ours) does not.
        assert 100 * answer["chrf"] == pytest.approx(row["expected"], abs=5e-4)
        smoothed = CHRF(eps_smoothing=True).sentence_score(row["hyps"][0], row["refs"][0]).score
        assert smoothed == pytest.approx(row["expected"], abs=1e-6)


def test_a_path_is_given_for_every_metric_and_no_other():
    for name in MODULES:
        assert (metric_path(name) / f"{name}.py").is_file()
    with pytest.raises(Fault):
        metric_path("bleu")


def test_knowing_the_paths_does_not_load_evaluate():
    code = "import sys, rubrics.metrics; sys.exit(bool({'evaluate', 'datasets', 'torch'} & set(sys.modules)))"

    child = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)

    assert child.returncode == 0

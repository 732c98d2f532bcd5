"""report.json: its shape is the contract's, and the schema in the package is the one of the code."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from pydantic import ValidationError as ModelError

from advisor.report.model import Report, json_schema

REGENERATE = (
    "advisor/report/schema.json is not what advisor.report.model says. Write it again:\n"
    'python -c "import json; from pathlib import Path; from advisor.report.model import json_schema; '
    "Path('advisor/report/schema.json').write_text(json.dumps(json_schema(), indent=2) + '\\n')\""
)

CONTRACT: dict[str, set[str]] = {
    "run": {"id", "created", "version", "seed", "duration_s", "directory"},
    "task": {"description", "metric", "target", "min_gain"},
    "suitability": {"outcome", "score", "criteria"},
    "data": {"rows", "format", "findings", "splits"},
    "verdict": {"outcome", "rule", "reasons", "evidence", "considered", "flip", "minimum_detectable_effect"},
    "forecast": {
        "method", "memory_bytes", "memory_measured_bytes", "seconds", "seconds_measured",
        "trainable_parameters", "alternatives",
    },
    "training": {
        "method", "config", "steps", "epochs", "history", "best_step", "stopped_early", "findings", "adapter",
    },
    "comparison": {
        "metric", "baseline", "tuned", "difference", "low", "high", "p_value", "test",
        "fixed", "broken", "both_right", "both_wrong", "outcome",
    },
}  # fmt: skip
ENTRIES: dict[str, set[str]] = {
    "suitability.criteria": {"id", "question", "answer", "source", "effect", "reason", "reference"},
    "data.findings": {"check", "severity", "count", "rows", "message", "fix"},
    "baselines": {
        "rung", "model", "split", "n", "metrics", "prompt_tokens", "completion_tokens", "latency_s", "cost", "selected",
    },
    "verdict.flip": {"field", "value", "outcome", "text"},
    "training.history": {
        "step", "loss", "learning_rate", "next_token_accuracy", "eval_loss", "eval_next_token_accuracy",
    },
    "training.findings": {"rule", "message"},
    "evaluations": {"system", "split", "n", "metrics", "loss", "next_token_accuracy", "supervised_tokens"},
}  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("advisor.report") / "schema.json").read_text(encoding="utf-8"))
    return found


def test_the_schema_in_the_package_is_up_to_date(schema):
    assert schema == json_schema(), REGENERATE


def test_the_schema_is_one_of_2020_12(schema):
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


def test_a_whole_report_validates_and_survives_its_json(schema, make_report):
    report = make_report()

    Draft202012Validator(schema).validate(report.to_json())
    assert Report.model_validate(json.loads(json.dumps(report.to_json()))) == report


def test_a_report_without_training_validates(schema, make_report):
    report = make_report(forecast=None, training=None, comparison=None, evaluations=[])

    Draft202012Validator(schema).validate(report.to_json())


def test_the_report_has_the_contract_s_fields(make_report):
    report = make_report().to_json()

    assert report["schema"] == 1
    for part, fields in CONTRACT.items():
        assert report[part].keys() >= fields, part
    for path, fields in ENTRIES.items():
        part: Any = report
        for name in path.split("."):
            part = part[name]
        assert part, path
        assert all(entry.keys() >= fields for entry in part), path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), 2),
        (("verdict", "outcome"), "MAYBE"),
        (("comparison", "outcome"), "FINE_TUNE"),
        (("baselines", 0, "split"), "train"),
        (("data", "findings", 0, "severity"), "fatal"),
        (("suitability", "criteria", 0, "answer"), "perhaps"),
        (("run", "seed"), "seven"),
        (("task", "surplus"), 1),
    ],
)
def test_the_schema_refuses_what_the_contract_does_not_know(path, value, schema, make_report):
    report = make_report().to_json()
    part = report
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value

    with pytest.raises(ValidationError):
        Draft202012Validator(schema).validate(report)
    with pytest.raises(ModelError):
        Report.model_validate(report)


@pytest.mark.parametrize(
    "name", ["run", "task", "suitability", "data", "baselines", "verdict", "forecast", "comparison"]
)
def test_no_part_may_be_missing(name, schema, make_report):
    report = make_report().to_json()
    del report[name]

    with pytest.raises(ValidationError):
        Draft202012Validator(schema).validate(report)

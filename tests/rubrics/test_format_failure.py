"""Failures of format: found where extraction or tags show them, named in the reasons, and silent elsewhere."""

from __future__ import annotations

import json

import pytest
from planted import plan, report, scored

from rubrics.decide import decide_report
from rubrics.format_failure import format_failure
from rubrics.measurements import from_report
from rubrics.scoring import exact_match, extract_label


def answered(strict: float, extracted: float, n: int, rung: str = "zero_shot", **more) -> list[dict]:
    """One rung on dev and test by exact match and by label_match."""
    metrics = {"exact_match": {"value": strict}, "label_match": {"value": extracted}}
    return [
        scored(rung, split, strict, n, selected=True) | {"metrics": metrics} | more
        for split in ("dev", "test")
    ]


def measured(*baselines, **changed):
    return report(task=plan(metric="exact_match", **changed), baselines=list(baselines))


def test_banking77_answers_of_a_7b_model_fail_by_their_format(shared_data):
    """Real zero-shot outputs: "Category: card_arrival" and a sentence more; the published accuracy is after parsing."""
    path = shared_data / "classification" / "banking77_qwen7b_baseline_outputs.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    strict = sum(exact_match(row["raw_output"], [row["true_label"]]) for row in rows) / len(rows)
    labels = sorted({row["true_label"] for row in rows})
    extracted = sum(extract_label(row["raw_output"], labels) == row["true_label"] for row in rows) / len(rows)
    published = sum(row["predicted_label"] == row["true_label"] for row in rows) / len(rows)
    assert (len(rows), round(strict, 3), round(extracted, 3)) == (3076, 0.015, 0.631)
    assert extracted == pytest.approx(published, abs=0.005)

    verdict = decide_report(measured(*answered(strict, extracted, len(rows))))["verdict"]

    assert verdict["outcome"] == "FINE_TUNE"
    named = next(reason for reason in verdict["reasons"] if "failure of format" in reason)
    assert "0.631 by label_match" in named
    assert "structured output" in named
    assert "measure that first" in named
    found = verdict["evidence"]["format_failure"]
    assert (found["rung"], found["extraction"]) == ("zero_shot", "label_match")
    assert found["strict"] == pytest.approx(strict)
    assert found["cured"] == pytest.approx(extracted)


def test_the_same_answers_would_be_enough_at_a_lower_target(shared_data):
    verdict = decide_report(measured(*answered(0.0, 0.6281, 3076), target=0.6))["verdict"]

    assert (verdict["outcome"], verdict["rule"]) == ("PROMPT_IS_ENOUGH", "R5")
    assert "fails by its format alone" in verdict["reasons"][0]


def test_extraction_that_adds_less_than_is_worth_it_is_no_failure():
    assert format_failure(from_report(measured(*answered(0.60, 0.64, 400)))) is None
    assert format_failure(from_report(measured(*answered(0.60, 0.65, 400)))) is not None


def test_measured_structured_output_has_cured_what_could_be_cured():
    both = [*answered(0.1, 0.7, 400), *answered(0.7, 0.7, 400, "structured")]

    assert format_failure(from_report(measured(*both))) is None


def test_a_score_after_extraction_meets_a_target_by_the_same_rule_as_any_score():
    """0.91 on dev reaches 0.90, but on 40 test rows its lower limit is 0.75."""
    entries = answered(0.1, 0.91, 40)

    assert decide_report(measured(*entries))["verdict"]["rule"] != "R5"


def test_dev_alone_asks_for_a_structured_output_first():
    dev = [entry for entry in answered(0.1, 0.93, 200) if entry["split"] == "dev"]

    verdict = decide_report(measured(*dev))["verdict"]

    assert (verdict["outcome"], verdict["rule"]) == ("PROMPT_IS_ENOUGH", "R7")
    assert "measure that first" in verdict["reasons"][0]


def test_a_graded_or_unlisted_metric_has_no_extraction():
    entries = [
        entry | {"metrics": entry["metrics"] | {"token_f1": {"value": 0.2}}}
        for entry in answered(0.1, 0.9, 400)
    ]

    assert format_failure(from_report(report(task=plan(metric="token_f1"), baselines=entries))) is None

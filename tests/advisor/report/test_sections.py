"""The sections on guard rows and learning curve, and what they do to the last word."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.report.advice import advice
from advisor.report.sections import curve_section, guard_section

CHANGES = {
    "loss": {"difference": 3.8, "low": 3.0, "high": 4.5},
    "next_token_accuracy": {"difference": 0.1, "low": 0.0, "high": 0.2},
    "answered": {"difference": -0.292, "low": -0.432, "high": -0.182},
}
GUARD: dict[str, Any] = {
    "name": "the bundled guard set",
    "declared": False,
    "rows": 48,
    "supervised_tokens": 155,
    "base": {"loss": 3.4, "next_token_accuracy": 0.33, "answered": 0.292},
    "tuned": {"loss": 7.2, "next_token_accuracy": 0.43, "answered": 0.0},
    "measure": "answered",
    **CHANGES["answered"],
    "changes": CHANGES,
    "fell": True,
    "text": "Right answers fell.",
}
SCORE = {"value": 0.8, "low": 0.7, "high": 0.9}
PROSPECT = {
    "helps": "yes",
    "rows": 800,
    "gain": 0.05,
    "low": 0.04,
    "high": 0.06,
    "worth": 0.02,
    "rising": True,
    "rows_likely": 500,
    "rows_surely": None,
    "text": "collect more.",
}
CURVE: dict[str, Any] = {
    "refused": "",
    "steps": 93,
    "dev_rows": 53,
    "metric": "exact_match",
    "points": [
        {"share": share, "rows": rows, "main": rows == 400, "loss": 0.5, "loss_error": 0.04}
        | {"next_token_accuracy": 0.9, "score": SCORE}
        for share, rows in ((0.25, 100), (0.5, 200), (1.0, 400))
    ],
    "by_metric": PROSPECT,
    "by_loss": PROSPECT | {"text": "less loss."},
    "text": "By exact_match: collect more.",
    "notes": ["One seed."],
}


def test_the_guard_section_shows_every_score_before_and_after(make_report):
    page = guard_section(make_report(guard=GUARD))

    assert page.startswith("## What else changed")
    assert "| answers that hold the reference | 0.292 | 0.000 | -0.292 [-0.432, -0.182] |" in page
    assert "| loss (nats a token) | 3.400 | 7.200 | +3.800 [+3.000, +4.500] |" in page
    assert page.endswith("Right answers fell.")


def test_answers_that_were_not_asked_for_have_no_line(make_report):
    unasked = {name: change for name, change in CHANGES.items() if name != "answered"}
    sides = {side: GUARD[side] | {"answered": None} for side in ("base", "tuned")}

    page = guard_section(make_report(guard=GUARD | sides | {"changes": unasked}))

    assert "answers that hold" not in page
    assert "| next-token accuracy | 0.330 | 0.430 |" in page


def test_the_curve_section_has_a_line_a_point_and_both_prospects(make_report):
    page = curve_section(make_report(learning_curve=CURVE))

    assert "| 25% | 100 | 0.500 ± 0.040 | 0.900 | 0.800 [0.700, 0.900] |" in page
    assert "400 (the main training)" in page
    assert "By exact_match: collect more." in page
    assert "By loss: less loss." in page
    assert "- One seed." in page


def test_a_refused_curve_says_why(make_report):
    refused = CURVE | {
        "points": [],
        "by_metric": None,
        "by_loss": None,
        "notes": [],
        "text": "No learning curve: why.",
    }

    assert (
        curve_section(make_report(learning_curve=refused))
        == "## Would more data help?\n\nNo learning curve: why."
    )


def test_without_either_nothing_is_said(make_report):
    assert guard_section(make_report()) == curve_section(make_report()) == ""


@pytest.mark.parametrize(
    ("guard", "changed", "said", "unsaid"),
    [
        (GUARD, {}, "Outside the task it got worse", "Keep"),
        (GUARD | {"fell": False}, {}, "Ship", "Outside"),
        (
            GUARD | {"declared": True},
            {"outcome": "KEEP_BASELINE", "rule": "T2", "case": "guard"},
            "got worse on the guard set that was declared",
            "is worse",
        ),
    ],
)
def test_the_last_word_knows_of_the_guard(guard, changed, said, unsaid, make_report):
    report = make_report(guard=guard)
    comparison = report.comparison.model_copy(update=changed)

    text = advice(report.model_copy(update={"comparison": comparison}))

    assert said in text
    assert unsaid not in text

"""Results read from a run: every number from its artefact, and as much as there is at any moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from made_runs import Made, make_run, pattern, shipping

from advisor.outcomes import OUTCOMES
from advisor.report.model import Report
from advisor.results import read_results
from rubrics.errors import Fault
from rubrics.rulebook import AfterTraining, Outcome


def test_every_outcome_has_words() -> None:
    assert set(OUTCOMES) == {*Outcome, *AfterTraining}
    assert all(words.headline and words.meaning.endswith(".") for words in OUTCOMES.values())


def test_the_systems_and_the_test_between_them(tmp_path: Path, make_report: Callable[..., Report]) -> None:
    run = make_run(tmp_path / "run", shipping(), report=make_report())

    found = read_results(run)

    assert found is not None
    assert (found.outcome, found.metric) == ("SHIP_TUNED", "exact_match")
    assert [(s.system, s.rung, s.n, s.scores["exact_match"].value) for s in found.systems] == [
        ("base", "zero_shot", 100, 0.2),
        ("best_baseline", "few_shot", 100, 0.6),
        ("tuned", "", 100, 0.88),
    ]
    tuned = found.of("tuned")
    assert tuned is not None
    assert (tuned.loss, tuned.next_token_accuracy, tuned.supervised_tokens) == (0.31, 0.91, 900)
    assert found.comparison is not None
    assert (found.comparison.fixed, found.comparison.broken) == (30, 2)
    assert found.advice == "Ship the tuned model."


def test_before_training_the_options_are_shown(tmp_path: Path) -> None:
    made = Made(pattern(20, 5), pattern(20, 18), outcome="PROMPT_IS_ENOUGH")

    found = read_results(make_run(tmp_path / "run", made))

    assert found is not None
    assert (found.outcome, found.comparison, found.report, found.advice) == (
        "PROMPT_IS_ENOUGH",
        None,
        None,
        "",
    )
    assert [(s.system, s.scores["exact_match"].value) for s in found.systems] == [
        ("base", 0.25),
        ("best_baseline", 0.9),
    ]


def test_the_plain_prompt_is_listed_once_where_it_is_the_best(tmp_path: Path) -> None:
    made = Made(pattern(20, 5), pattern(20, 5), selected="zero_shot")

    found = read_results(make_run(tmp_path / "run", made))

    assert found is not None
    assert [(s.system, s.rung) for s in found.systems] == [("best_baseline", "zero_shot")]


@pytest.mark.parametrize("missing", ["baselines", "verdict"])
def test_before_the_verdict_there_are_none(missing: str, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", shipping())
    (run / f"{missing}.json").unlink()

    assert read_results(run) is None


def test_while_the_tuned_model_is_scored_the_options_stay(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", shipping())
    (run / "comparison.json").unlink()

    found = read_results(run)

    assert found is not None
    assert [s.system for s in found.systems] == ["base", "best_baseline"]
    assert found.outcome == "FINE_TUNE"


def test_an_artefact_of_another_version_is_not_read(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", shipping())
    (run / "verdict.json").write_text(json.dumps({"outcome": "FINE_TUNE", "new": 1}))

    assert read_results(run) is None


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="not a run directory"):
        read_results(tmp_path)

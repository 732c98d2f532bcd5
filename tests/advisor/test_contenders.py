"""A cheap option that dev does not tell from the chosen one is named: beating the chosen may not be beating it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "chat"))

from server import MODEL, Answer, reply, serving

from advisor.contenders import contenders
from advisor.interrupt import StopSignal
from advisor.plan import Plan
from advisor.predictions import read_predictions
from advisor.report.advice import advice
from advisor.report.markdown import render
from advisor.run_directory import create_run
from advisor.stage import Context
from advisor.stages import budget
from advisor.stages.assess import ASSESS
from advisor.stages.baseline import BASELINE, predictions_file
from advisor.stages.budget import BUDGET
from advisor.stages.contenders import answer_contenders, contenders_on_dev, to_ask
from advisor.stages.inspect import INSPECT
from advisor.stages.split import SPLIT
from advisor.walk import opened


def right(*shares: tuple[int, float]) -> list[float]:
    """Scores of rows: so many of each value."""
    return [value for count, value in shares for _ in range(count)]


# The chosen option is right on the first 42 of 60 rows; the second breaks 8 of these and fixes 6 others.
CHOSEN = right((42, 1.0), (18, 0.0))
CLOSE = right((34, 1.0), (8, 0.0), (6, 1.0), (12, 0.0))
FAR = right((10, 1.0), (50, 0.0))


def test_an_option_that_dev_leaves_open_is_found_with_its_numbers():
    scores = {"few_shot": CHOSEN, "instruction": CLOSE, "zero_shot": FAR}

    [found] = contenders(scores, "few_shot", binary=True)

    assert (found.rung, found.n) == ("instruction", 60)
    assert (found.chosen_value, found.value) == (pytest.approx(0.7), pytest.approx(40 / 60))
    assert found.difference == pytest.approx(-2 / 60)
    assert found.p_value >= 0.05
    assert found.low < found.difference < 0 <= found.high


def test_where_dev_is_large_nothing_is_left_open():
    """The same shares on fifty times the rows show that the second option is worse."""
    scores = {"few_shot": CHOSEN * 50, "instruction": CLOSE * 50, "zero_shot": FAR * 50}

    assert contenders(scores, "few_shot", binary=True) == []


def test_rows_in_clusters_leave_more_open():
    scores = {"few_shot": CHOSEN * 20, "instruction": CLOSE * 20}

    assert contenders(scores, "few_shot", binary=True) == []
    clusters = [str(at % 60) for at in range(1200)]
    assert contenders(scores, "few_shot", binary=True, clusters=clusters)


def contender(rung: str, *, gain: float | None) -> dict[str, Any]:
    """An entry of `comparison.contenders`, with the gain over it where it was asked about the test rows."""
    tested = gain is not None and {
        "metric": "exact_match", "n": 100, "difference": gain, "low": gain - 0.05, "high": gain + 0.05,
        "p_value": 0.01, "test": "exact McNemar", "fixed": 20, "broken": 10, "both_right": 50, "both_wrong": 20,
    }  # fmt: skip
    return {
        "rung": rung, "n": 40, "chosen_value": 0.7, "value": 0.68, "difference": -0.02, "low": -0.1, "high": 0.06,
        "p_value": 0.6, "test_value": None if gain is None else 0.6, "on_test": tested or None,
    }  # fmt: skip


def test_the_last_word_names_every_option_that_was_beaten(make_report):
    comparison = make_report().comparison.model_dump()

    assert "dev does not tell" not in advice(make_report(comparison=comparison))
    beaten = comparison | {"contenders": [contender("instruction", gain=0.1)]}
    assert "same test rows. It beats the better instruction too, which dev does not tell from it." in advice(
        make_report(comparison=beaten)
    )


@pytest.mark.parametrize(("gain", "kind"), [(0.02, "test"), (None, "dev")])
def test_the_last_word_says_what_keeps_it_from_shipping(make_report, gain, kind):
    comparison = make_report().comparison.model_dump() | {
        "outcome": "INCONCLUSIVE",
        "rule": "T6",
        "case": "others",
        "against": ["instruction"],
        "contenders": [contender("instruction", gain=gain), contender("zero_shot", gain=0.5)],
    }

    said = advice(make_report(comparison=comparison))

    assert said.startswith("Do not ship yet: the tuned model at")
    assert "may not beat the better instruction, which dev does not tell from it" in said
    assert f"Collect more {kind} rows" in said


def test_the_last_word_keeps_an_option_that_does_as_well(make_report):
    comparison = make_report().comparison.model_dump() | {
        "outcome": "KEEP_BASELINE",
        "rule": "T5",
        "case": "others",
        "against": ["instruction"],
        "contenders": [contender("instruction", gain=-0.01)],
    }

    assert "Keep a cheap option" in advice(make_report(comparison=comparison))
    assert "not the better instruction by enough" in advice(make_report(comparison=comparison))


def test_the_page_shows_them_beside_the_comparison(make_report, tmp_path):
    listed = [contender("instruction", gain=0.1), contender("zero_shot", gain=None)]
    comparison = make_report().comparison.model_dump() | {"contenders": listed}

    page = render(make_report(comparison=comparison), tmp_path)

    assert (
        "| the better instruction | 0.680 | -0.020 [-0.100, +0.060] | +0.100 [+0.050, +0.150] | 0.01 |"
        in page
    )
    assert "| the plain prompt without examples | 0.680 | -0.020 [-0.100, +0.060] | not asked |  |" in page


@pytest.fixture
def ladder(rows_file, tmp_path):
    """A ladder over a model that gives one answer whatever the prompt, so that dev cannot choose."""

    @contextmanager
    def opened_on(max_minutes: float | None) -> Iterator[tuple[Context, list[dict[str, Any]]]]:
        asked: list[dict[str, Any]] = []

        def respond(request: dict[str, Any]) -> Answer:
            asked.append(request)
            return Answer(reply("q1"))

        with serving() as server:
            server.respond = respond
            plan = Plan(
                data=rows_file,
                endpoint=server.url,
                endpoint_model=MODEL,
                rungs=("classifier", "zero_shot", "instruction", "few_shot"),
                no_train=True,
                max_minutes=max_minutes,
            )
            run = create_run(plan, tmp_path / "run")
            with opened(run.plan(), run, lambda event: None, StopSignal()) as context:
                for stage in (ASSESS, INSPECT, SPLIT, BUDGET, BASELINE):
                    context.execute(stage)
                asked.clear()
                yield context, asked

    return opened_on


def test_a_run_finds_them_on_its_own_dev_answers(ladder):
    with ladder(None) as (context, _):
        found = {one.rung: one for one in contenders_on_dev(context)}
        baseline = context.get(BASELINE)
        dev = baseline.on("dev", "few_shot")

    assert dev is not None
    assert found["few_shot"].difference == 0.0
    assert (found["few_shot"].n, found["few_shot"].value) == (dev.n, dev.metrics["exact_match"].value)
    assert baseline.selected not in found


def test_those_not_yet_asked_about_the_test_rows_are_and_once(ladder):
    with ladder(None) as (context, asked):
        rows = len(budget.test_rows(context))
        waiting = to_ask(context)
        assert answer_contenders(context) == waiting
        assert len(asked) == rows * len([rung for rung in waiting if rung != "classifier"])
        answers = read_predictions(predictions_file(context, "few_shot", "test"))
        ledger = [json.loads(line) for line in context.run.ledger.read_text().splitlines()]

        # When the stage is made again, the answers are those on disk
        asked.clear()
        answer_contenders(context)
        assert asked == []

    assert {"instruction", "few_shot"} <= set(waiting)
    assert "zero_shot" not in waiting
    assert [row.id for row in answers] == [row.id for row in budget.test_rows(context)]
    assert all(one["system"] != "few_shot" or one["n"] == rows for one in ledger)
    assert "few_shot" in {one["system"] for one in ledger}


def test_under_a_time_limit_no_model_is_asked_for_them(ladder):
    with ladder(60) as (context, asked):
        assert set(answer_contenders(context)) <= {"classifier"}

    assert asked == []

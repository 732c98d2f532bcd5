"""A cheap option that dev does not tell from the chosen one is named: beating the chosen may not be beating it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "chat"))

from server import MODEL, Answer, reply, serving

from advisor.contenders import contenders, contenders_note
from advisor.interrupt import StopSignal
from advisor.plan import Plan
from advisor.report.advice import advice
from advisor.run_directory import create_run
from advisor.stages.assess import ASSESS
from advisor.stages.baseline import BASELINE
from advisor.stages.budget import BUDGET
from advisor.stages.compare import contenders_on_dev
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

    [found] = contenders(scores, "few_shot", 0.05, binary=True, on_test={"zero_shot": 0.2, "few_shot": 0.7})

    assert (found.rung, found.n, found.test_value) == ("instruction", 60, None)
    assert (found.chosen_value, found.value) == (pytest.approx(0.7), pytest.approx(40 / 60))
    assert found.difference == pytest.approx(-2 / 60)
    assert found.p_value >= 0.05
    assert found.low < found.difference < 0.05 <= found.high


def test_where_dev_is_large_nothing_is_left_open():
    """The same shares on fifty times the rows: a lead of five points is excluded, whatever p says."""
    scores = {"few_shot": CHOSEN * 50, "instruction": CLOSE * 50, "zero_shot": FAR * 50}

    assert contenders(scores, "few_shot", 0.05, binary=True) == []


def test_what_counts_is_the_smallest_gain_that_is_worth_it():
    scores = {"few_shot": CHOSEN, "instruction": CLOSE}

    assert contenders(scores, "few_shot", 0.2, binary=True) == []


def test_rows_in_clusters_leave_more_open():
    scores = {"few_shot": CHOSEN * 6, "instruction": CLOSE * 6}

    assert contenders(scores, "few_shot", 0.05, binary=True) == []
    clusters = [str(at % 60) for at in range(360)]
    assert contenders(scores, "few_shot", 0.05, binary=True, clusters=clusters)


def test_the_note_names_both_with_their_numbers():
    scores = {"few_shot": CHOSEN, "instruction": CLOSE, "zero_shot": CLOSE[::-1]}
    found = contenders(scores, "few_shot", 0.05, binary=True, on_test={"zero_shot": 0.61})

    note = contenders_note("few_shot", found)

    assert note.startswith(
        "Dev (60 rows) does not tell the prompt with examples (0.70) from the better instruction"
    )
    assert "the better instruction 0.667, -0.033 [" in note
    assert "on test 0.61" in note
    assert "was compared with the prompt with examples only; beating it may not be beating" in note
    assert contenders_note("few_shot", []) == ""


def test_the_last_word_says_it_where_the_tuned_model_ships(make_report):
    plain = make_report()
    comparison = plain.comparison.model_dump() | {"contenders": [{"rung": "instruction"}]}

    assert "Dev does not tell" not in advice(plain)
    assert "Dev does not tell that option from the better instruction" in advice(
        make_report(comparison=comparison)
    )
    kept = comparison | {"outcome": "KEEP_BASELINE"}
    assert "Dev does not tell" not in advice(make_report(comparison=kept))


def test_a_run_finds_them_on_its_own_dev_answers(rows_file, tmp_path):
    # Given a model that answers the same whatever the prompt, so that dev cannot choose
    def respond(request: dict[str, Any]) -> Answer:
        return Answer(reply("q1"))

    with serving() as server:
        server.respond = respond
        plan = Plan(
            data=rows_file,
            endpoint=server.url,
            endpoint_model=MODEL,
            rungs=("zero_shot", "few_shot"),
            no_train=True,
        )
        run = create_run(plan, tmp_path / "run")
        with opened(run.plan(), run, lambda event: None, StopSignal()) as context:
            for stage in (ASSESS, INSPECT, SPLIT, BUDGET, BASELINE):
                context.execute(stage)
            [found] = contenders_on_dev(context)
            dev = context.get(BASELINE).on("dev", "few_shot")

    # Then the dearer of the two equals is one, with the number of dev rows that the ladder has
    assert (found.rung, found.difference) == ("few_shot", 0.0)
    assert dev is not None
    assert (found.n, found.value) == (dev.n, dev.metrics["exact_match"].value)
    assert json.loads(json.dumps(vars(found)))["rung"] == "few_shot"

"""The ladder as a person follows it: its rows, where measuring stands, and what can be done at each moment."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "tui"))

from ladder_runs import DEV, RUNGS, a_run, decided, ended, ladder, measured, measuring

from advisor.draft import Draft
from advisor.ladder_view import (
    LEAST_FREE,
    asked_prompt,
    asked_rungs,
    can_go_on,
    can_measure,
    ladder_cautions,
    ladder_rows,
    ladder_situation,
)
from advisor.plan import RUNGS as ALL_RUNGS
from advisor.texts import use_language
from advisor.watching import RunState, RunWatch, fold_all


@pytest.fixture(autouse=True)
def english():
    use_language("en")


def state(events, life="running", **artefacts) -> RunState:
    folded = fold_all(RunState(), [("", event) for event in events])
    return replace(folded, life=life, artefacts=artefacts)


def test_rungs_stand_in_the_order_of_the_plan_with_both_splits():
    rows = ladder_rows(state(measured(), baselines=ladder()), ALL_RUNGS)

    assert tuple(row.rung for row in rows) == ALL_RUNGS
    by_name = {row.rung: row for row in rows}
    assert by_name["few_shot"].dev.n == DEV
    assert by_name["few_shot"].test.n == 2 * DEV
    assert by_name["classifier"].test is None
    assert by_name["prompt_file"].skipped == "no --prompt-file was given"
    assert by_name["prompt_file"].dev is None


def test_a_rung_of_tomorrow_appears_by_itself():
    events = [
        event.model_copy(update={"rung": "structured"}) if getattr(event, "rung", "") == "few_shot" else event
        for event in measuring()
    ]

    rows = ladder_rows(state(events), ALL_RUNGS)

    assert rows[-1].rung == "structured"
    assert rows[-1].dev.done == 60


def test_the_winner_is_marked_once_the_run_says_so(tmp_path):
    assert not any(row.selected for row in ladder_rows(state(measuring()), ALL_RUNGS))

    watched = RunWatch(decided(tmp_path).path).poll()

    assert [row.rung for row in ladder_rows(watched, ALL_RUNGS) if row.selected] == ["few_shot"]


def test_what_goes_on_is_named():
    assert ladder_situation(state(measuring())).says == "Now the cheap options are measured."
    assert ladder_situation(state(measuring()[:2])).says == "Now the suitability of the task is assessed."
    assert ladder_situation(RunState()).says == "The run is starting."
    assert ladder_situation(state(measuring(), life="stopping")).kind == "working"


@pytest.mark.parametrize(("life", "kind"), [("stopped", "stopped"), ("died", "bad")])
def test_what_ended_too_early_keeps_its_answers_and_goes_on(life, kind):
    run = replace(state(measuring(), life=life), stages=RunState().stages)

    found = ladder_situation(run)

    assert (found.kind, found.way) == (kind, "resume")
    assert "Every answer so far is kept" in " ".join([found.says, *found.detail])


def test_a_fault_is_told_with_its_fix():
    fault = {
        "what": "the endpoint refuses the key",
        "where": "https://x",
        "fix": "Set ADVISOR_API_KEY.",
        "code": 5,
    }
    found = ladder_situation(state([*measuring(), ended("failed", **fault)], life="failed"))

    assert found.says == "The run failed: the endpoint refuses the key"
    assert found.detail == ("https://x", "What to do: Set ADVISOR_API_KEY.")
    assert found.way == "resume"


def test_a_measured_ladder_leads_to_the_verdict():
    waiting = state(measured(with_verdict=False), baselines=ladder())
    assert ladder_situation(waiting).kind == "working"

    there = state(measured(), life="paused", baselines=ladder(), verdict={"outcome": "FINE_TUNE"})
    assert (ladder_situation(there).kind, ladder_situation(there).way) == ("good", "verdict")


def test_a_ladder_that_is_measured_again_is_not_called_measured():
    again = state([*measured(), *measuring(3)], baselines=ladder(), verdict={"outcome": "FINE_TUNE"})

    assert ladder_situation(again).says == "Now the cheap options are measured."


def test_a_small_disk_and_a_folder_that_cannot_be_written_are_told():
    run = state(measuring())

    assert ladder_cautions(replace(run, disk_free=LEAST_FREE)) == ()
    assert "255 MiB are free" in ladder_cautions(replace(run, disk_free=LEAST_FREE - 2**20))[0]
    assert "cannot be written" in ladder_cautions(replace(run, is_writable=False))[0]


@pytest.mark.parametrize(
    ("life", "verdict", "expected"),
    [
        ("stopped", None, True),
        ("died", None, True),
        ("failed", None, True),
        ("running", None, False),
        ("stopping", None, False),
        ("paused", {"outcome": "FINE_TUNE"}, False),
        ("finished", {"outcome": "NOT_SUITED"}, False),
    ],
)
def test_a_ladder_is_gone_on_with_where_nobody_works_on_it_and_no_verdict_is_there(life, verdict, expected):
    run = RunState(life=life, artefacts={"verdict": verdict} if verdict else {})

    assert can_go_on(run) is expected
    assert can_go_on(None) is False


def test_there_is_something_to_measure_without_a_run_or_with_more_rungs_than_it_has():
    draft = Draft().changed(task="sort", rungs=RUNGS)
    idle, live = RunState(life="paused"), RunState(life="running")

    assert can_measure(draft, None, None)
    assert not can_measure(draft, draft, idle)
    assert not can_measure(draft.changed(rank=4), draft, idle)
    assert can_measure(draft.changed(prompt_file=Path("p.txt")), draft, idle)
    assert not can_measure(draft.changed(prompt_file=Path("p.txt")), draft, live)


def test_a_prompt_is_read_whole_from_the_run(tmp_path):
    run = a_run(tmp_path, measuring())
    long = "x" * 9_000
    lines = [
        {
            "id": f"r{n}",
            "prompt": [{"role": "user", "content": long}],
            "reference": "a",
            "prediction": "b",
            "scores": {},
        }
        for n in range(3)
    ]
    (run.path / "baselines").mkdir()
    (run.path / "baselines" / "few_shot.dev.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines)
    )

    found = asked_prompt(run.path, "few_shot", "dev", "r2")

    assert found is not None
    assert found.prompt[0]["content"] == long
    assert asked_prompt(run.path, "few_shot", "dev", "r9") is None
    assert asked_prompt(run.path, "zero_shot", "dev", "r1") is None


def test_the_persons_own_prompt_is_asked_only_where_there_is_one() -> None:
    assert asked_rungs(Draft()) == tuple(rung for rung in ALL_RUNGS if rung != "prompt_file")
    assert asked_rungs(Draft().changed(prompt_file=Path("mine.txt"))) == tuple(ALL_RUNGS)

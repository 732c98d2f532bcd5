"""What is told of a training in each state of a run, from events as runs write them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.draft import Draft
from advisor.situation import (
    STAGE_NAMES,
    can_resume,
    can_start,
    can_stop,
    cautions_of,
    least_free,
    situation_of,
    wish_of,
)
from advisor.stage_words import STAGE_WORDS
from advisor.watching import STAGES, RunState, fold_all
from advisor.watching.folding import TRAINING
from trainer.events import (
    Event,
    JobFinished,
    JobStarted,
    Logged,
    Metric,
    RunEnded,
    StageFinished,
    StageStarted,
)

MIB = 2**20
BEGUN: list[tuple[str, Event]] = [
    ("", StageStarted(time=1, stage="train")),
    (TRAINING, JobStarted(time=2, job="training", kind="train", pid=7)),
    (TRAINING, Metric(time=3, step=1_200, epoch=0.5, values={"loss": 0.5})),
]


def run(*more: tuple[str, Event], life: str = "running") -> RunState:
    return replace(fold_all(RunState(), [*BEGUN, *more]), life=life)


def test_every_stage_has_its_words():
    assert set(STAGE_WORDS) == set(STAGE_NAMES) == set(STAGES)


def test_without_a_run_the_way_is_the_cheap_options():
    found = situation_of(None)

    assert (found.kind, found.way) == ("waiting", "options")


def test_a_training_that_goes_on_has_nothing_to_be_done_about():
    assert situation_of(run()).says == "The model is being trained."
    assert situation_of(run()).way is None


def test_before_training_it_is_said_what_goes_on_instead():
    state = fold_all(RunState(life="running", owner=3), [("", StageStarted(time=1, stage="baseline"))])

    assert situation_of(replace(state, life="running")).says == (
        "Training has not begun; now the cheap options are measured."
    )


def test_before_the_first_step_it_is_said_what_is_done_meanwhile():
    said = [*BEGUN[:2], (TRAINING, Logged(time=3, message="loaded smollm2-135m (bf16, cpu)"))]
    state = replace(fold_all(RunState(), said), life="running")

    assert situation_of(state).detail == ("loaded smollm2-135m (bf16, cpu)",)
    assert situation_of(run(("", Logged(time=4, message="later")))).detail == ()


def test_the_scores_that_follow_the_training_are_not_called_training():
    done = (TRAINING, JobFinished(time=4, job="training", outcome="done", seconds=2))
    state = run(done, ("tuned-test", JobStarted(time=5, job="tuned-test", kind="generate", pid=7)))

    assert situation_of(state).says == "The training is done; now the tuned model answers the test rows."
    assert situation_of(state).way == "results"


def test_after_training_the_results_are_the_way():
    done = (TRAINING, JobFinished(time=4, job="training", outcome="done", seconds=2))
    trained = ("", StageFinished(time=5, stage="train", seconds=3))
    state = run(done, trained, ("", StageStarted(time=6, stage="evaluate")))

    assert situation_of(state).says == "The training is done; now the tuned model answers the test rows."
    assert situation_of(state).way == "results"
    assert situation_of(replace(state, life="finished")).kind == "good"


def test_a_fault_is_told_whole_with_its_fix_and_the_log():
    ended = RunEnded(
        time=9, outcome="failed", what="no space", where="/runs/one", fix="free some", problems=["p1"], code=5
    )
    state = replace(run(("", ended), life="failed"), log=("last line",))

    found = situation_of(state)

    assert found.says == "The run failed: no space"
    assert found.detail == ("/runs/one", "p1", "What to do: free some")
    assert (found.way, found.log, found.kind) == ("resume", ("last line",), "bad")


def test_a_killed_training_says_at_which_step_and_how_to_go_on():
    found = situation_of(run(life="died"))

    assert found.says == "The training ended without a word at step 1,200."
    assert found.detail[0] == "It was killed, or the machine went down."
    assert found.way == "resume"


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"disk_free": 0}, "The disk that it lies on is full"),
        ({"disk_free": 16 * MIB}, "It was killed"),
        ({"is_writable": False, "disk_free": 0}, "The run directory cannot be written"),
    ],
)
def test_what_most_likely_ended_a_run_without_a_word_is_told(changes, cause):
    assert situation_of(replace(run(life="died"), **changes)).detail[0].startswith(cause)


def test_a_stopped_training_names_its_step():
    assert situation_of(run(life="stopped")).says == "Stopped at step 1,200. The checkpoint is kept."
    before = situation_of(RunState(life="stopped"))
    assert before.says == "The run was stopped before training. Everything that is done is kept."


def test_a_run_that_trained_nothing_says_the_verdict():
    state = RunState(life="finished", artefacts={"verdict": {"outcome": "PROMPT_IS_ENOUGH"}})

    found = situation_of(state)

    assert found.says == "Nothing was trained: the verdict is “A cheap option is enough”."
    assert found.way == "verdict"


@pytest.mark.parametrize(
    ("life", "resume", "stop"),
    [
        ("running", False, True),
        ("stopping", False, False),
        ("paused", True, False),
        ("stopped", True, False),
        ("failed", True, False),
        ("died", True, False),
        ("finished", False, False),
    ],
)
def test_what_can_be_done_follows_the_life(life, resume, stop):
    assert (can_resume(run(life=life)), can_stop(run(life=life))) == (resume, stop)


def test_a_small_disk_is_told_before_it_is_full():
    state = replace(run(), disk_free=100 * MIB)

    (caution,) = cautions_of(state)

    assert "100 MiB are free, and checkpoints need 256" in caution
    assert cautions_of(replace(state, disk_free=256 * MIB)) == ()
    assert cautions_of(replace(state, disk_free=None)) == ()


def test_large_adapters_need_more_room():
    state = replace(run(), artefacts={"forecast": {"trainable_parameters": 100 * MIB}})

    assert least_free(state) == 3 * 12 * 100 * MIB


def test_a_folder_that_cannot_be_written_is_told():
    (caution,) = cautions_of(replace(run(), is_writable=False))

    assert caution.startswith("The run directory cannot be written: what is done from now on is lost")
    (caution,) = cautions_of(replace(run(life="finished"), is_writable=False))
    assert caution.startswith("The run directory can only be read")


@pytest.mark.parametrize(
    ("fields", "outcome", "wish"),
    [
        ({}, None, "unknown"),
        ({}, "FINE_TUNE", "advised"),
        ({}, "PROMPT_IS_ENOUGH", "against"),
        ({"force_train": True}, "PROMPT_IS_ENOUGH", "against"),
        ({"force_train": True, "overruled": "it must run offline"}, "PROMPT_IS_ENOUGH", "overruled"),
        ({"no_train": True}, "FINE_TUNE", "refused"),
    ],
)
def test_training_is_wanted_by_the_verdict_or_for_a_written_reason(fields, outcome, wish):
    assert wish_of(Draft().changed(**fields), {"outcome": outcome} if outcome else None) == wish


def test_a_training_starts_once_and_again_only_for_a_change():
    verdict = {"verdict": {"outcome": "FINE_TUNE"}}
    waiting = RunState(life="paused", artefacts=verdict)
    done = RunState(life="finished", artefacts={**verdict, "comparison": {}})

    assert can_start(Draft(), waiting, is_changed=False)
    assert not can_start(Draft(), done, is_changed=False)
    assert can_start(Draft(), done, is_changed=True)


def test_no_training_starts_where_somebody_works_or_the_verdict_is_against_it():
    against = RunState(life="finished", artefacts={"verdict": {"outcome": "NOT_SUITED"}})

    assert not can_start(Draft(), run(), is_changed=True)
    assert not can_start(Draft(), against, is_changed=True)
    assert not can_start(Draft(), None, is_changed=True)

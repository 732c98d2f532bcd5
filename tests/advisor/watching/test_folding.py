"""The fold: pure, the same however events come in, and bounded whatever they say."""

from __future__ import annotations

import random
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.watching import STAGES, RunState, RunWatch, fold, fold_all
from advisor.watching.folding import TRAINING, _Folder
from trainer.event_log import LogTail, Metrics
from trainer.events import (
    DevScored,
    Event,
    EventTail,
    JobFinished,
    JobStarted,
    Logged,
    Metric,
    Progress,
    RunEnded,
    RungAnswered,
    RungScored,
    RunStarted,
    Sample,
    StageFinished,
    StageStarted,
    Warned,
)


def folded(*events: Event, job: str = "") -> RunState:
    return fold_all(RunState(), [(job, event) for event in events])


def statuses(state: RunState) -> dict[str, str]:
    return {stage.name: stage.status for stage in state.stages}


def step(number: int, loss: float = 1.0, **more: float) -> Metric:
    return Metric(time=number, step=number, epoch=number / 10, values={"loss": loss, **more})


def test_every_event_is_known_to_the_fold():
    union, _ = get_args(Event)

    assert set(_Folder(RunState()).take) == {*get_args(union), Metrics}


def test_the_stages_are_those_of_the_walk():
    from advisor.walk import WALK

    assert tuple(stage.name for stage in WALK) == STAGES


def test_a_state_is_not_changed_by_what_is_folded_onto_it(one_of_each):
    before = folded(*one_of_each, job=TRAINING)
    kept = folded(*one_of_each, job=TRAINING)

    after = fold(before, step(99), TRAINING)

    assert before == kept != after


# Streams as a run and its trainings say them, restarts and repeats included.
_STEPS = st.integers(1, 40)
_TEXT = st.sampled_from(["a", "b", "c"])
_EVENTS = st.one_of(
    st.builds(RunStarted, time=st.just(1.0), pid=st.just(1), until=st.sampled_from(["", "decide"])),
    st.builds(
        RunEnded, time=st.just(1.0), outcome=st.sampled_from(["done", "stopped", "failed"]), what=_TEXT
    ),
    st.builds(StageStarted, time=st.floats(0, 9), stage=st.sampled_from([*STAGES, "later"])),
    st.builds(
        StageFinished,
        time=st.just(1.0),
        stage=st.sampled_from(STAGES),
        seconds=st.floats(0, 9),
        reused=st.booleans(),
        summary=_TEXT,
    ),
    st.builds(
        Progress,
        time=st.floats(0, 99),
        task=st.sampled_from(["train", "ask"]),
        done=_STEPS,
        total=st.just(40.0),
    ),
    st.builds(
        Metric,
        time=st.just(1.0),
        step=_STEPS,
        epoch=st.just(0.5),
        values=st.dictionaries(_TEXT, st.floats(-5, 5), max_size=3),
    ),
    st.builds(Sample, time=st.just(1.0), step=_STEPS, prompt=_TEXT, reference=_TEXT, prediction=_TEXT),
    st.builds(
        DevScored,
        time=st.just(1.0),
        step=_STEPS,
        metric=_TEXT,
        n=st.just(2),
        value=st.floats(0, 1),
        low=st.just(0.0),
        high=st.just(1.0),
    ),
    st.builds(
        RungScored,
        time=st.just(1.0),
        rung=_TEXT,
        split=st.sampled_from(["dev", "test"]),
        metric=_TEXT,
        done=_STEPS,
        total=_STEPS,
        n=_STEPS,
        value=st.floats(0, 1),
    ),
    st.builds(
        RungAnswered,
        time=st.just(1.0),
        rung=_TEXT,
        id=_TEXT,
        prompt=_TEXT,
        reference=_TEXT,
        prediction=_TEXT,
        score=st.floats(0, 1),
    ),
    st.builds(Warned, time=st.just(1.0), message=_TEXT),
    st.builds(Logged, time=st.just(1.0), message=_TEXT),
    st.builds(JobStarted, time=st.just(1.0), job=_TEXT, kind=_TEXT, pid=st.just(1)),
    st.builds(
        JobFinished,
        time=st.just(1.0),
        job=_TEXT,
        outcome=st.sampled_from(["done", "stopped"]),
        seconds=st.just(1.0),
    ),
)


@given(st.lists(st.tuples(st.sampled_from(["", TRAINING, "jobs"]), _EVENTS), max_size=60), st.randoms())
def test_many_at_once_give_what_one_by_one_gives(events, chance):
    one_by_one = RunState()
    for job, event in events:
        one_by_one = fold(one_by_one, event, job)

    at = 0
    in_parts = RunState()
    while at < len(events):
        size = chance.randint(1, 9)
        in_parts = fold_all(in_parts, events[at : at + size])
        at += size

    assert fold_all(RunState(), events) == one_by_one == in_parts


@settings(deadline=None)
@given(
    events=st.lists(_EVENTS, max_size=40),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=30),
    tail_of=st.sampled_from([EventTail, LogTail]),
)
def test_a_file_read_in_any_parts_gives_the_same_state(events, sizes, tail_of, tmp_path_factory):
    data = "".join(event.model_dump_json() + "\n" for event in events).encode()
    file = tmp_path_factory.mktemp("log") / "events.jsonl"
    tail, state, at, turn = tail_of(file), RunState(), 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        with file.open("ab") as out:
            out.write(data[at : at + size])
        at, turn = at + size, turn + 1
        state = fold_all(state, [(TRAINING, event) for event in tail.poll()])

    assert state == folded(*events, job=TRAINING)


def test_a_stage_that_later_stages_began_without_is_skipped_and_comes_back_when_it_is_run():
    paused = folded(
        StageStarted(stage="decide"),
        StageFinished(stage="decide", seconds=2.0, summary="FINE_TUNE"),
        StageStarted(stage="report"),
        StageFinished(stage="report", seconds=0.1),
    )
    assert (statuses(paused)["train"], statuses(paused)["report"], paused.ending) == (
        "skipped",
        "done",
        "done",
    )

    going_on = fold_all(
        paused,
        [
            ("", RunStarted(pid=1)),
            ("", StageStarted(stage="decide")),
            ("", StageFinished(stage="decide", seconds=0.0, reused=True, summary="FINE_TUNE")),
            ("", StageStarted(stage="train")),
        ],
    )

    assert statuses(going_on) | {"train": "running"} == statuses(going_on)
    assert (going_on.stage("report").status, going_on.ending) == ("waiting", "")
    # What a stage took is what making it took, not what finding it again took.
    assert (going_on.stage("decide").status, going_on.stage("decide").seconds) == ("reused", 2.0)


def test_a_stage_that_a_killed_process_left_running_is_waiting_again():
    state = folded(StageStarted(stage="baseline"), RunStarted(pid=2), StageStarted(stage="assess"))

    assert statuses(state)["baseline"] == "waiting"


def test_a_stage_that_is_made_again_leaves_those_after_it_waiting():
    state = folded(
        StageFinished(stage="train", seconds=1.0),
        StageFinished(stage="evaluate", seconds=1.0),
        StageFinished(stage="forecast", seconds=1.0),
    )

    assert [statuses(state)[name] for name in ("forecast", "train", "evaluate")] == [
        "done",
        "waiting",
        "waiting",
    ]


def test_how_a_session_ended_is_told_until_the_next_one_begins():
    failed = folded(RunEnded(outcome="failed", what="no rows", where="a.jsonl", fix="give some", code=3))
    assert failed.fault is not None
    assert str(failed.fault.as_fault()) == "a.jsonl: no rows"

    assert fold(failed, RunStarted(pid=1)).fault is None
    assert fold(failed, RunStarted(pid=1)).ending == ""


def test_only_the_main_training_fills_the_charts():
    state = fold_all(RunState(), [(TRAINING, step(1, 2.0)), ("curve-25", step(1, 9.0)), ("", step(2, 9.0))])

    assert state.training.series["loss"].points == ((1, 2.0),)


def test_a_resumed_training_replaces_what_it_does_again():
    before = [step(at, float(at), eval_loss=9.0) for at in range(1, 9)]
    answers = [Sample(step=at, prompt="p", reference="r", prediction=f"at {at}") for at in (4, 8)]
    scores = [DevScored(step=at, metric="m", n=1, value=0.1, low=0, high=1) for at in (4, 8)]

    state = folded(*before, *answers, *scores, step(5, 0.5), job=TRAINING)

    assert state.training.series["loss"].points == ((1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0), (5, 0.5))
    assert state.training.samples[0].answers == ((4, "at 4"),)
    assert [score.step for score in state.training.scores] == [4]


def test_the_time_left_goes_by_the_pace_since_this_try_began():
    state = folded(
        JobStarted(time=0, job=TRAINING, kind="train", pid=1),
        Progress(time=100, task="train", done=40, total=100, unit="steps"),
        JobStarted(time=500, job=TRAINING, kind="train", pid=2),
        Progress(time=510, task="train", done=41, total=100, unit="steps"),
        Progress(time=520, task="train", done=51, total=100, unit="steps"),
        job=TRAINING,
    )

    assert state.training.seconds_left == pytest.approx(49)
    assert (state.training.steps, state.activity.rate()) == (100, pytest.approx(1.0))
    assert (
        fold(state, JobFinished(job=TRAINING, outcome="done", seconds=1), TRAINING).training.seconds_left
        is None
    )


def test_samples_show_the_first_answer_and_the_newest():
    events = [Sample(step=at, prompt="p", reference="r", prediction=f"at {at}") for at in range(1, 40)]

    [track] = folded(*events, job=TRAINING).training.samples

    assert track.answers[0] == (1, "at 1")
    assert track.latest == "at 39"
    assert len(track.answers) == 12


def test_a_rung_fills_in_with_its_score_and_first_answers():
    state = folded(
        RungScored(rung="few_shot", split="dev", metric="exact_match", done=0, total=8, n=0),
        RungAnswered(rung="few_shot", id="r1", prompt="p", reference="a", prediction="b", score=0),
        RungAnswered(rung="few_shot", id="r1", prompt="p", reference="a", prediction="b", score=0),
        RungScored(
            rung="few_shot",
            split="dev",
            metric="exact_match",
            done=8,
            total=8,
            n=7,
            value=0.5,
            low=0.2,
            high=0.8,
        ),
    )

    [rung] = state.rungs
    assert (rung.is_measured, rung.n, rung.value, rung.selected) == (True, 7, 0.5, None)
    assert [answer.prediction for answer in rung.answers] == ["b"]


def test_nothing_grows_without_end():
    chance = random.Random(1)
    events: list[Event] = []
    for at in range(1, 3_000):
        events += [
            Logged(message=f"{at} {'x' * 9_000}"),
            Warned(message=f"warning {at}"),
            Sample(step=at, prompt=f"p{chance.randrange(500)}", reference="r", prediction="y" * 9_000),
            DevScored(step=at, metric="m", n=1, value=0.1, low=0, high=1),
        ]

    state = folded(*events, job=TRAINING)

    assert (len(state.notes), len(state.warnings)) == (200, 100)
    assert (len(state.training.samples), len(state.training.scores)) == (32, 200)
    assert max(len(note.text) for note in state.notes) <= 4_000
    assert max(len(text) for track in state.training.samples for _, text in track.answers) <= 4_000


def test_a_log_that_was_set_aside_is_read_from_its_new_beginning(tmp_path: Path):
    file = tmp_path / "events.jsonl"
    file.write_text(step(1).model_dump_json() + "\n" + step(2).model_dump_json() + "\n", encoding="utf-8")
    tail = EventTail(file)
    assert len(list(tail.poll())) == 2

    file.rename(tmp_path / "former.jsonl")
    file.write_text(step(7).model_dump_json() + "\n", encoding="utf-8")

    assert [event.step for event in tail.poll()] == [7]


def test_a_ladder_of_another_version_leaves_what_the_events_said(tmp_path: Path) -> None:
    (tmp_path / "baselines.json").write_text('{"metric": "exact_match", "rungs": [{"rung": "zero_shot"}]}')

    assert RunWatch(tmp_path).poll().rungs == ()

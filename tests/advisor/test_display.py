"""What a person sees of the event stream: pure folds, few lines, and no word of others that moves the cursor."""

from __future__ import annotations

import io
import json

import pytest

from advisor.display import (
    Bar,
    JsonEvents,
    Lines,
    Silent,
    describe,
    display_for,
    duration,
    progress_text,
)
from advisor.watching import Activity, fold_activity
from trainer.events import (
    Event,
    Logged,
    Metric,
    Progress,
    StageFinished,
    StageStarted,
    Warned,
    parse_event,
)


def folded(*events: Event) -> Activity:
    state = Activity()
    for event in events:
        state = fold_activity(state, event)
    return state


def test_the_fold_is_pure(one_of_each):
    before = folded(*one_of_each[:3])
    kept = Activity(**vars(before))

    once, twice = fold_activity(before, one_of_each[3]), fold_activity(before, one_of_each[3])

    assert once == twice != before
    assert before == kept


def test_the_state_follows_stage_task_progress_and_last_values():
    state = folded(
        StageStarted(time=0, stage="train"),
        Progress(time=10, task="train", done=10, total=40, unit="steps"),
        Metric(time=11, step=10, epoch=0.5, values={"loss": 0.9, "eval_loss": 0.8}),
        Metric(time=12, step=11, epoch=0.5, values={"loss": 0.7}),
        Progress(time=20, task="train", done=20, total=40, unit="steps"),
    )

    assert (state.stage, state.task, state.done, state.total, state.unit) == (
        "train",
        "train",
        20,
        40,
        "steps",
    )
    assert dict(state.metrics) == {"loss": 0.7, "eval_loss": 0.8}
    assert state.share() == 0.5
    # Ten steps took ten seconds; what came before the first event is not counted as its pace.
    assert state.seconds_left(now=20) == pytest.approx(20)
    assert progress_text(state, now=20) == "train 20/40 steps, loss 0.700, dev loss 0.800, 20 s left"


def test_a_new_stage_forgets_the_progress_of_the_last(one_of_each):
    assert folded(*one_of_each[:4], StageStarted(time=9, stage="evaluate")) == Activity(stage="evaluate")


def test_no_time_is_promised_before_anything_moved():
    unknown = folded(Progress(time=1, task="fetch", done=5, unit="MB"))
    begun = folded(Progress(time=1, task="ask", done=5, total=10))

    assert (unknown.share(), unknown.seconds_left(2)) == (None, None)
    assert begun.seconds_left(2) is None
    assert progress_text(unknown, 2) == "fetch 5 MB"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (45, "45 s"),
        (59.7, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.9, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_read_well(seconds, words):
    assert duration(seconds) == words


def test_a_log_gets_one_line_a_change_and_not_one_an_event():
    stream = io.StringIO()
    display = Lines(stream)

    display(StageStarted(stage="baseline"))
    for done in range(101):
        display(Progress(task="ask", done=done, total=100))
    display(Warned(message="a row is long"))
    display(StageFinished(stage="baseline", seconds=3.21, summary="few_shot"))
    display(StageFinished(stage="decide", seconds=0, reused=True))
    display.close()

    lines = stream.getvalue().splitlines()
    assert [line.split()[1] for line in lines[:4]] == ["25/100", "50/100", "75/100", "100/100"]
    assert lines[4:] == ["warning: a row is long", "baseline     3.2 s  few_shot", "decide        kept"]


def test_a_message_cannot_move_the_cursor_or_be_markup():
    hostile = Logged(message="\x1b[2J[bold]:smile:[/bold]\nnext\u202e")

    line = describe(hostile)

    assert all(char.isprintable() for char in line)
    for display in (Lines(stream := io.StringIO()), Bar(drawn := io.StringIO())):
        display(hostile)
        display.close()
    assert "[bold]:smile:[/bold]" in stream.getvalue()
    assert "[bold]:smile:[/bold]" in drawn.getvalue()
    assert "\x1b" not in stream.getvalue() + drawn.getvalue()


def test_a_bar_takes_every_event(one_of_each):
    stream = io.StringIO()
    bar = Bar(stream)

    for event in [*one_of_each, Progress(task="ask", done=1), Progress(task="other", done=2, total=0)]:
        bar(event)
    bar.close()
    bar.close()

    assert "warning: slow" in stream.getvalue()


def test_json_events_are_the_stream_itself(one_of_each):
    stream = io.StringIO()
    display = JsonEvents(stream)

    for event in one_of_each:
        display(event)
    display.close()

    lines = stream.getvalue().removesuffix("\n").split("\n")
    assert [parse_event(line) for line in lines] == one_of_each
    assert json.loads(lines[5]) == {"time": 6, "type": "warning", "message": "slow"}


@pytest.mark.parametrize(
    ("terminal", "flags", "kind"),
    [
        (True, {"quiet": False, "json_events": False}, Bar),
        (False, {"quiet": False, "json_events": False}, Lines),
        (True, {"quiet": True, "json_events": False}, Silent),
        (True, {"quiet": True, "json_events": True}, JsonEvents),
    ],
)
def test_the_display_suits_where_the_output_goes(terminal, flags, kind, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr("sys.stderr", stream)

    display = display_for(**flags)
    display.close()

    assert isinstance(display, kind)

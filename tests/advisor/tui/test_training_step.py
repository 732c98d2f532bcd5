"""The Training step in every state of a run, on real run directories; nothing is trained."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from looks import stand_still
from textual.pilot import Pilot
from textual_plot import PlotWidget
from training_runs import (
    NOW,
    Doors,
    a_plan,
    a_run,
    application,
    done,
    failed,
    paused,
    screen_text,
    stopped,
    training,
    until,
)

from advisor.curves import charts_of
from advisor.run_directory import create_run
from advisor.tui import warming
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs import Ask, Explain
from advisor.tui.help import HelpScreen
from advisor.tui.services import Services
from advisor.tui.steps.training import TrainingStep, step
from advisor.tui.steps.training.chart_view import ChartView, value_words
from advisor.watching import RunState, fold_all
from advisor.watching.series import SeriesBuilder
from rubrics.errors import Fault
from tests.benchmarks.watching import write_run
from trainer.events import EventWriter, Logged, Metric
from trainer.job import EVENTS_FILE, hold

SIZE = (80, 24)
WIDE = (140, 40)


@pytest.fixture
def as_started() -> Iterator[None]:
    """Threads take turns as often as in the wizard that a person starts."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(warming._TURN_SECONDS)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def step_of(app: AdvisorApp) -> TrainingStep:
    step = app.screen.step
    assert isinstance(step, TrainingStep)
    return step


def charts(app: AdvisorApp) -> list[str]:
    """Titles of the charts on the screen."""
    return [view.chart.title for view in visible(app) if view.chart is not None]


def visible(app: AdvisorApp) -> list[ChartView]:
    return [view for view in step_of(app).query(ChartView) if not view.has_class("-hidden")]


def limits(app: AdvisorApp) -> tuple[float, float]:
    """Steps on the first chart."""
    plot = step_of(app).query(PlotWidget).first()
    return plot._x_min, plot._x_max


async def shows(pilot: Pilot[Any], *words: str) -> str:
    """Wait until all of this is on the screen; its text."""
    await until(pilot, lambda: all(word in screen_text(pilot.app) for word in words))
    return screen_text(pilot.app)


async def drawn(pilot: Pilot[Any]) -> None:
    """A chart was drawn."""
    await until(pilot, lambda: getattr(pilot.app.screen, "step", None) is not None and charts(pilot.app))


async def test_a_narrow_screen_shows_one_chart_and_a_key_for_the_others(tmp_path):
    run = a_run(tmp_path, training())
    app = application(run, "training")
    with hold(run.path / "lock"):
        async with app.run_test(size=SIZE) as pilot:
            await drawn(pilot)
            assert charts(app) == ["Loss"]
            text = await shows(
                pilot, "● The model is being trained.", "step 200 / 400", "50%", "1 min 40 s left"
            )
            await pilot.press("g")
            await until(pilot, lambda: charts(app) == ["Next-token accuracy"])
            await pilot.press("g")
            await shows(pilot, "Score on dev rows  ● exact_match", "n=8")
            await pilot.press("G", "G")
            await until(pilot, lambda: charts(app) == ["Loss"])

    assert "── train 0.7741  ● dev 0.8251  (smoothed)" in text
    assert "memory ██░░░░░░ 3.40 GiB of 16.0 GiB" in text


async def test_wider_screens_show_charts_and_lists_beside_each_other(tmp_path):
    app = application(a_run(tmp_path, done()), "training")
    async with app.run_test(size=WIDE) as pilot:
        await drawn(pilot)
        await until(pilot, lambda: charts(app) == ["Loss", "Next-token accuracy"])
        await shows(pilot, "Answers", "Findings (0)", "Log", "No sign of trouble.")
        await pilot.resize_terminal(200, 50)
        await until(pilot, lambda: charts(app) == ["Loss", "Next-token accuracy", "Score on dev rows"])
        await pilot.resize_terminal(*SIZE)
        await until(pilot, lambda: charts(app) == ["Loss"])


async def test_keys_do_not_make_the_charts_anew(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(step, "charts_of", lambda training: made.append(training) or charts_of(training))
    app = application(a_run(tmp_path, stopped()), "training")
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        before = len(made)
        await pilot.press("question_mark", "escape", "m", "l", "plus")
        await shows(pilot, "(raw, logarithmic)")

    assert 1 <= before == len(made)


async def test_keys_change_how_the_lines_are_drawn(tmp_path):
    app = application(a_run(tmp_path, stopped()), "training")
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("m")
        await shows(pilot, "(raw)")
        await pilot.press("l")
        await shows(pilot, "(raw, logarithmic)")


async def test_keys_zoom_and_move_on_the_steps_there_are(tmp_path):
    app = application(a_run(tmp_path, stopped()), "training")
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        assert limits(app) == (1, 200)
        await pilot.press("plus")
        assert limits(app) == pytest.approx((50.75, 150.25))
        await pilot.press("right")
        assert limits(app) == pytest.approx((75.625, 175.125))
        await pilot.press("left", "left", "left", "left", "left")
        assert limits(app) == pytest.approx((1, 100.5))
        await pilot.press("0")
        assert limits(app) == (1, 200)


async def test_answers_are_shown_as_they_improve_and_never_obeyed(tmp_path):
    app = application(a_run(tmp_path, stopped()), "training")
    async with app.run_test(size=(80, 33)) as pilot:
        await drawn(pilot)
        text = await shows(pilot, "▸ My parcel is broken", "· step 40: delivery or 40", "✓ step 200: refund")
        assert "�[31m[b]a label" in text
        assert "\x1b[31m" not in text
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        await shows(pilot, "step 80: delivery or 80")


async def test_lists_change_on_a_key_and_the_log_shows_its_newest_lines(tmp_path):
    app = application(a_run(tmp_path, stopped()), "training")
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("v")
        await shows(pilot, "Findings (0)")
        await pilot.press("v")
        await shows(pilot, "22:13:20 ! the disk is slow", "training on 1,050 rows")


async def test_the_log_stays_where_a_person_reads_it_and_follows_from_its_end(tmp_path):
    run = a_run(tmp_path, training())
    app = application(run, "training")
    writer = EventWriter(run.events_file)

    async def say(pilot: Pilot[Any], *numbers: int) -> None:
        for number in numbers:
            writer(Logged(time=NOW + 300 + number, message=f"line {number}"))
        await until(pilot, lambda: f"line {numbers[-1]}" in step_of(app)._panel_of("log").words.said.plain)
        await pilot.pause(0.2)

    with hold(run.path / "lock"):
        async with app.run_test(size=WIDE) as pilot:
            await drawn(pilot)
            panel = step_of(app)._panel_of("log")
            # given a log longer than its place, whose end is in sight
            await say(pilot, *range(40))
            assert panel.max_scroll_y > 5
            assert panel.scroll_y == panel.max_scroll_y
            # when a person goes back in it
            panel.focus()
            await pilot.press("home")
            await until(pilot, lambda: panel.scroll_y == 0)
            await say(pilot, 40, 41)
            # then it stays there while more is said, and follows again from its end
            assert panel.scroll_y == 0
            await pilot.press("end")
            await until(pilot, lambda: panel.scroll_y == panel.max_scroll_y)
            await say(pilot, 42, 43)
            assert panel.scroll_y == panel.max_scroll_y
    writer.close()


async def test_a_finding_appears_with_its_rule_and_that_it_may_pass(tmp_path):
    # Given a training whose loss is the same from the first step to the last
    flat = [
        (job, event.model_copy(update={"values": {**event.values, "loss": 1.5}}))
        if isinstance(event, Metric) and "loss" in event.values
        else (job, event)
        for job, event in training()
    ]
    app = application(a_run(tmp_path, flat), "training")
    async with app.run_test(size=WIDE) as pilot:
        await drawn(pilot)
        await shows(pilot, "Findings (1)", "! L4", "(so far)")


async def test_stopping_asks_and_then_asks_the_run(tmp_path):
    doors, run = Doors(), a_run(tmp_path, training())
    app = application(run, "training", doors)
    with hold(run.path / "lock"):
        async with app.run_test(size=SIZE) as pilot:
            await drawn(pilot)
            await pilot.press("s")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press("n")
            await pilot.pause()
            assert doors.asked_to_stop == []

            await pilot.press("s")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press("y")
            await until(pilot, lambda: doors.asked_to_stop)

    assert doors.asked_to_stop == [run.path]


async def test_leaving_it_running_ends_the_screen_and_says_how_to_attach(tmp_path):
    doors, run = Doors(), a_run(tmp_path, training())
    app = application(run, "training", doors)
    with hold(run.path / "lock"):
        async with app.run_test(size=SIZE) as pilot:
            await drawn(pilot)
            await pilot.press("d")
            await pilot.pause()

    assert app.return_value == f"The run goes on. Watch it again: advisor attach {run.path}"
    assert doors.asked_to_stop == []


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (stopped, ("■ Stopped at step 200. The checkpoint is kept.",)),
        (training, ("✗ The training ended without a word at step 200.", "│ Killed")),
        (
            failed,
            ("✗ The run failed: cannot be written: No space left", "What to do: Free some space", "│ Killed"),
        ),
        (paused, ("○ The run waits before training.",)),
    ],
    ids=["stopped", "died", "failed", "paused"],
)
async def test_a_training_that_does_not_go_on_says_why_and_goes_on_with_a_key(events, words, tmp_path):
    doors, run = Doors(), a_run(tmp_path, events())
    (run.path / "run.log").write_text("loading\nKilled\n")
    app = application(run, "training", doors)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, *words, "c Go on")
        assert "s" not in app.screen.active_bindings
        await pilot.press("c")
        await until(pilot, lambda: doors.relaunched)

    assert doors.relaunched == [(run.path, {}, "")]


async def test_a_refused_start_is_told_and_the_key_stays(tmp_path):
    doors = Doors(refuse=Fault("another advisor works on this run", fix="Wait for it."))
    app = application(a_run(tmp_path, stopped()), "training", doors)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "c Go on")
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        await shows(pilot, "another advisor works on this run", "What to do: Wait for it.")
        await pilot.press("escape")
        await shows(pilot, "c Go on")


async def test_a_training_that_is_done_leads_to_the_results(tmp_path):
    app = application(a_run(tmp_path, done()), "training")
    async with app.run_test(size=SIZE) as pilot:
        text = await shows(pilot, "✓ The training is done, and its result is measured.")

        assert "c" not in app.screen.active_bindings
    assert "Next: the results (8)." in text


async def test_without_a_run_there_is_a_way_and_no_dead_key(tmp_path):
    app = application(None, "training")
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "○ No run has begun.", "the cheap options (4)")

        assert not {"s", "d", "c", "g", "m", "o", "plus"} & set(app.screen.active_bindings)


class _Still:
    """A run whose state a test sets."""

    def __init__(self, state: RunState) -> None:
        self.state = state

    def poll(self) -> RunState:
        return self.state


def watching(still: _Still) -> Services:
    return replace(Doors().services(), watch=lambda path: still)


async def test_a_full_disk_and_a_folder_without_rights_are_told_while_it_runs(tmp_path):
    run = a_run(tmp_path, training())
    state = fold_all(RunState(), training())
    still = _Still(replace(state, life="running", owner=1, disk_free=50 * 2**20, is_writable=False))
    app = AdvisorApp(watching(still), run=run.path, step="training")
    async with app.run_test(size=SIZE) as pilot:
        await shows(
            pilot, "! The disk is nearly full: 50 MiB are free", "! The run directory cannot be written"
        )
        still.state = replace(still.state, disk_free=2**40, is_writable=True)
        await until(pilot, lambda: "nearly full" not in screen_text(app))


async def test_charts_follow_new_steps_but_not_more_than_twice_a_second(tmp_path, monkeypatch):
    run, draws = a_run(tmp_path, training()), []
    draw = ChartView.draw
    monkeypatch.setattr(
        ChartView, "draw", lambda self, *a, **k: (draws.append(time.monotonic()), draw(self, *a, **k))
    )
    app = application(run, "training")
    with hold(run.path / "lock"):
        async with app.run_test(size=SIZE) as pilot:
            await drawn(pilot)
            writer = EventWriter(run.training / EVENTS_FILE)
            began = len(draws)
            for step in range(201, 213):
                writer(Metric(time=NOW + step, step=step, epoch=1.5, values={"loss": 0.4}))
                await pilot.pause(0.1)
            writer.close()
            await until(pilot, lambda: limits(app)[1] == 212)
            drawn_since = draws[began:]

            # And nothing is drawn where nothing was measured.
            await pilot.pause(0.7)
            assert len(draws) == began + len(drawn_since)
    assert all(later - earlier > 0.4 for earlier, later in itertools.pairwise(drawn_since))


@pytest.mark.unmeasured
async def test_half_a_million_points_are_drawn_at_once(tmp_path):
    # Given the state of a training of 500,000 steps
    builder, steps = SeriesBuilder(), list(range(1, 500_001))
    builder.add(steps, [1.0 + step % 7 for step in steps])
    series = dict.fromkeys(("loss", "next_token_accuracy", "grad_norm"), builder.freeze())
    begun = fold_all(RunState(), training(1))
    state = replace(begun, training=replace(begun.training, series=series, step=500_000, steps=600_000))
    app = AdvisorApp(
        watching(_Still(replace(state, life="running", owner=1))), run=a_run(tmp_path).path, step="training"
    )
    async with app.run_test(size=(200, 50)) as pilot:
        await drawn(pilot)
        await until(pilot, lambda: len(charts(app)) == 3)
        text = screen_text(app)
        seconds = timed_draw(app)
        points = sum(len(dataset.x) for plot in step_of(app).query(PlotWidget) for dataset in plot._datasets)

    assert "step 500,000 / 600,000" in text
    assert points < 2_000
    assert seconds < 0.5


@pytest.mark.unmeasured
async def test_keys_are_answered_at_once_while_half_a_million_events_are_opened(tmp_path, as_started):
    # Given the log of a training that goes on
    run = create_run(a_plan(tmp_path), tmp_path / "run")
    write_run(run.path, 500_000)
    app = application(run, "training")
    waited: list[float] = []

    async def press(key: str, is_answered: Callable[[], object]) -> None:
        # Not `Pilot.press`, which waits until nothing is to be done any more.
        began = time.monotonic()
        app.simulate_key(key)
        while not is_answered():
            assert time.monotonic() - began < 20, screen_text(app)
            await asyncio.sleep(0.01)
        waited.append(time.monotonic() - began)

    with hold(run.path / "lock"):
        async with app.run_test(size=SIZE) as pilot:
            # When keys are pressed while it is read
            await press("question_mark", lambda: isinstance(app.screen, HelpScreen))
            assert app.screen_stack[-2].walk_state.run is None
            await press("escape", lambda: not isinstance(app.screen, HelpScreen))
            # And once it is on the screen
            await until(pilot, lambda: "step 250,000 / 250,000" in screen_text(app), 60)
            await drawn(pilot)
            await press("g", lambda: charts(app) == ["Next-token accuracy"])
            await press("plus", lambda: limits(app)[0] > 1)
            points = sum(
                len(dataset.x) for plot in step_of(app).query(PlotWidget) for dataset in plot._datasets
            )

    assert max(waited) < 2, waited
    assert points < 2_000


def timed_draw(app: AdvisorApp) -> float:
    began = time.perf_counter()
    step_of(app)._draw()
    return time.perf_counter() - began


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (1.3e-5, "1.3e-05"), (0.41214, "0.4121"), (3_912.4, "3,912"), (-2.5, "-2.5")],
)
def test_measured_values_take_few_cells(value, words):
    assert value_words(value) == words


@pytest.mark.parametrize("state", ["running", "done", "failed", "stopped", "died"])
def test_looks(state, tmp_path, as_pictured):
    events = {"done": done, "failed": failed, "stopped": stopped}.get(state, training)
    run = a_run(tmp_path, events())
    (run.path / "run.log").write_text("loading\nKilled\n")
    app = application(run, "training")

    async def show(pilot: Pilot[Any]) -> None:
        await drawn(pilot)
        await until(pilot, lambda: all(view.chart is not None for view in visible(app)))
        # Charts are drawn one after the other, and anew where the layout gave them another size: once more at the
        # last size, since a plot keeps where its first lines were cut, which the picture tells and nobody sees.
        await pilot.press("0")
        await stand_still(pilot, 0.5)

    with hold(run.path / "lock") if state == "running" else nullcontext():
        assert as_pictured(app, show)


def test_training_without_a_run_looks(as_pictured):
    async def show(pilot: Pilot[Any]) -> None:
        await shows(pilot, "○ ")

    assert as_pictured(application(None, "training"), show)

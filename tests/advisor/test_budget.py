"""What a time limit takes away: in the order that is documented, never in silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from advisor.budget import (
    LEAST_DEV_ROWS,
    LEAST_EVALUATIONS,
    LEAST_TEST_ROWS,
    LEAST_TRAIN_ROWS,
    SAFETY,
    START_SECONDS,
    USED_UP,
    Past,
    Speed,
    allow,
    allow_curve,
    allow_training,
    minutes_for_all,
    seconds_per_row,
)

USUAL = Speed(answer=0.1, answer_tuned=0.1, score=0.01, train=0.1)

rates = st.floats(1e-5, 50)
speeds = st.builds(Speed, answer=rates, answer_tuned=rates, score=rates, train=rates)
sizes = st.integers(1, 100_000)
times = st.floats(0, 1e6)


def training(seconds, speed=USUAL, rows=1000, epochs=2.0, dev=0, test=0, evaluations=10):
    return allow_training(
        seconds=seconds,
        speed=speed,
        rows=rows,
        epochs=epochs,
        dev_rows=dev,
        test_rows=test,
        evaluations=evaluations,
    )


def asking(seconds, speed=USUAL, rungs=3, dev=500, test=3000):
    return allow(seconds=seconds, speed=speed, asked_rungs=rungs, dev_rows=dev, test_rows=test)


def test_rates_become_seconds_a_row():
    speed = seconds_per_row(
        mean_tokens=110,
        mean_answer=10,
        prefill=1000,
        decode=100,
        tuned_prefill=500,
        tuned_decode=50,
        evaluate=500,
        train=220,
    )

    assert speed.answer == pytest.approx(0.1 + 1.3 * 0.1)
    assert speed.answer_tuned == pytest.approx(0.2 + 1.3 * 0.2)
    assert speed.score == pytest.approx(0.22)
    assert speed.train == pytest.approx(0.5)


def test_without_a_limit_everything_is_done_and_nothing_said():
    asked = asking(None)
    trained = training(None, dev=50)

    assert (asked.dev_rows, asked.test_rows, asked.reductions) == (500, 3000, ())
    assert (trained.rows, trained.epochs, trained.reductions) == (1000, 2.0, ())
    # 2,000 rows seen at 0.1 s, and ten measurements of 50 dev rows at 0.01 s.
    assert trained.seconds == pytest.approx(200 + 5)


def test_looks_at_dev_give_way_before_rows_do():
    # given dev rows of which one look takes 10 s, and 100 s: ten looks would leave nothing to train in
    slow = Speed(answer=0.1, answer_tuned=0.1, score=0.2, train=1.0)
    trained = training((100 + 2 * START_SECONDS) / 0.92, speed=slow, rows=400, dev=50)

    # then a fifth of the time, and never fewer than three looks, goes to dev
    assert trained.evaluations == 3
    assert trained.reductions[0] == "dev is measured 3 instead of 10 times (time limit)"
    # and the rest to rows: 100 s less three looks, at a second each
    assert trained.rows == pytest.approx(70, abs=2)
    assert training(None, speed=slow, dev=50).evaluations == 10


def test_enough_time_is_as_good_as_no_limit():
    assert asking(1e6) == asking(None)
    assert training(1e6, test=3000) == training(None, test=3000)


def test_too_little_time_keeps_the_least_rows_that_mean_something():
    asked = asking(1.0)

    assert (asked.dev_rows, asked.test_rows) == (LEAST_DEV_ROWS, LEAST_TEST_ROWS)
    assert len(asked.reductions) == 2
    assert "40 of 500 dev rows" in asked.reductions[0]
    assert "400 of 3,000 test rows" in asked.reductions[1]
    assert all("time limit" in line for line in asked.reductions)


def test_epochs_give_way_before_rows():
    shorter = training(160.0)

    assert shorter.rows == 1000
    assert 1.0 < shorter.epochs < 2.0
    assert shorter.reductions == (f"{shorter.epochs:.1f} of 2 epochs are trained (time limit)",)

    fewer = training(100.0)
    assert (fewer.rows < 1000, fewer.epochs) == (True, 1.0)
    assert fewer.reductions == (
        f"{fewer.rows} of 1,000 training rows are trained on, for one epoch (time limit)",
    )


def no_ladder(spent: float) -> Past:
    return Past(spent, is_local=False, asked_rungs=3, dev_rows=500, test_rows=400, all_dev=500, all_test=400)


@pytest.mark.parametrize(("seconds", "cut"), [(160.0, "epochs are trained"), (100.0, "for one epoch")])
def test_what_is_cut_names_the_limit_that_would_cut_nothing(seconds, cut):
    def under(seconds):
        return allow_training(
            seconds=seconds, speed=USUAL, rows=1000, epochs=2.0, dev_rows=0, test_rows=0, evaluations=10,
            past=replace(no_ladder(spent=100.0), test_rows=0, all_test=0),
        )  # fmt: skip

    # 2,000 rows at 0.1 s and two starts, at 92% of the clock, after 100 s: 336.9 s.
    (said,) = under(seconds).reductions

    assert cut in said
    assert said.endswith(" (time limit); a limit of about 6 min would train all")
    assert under(6 * 60 - 100.0).reductions == ()
    assert under(5 * 60 - 100.0).reductions != ()


def test_a_limit_for_all_is_named_only_where_training_is_cut():
    slow = Speed(answer=0.1, answer_tuned=0.1, score=0.3, train=0.01)
    fewer_looks = allow_training(
        seconds=150, speed=slow, rows=400, epochs=1.0, dev_rows=50, test_rows=0, evaluations=10,
        past=no_ladder(spent=0.0),
    )  # fmt: skip

    assert fewer_looks.reductions == ("dev is measured 3 instead of 10 times (time limit)",)


class Walked:
    """A run under a limit whose clock goes as forecast: what it asks, and what it trains."""

    def __init__(self, limit, before, speed, rungs, dev, test, train, guard=0.0):
        asked = allow(seconds=limit - before, speed=speed, asked_rungs=rungs, dev_rows=dev, test_rows=test)
        self.spent = before + speed.answer * (rungs * asked.dev_rows + min(2, rungs) * asked.test_rows)
        self.past = Past(self.spent, True, rungs, asked.dev_rows, asked.test_rows, dev, test)
        self.trained = allow_training(
            seconds=limit - self.spent, speed=speed, rows=train, epochs=2.0, dev_rows=30,
            test_rows=asked.test_rows, evaluations=10, guard_seconds=guard, past=self.past,
        )  # fmt: skip


@given(
    st.floats(10, 1e5), st.floats(0, 1e4), speeds, st.integers(0, 4), sizes, sizes, sizes, st.floats(0, 1e3)
)
def test_a_new_run_under_the_limit_that_is_named_trains_all(
    limit, before, speed, rungs, dev, test, train, guard
):
    cut = Walked(limit, before, speed, rungs, dev, test, train, guard)
    assume("would train all" in " ".join(cut.trained.reductions))
    whole = train * 2.0 * speed.train + 10 * 30 * speed.score

    minutes = minutes_for_all(cut.past, speed=speed, training=whole, guard_seconds=guard)

    assert f"a limit of about {minutes:,} min" in cut.trained.reductions[-1]
    assert 60 * minutes > limit
    again = Walked(60 * minutes, before, speed, rungs, dev, test, train, guard)
    assert again.trained.reductions == ()
    # and so does this one, if it goes on
    assert minutes * 60 - cut.spent >= (whole + 2 * START_SECONDS) / SAFETY - 1e-6


def test_time_for_scoring_the_tuned_model_is_set_aside():
    assert training(300.0).epochs == 2.0
    assert training(300.0, test=2000).rows < 1000


def test_fewer_rows_than_the_least_are_all_kept_and_the_note_is_true():
    small = training(1.0, speed=Speed(1, 1, 1, 50), rows=20, epochs=3)

    assert (small.rows, small.epochs) == (20, 1.0)
    assert small.reductions == (USED_UP, "1.0 of 3 epochs are trained (time limit)")
    assert small.seconds == pytest.approx(20 * 50)


def test_one_epoch_of_few_rows_is_not_said_to_be_reduced_but_the_limit_to_be_used_up():
    assert training(1.0, speed=Speed(1, 1, 1, 50), rows=20, epochs=1).reductions == (USED_UP,)
    assert training(1.0, speed=Speed(1, 1, 1, 1), rows=20, epochs=1).reductions == ()


def test_a_run_that_does_not_train_divides_by_nothing():
    assert training(1.0, speed=Speed(1, 1, 1, 0.0), dev=1000).rows == 1000


@given(times, speeds, st.integers(0, 4), sizes, sizes)
def test_rows_asked_about_keep_their_bounds_and_reductions_are_stated(seconds, speed, rungs, dev, test):
    found = asking(seconds, speed, rungs, dev, test)

    assert min(dev, LEAST_DEV_ROWS) <= found.dev_rows <= dev
    assert min(test, LEAST_TEST_ROWS) <= found.test_rows <= test
    assert len(found.reductions) == (found.dev_rows < dev) + (found.test_rows < test)


@given(times, times, speeds, st.integers(0, 4), sizes, sizes)
def test_more_time_never_means_fewer_rows_asked_about(one, other, speed, rungs, dev, test):
    less, more = (asking(seconds, speed, rungs, dev, test) for seconds in sorted((one, other)))

    assert less.dev_rows <= more.dev_rows
    assert less.test_rows <= more.test_rows


epochs_asked = st.floats(0.1, 20)


@given(times, speeds, sizes, epochs_asked, st.integers(0, 1000), sizes)
def test_training_keeps_its_bounds_and_reductions_are_stated(seconds, speed, rows, epochs, dev, test):
    found = training(seconds, speed, rows, epochs, dev, test)

    assert min(rows, LEAST_TRAIN_ROWS) <= found.rows <= rows
    assert found.epochs <= max(1.0, epochs)
    assert LEAST_EVALUATIONS <= found.evaluations <= 10
    reduced = found.rows < rows or found.epochs < epochs or found.evaluations < 10
    assert bool(set(found.reductions) - {USED_UP}) == reduced
    if found.rows < rows:
        assert found.epochs == 1.0


@given(times, times, speeds, sizes, epochs_asked, st.integers(0, 1000), sizes)
def test_more_time_never_means_less_training(one, other, speed, rows, epochs, dev, test):
    less, more = (training(seconds, speed, rows, epochs, dev, test) for seconds in sorted((one, other)))

    assert less.rows * less.epochs <= more.rows * more.epochs * (1 + 1e-9)
    assert less.rows <= more.rows


def test_time_is_kept_for_the_answers_of_the_tuned_model_which_are_slower():
    slow = Speed(answer=0.1, answer_tuned=0.3, score=0.01, train=0.1)

    usual, tuned = training(300, test=500), training(300, slow, test=500)

    assert (usual.scoring_seconds, tuned.scoring_seconds) == pytest.approx((60, 160))
    assert tuned.epochs * tuned.rows < usual.epochs * usual.rows


def curve(seconds, steps=200, rows=400, dev=50, speed=USUAL):
    return allow_curve(
        seconds=seconds,
        speed=speed,
        rows=rows,
        steps=steps,
        batch_size=4,
        watched_rows=40,
        dev_rows=dev,
        evaluations=10,
    )


def test_a_curve_takes_two_more_trainings_and_three_scorings():
    found = curve(None)

    assert (found.steps, found.trainings, found.answers, found.reductions, found.refused) == (
        200,
        2,
        50,
        (),
        "",
    )
    # A child's start; twice 800 rows at 0.1 s and ten measurements of 40 rows at 0.01 s; three times 40 losses, 50 answers.
    assert found.seconds == pytest.approx(START_SECONDS + 2 * (80 + 4) + 3 * (0.4 + 5))


def test_a_limit_takes_answers_then_steps_then_the_curve():
    whole = curve(None).seconds

    assert curve(whole) == curve(None)
    unanswered = curve(whole - 1)
    assert (unanswered.steps, unanswered.trainings, unanswered.answers) == (200, 2, 0)
    assert "dev loss alone" in unanswered.reductions[0]
    shorter = curve(120.0)
    assert (shorter.trainings, shorter.answers, shorter.refused) == (3, 0, "")
    assert 50 <= shorter.steps < 200
    assert f"{shorter.steps} of 200 steps" in shorter.reductions[0]
    refused = curve(40.0)
    assert (refused.steps, refused.seconds, refused.reductions) == (0, 0.0, ())
    assert refused.refused.startswith(
        "no learning curve: it takes about 3.2 min, and the time limit leaves 0.7"
    )


def test_a_quarter_of_few_rows_is_no_training():
    assert "31 training rows are too few" in curve(None, rows=31).refused
    assert curve(None, rows=32).refused == ""


@given(st.floats(0, 1e5), speeds, st.integers(1, 5000), st.integers(1, 10_000))
def test_a_curve_under_a_limit_never_takes_more_than_it(seconds, speed, steps, rows):
    found = curve(seconds, steps=steps, rows=rows, speed=speed)

    assert found.seconds <= seconds + 1e-6
    assert (found.steps == 0) == bool(found.refused)
    assert found.steps <= steps


def test_guard_rows_are_part_of_what_follows_training():
    without = training(None, test=100)
    with_guard = allow_training(
        seconds=None,
        speed=USUAL,
        rows=1000,
        epochs=2.0,
        dev_rows=0,
        test_rows=100,
        evaluations=10,
        guard_seconds=7.0,
    )

    assert with_guard.scoring_seconds == pytest.approx(without.scoring_seconds + 7)

"""`trainer.deadline`: training ends in time for the work after it."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from trainer.deadline import Deadline, Pace
from trainer.training import Reporter


def deadline() -> Deadline:
    """100 s, of which the later work needs 30."""
    return Deadline(100, expected_seconds=70, reserve_seconds=30, started=0)


def test_without_a_limit_it_is_never_over() -> None:
    assert not Deadline(None, 10, 10, started=0).is_over(Pace(0.5, 5), now=1e9)


def test_the_later_work_is_kept_free() -> None:
    # given training at the expected pace, then it may use 70 of the 100 s
    assert not deadline().is_over(Pace(0.95, 66.5), now=66.5)
    assert deadline().is_over(Pace(1.0, 70), now=70)


def test_the_last_look_at_dev_is_kept_free_too() -> None:
    assert not deadline().is_over(Pace(0.8, 56), last_look=10, now=59)
    assert deadline().is_over(Pace(0.8, 56), last_look=10, now=60)


def test_a_slow_machine_keeps_more_time_for_the_later_work() -> None:
    # given a machine at half the expected pace, then the later work will take 60 s
    assert not deadline().is_over(Pace(39 / 140, 39), now=39)
    assert deadline().is_over(Pace(40 / 140, 40), now=40)


def test_loading_and_looking_do_not_make_a_machine_slow() -> None:
    # given steps at the expected pace, after half a minute of loading the model and a look at dev
    assert not deadline().is_over(Pace(1 / 70, 1), now=35)


def test_a_fast_machine_changes_nothing() -> None:
    assert not deadline().is_over(Pace(0.99, 10), now=10)


def test_before_a_step_was_timed_nothing_is_known_of_the_pace() -> None:
    assert not deadline().is_over(Pace(), now=60)


@given(st.floats(1, 1e5), st.floats(1, 1e5), st.floats(0, 1e5), st.floats(0.01, 1), st.floats(0, 1e5))
def test_once_over_it_stays_over_while_nothing_more_is_done(
    limit: float, expected: float, reserve: float, share: float, now: float
) -> None:
    deadline, pace = Deadline(limit, expected, reserve, started=0), Pace(share, now / 2)
    if deadline.is_over(pace, now=now):
        assert deadline.is_over(pace, now=now + 1)


def test_the_pace_is_known_from_the_second_step_of_a_try_on() -> None:
    # given steps that were expected to take no time, so that any pace is too slow for the work that follows
    stopped: list[bool] = []
    reporter = Reporter(
        lambda event: None,
        lambda: False,
        lambda step: None,
        Deadline(1000, expected_seconds=1e-9, reserve_seconds=1),
    )
    for step in (5, 6):
        state, control = SimpleNamespace(global_step=step, max_steps=100), SimpleNamespace()
        reporter.on_step_begin(None, state, control)
        reporter.on_step_end(None, state, control)
        stopped.append(getattr(control, "should_training_stop", False))
    # then the first one, which also allocates and compiles, decides nothing
    assert stopped == [False, True]

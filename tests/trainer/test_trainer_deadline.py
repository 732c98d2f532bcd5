"""`trainer.deadline`: training ends in time for the work after it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trainer.deadline import Deadline


def test_without_a_limit_it_is_never_over() -> None:
    assert not Deadline(None, 10, 10, started=0).is_over(0.5, now=1e9)


def test_the_later_work_is_kept_free() -> None:
    # given 100 s, of which the later work needs 30
    deadline = Deadline(100, expected_seconds=70, reserve_seconds=30, started=0)
    # then training at the expected pace may use 70 of them
    assert not deadline.is_over(0.95, now=66.5)
    assert deadline.is_over(1.0, now=70)


def test_a_slow_machine_keeps_more_time_for_the_later_work() -> None:
    # given the same, on a machine at half the expected pace: the later work will take 60 s
    deadline = Deadline(100, expected_seconds=70, reserve_seconds=30, started=0)
    assert not deadline.is_over(39 / 140, now=39)
    assert deadline.is_over(40 / 140, now=40)


def test_a_fast_machine_changes_nothing() -> None:
    deadline = Deadline(100, expected_seconds=70, reserve_seconds=30, started=0)
    assert not deadline.is_over(0.99, now=10)


def test_before_the_first_step_nothing_is_known_of_the_pace() -> None:
    assert not Deadline(100, expected_seconds=70, reserve_seconds=30, started=0).is_over(0.0, now=60)


@given(st.floats(1, 1e5), st.floats(1, 1e5), st.floats(0, 1e5), st.floats(0.01, 1), st.floats(0, 1e5))
def test_once_over_it_stays_over_while_nothing_more_is_done(
    limit: float, expected: float, reserve: float, share: float, now: float
) -> None:
    deadline = Deadline(limit, expected, reserve, started=0)
    if deadline.is_over(share, now=now):
        assert deadline.is_over(share, now=now + 1)

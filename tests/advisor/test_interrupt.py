"""Ctrl-C, SIGTERM and a stop file ask for the same thing."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from advisor.interrupt import Interrupted, StopSignal, signals_stop


def send(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(0.01)


def test_without_a_wish_work_goes_on():
    stop = StopSignal()

    stop.check()

    assert not stop


def test_a_wish_stays(tmp_path):
    stop = StopSignal(tmp_path / "stop")

    stop.set()

    assert stop
    with pytest.raises(Interrupted):
        stop.check()


def test_a_stop_file_is_a_wish_as_long_as_it_is_there(tmp_path: Path):
    stop = StopSignal(tmp_path / "stop")
    (tmp_path / "stop").touch()

    with pytest.raises(Interrupted):
        stop.check()

    (tmp_path / "stop").unlink()
    stop.check()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_and_the_former_handler_comes_back(number):
    stop, before = StopSignal(), signal.getsignal(number)

    with signals_stop(stop):
        send(number)
        assert stop

    assert signal.getsignal(number) is before


def test_the_second_control_c_ends_at_once():
    stop = StopSignal()

    with signals_stop(stop):
        send(signal.SIGINT)
        assert stop
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)


def test_a_second_term_still_only_asks():
    stop = StopSignal()

    with signals_stop(stop):
        send(signal.SIGTERM)
        send(signal.SIGTERM)

    assert stop


def test_handlers_come_back_after_a_failure():
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(RuntimeError), signals_stop(StopSignal()):
        raise RuntimeError("in the work")

    assert signal.getsignal(signal.SIGTERM) is before

"""The start leaves out what can wait, and makes up for it once the first screen is there."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import import_module

import pytest

import advisor.__main__ as entry
from advisor.tui import warming
from advisor.tui.app import AdvisorApp
from advisor.tui.services import Services


@pytest.fixture
def as_before() -> Iterator[None]:
    interval, objects = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*objects)
    gc.enable()
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@pytest.mark.usefixtures("as_before")
def test_garbage_is_collected_again_once_the_first_screen_is_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(warming, "_SOON_WANTED", ())
    warming.hurry()
    assert not gc.isenabled()

    warming.settle()

    assert gc.isenabled()
    assert gc.get_freeze_count() > 1_000


def test_what_is_loaded_ahead_exists():
    for name in warming._SOON_WANTED:
        assert import_module(name).__name__ == name


def test_the_next_steps_are_loaded_in_a_thread():
    code = (
        "import sys, threading\n"
        "from advisor.tui.warming import hurry, settle\n"
        "hurry(); settle()\n"
        "[one.join() for one in threading.enumerate() if one.name == 'warming']\n"
        "print('advisor.tui.steps.training' in sys.modules, 'advisor.launching' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["True", "True", "False"]


async def test_it_happens_when_the_first_screen_is_shown(tmp_path):
    seen = threading.Event()
    app = AdvisorApp(Services(runs=tmp_path), then=seen.set)
    async with app.run_test() as pilot:
        while not seen.is_set():
            await pilot.pause(0.05)

        assert app.screen.step is not None


@pytest.mark.parametrize(
    ("words", "completing", "is_screen", "expected"),
    [
        (["advisor"], "", True, True),
        (["advisor"], "", False, False),
        (["advisor", "runs"], "", True, False),
        (["advisor"], "complete_bash", True, False),
    ],
)
def test_the_wizard_alone_does_without_the_command_line(
    monkeypatch: pytest.MonkeyPatch, words: list[str], completing: str, is_screen: bool, expected: bool
):
    monkeypatch.setattr(sys, "argv", words)
    monkeypatch.setattr("advisor.cli.terminal.is_screen", lambda: is_screen)
    if completing:
        monkeypatch.setenv("_ADVISOR_COMPLETE", completing)

    assert entry._is_wizard() is expected

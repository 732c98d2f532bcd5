"""Work for a screen: its result comes back, every failure is told, and neither ends the wizard."""

from __future__ import annotations

import errno
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from training_runs import screen_text, until

from advisor.interrupt import Interrupted
from advisor.tui import work
from advisor.tui.dialogs import Explain
from advisor.tui.work import fault_of, guarded, in_thread
from rubrics.errors import Fault


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what cannot be explained is written."""
    file = tmp_path / "advisor.log"
    monkeypatch.setattr(work, "_log_file", lambda: file)
    return file


def raising(error: Exception) -> Callable[[], Any]:
    def work() -> None:
        raise error

    return work


async def told(pilot: Pilot[Any], text: str) -> str:
    """Wait for a dialog that says it; all that stands there, without blanks, since lines are broken anywhere."""
    await until(pilot, lambda: isinstance(pilot.app.screen, Explain) and squeezed(text) in on(pilot))
    return on(pilot)


def on(pilot: Pilot[Any]) -> str:
    return squeezed(screen_text(pilot.app))


def squeezed(text: str) -> str:
    return "".join(text.replace("│", "").split())


async def test_the_result_comes_back_on_the_screens_side() -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        taken: list[tuple[int, int]] = []
        here = threading.get_ident()
        in_thread(
            app,
            threading.get_ident,
            lambda there: taken.append((there, threading.get_ident())),
            about="x",
            group="a",
        )
        await until(pilot, lambda: taken)
    [(worked, took)] = taken
    assert worked != here
    assert took == here


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (Fault("it broke", where="rows.jsonl:7", fix="Mend it."), ("it broke", "rows.jsonl:7", "Mend it.")),
        (PermissionError(errno.EACCES, "Permission denied", "a.json"), ("Permission denied", "a.json")),
        (KeyError("metric"), ("does not understand", "KeyError: 'metric'", "the run", "advisor.log")),
        (ZeroDivisionError("by zero"), ("should not", "by zero", "a run goes on", "advisor.log")),
    ],
    ids=["fault", "file", "version", "own"],
)
async def test_a_failure_is_told_and_the_application_goes_on(error: Exception, says: tuple[str, ...]) -> None:
    app: App[None] = App()
    async with app.run_test(size=(200, 30)) as pilot:
        in_thread(app, raising(error), lambda done: None, about="the run", group="a")
        text = await told(pilot, says[0])
        await pilot.press("escape")
        assert not isinstance(app.screen, Explain)
    assert all(squeezed(word) in text for word in says)


async def test_a_failure_of_what_is_done_with_the_result_is_told_too() -> None:
    app: App[None] = App()
    async with app.run_test(size=(200, 30)) as pilot:
        in_thread(app, dict, lambda found: found["outcome"], about="verdict.json", group="a")
        assert "verdict.json" in await told(pilot, "KeyError: 'outcome'")


async def test_what_other_work_has_taken_the_place_of_does_not_come_back() -> None:
    may_end = threading.Event()
    app: App[None] = App()
    async with app.run_test() as pilot:
        taken: list[str] = []
        in_thread(
            app, lambda: str(may_end.wait(10)), lambda done: taken.append("first"), about="x", group="a"
        )
        in_thread(app, lambda: "", lambda done: taken.append("second"), about="x", group="a")
        await until(pilot, lambda: taken)
        may_end.set()
        await pilot.pause(0.3)
    assert taken == ["second"]


def test_only_what_does_not_explain_itself_is_written_to_the_log(log: Path) -> None:
    fault_of(FileNotFoundError(errno.ENOENT, "No such file or directory", "a.json"), "run")
    fault_of(Fault("it broke"), "run")
    assert not log.exists()
    with pytest.raises(Fault, match="ZeroDivisionError"), guarded("run"):
        _ = 1 / 0
    assert "Traceback" in log.read_text()
    assert __file__ in log.read_text()


def test_an_error_without_a_log_is_told_all_the_same(log: Path, tmp_path: Path) -> None:
    log.mkdir()
    fault = fault_of(json.JSONDecodeError("Expecting value", "x" * 900, 0), tmp_path)
    assert "Expecting value" in fault.what
    assert fault.where == str(tmp_path)
    assert str(log) not in fault.fix


def test_leaving_off_is_no_failure() -> None:
    with pytest.raises(Interrupted), guarded("run"):
        raise Interrupted

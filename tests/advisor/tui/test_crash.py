"""A fault of the program ends the wizard in words, and shows nobody the rows that it held."""

from __future__ import annotations

import sys

import pytest

from advisor.__main__ import main
from advisor.tui.app import AdvisorApp
from advisor.tui.walk import WalkScreen


@pytest.fixture
def headless(monkeypatch, tmp_path):
    """The program as it is started on a terminal, without one."""
    run = AdvisorApp.run
    monkeypatch.setattr(AdvisorApp, "run", lambda self: run(self, headless=True))
    monkeypatch.setattr(sys, "argv", ["advisor"])
    monkeypatch.setattr("advisor.__main__._is_wizard", lambda: True)
    monkeypatch.chdir(tmp_path)


def fail(self: WalkScreen) -> None:
    row_of_a_person = "Jane Roe, born 3 May"
    raise ZeroDivisionError(f"division of {len(row_of_a_person)} by zero")


def test_a_fault_in_a_message_handler_is_told_in_words_and_without_the_data(headless, monkeypatch, capsys):
    monkeypatch.setattr(WalkScreen, "_on_screen_resume", fail)

    with pytest.raises(SystemExit) as leaving:
        main()

    said = capsys.readouterr()
    assert leaving.value.code == 1
    assert "error: ZeroDivisionError: division of 20 by zero" in said.err
    assert "what to do: this is a fault of the program" in said.err
    assert "Traceback" not in said.out + said.err
    assert "Jane Roe" not in said.out + said.err


def test_the_fault_itself_is_there_for_whoever_looks_for_it(headless, monkeypatch):
    monkeypatch.setattr(WalkScreen, "_on_screen_resume", fail)
    monkeypatch.setenv("ADVISOR_DEBUG", "1")

    with pytest.raises(ZeroDivisionError):
        main()

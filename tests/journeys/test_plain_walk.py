"""The whole walk by plain questions in a real pseudo-terminal, with a real model: measured, trained, left."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest
from journey_tools import PATIENCE, wait_for

from advisor.run_directory import RunDirectory
from advisor.watching import RunWatch

pytestmark = [pytest.mark.journey, pytest.mark.timeout(3600)]


@pytest.fixture
def spawned(tmp_path: Path) -> Any:
    children = []

    def call() -> Any:
        child = pexpect.spawn(
            sys.executable,
            ["-m", "advisor", "--plain"],
            cwd=str(tmp_path),
            encoding="utf-8",
            timeout=PATIENCE,
            env={**os.environ, "TERM": "dumb", "LANG": "C.UTF-8"},  # type: ignore[arg-type]
            dimensions=(24, 200),
        )
        children.append(child)
        return child

    yield call
    for child in children:
        child.close(force=True)


def answer(child: Any, *pairs: tuple[str, str]) -> str:
    """Answer each question as it comes; returns what was said."""
    said = ""
    for question, given in pairs:
        child.expect(question)
        said += child.before + child.after
        child.sendline(given)
    return said


def test_a_person_without_a_screen_comes_to_the_results(spawned, rows, tiny_model, tmp_path):
    # given somebody who answers the first four steps
    child = spawned()
    said = answer(
        child,
        (r"number \[1\]: ", "n"),
        ("in a sentence", "Route the message."),
        ("answer in each: ", str(rows)),
        ("real use", ""),
        (r"\[auto\]: ", ""),
        ("is solved", "90%"),
        (r"\[0\.05\]: ", ""),
        (r"\[smollm2-135m\]: ", str(tiny_model)),
        ("minutes", ""),
        (r"Further settings(.|\s)*number \[1\]: ", ""),
        (r"Skip them(.|\s)*number \[2\]: ", "y"),
        ("by number", "1,2"),
        ("use today", ""),
        ("Price", ""),
        (r"Start measuring now(.|\s)*number \[1\]: ", ""),
    )
    assert "Step 3 of 9: Data" in said

    # when the measuring is interrupted and gone on with
    child.expect("told line by line")
    child.expect("division of the rows")
    child.sendintr()
    answer(child, (r"What now\?(.|\s)*number \[1\]: ", "w"))
    said = answer(
        child,
        (r"Read some answers(.|\s)*number \[2\]: ", ""),
        (r"What do you say\?(.|\s)*number \[1\]: ", "a"),
        (r"What next\?(.|\s)*number \[3\]: ", "s"),
        (r"Which setting\?(.|\s)*number: ", "1"),
        ("Epochs", "1"),
        (r"What next\?(.|\s)*number \[3\]: ", "t"),
    )
    assert "linear classifier on test: " in said
    assert "Ways of training on cpu" in said
    assert "\x1b" not in said

    # and the training is left running
    child.expect("Step 7 of 9: Training")
    child.expect("told line by line")
    child.sendintr()
    answer(child, (r"What now\?(.|\s)*number \[1\]: ", "l"))
    child.expect("advisor attach")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    [path] = (tmp_path / "runs").iterdir()
    wait_for(lambda: not RunDirectory(path).is_live(), "the end of the run")
    assert RunWatch(path).poll().life == "finished"

    # then the results and the adapter are told by another conversation
    child = spawned()
    said = answer(
        child,
        (r"number \[1\]: ", "r"),
        (r"Which run\?(.|\s)*number \[1\]: ", "1"),
        (r"What next\?(.|\s)*number \[4\]: ", "r"),
        (r"Which rows\?(.|\s)*number: ", "3"),
        ("empty for all: ", ""),
        (r"number \[\d\]: ", "steps"),
        (r"Which step\?(.|\s)*number \[8\]: ", "9"),
        (r"Save the code(.|\s)*number \[\d\]: ", ""),
        (r"What would you like(.|\s)*number \[1\]: ", "q"),
    )
    assert "Step 8 of 9: Results" in said
    assert "tuned model: " in said
    assert str(path / "training" / "adapter") in said
    assert (RunDirectory(path).plan().epochs, RunDirectory(path).plan().target) == (1, 0.9)

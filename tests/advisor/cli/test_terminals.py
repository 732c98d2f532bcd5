"""What `advisor` does on a terminal, on a dumb one, and without one: as a process in a real pseudo-terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from advisor.plan import Plan
from advisor.run_directory import create_run

PATIENCE = 60
Spawned = Callable[..., Any]


@pytest.fixture
def spawned(tmp_path: Path) -> Spawned:
    """The program in a terminal of its own."""
    children = []

    def call(*words: str, term: str = "xterm-256color") -> Any:
        environment = {**os.environ, "TERM": term, "LANG": "C.UTF-8", "NO_COLOR": ""}
        child = pexpect.spawn(
            sys.executable,
            ["-m", "advisor", *words],
            cwd=str(tmp_path),
            encoding="utf-8",
            timeout=PATIENCE,
            env=environment,  # type: ignore[arg-type]
            dimensions=(24, 80),
        )
        children.append(child)
        return child

    yield call
    for child in children:
        child.close(force=True)


def ended(child: Any) -> tuple[int, str]:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, child.before


def test_plain_steers_no_terminal_and_quits(spawned):
    child = spawned("--plain", term="dumb")
    child.expect(r"number \[1\]: ")
    greeted = child.before
    child.sendline("q")
    code, rest = ended(child)

    assert code == 0
    assert "quit leaves" in greeted
    assert "\x1b" not in greeted + rest


def test_ctrl_c_at_a_question_asks_once_and_leaves_then(spawned):
    child = spawned("--plain", term="dumb")
    child.expect(r"number \[1\]: ")
    child.sendintr()
    child.expect(r"ctrl\+c again to leave")
    child.expect(r"number \[1\]: ")
    child.sendline("n")
    child.expect("in a sentence")
    child.sendintr()
    child.expect(r"ctrl\+c again to leave")
    child.sendintr()

    assert ended(child)[0] == 0


def test_the_end_of_the_input_leaves(spawned):
    child = spawned("--plain", term="dumb")
    child.expect(r"number \[1\]: ")
    child.sendeof()

    assert ended(child)[0] == 0


def test_plain_is_led_in_the_language_asked_for(spawned):
    child = spawned("--lang", "ko", "--plain", term="dumb")
    child.expect(r"번호 \[1\]: ")
    child.sendline("종료")

    assert ended(child)[0] == 0


def test_a_dumb_terminal_gets_the_help(spawned):
    code, said = ended(spawned(term="dumb"))

    assert code == 2
    assert "--plain" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(("words", "told"), [((), "Usage"), (("--plain",), "nobody is there to answer")])
def test_without_a_terminal_nothing_is_asked(words, told, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "advisor", *words],
        cwd=tmp_path,
        input="n\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 2
    assert told in done.stderr
    assert done.stdout == ""


def test_an_unknown_language_is_told(advisor):
    ran = advisor("--lang", "xx", "doctor", "--help")

    assert ran.code == 2
    assert "no such language: xx" in ran.err


def test_attach_opens_the_screen_on_a_terminal_and_says_lines_when_asked(spawned, rows_file, tmp_path):
    run = create_run(Plan(data=rows_file, task="Watch it"), tmp_path / "run")
    screen = spawned("attach", str(run.path))
    screen.expect_exact("\x1b[?1049h")
    screen.expect("Watch it")
    screen.sendcontrol("q")
    code, rest = ended(screen)

    assert code == 0
    assert "\x1b[?1049l" in rest

    code, said = ended(spawned("attach", str(run.path), "--plain"))
    assert code == 0
    assert "not begun yet; start it" in said
    assert "\x1b[?1049h" not in said


def test_the_wizard_lists_the_runs_there_are(spawned, rows_file, tmp_path):
    create_run(Plan(data=rows_file, task="Listed at once"), tmp_path / "runs/one")
    screen = spawned()
    screen.expect("Listed at once")
    screen.sendcontrol("q")

    assert ended(screen)[0] == 0


def test_delete_asks_on_a_terminal(spawned, rows_file, tmp_path):
    run = create_run(Plan(data=rows_file), tmp_path / "run")
    child = spawned("delete", str(run.path))
    child.expect("for good")
    child.sendline("no")
    assert ended(child)[0] == 0
    assert run.path.exists()

    child = spawned("delete", str(run.path))
    child.expect("for good")
    child.sendline("yes")
    assert ended(child)[0] == 0
    assert not run.path.exists()

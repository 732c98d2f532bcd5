"""`advisor init`: a plan from flags, or from a person's answers."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from advisor.plan import read_plan
from advisor.planning import ask_for_plan, write_plan
from rubrics.errors import ExitCode, Fault
from rubrics.suitability import load_criteria


class Person(io.StringIO):
    """A terminal on which these lines are typed."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    def sit_down(*lines: str) -> Person:
        screen = Person()
        monkeypatch.setattr(sys, "stdin", Person("".join(line + "\n" for line in lines)))
        monkeypatch.setattr(sys, "stderr", screen)
        return screen

    return sit_down


def test_a_person_is_asked_for_what_the_flags_leave_open(typed):
    questions = len(load_criteria())
    screen = typed("rows.jsonl", "", "Route it", "0.9", "y", "NO", *[""] * (questions - 2))

    plan = ask_for_plan({"rank": 4})

    keys = [criterion.key for criterion in load_criteria()]
    assert (plan.data, plan.task, plan.target, plan.rank) == (Path("rows.jsonl"), "Route it", 0.9, 4)
    assert plan.answers == {keys[0]: "yes", keys[1]: "no"}
    # The empty answer to a question that needs one is asked again.
    assert screen.getvalue().count("what should the model do") == 2
    assert load_criteria()[-1].question in screen.getvalue()


def test_nobody_is_asked_what_a_flag_has_said(typed):
    answers = {criterion.key: "unknown" for criterion in load_criteria()[1:]}
    screen = typed("rows.jsonl", "yes")

    plan = ask_for_plan({"task": "Route it", "target": 0.5, "answers": answers})

    assert (plan.task, plan.target) == ("Route it", 0.5)
    assert plan.answers[load_criteria()[0].key] == "yes"
    assert screen.getvalue().count("?") == load_criteria()[0].question.count("?")


def test_a_person_who_leaves_is_told_of_the_flags(typed):
    typed("rows.jsonl")

    with pytest.raises(Fault, match="not answered") as raised:
        ask_for_plan({})

    assert "advisor init --help" in raised.value.fix


def test_nobody_is_asked_where_the_rows_are_given(typed):
    screen = typed()

    assert ask_for_plan({"data": "rows.jsonl"}).data == Path("rows.jsonl")
    assert screen.getvalue() == ""


def test_without_a_terminal_nobody_is_asked(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("rows.jsonl\n"))

    with pytest.raises(Fault, match="no rows"):
        ask_for_plan({})


def test_the_plan_is_written_where_run_reads_it(advisor, rows_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    ran = advisor("init", "--data", rows_file.name, "--target", "0.9", "--json")

    assert ran.code == 0, ran.err
    assert ran.json()["path"] == "advisor.toml"
    assert ran.json()["command"].startswith("advisor run --data")
    plan = read_plan(tmp_path / "advisor.toml")
    assert (plan.data, plan.target) == (rows_file, 0.9)


def test_a_plan_that_exists_is_not_overwritten(advisor, rows_file, tmp_path):
    path = tmp_path / "advisor.toml"
    path.write_text("mine", encoding="utf-8")

    ran = advisor("init", "--data", rows_file, "--out", path)

    assert (ran.code, path.read_text(encoding="utf-8")) == (ExitCode.WRONG_USE, "mine")
    assert "--out" in ran.err


def test_a_place_that_cannot_be_written_is_refused(tmp_path, rows_file):
    plan = ask_for_plan({"data": rows_file})

    with pytest.raises(Fault, match="cannot be written"):
        write_plan(plan, tmp_path / "absent/advisor.toml")

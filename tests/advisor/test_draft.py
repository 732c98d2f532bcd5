"""A draft fills a plan, keeps what is wrong, and prints the command of the plan."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from advisor.draft import Draft
from advisor.example import example_plan
from advisor.plan import Plan
from rubrics.errors import Fault


def test_a_draft_of_a_plan_gives_the_same_plan_and_command() -> None:
    plan = example_plan()

    draft = Draft.of(plan)

    assert draft.plan() == plan
    assert draft.command() == plan.command()


def test_none_takes_a_field_back_to_its_default() -> None:
    draft = Draft().changed(target=0.9, seed=3).changed(target=None, seed=0)

    assert draft.is_empty
    assert draft.get("target") is None
    assert draft.get("min_gain") == 0.05


def test_a_wrong_value_is_kept_and_named() -> None:
    draft = Draft().changed(data=Path("rows.jsonl"), target=7)

    assert draft.get("target") == 7
    assert "less than or equal to 1" in draft.problem_of("target")
    assert draft.problem_of("min_gain") == ""
    assert [problem.split(":")[0] for problem in draft.problems()] == ["--target"]
    with pytest.raises(Fault, match="--target"):
        draft.plan()


def test_what_is_missing_is_a_problem_of_no_field() -> None:
    assert Draft().problems() == ("no rows: give --data FILE, or --train FILE and --test FILE",)


def test_an_unfinished_draft_has_a_command_already() -> None:
    draft = Draft().changed(task="it's new", answers={"domain": "yes"}, rungs=("zero_shot",))

    assert shlex.split(draft.command()) == [
        "advisor", "run", "--task", "it's new", "--answer", "domain=yes", "--rungs", "zero_shot",
    ]  # fmt: skip


def test_a_field_that_no_plan_has_is_a_slip_of_the_code() -> None:
    with pytest.raises(KeyError):
        Draft().changed(no_such_field=1)


_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "task": st.text(max_size=30).filter(lambda text: "\x00" not in text),
    "target": st.floats(0, 1),
    "rank": st.integers(1, 64),
    "answers": st.fixed_dictionaries({"domain": st.sampled_from(["yes", "no"])}),
    "no_train": st.just(True),
    "slices": st.just(("label", "source")),
    "price": st.just("0.15,0.6"),
}


@given(st.fixed_dictionaries({}, optional=_FIELDS))
def test_the_command_of_a_draft_gives_its_plan_again(fields: dict[str, Any]) -> None:
    draft = Draft().changed(data=Path("rows.jsonl"), **fields)

    words = shlex.split(draft.command())

    assert _parsed(words[2:]) == draft.plan()


def _parsed(words: list[str]) -> Plan:
    """The plan that the command line makes of these words."""
    from advisor.cli import running
    from advisor.cli.options import plan_of

    app = typer.Typer()
    plans: list[Plan] = []
    app.command()(running.run)
    command = typer.main.get_command(app)
    with command.make_context("run", words) as context:
        plans.append(plan_of(dict(context.params)))
    return plans[0]

"""Two runs side by side, from real run directories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advisor.interrupt import StopSignal
from advisor.plan import Plan
from advisor.run_directory import create_run
from advisor.two_runs import TwoRuns, put_side_by_side
from advisor.walk import walk
from rubrics.errors import Fault

Walked = Callable[..., Path]


@pytest.fixture
def walked(rows_file: Path, tmp_path: Path) -> Walked:
    def call(name: str, **more: Any) -> Path:
        plan = Plan(data=rows_file, rungs=("classifier",), no_train=True, **more)
        run = create_run(plan, tmp_path / name)
        walk(plan, run, lambda event: None, StopSignal())
        return run.path

    return call


def told(found: TwoRuns, name: str) -> tuple[str, str]:
    return next((line.a, line.b) for line in found.numbers if line.name == name)


def test_runs_on_the_same_rows_are_compared_row_by_row(walked):
    found = put_side_by_side(walked("a"), walked("b", target=0.9))

    assert found.why_not == ""
    assert found.comparison is not None
    assert (found.comparison["difference"], found.comparison["fixed"], found.comparison["broken"]) == (
        0.0,
        0,
        0,
    )
    assert found.comparison["n"] == 12
    assert told(found, "metric") == ("exact_match", "exact_match")
    assert told(found, "target") == ("", "0.9")
    assert "n = 12" in told(found, "linear classifier (test)")[0]
    assert [(line.name, line.a, line.b) for line in found.asked] == [("--target", "", "0.9")]


def test_runs_on_other_rows_are_shown_without_a_comparison(walked):
    found = put_side_by_side(walked("a"), walked("b", seed=1))

    assert found.comparison is None
    assert "different rows" in found.why_not
    assert all(told(found, "linear classifier (test)"))


def test_runs_by_other_metrics_are_not_compared(walked):
    found = put_side_by_side(walked("a"), walked("b", metric="token_f1"))

    assert found.comparison is None
    assert "exact_match and token_f1" in found.why_not


def test_a_run_without_a_report_says_what_to_do(walked, rows_file, tmp_path):
    unfinished = create_run(Plan(data=rows_file), tmp_path / "unfinished")

    with pytest.raises(Fault, match="has no report yet") as raised:
        put_side_by_side(walked("a"), unfinished.path)

    assert "advisor resume" in raised.value.fix

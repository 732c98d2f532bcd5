"""The whole job with the embedded model, which takes minutes: a file of its own, so that another worker does the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from journey_tools import advisor

from advisor.example import example_folder
from advisor.models.resolve import ResolvedModel
from advisor.report.model import Report


@pytest.fixture(scope="module")
def embedded_run(embedded_model: ResolvedModel, rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run of the embedded model on some of the example's rows, bounded by its steps, some ten."""
    folder = tmp_path_factory.mktemp("embedded")
    lines = rows.read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "few.jsonl").write_text("".join(lines[:60]), encoding="utf-8")
    task = (example_folder() / "task.txt").read_text(encoding="utf-8")
    words = ["--data", "few.jsonl", "--task", task, "--epochs", 1, "--force-train"]
    words += ["--batch-size", 4, "--learning-rate", 1e-3, "--guard", "none"]
    outcome = advisor("run", *words, "--rungs", "classifier,zero_shot", "--out", folder / "run", cwd=folder)
    assert outcome.code == 0, outcome.err
    return folder / "run"


@pytest.mark.timeout(1800)
def test_embedded_model_learns_the_example(embedded_run: Path) -> None:
    # given a bounded run of the embedded model on the bundled example
    report = Report.model_validate_json((embedded_run / "report.json").read_bytes())
    base, _, tuned = report.evaluations
    # then training lowered the loss on the very tokens that base was scored on
    assert base.loss is not None
    assert tuned.loss is not None
    assert tuned.loss < 0.5 * base.loss
    assert base.supervised_tokens == tuned.supervised_tokens
    assert report.training is not None
    assert report.training.config["quantised"] is False

"""Runs whose dry run takes no time and whose model is an endpoint that always says the same."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "chat"))

from server import MODEL, Answer, FakeServer, reply, serving

from advisor.interrupt import StopSignal
from advisor.plan import Plan
from advisor.report.model import Report
from advisor.run_directory import RunDirectory, create_run
from advisor.rungs import classifier
from advisor.stages import measure
from advisor.walk import walk
from trainer.events import Event, JobStarted, RungScored
from trainer.job import RESULT_FILE, Measurement, write_json


@dataclass
class Desk:
    """Runs of one plan over a dry run that takes no time and an endpoint that always says the same."""

    plan: Plan
    folder: Path
    heard: list[Event] = field(default_factory=list)
    classified: list[tuple[str, ...]] = field(default_factory=list)
    dry_run: Callable[[], None] = lambda: None

    def measured(self, directories: Sequence[Path], emit: Callable[[Event], None], stop: StopSignal) -> None:
        emit(JobStarted(job="measure", kind="measure", pid=7))
        self.dry_run()
        rates = Measurement(
            device="cpu", precision="float32", attention_training="sdpa", attention_generation="sdpa",
            load_seconds=1.0, train_tokens_per_second=50.0, evaluate_tokens_per_second=100.0,
            prefill_tokens_per_second=100.0, decode_tokens_per_second=10.0, train_peak_memory_bytes=2**20,
            micro_batch_size=1, trainable_parameters=100, longest_row_tokens=40,
        )  # fmt: skip
        for directory in directories:
            write_json(directory / RESULT_FILE, rates)

    def run(self, name: str = "run", **more: Any) -> RunDirectory:
        return create_run(self.plan.model_copy(update=more), self.folder / name)

    def walk(self, run: RunDirectory, until: str = "decide") -> Report:
        self.heard.clear()
        self.classified.clear()
        return walk(run.plan(), run, self.heard.append, StopSignal(), until=until)

    def at(self, wanted: Callable[[Event], bool]) -> int:
        """Where the first such event stands among what was heard."""
        return next(at for at, event in enumerate(self.heard) if wanted(event))

    def scores(self, rung: str = "classifier", split: str = "dev") -> list[RungScored]:
        scored = [event for event in self.heard if isinstance(event, RungScored)]
        return [event for event in scored if (event.rung, event.split) == (rung, split)]


@pytest.fixture
def server() -> Any:
    with serving() as running:
        running.respond = lambda request: Answer(reply("q1"))
        yield running


@pytest.fixture
def desk(
    tiny_model: Path, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_file: Path
) -> Desk:
    lines = rows_file.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    many = [
        {"question": f"{row['question']} {copy * 977}{copy * 31}", "answer": row["answer"]}
        for copy in range(8)
        for row in rows
    ]
    rows_file.write_text("".join(json.dumps(row) + "\n" for row in many), encoding="utf-8")
    plan = Plan(
        data=rows_file,
        model=str(tiny_model),
        endpoint=server.url,
        endpoint_model=MODEL,
        rungs=("classifier", "zero_shot"),
        guard="none",
    )
    desk = Desk(plan, tmp_path)
    monkeypatch.setattr(measure, "run_jobs", desk.measured)
    classify = classifier.classify

    def noted(train: Any, rows: Any, seed: int) -> Any:
        desk.classified.append(tuple(row.id for row in rows))
        return classify(train, rows, seed)

    monkeypatch.setattr(classifier, "classify", noted)
    return desk

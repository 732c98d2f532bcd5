"""A stage is done once, kept while nothing that it reads has changed, and never leaves half an artefact."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from advisor.data.reading import DataFile, read_file
from advisor.interrupt import Interrupted, StopSignal
from advisor.plan import Plan
from advisor.run_directory import RunDirectory
from advisor.stage import Artefact, Context, Stage
from trainer.events import Event, StageFinished, StageStarted


class Number(Artefact):
    value: int
    seconds: float = 0.0


@dataclass
class Bench:
    """A run directory in which two stages work: `first` reads the target and the data, `second` reads `first`."""

    path: Path
    rows: Path
    plan: dict[str, Any] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    first_version: int = 1
    value: int = 1

    def run(self, make: Callable[[Context], Number] | None = None) -> list[str]:
        """Execute both, as a resume would; the names of those that were made."""
        self.made, self.events = [], []
        context = self.context()
        for stage in self.stages(make):
            context.execute(stage)
        return self.made

    def stages(self, make: Callable[[Context], Number] | None = None) -> list[Stage[Number]]:
        def making(name: str) -> Callable[[Context], Number]:
            def work(context: Context) -> Number:
                self.made.append(name)
                return make(context) if make else Number(value=self.value, seconds=len(self.events) / 7)

            return work

        return [
            Stage(
                "first",
                "first.json",
                Number,
                making("first"),
                fields=("target",),
                content=lambda context: context.data_digests(),
                summary=lambda number: f"value {number.value}",
                version=self.first_version,
            ),
            Stage("second", "second.json", Number, making("second"), fields=("rank",), reads=("first",)),
        ]

    def context(self, stop: StopSignal | None = None) -> Context:
        plan = Plan.model_validate({"data": self.rows, **self.plan})
        files: dict[str, DataFile] = {"data": read_file(self.rows)}
        # A signal that nobody set is false, so `or` would replace it.
        signal = StopSignal() if stop is None else stop
        return Context(plan, RunDirectory(self.path), self.events.append, signal, files, None)


@pytest.fixture
def bench(tmp_path: Path, rows_file: Path) -> Bench:
    (tmp_path / "run").mkdir()
    bench = Bench(tmp_path / "run", rows_file)
    assert bench.run() == ["first", "second"]
    return bench


def test_nothing_is_made_again_where_nothing_changed(bench):
    before = (bench.path / "first.json").read_bytes()

    assert bench.run() == []

    assert (bench.path / "first.json").read_bytes() == before
    finished = [event for event in bench.events if isinstance(event, StageFinished)]
    assert [(event.stage, event.reused) for event in finished] == [("first", True), ("second", True)]


def test_a_stage_says_when_it_begins_and_what_it_found(bench):
    (bench.path / "first.json").unlink()

    bench.run()

    assert isinstance(bench.events[0], StageStarted)
    assert isinstance(bench.events[1], StageFinished)
    assert (bench.events[1].reused, bench.events[1].summary) == (False, "value 1")


def test_an_artefact_that_is_gone_is_made_again_alone(bench):
    (bench.path / "second.json").unlink()

    assert bench.run() == ["second"]


def test_a_plan_field_that_a_stage_reads_makes_it_and_what_follows_stale(bench):
    bench.plan = {"target": 0.5}

    assert bench.run() == ["first", "second"]


def test_a_plan_field_of_a_later_stage_leaves_the_earlier_one(bench):
    bench.plan = {"rank": 4}

    assert bench.run() == ["second"]


def test_a_plan_field_that_no_stage_reads_changes_nothing(bench):
    bench.plan = {"max_minutes": 5.0, "task": "another", "seed": 9}

    assert bench.run() == []


def test_other_rows_in_the_same_file_make_it_stale(bench):
    with bench.rows.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"question": "one more", "answer": "q1"}) + "\n")

    assert bench.run() == ["first", "second"]


def test_the_same_rows_elsewhere_do_not(bench, tmp_path):
    bench.rows = bench.rows.rename(tmp_path / "moved.jsonl")

    assert bench.run() == []


def test_a_new_version_of_a_stage_makes_it_stale(bench):
    bench.first_version = 2

    assert bench.run() == ["first", "second"]


def test_measured_values_are_in_the_artefact_and_in_no_hash(bench):
    first = json.loads((bench.path / "first.json").read_text(encoding="utf-8"))
    second = json.loads((bench.path / "second.json").read_text(encoding="utf-8"))
    (bench.path / "first.json").unlink()
    bench.value = 2

    made = bench.run()

    again = json.loads((bench.path / "first.json").read_text(encoding="utf-8"))
    assert (made, again["value"]) == (["first"], 2)
    assert again["input_hash"] == first["input_hash"] != second["input_hash"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"value": "many"}', b"\xff\x00", b"[]", b'{"value": 1, "odd": 2}']
)
def test_a_damaged_artefact_is_made_again(content, bench):
    good = (bench.path / "first.json").read_bytes()
    (bench.path / "first.json").write_bytes(content)

    assert bench.run() == ["first"]
    assert json.loads((bench.path / "first.json").read_bytes())["value"] == json.loads(good)["value"]


def test_an_artefact_of_other_inputs_is_made_again_even_if_it_reads_well(bench):
    whole = json.loads((bench.path / "first.json").read_text(encoding="utf-8"))
    (bench.path / "first.json").write_text(json.dumps(whole | {"input_hash": "0" * 64}), encoding="utf-8")

    assert bench.run() == ["first"]


def test_a_stage_that_fails_leaves_the_former_artefact(bench):
    before = (bench.path / "first.json").read_bytes()
    bench.plan = {"target": 0.5}

    def fail(context: Context) -> Number:
        raise RuntimeError("no more memory")

    with pytest.raises(RuntimeError, match="no more memory"):
        bench.run(fail)

    assert (bench.path / "first.json").read_bytes() == before
    assert sorted(path.name for path in bench.path.iterdir()) == ["first.json", "second.json"]


def test_a_write_that_fails_leaves_the_former_artefact_and_no_rest(bench, monkeypatch):
    before = (bench.path / "first.json").read_bytes()
    bench.plan = {"target": 0.5}

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trainer.job.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        bench.run()

    assert (bench.path / "first.json").read_bytes() == before
    assert sorted(path.name for path in bench.path.iterdir()) == ["first.json", "second.json"]


def test_an_artefact_can_be_read_by_whoever_may_read_new_files(bench):
    (bench.path / "plain").touch()

    assert (bench.path / "first.json").stat().st_mode == (bench.path / "plain").stat().st_mode


def test_nothing_begins_after_a_stop_was_asked_for(bench):
    stop = StopSignal()
    context = bench.context(stop)
    context.execute(bench.stages()[0])
    stop.set()

    with pytest.raises(Interrupted):
        context.execute(bench.stages()[1])

    assert [event.stage for event in bench.events if isinstance(event, StageStarted)][-1] == "first"


def test_working_time_counts_earlier_sessions_but_not_what_was_kept(bench):
    lines = [
        StageFinished(time=1, stage="first", seconds=100),
        StageFinished(time=2, stage="first", seconds=50, reused=True),
        StageFinished(time=3, stage="second", seconds=20),
    ]
    text = "".join(line.model_dump_json() + "\n" for line in lines)
    (bench.path / "events.jsonl").write_text(text, encoding="utf-8")
    bench.plan = {"max_minutes": 10.0}

    context = bench.context()

    assert context.seconds_spent() == pytest.approx(120, abs=5)
    assert context.seconds_left() == pytest.approx(480, abs=5)


def test_without_a_limit_there_is_no_time_left_to_speak_of(bench):
    assert bench.context().seconds_left() is None


def test_a_context_knows_the_stages_that_were_part_of_the_run(bench):
    first, second = bench.stages()
    context = bench.context()

    context.execute(first)

    assert context.get(first).value == 1
    assert (context.has(first), context.has(second)) == (True, False)

"""A long log is read in bulk, and says what reading it event by event says."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.event_log import LogTail, Metrics
from trainer.events import Event, EventTail, JobStarted, Metric, Progress, Sample, Warned


def metric(step: int, **values: float) -> Metric:
    return Metric(time=float(step), step=step, epoch=step / 10, values=values or {"loss": 1.0 / step})


def progress(done: int, task: str = "train") -> Progress:
    return Progress(time=float(done), task=task, done=done, total=100)


def line(event: Event) -> bytes:
    return event.model_dump_json().encode() + b"\n"


def apart(said: Event | Metrics) -> list[tuple[int, dict[str, float]] | Event]:
    """Measured values one by one, so that how they were put together does not matter."""
    if isinstance(said, Metrics):
        return list(zip(said.steps, said.values, strict=True))
    return [(said.step, said.values)] if isinstance(said, Metric) else [said]


def in_bulk(tail: LogTail) -> list[tuple[int, dict[str, float]] | Event]:
    return [one for said in tail.poll() for one in apart(said) if not isinstance(one, Progress)]


def one_by_one(file: Path) -> list[tuple[int, dict[str, float]] | Event]:
    return [one for said in EventTail(file).poll() for one in apart(said) if not isinstance(one, Progress)]


def test_measured_values_in_a_row_come_together_and_overtaken_progress_not_at_all(tmp_path: Path):
    file = tmp_path / "events.jsonl"
    steps = [line(event) for step in range(1, 51) for event in (metric(step), progress(step))]
    file.write_bytes(line(JobStarted(time=0.0, job="training", kind="train", pid=1)) + b"".join(steps))

    kinds = [type(said) for said in LogTail(file).poll()]

    assert kinds.count(Progress) == 2  # the first, and the newest
    assert kinds.count(Metrics) <= 3
    assert in_bulk(LogTail(file)) == one_by_one(file)


WRONG = {
    "torn": b'{"time":4.0,"type":"metric","step":4,"epoch":0.4,"values":{"loss":0.\n',
    "torn after a brace": b'{"time":4.0,"type":"metric","step":4,"epoch":0.4,"values":{"loss":0.1}\n',
    "two in one": line(metric(4))[:-1] + b"," + line(metric(4)),
    "no value": b'{"time":4.0,"type":"metric","step":4,"epoch":0.4,"values":{"loss":null}}\n',
    "values that are none": b'{"time":4.0,"type":"metric","step":4,"epoch":0.4,"values":[1.0]}\n',
    "no object": b'["type":"metric"]\n',
    "of tomorrow": b'{"time":4.0,"type":"metric2","step":4}\n',
    "a whole number for a value": b'{"time":4,"type":"metric","step":4,"epoch":0,"values":{"loss":1}}\n',
    "a step that fell": line(metric(2)),
    "other values": line(metric(4, eval_loss=0.5)),
    "a sample": line(Sample(time=4.0, step=4, prompt="a", reference="b", prediction="c")),
    "a warning": line(
        Warned(time=4.0, message='it said "type":"metric" in "type":"progress","task":"train"')
    ),
    "another task": line(progress(4, "evaluate")),
}


@pytest.mark.parametrize("between", WRONG.values(), ids=WRONG)
def test_what_is_not_as_it_is_written_costs_only_itself(between: bytes, tmp_path: Path):
    file = tmp_path / "events.jsonl"
    before = b"".join(line(metric(step)) + line(progress(step)) for step in (1, 2, 3))
    file.write_bytes(before + between + b"".join(line(metric(step)) for step in (5, 6, 7)))

    assert in_bulk(LogTail(file)) == one_by_one(file)
    assert len(one_by_one(file)) >= 6


def test_a_line_that_is_being_written_is_read_once_it_is_whole(tmp_path: Path):
    file = tmp_path / "events.jsonl"
    whole = b"".join(line(metric(step)) for step in range(1, 400))
    tail, read, at = LogTail(file), [], 0
    for end in (1_000, 1_001, 20_000, len(whole) - 1, len(whole)):
        with file.open("ab") as out:
            out.write(whole[at:end])
        at = end
        read += in_bulk(tail)

    assert [step for step, _ in read] == list(range(1, 400))
    assert in_bulk(tail) == []


def test_the_newest_progress_is_told_at_each_look(tmp_path: Path):
    file = tmp_path / "events.jsonl"
    tail = LogTail(file)
    told = []
    for done in (1, 2, 3):
        with file.open("ab") as out:
            out.write(line(progress(10 * done - 1)) + line(progress(10 * done)))
        told.append([said.done for said in tail.poll() if isinstance(said, Progress)][-1])

    assert told == [10, 20, 30]

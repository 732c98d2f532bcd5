"""The event stream: a killed writer's half line harms nobody, and what is not known is passed over."""

from __future__ import annotations

from typing import get_args

import pytest

from trainer.events import (
    Event,
    EventTail,
    EventWriter,
    parse_event,
    read_events,
)


def test_the_cases_hold_one_event_of_every_kind(one_of_each):
    union, _ = get_args(Event)

    assert {type(event) for event in one_of_each} == set(get_args(union))


def test_what_was_written_is_read_back(tmp_path, one_of_each):
    writer = EventWriter(tmp_path / "deep/events.jsonl")

    for event in one_of_each:
        writer(event)
    writer.close()

    assert read_events(tmp_path / "deep/events.jsonl") == one_of_each


def test_an_event_is_on_disk_when_it_was_said(tmp_path, one_of_each):
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)

    writer(one_of_each[0])

    assert read_events(path) == one_of_each[:1]
    writer.close()


@pytest.mark.parametrize("rest", [b'{"type":"log","mess', b'{"type":"log"', b"{", b"\xe2\x82"])
def test_the_half_line_of_a_killed_writer_costs_only_itself(rest, tmp_path, one_of_each):
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    writer(one_of_each[0])
    writer.close()
    with path.open("ab") as file:
        file.write(rest)

    assert read_events(path) == one_of_each[:1]

    writer = EventWriter(path)
    writer(one_of_each[1])
    writer.close()
    assert read_events(path) == one_of_each[:2]


def test_a_reader_waits_for_the_rest_of_a_line(tmp_path, one_of_each):
    path = tmp_path / "events.jsonl"
    line = one_of_each[6].model_dump_json().encode() + b"\n"
    tail = EventTail(path)
    assert list(tail.poll()) == []

    path.write_bytes(line[:9])
    assert list(tail.poll()) == []
    with path.open("ab") as file:
        file.write(line[9:])

    assert list(tail.poll()) == [one_of_each[6]]
    assert list(tail.poll()) == []


def test_a_reader_from_the_end_hears_only_what_is_new(tmp_path, one_of_each):
    writer = EventWriter(tmp_path / "events.jsonl")
    writer(one_of_each[0])
    tail = EventTail(tmp_path / "events.jsonl", from_end=True)

    writer(one_of_each[1])
    writer.close()

    assert list(tail.poll()) == one_of_each[1:2]


@pytest.mark.parametrize(
    "line",
    ['{"type":"of_tomorrow","time":1}', '{"time":1}', "[]", "", "not json", '{"type":"progress","task":"x"}'],
)
def test_what_is_not_known_is_passed_over(line, tmp_path, one_of_each):
    path = tmp_path / "events.jsonl"
    known = one_of_each[5].model_dump_json()
    path.write_text(f"{line}\n{known}\n", encoding="utf-8")

    assert parse_event(line) is None
    assert read_events(path) == [one_of_each[5]]


def test_a_field_of_tomorrow_does_not_hide_an_event_of_today(one_of_each):
    assert parse_event('{"type":"log","time":7,"message":"a line","colour":"red"}') == one_of_each[6]

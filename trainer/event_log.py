"""Reading the log of a long training at once: half a million events are opened while a person waits.

Measured values in a row come together, and progress that was overtaken is not even parsed. What is not written as
`trainer.events.EventWriter` writes it is parsed line by line, as `EventTail` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from trainer.events import Event, EventTail, parse_event

_PROGRESS, _METRIC, _SAMPLE = b'"type":"progress","task":"', b'"type":"metric"', b'"type":"sample"'
_TYPE_WITHIN = 64
"""Bytes of a line within which its type stands: the time comes first, then the type."""
_PIECE = 128 * 2**10
"""Bytes of lines that are looked at together: a millisecond, for which other threads wait."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Values measured at several optimizer steps in a row, as so many `trainer.events.Metric`.

    Attributes:
        time: of the first, seconds since the epoch.
        steps: never falling.
        epoch: of the last.
        values: of each step.
    """

    time: float
    steps: Sequence[int]
    epoch: float
    values: Sequence[dict[str, float]]


class LogTail:
    """Reads what was appended to an event file since the last call, as `EventTail` does, for a fold of all of it.

    Progress is left out that was overtaken before anything but measured values and samples was said: whoever wants
    to know how far a task is misses nothing.
    """

    def __init__(self, path: Path) -> None:
        self._tail = EventTail(path)
        self._task = b""

    def poll(self) -> Iterator[Event | Metrics]:
        """Yield what the whole new lines say; a partial last line is left for the next call."""
        newest = b""
        for lines in self._tail.pieces(_PIECE):
            # Most pieces of a long log hold one task's progress and measured values alone.
            end = _TYPE_WITHIN - len(_PROGRESS) + len(self._task)
            others = [line for line in lines if line.find(self._task, 0, end) < 0] if self._task else lines
            if self._task and _are_measured(others):
                if len(others) < len(lines):
                    newest = next(line for line in reversed(lines) if line.find(self._task, 0, end) >= 0)
            else:
                others, newest = self._without_overtaken(lines, newest)
            yield from _parsed(others)
        if newest:
            yield from _parsed([newest])

    def _without_overtaken(self, lines: Sequence[bytes], newest: bytes) -> tuple[list[bytes], bytes]:
        """The lines that count, and the newest progress, which may still be overtaken."""
        kept = []
        for line in lines:
            at = line.find(_PROGRESS, 0, _TYPE_WITHIN)
            if at >= 0:
                task = line[at : line.find(b'"', at + len(_PROGRESS)) + 1]
                if task == self._task:
                    newest = line
                    continue
                self._task = task
            elif _is_measured(line):
                kept.append(line)
                continue
            else:
                self._task = b""
            kept += [newest, line] if newest else [line]
            newest = b""
        return kept, newest


def _are_measured(lines: Sequence[bytes]) -> bool:
    others = [line for line in lines if line.find(_METRIC, 0, _TYPE_WITHIN) < 0]
    return all(line.find(_SAMPLE, 0, _TYPE_WITHIN) >= 0 for line in others)


def _is_measured(line: bytes) -> bool:
    return _are_measured([line])


def _is_metric(line: bytes) -> bool:
    return line.find(_METRIC, 0, _TYPE_WITHIN) >= 0


def _parsed(lines: Sequence[bytes]) -> Iterator[Event | Metrics]:
    # Mostly they are metrics all, which is found out soonest by parsing them.
    metrics = _metrics(lines) if len(lines) > 1 else None
    if metrics is not None:
        yield metrics
        return
    for is_metric, alike in groupby(lines, key=_is_metric):
        together = list(alike)
        metrics = _metrics(together) if is_metric and 1 < len(together) < len(lines) else None
        yield from [metrics] if metrics is not None else filter(None, map(parse_event, together))


def _metrics(lines: Sequence[bytes]) -> Metrics | None:
    """What the lines say; None where any is not exactly as it is written, which is then parsed by itself."""
    try:
        # A line break within a text is no JSON, so that no two torn lines make a whole one.
        found = _decoder()(b"[" + b",".join(lines) + b"]")
    except ValueError:
        return None
    steps = [one.step for one in found]
    if len(found) != len(lines) or sorted(steps) != steps:
        return None
    return Metrics(found[0].time, steps, found[-1].epoch, [one.values for one in found])


@cache
def _decoder() -> Callable[[bytes], list[Any]]:
    """Reads lists of `trainer.events.Metric` alone, in half the time that objects of any kind take."""
    import msgspec

    metric = msgspec.defstruct(
        "Metric",
        [("time", float), ("step", int), ("epoch", float), ("values", dict[str, float])],
        tag_field="type",
        tag="metric",
        gc=False,
    )
    return msgspec.json.Decoder(list[metric]).decode  # type: ignore[valid-type]

"""A list of runs that is looked at again and again: only what changed is read anew, and what goes on is followed."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from advisor.reading_runs import RunEntry, read_entry
from advisor.run_directory import RunDirectory
from advisor.run_names import LOCK_FILE, PLAN_FILE
from advisor.watching import Activity, RunWatch
from trainer.job import EVENTS_FILE

_AT_ONCE = 100
"""Runs read anew in one look: some tenths of a second, after which a screen shows what there is."""
_CHANGING = (PLAN_FILE, EVENTS_FILE, LOCK_FILE, "verdict.json", "comparison.json", "report.json")
"""No run changes its place in the list without one of these: whoever takes a run up writes its lock."""

_Stamp = tuple[int, ...]


@dataclass(frozen=True)
class ListedRun:
    """A run of the list.

    Attributes:
        activity: what it is at while it goes on, else None.
        is_writable: it can go on here, be changed and be deleted.
    """

    entry: RunEntry
    activity: Activity | None = None
    is_writable: bool = True


class RunList:
    """The runs in a folder, newest first; call `poll` from one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[_Stamp, RunEntry]] = {}
        self._watches: dict[str, RunWatch] = {}
        self.is_whole = False
        """Whether the last look read every run; of many runs the newest are read first."""

    def poll(self, at_most: int = _AT_ONCE) -> tuple[ListedRun, ...]:
        """The runs as far as they were read; equal to the last list where nothing happened.

        Args:
            at_most: runs that are read anew in this look.
        """
        stamps = _stamps(self._folder)
        self._known = {path: known for path, known in self._known.items() if path in stamps}
        stale = [path for path, stamp in stamps.items() if self._is_stale(path, stamp)]
        for path in sorted(stale, key=lambda path: stamps[path], reverse=True)[:at_most]:
            # A run may be deleted while it is being read; the next look does not find it.
            with suppress(FileNotFoundError):
                self._known[path] = (stamps[path], read_entry(Path(path)))
        self.is_whole = len(stale) <= at_most
        entries = sorted((entry for _, entry in self._known.values()), key=lambda entry: -entry.created)
        self._forget_watches({entry.path for entry in entries if entry.state == "running"})
        return tuple(
            ListedRun(entry, self._activity(entry), RunDirectory(Path(entry.path)).is_writable())
            for entry in entries
        )

    def _is_stale(self, path: str, stamp: _Stamp) -> bool:
        known = self._known.get(path)
        # A process that was killed leaves no trace, so who works on a run is asked each time.
        return known is None or known[0] != stamp or known[1].state == "running"

    def _forget_watches(self, live: set[str]) -> None:
        self._watches = {path: watch for path, watch in self._watches.items() if path in live}

    def _activity(self, entry: RunEntry) -> Activity | None:
        if entry.state != "running":
            return None
        watch = self._watches.setdefault(entry.path, RunWatch(Path(entry.path)))
        try:
            return watch.poll().activity
        except OSError:
            return None


def _stamps(folder: Path) -> dict[str, _Stamp]:
    """Of each run what changes with it, the time of its plan first."""
    try:
        with os.scandir(folder) as found:
            places = [entry.path for entry in found]
    except OSError:
        return {}
    stamps = {place: _stamp(place) for place in places}
    return {place: stamp for place, stamp in stamps.items() if stamp[0]}


def _stamp(place: str) -> _Stamp:
    return tuple(_changed_at(Path(place, name)) for name in _CHANGING)


def _changed_at(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0

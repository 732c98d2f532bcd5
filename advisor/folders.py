"""What lies in a folder for a person who looks for a data file: data files first, then folders, then the rest."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rubrics.errors import Fault

DATA_SUFFIXES = (".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".parquet")
_PACKED_SUFFIXES = ("", ".gz", ".gzip", ".zst", ".zstd")
MOST_PLACES = 2_000
"""Of a folder; more would be scrolled through by nobody, and its path can be typed."""

_ORDER = {"data": 0, "folder": 1, "other": 2}


@dataclass(frozen=True, slots=True)
class Place:
    """A file or a folder; `bytes` is 0 for a folder."""

    path: Path
    kind: Literal["data", "folder", "other"]
    bytes: int = 0


def places_in(folder: Path) -> tuple[tuple[Place, ...], int]:
    """Return the places of a folder and how many were left out; hidden ones are not counted.

    Raises:
        Fault: it cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            found = [_place(entry) for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise Fault(
            f"the folder cannot be read: {error.strerror}", where=str(folder), fix="Choose another folder."
        ) from None
    found.sort(key=lambda place: (_ORDER[place.kind], place.path.name.casefold()))
    return tuple(found[:MOST_PLACES]), max(0, len(found) - MOST_PLACES)


def _place(entry: os.DirEntry[str]) -> Place:
    path = Path(entry.path)
    if entry.is_dir():
        return Place(path, "folder")
    try:
        size = entry.stat().st_size
    except OSError:
        # A link to nowhere: listed, and refused with its reason when it is opened.
        size = 0
    return Place(path, "data" if _is_data(entry.name) else "other", size)


def _is_data(name: str) -> bool:
    return name.lower().endswith(
        tuple(kind + packed for kind in DATA_SUFFIXES for packed in _PACKED_SUFFIXES)
    )

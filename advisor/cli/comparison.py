"""A comparison of two prediction files on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from advisor.cli.show import table

_SHOWN_SLICES = 10


def lines(found: Mapping[str, Any]) -> list[str]:
    """Return the difference with its test, the flip table, what to beware of, and the slices, worst first."""
    shown = [
        f"{found['metric']} {found['difference']:+.4f} [{found['low']:+.4f}, {found['high']:+.4f}], "
        f"p = {found['p_value']:.3g} ({found['test']}), n = {found['n']}"
    ]
    if found["fixed"] is not None:
        shown.append(
            f"fixed {found['fixed']}, broken {found['broken']}, both right {found['both_right']}, "
            f"both wrong {found['both_wrong']}"
        )
    shown += [f"note: {note}" for note in found["notes"]]
    for field, slices in groupby(found["slices"], key=lambda part: part["field"]):
        shown += ["", *_slices(field, sorted(slices, key=lambda part: part["difference"]))]
    if found["slices_note"]:
        shown += ["", found["slices_note"]]
    return shown


def _slices(field: str, slices: list[Mapping[str, Any]]) -> list[str]:
    rows = [
        [
            _short(part["value"]),
            str(part["n"]),
            f"{part['baseline']['value']:.3f}",
            f"{part['tuned']['value']:.3f}",
            f"{part['difference']:+.3f} [{part['low']:+.3f}, {part['high']:+.3f}]",
        ]
        for part in slices[:_SHOWN_SLICES]
    ]
    more = len(slices) - len(rows)
    shown = [table([f"by {_short(field)}", "n", "A", "B", "difference"], rows)]
    return [*shown, f"and {more} more, less bad; --json lists all"] if more > 0 else shown


def _short(text: str) -> str:
    flat = " ".join("".join(char for char in text if char.isprintable() or char.isspace()).split())
    return flat if len(flat) <= 40 else flat[:39] + "\u2026"

"""Typed access to JSON that somebody else wrote, where every complaint names the field by its path.

`advisor decide` takes measurements from people and from other tools; "expected a share" helps only together with
`baselines[2].metrics.accuracy.low`. An absent field and a null are the same: not known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rubrics.errors import ExitCode, Fault


@dataclass(frozen=True, slots=True)
class Field:
    """A JSON value and the path that leads to it; the value is None where the field is absent or null."""

    value: object
    path: str = ""

    @property
    def absent(self) -> bool:
        """Whether nothing stands there."""
        return self.value is None

    def __getitem__(self, key: str) -> Field:
        """Return a field of an object; of an absent object every field is absent.

        Raises:
            Fault: this is not an object.
        """
        path = f"{self.path}.{key}" if self.path else key
        return Field(self.mapping().get(key), path)

    def mapping(self) -> Mapping[str, object]:
        """Return the object itself, empty where absent."""
        if self.absent:
            return {}
        if not isinstance(self.value, Mapping):
            raise self.wrong("an object")
        return self.value

    def each(self) -> list[Field]:
        """Return the entries of a list, none where absent."""
        if self.absent:
            return []
        if not isinstance(self.value, Sequence) or isinstance(self.value, str | bytes):
            raise self.wrong("a list")
        return [Field(entry, f"{self.path}[{index}]") for index, entry in enumerate(self.value)]

    def text(self) -> str | None:
        """Return a text."""
        value = self.value
        if value is None or isinstance(value, str):
            return value
        raise self.wrong("a text")

    def choice(self, *allowed: str) -> str | None:
        """Return one of the allowed texts."""
        text = self.text()
        if text is None or text in allowed:
            return text
        raise self.wrong(" or ".join(allowed))

    def flag(self) -> bool | None:
        """Return true or false."""
        value = self.value
        if value is None or isinstance(value, bool):
            return value
        raise self.wrong("true or false")

    def number(self, low: float = -math.inf, high: float = math.inf) -> float | None:
        """Return a finite number within the bounds; true and false are none."""
        if self.absent:
            return None
        bounds = f" from {low:g} to {high:g}" if math.isfinite(high) else f" of {low:g} or more"
        expected = "a number" + (bounds if math.isfinite(low) else "")
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.wrong(expected)
        if not math.isfinite(self.value) or not low <= self.value <= high:
            raise self.wrong(expected)
        return float(self.value)

    def share(self) -> float | None:
        """Return a number in 0..1."""
        return self.number(0, 1)

    def count(self) -> int | None:
        """Return a whole number of 0 or more."""
        number = self.number(0)
        if number is None:
            return None
        if not number.is_integer():
            raise self.wrong("a whole number")
        return int(number)

    def size(self) -> int | None:
        """Return how many: a whole number, or the length of a list or object."""
        if isinstance(self.value, Mapping):
            return len(self.value)
        if isinstance(self.value, Sequence) and not isinstance(self.value, str):
            return len(self.value)
        return self.count()

    def missing(self, fix: str = "Add the field.") -> Fault:
        """Return the complaint that this field is needed."""
        return Fault("This field is missing.", where=self.path, fix=fix, code=ExitCode.WRONG_USE)

    def wrong(self, expected: str) -> Fault:
        """Return the complaint that this field is of another kind."""
        return Fault(
            f"Expected {expected}, found {self.value!r:.60}.",
            where=self.path or "the inputs",
            fix="The objects are those of report.json; its schema is in the package.",
            code=ExitCode.WRONG_USE,
        )

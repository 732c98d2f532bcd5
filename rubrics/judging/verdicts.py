"""What a judge said, strictly read, and the verdicts of both orders made one.

A reply that does not fit is invalid and counted; nothing is guessed from its words, since a guess would favour the
answers that look like verdicts.
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rubrics.judging.framing import FIRST, SECOND, TIE


class Preferred(StrEnum):
    """Which of two systems gave the better answer."""

    A = "a"
    B = "b"
    TIE = "tie"


def parse_score(reply: str, levels: Container[int]) -> int | None:
    """Return the score of a reply, or None where it is not exactly one of the levels."""
    value = _field(reply, "score")
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in levels:
        return None
    return int(value)


def parse_verdict(reply: str) -> str | None:
    """Return `1`, `2` or `tie`, or None where the reply is not exactly one of them."""
    value = _field(reply, "verdict")
    return value if isinstance(value, str) and value in (FIRST, SECOND, TIE) else None


def _field(reply: str, name: str) -> Any:
    """The field of the one JSON object: the whole reply, a fence around it, or its last line after other words."""
    text = reply.strip()
    whole = _object(_unfenced(text))
    if whole is None:
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        found = [value for value in map(_object, lines) if value is not None]
        # One quoted before it may be the answer's own: which one counts would be a guess.
        if len(found) != 1 or _object(lines[-1]) is None:
            return None
        whole = found[0]
    return whole[name] if whole.keys() in ({name}, {name, "reason"}) else None


def _unfenced(text: str) -> str:
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        return text.partition("\n")[2][:-3]
    return text


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text, object_pairs_hook=_unrepeated)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a field stands twice")
    return dict(pairs)


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """The two verdicts on one pair, and what follows.

    Attributes:
        forward: place preferred with A first; None where the reply could not be read.
        backward: place preferred with B first.
    """

    forward: str | None
    backward: str | None

    @property
    def valid(self) -> bool:
        """Whether both replies could be read."""
        return self.forward is not None and self.backward is not None

    @property
    def preferred(self) -> Preferred | None:
        """A win only where both orders agree on it, else a tie; None where a reply could not be read.

        Source: Zheng et al. 2023 (arXiv 2306.05685), section 3.4, the conservative way with position bias.
        """
        if not self.valid:
            return None
        one = {FIRST: Preferred.A, SECOND: Preferred.B, TIE: Preferred.TIE}[str(self.forward)]
        other = {FIRST: Preferred.B, SECOND: Preferred.A, TIE: Preferred.TIE}[str(self.backward)]
        return one if one == other else Preferred.TIE

    @property
    def flipped(self) -> bool:
        """Whether the preference went with the place: the same place was preferred both times."""
        return self.valid and self.forward == self.backward and self.forward != TIE

    @property
    def changed(self) -> bool:
        """Whether the orders disagree in any way, a tie against a preference included."""
        return self.flipped or (self.valid and (self.forward == TIE) != (self.backward == TIE))

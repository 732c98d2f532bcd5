"""What one rule found, and how a rule of several parts is put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from rubrics.logic import any_of
from rubrics.rulebook import Outcome


class Part(NamedTuple):
    """One of several conditions of a rule: whether it holds, what was seen, and the case it makes where it holds."""

    held: bool | None
    seen: str
    case: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one rule found.

    Attributes:
        held: None where something it reads was not measured.
        outcome: what it advises; means something only where it holds.
        reason: what it saw, one sentence.
        case: which of the rule's cases holds, where what to do differs between them (`rows` of R2); else empty.
        rung: the cheap option that the rule speaks of, where it may be another than the chosen one (R3, R5).
    """

    held: bool | None
    outcome: Outcome
    reason: str
    case: str = ""
    rung: str = ""


def any_part(parts: Iterable[Part], outcome: Outcome, fine: str) -> Judged:
    """Join the parts of a rule that holds where any of them does; the reason names those that settle it.

    The case is that of the first part that holds.
    """
    parts = list(parts)
    held = any_of(*(part.held for part in parts))
    settling = [part for part in parts if part.held is held]
    case = settling[0].case if held else ""
    return Judged(
        held, outcome, fine if held is False else ". ".join(part.seen for part in settling) + ".", case
    )

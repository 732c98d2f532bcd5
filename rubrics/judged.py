"""What one rule found, and how a rule of several parts is put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rubrics.logic import any_of
from rubrics.rulebook import Outcome

# One of several conditions of a rule: whether it holds, and what was seen.
Part = tuple[bool | None, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """What one rule found.

    Attributes:
        held: None where something it reads was not measured.
        outcome: what it advises; means something only where it holds.
        reason: what it saw, one sentence.
    """

    held: bool | None
    outcome: Outcome
    reason: str


def any_part(parts: Iterable[Part], outcome: Outcome, fine: str) -> Judged:
    """Join the parts of a rule that holds where any of them does; the reason names those that settle it."""
    parts = list(parts)
    held = any_of(*(state for state, _ in parts))
    texts = [text for state, text in parts if state is held]
    return Judged(held, outcome, fine if held is False else ". ".join(texts) + ".")

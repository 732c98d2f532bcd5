"""Comparisons and three-valued logic for rules: true, false, and None for what was not measured.

With plain booleans an unmeasured number has to be passed off as one side or the other; here it stays unknown
until something known outweighs it. Source: Kleene (1952), strong logic of indeterminacy.
"""

from __future__ import annotations

# Sums of decimal fractions miss by some 1e-16: 1 - 0.9 is a little under 0.1.
EPSILON = 1e-9


def under(value: float, limit: float) -> bool:
    """Say whether a value lies below a limit by more than rounding."""
    return value < limit - EPSILON


def over(value: float, limit: float) -> bool:
    """Say whether a value lies above a limit by more than rounding."""
    return value > limit + EPSILON


def any_of(*states: bool | None) -> bool | None:
    """Or: true if one is true, unknown if none is true but one unknown, else false."""
    return True if True in states else None if None in states else False


def all_of(*states: bool | None) -> bool | None:
    """And: false if one is false, unknown if none is false but one unknown, else true."""
    return False if False in states else None if None in states else True


def negate(state: bool | None) -> bool | None:
    """Not: unknown stays unknown."""
    return None if state is None else not state

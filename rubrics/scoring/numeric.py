"""Numbers: equal within a tolerance, with their units where both sides state one.

The answer must hold exactly one number, anywhere in its wording. Thousands may be parted by commas (1,234.5); the
decimal mark is a point. Digits that cling to Latin letters (A4) or to a second point (3.5.2) are no number. The unit is a currency sign before the number or the word or sign right after it. Units
are compared where both sides have one (case aside) and never converted; a bare number fits every unit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from itertools import islice

from rubrics.errors import ExitCode, Fault
from rubrics.scoring.wording import best

_NUMBER = re.compile(
    r"(?P<sign>(?<![\w.])[+-]\s?)?(?P<before>[$€£¥₩]\s?)?(?P<inner>(?<=[$€£¥₩])[+-])?(?<![A-Za-z_\d.])"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?!\.?\d)(?P<exponent>[eE][+-]?\d{1,4}(?!\d))?"
    r"(?:\s?(?P<after>[%°€$£¥₩]\w*|[^\W\d_]+[²³]?(?:/[^\W\d_]+)?))?"
)
_PLAIN = str.maketrans("\u2212\uff0d\uff0b\uff0c\uff0e\uff05", "--+,.%")
"""The typographic minus and full-width signs; full-width digits are digits to Python already."""
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_ARITHMETIC = Context(prec=60, traps=[])


@dataclass(frozen=True)
class Quantity:
    """A number and its unit, case folded; empty without one."""

    value: Decimal
    unit: str


@dataclass(frozen=True)
class Tolerance:
    """How far a number may lie from the reference: `absolute`, or `relative` to the reference's size."""

    absolute: Decimal = Decimal(0)
    relative: Decimal = Decimal(0)


def read_tolerance(text: str) -> Tolerance:
    """Read `0.5` (absolute) or `1%` (relative to the reference).

    Raises:
        Fault: it is neither, or negative; exit code 2.
    """
    bare = text.strip()
    number = bare.removesuffix("%")
    if not re.fullmatch(r"\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?", number):
        raise Fault(
            f"{text!r} is not a tolerance",
            where="--tolerance",
            fix="Give 0.5 (absolute) or 1% (relative to the reference).",
            code=ExitCode.WRONG_USE,
        )
    value = Decimal(number)
    return Tolerance(relative=value / 100) if bare.endswith("%") else Tolerance(absolute=value)


def read_quantity(text: str) -> Quantity | None:
    """Return the one number of a text with its unit, or None where it holds none or several."""
    found = list(islice(_NUMBER.finditer(text.translate(_PLAIN)), 2))
    if len(found) != 1:
        return None
    match = found[0]
    sign = (match["sign"] or match["inner"] or "").strip()
    value = Decimal(sign + match["digits"].replace(",", "") + (match["exponent"] or ""))
    return Quantity(value, ((match["before"] or "").strip() or match["after"] or "").casefold())


def is_quantity(text: str) -> bool:
    """Say whether a text is a number, perhaps with its unit, and nothing else."""
    return _NUMBER.fullmatch(text.strip().translate(_PLAIN)) is not None and read_quantity(text) is not None


def numeric_match(prediction: str, references: Sequence[str], *, tolerance: str = "0") -> float:
    """Say whether the answer's number is the reference's, within a tolerance.

    Args:
        tolerance: `0.5` (absolute) or `1%` (of the reference's size); by default the numbers must be equal.

    Returns:
        1.0 if any reference matches, else 0.0; an answer with no number, or several, scores 0.
    Raises:
        ValueError: there is no reference, or one does not hold exactly one number.
        TypeError: the references are one text instead of a sequence of texts.
        Fault: the tolerance is none.
    """
    allowed = read_tolerance(tolerance)
    return best(lambda answer, reference: _near(answer, reference, allowed), prediction, references)


def number_problem(text: str) -> str:
    """Say why a text cannot be a reference of `numeric_match`; empty where it can."""
    return "" if read_quantity(text) else "does not hold exactly one number"


def _near(prediction: str, reference: str, allowed: Tolerance) -> float:
    wanted = read_quantity(reference)
    if wanted is None:
        raise ValueError(f"the reference {reference!r:.60} {number_problem(reference)}")
    found = read_quantity(prediction)
    if found is None or not _same_unit(found.unit, wanted.unit):
        return 0.0
    distance = abs(_ARITHMETIC.subtract(found.value, wanted.value))
    room = max(allowed.absolute, _ARITHMETIC.multiply(allowed.relative, abs(wanted.value)))
    return float(found.value == wanted.value or distance <= room)


def _same_unit(found: str, wanted: str) -> bool:
    if not found or not wanted or found == wanted:
        return True
    # A Korean particle clings to the unit: "42km입니다".
    return found.startswith(wanted) and bool(_HANGUL.match(found[len(wanted)]))

"""Numbers within a tolerance, and their units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.errors import ExitCode, Fault
from rubrics.scoring import is_quantity, numeric_match


@pytest.mark.parametrize(
    ("answer", "reference", "tolerance", "right"),
    [
        ("42", "42.0", "0", True),
        ("The answer is 42.", "42", "0", True),
        ("1,234.50", "1234.5", "0", True),
        ("1e3", "1000", "0", True),
        ("-5", "\u22125", "0", True),
        ("-$5", "$-5", "0", True),
        ("\uff11\uff12", "12", "0", True),
        ("5", "-5", "0", False),
        (".5", "0.5", "0", True),
        # Units count where both sides have one, and are never converted.
        ("42", "42 km", "0", True),
        ("42 KM", "42km", "0", True),
        ("42 miles", "42 km", "0", False),
        ("0.042 m", "42 mm", "0", False),
        ("$5", "€5", "0", False),
        ("5%", "5 %", "0", True),
        ("5%", "0.05", "0", False),
        ("거리는 42km입니다", "42 km", "0", True),
        ("사과는 3개예요", "3개", "0", True),
        ("사과는 3명이에요", "3개", "0", False),
        # One number, or none.
        ("10 to 20", "10", "0", False),
        ("3.5.2", "3.5", "0", False),
        ("2024-01-05", "2024", "0", False),
        ("1234,567", "1234", "0", False),
        ("A4", "4", "0", False),
        ("", "0", "0", False),
        ("none", "0", "0", False),
        # Tolerances.
        ("101", "100", "1", True),
        ("101.01", "100", "1", False),
        ("101", "100", "1%", True),
        ("99", "100", "1%", True),
        ("98.9", "100", "1%", False),
        ("-99", "-100", "1%", True),
        ("0.001", "0", "10%", False),
        ("0.3", "0.1", "0.2", True),
        ("1e9999", "1e9998", "5", False),
        ("9" * 5000, "9" * 5000, "0", True),
        ("9" * 5000, "9" * 4999 + "8", "0", False),
    ],
)
def test_a_number_is_right_within_its_tolerance(answer, reference, tolerance, right):
    assert numeric_match(answer, [reference], tolerance=tolerance) == float(right)


numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3)


@given(numbers, numbers, numbers.map(abs))
def test_an_absolute_tolerance_is_a_distance(one, other, tolerance):
    score = numeric_match(f"{one:f}", [f"{other:f}"], tolerance=f"{tolerance:f}")

    assert score == float(abs(one - other) <= tolerance)
    assert score == numeric_match(f"{other:f}", [f"{one:f}"], tolerance=f"{tolerance:f}")


@given(st.text(max_size=50))
def test_no_text_is_too_odd_to_be_an_answer(text):
    assert numeric_match(text, ["7"]) in (0.0, 1.0)


def test_a_huge_text_is_read_in_a_moment():
    assert numeric_match("no digit " * 200_000, ["7"]) == 0.0
    assert numeric_match("1," * 200_000, ["7"]) == 0.0
    assert numeric_match("1" * 200_000 + "x", ["7"]) == 0.0


@pytest.mark.parametrize("tolerance", ["", "-1", "one", "1%%", "nan", "1e9999"])
def test_a_tolerance_that_is_none_is_wrong_use(tolerance):
    with pytest.raises(Fault, match="not a tolerance") as raised:
        numeric_match("1", ["1"], tolerance=tolerance)

    assert (raised.value.code, raised.value.where) == (ExitCode.WRONG_USE, "--tolerance")


def test_a_reference_without_its_number_is_refused():
    with pytest.raises(ValueError, match="exactly one number"):
        numeric_match("1", ["from 1 to 2"])


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("42", True),
        ("42 km", True),
        ("$1,200.50", True),
        ("3개", True),
        ("SK-48213", False),
        ("it is 42", False),
    ],
)
def test_an_answer_that_is_a_number_is_known_from_one_that_holds_one(text, bare):
    assert is_quantity(text) == bare

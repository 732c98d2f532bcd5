"""Parts of the screens' texts: intervals as lines, tables of cells."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from advisor.tui.aligned import aligned, cut
from advisor.tui.intervals import interval_line, interval_text, short_interval


@pytest.mark.parametrize(
    ("value", "low", "high", "line"),
    [
        (0.5, 0.2, 0.8, "··├──●──┤··"),
        (0.0, 0.0, 0.1, "●┤·········"),
        (1.0, 1.0, 1.0, "··········●"),
        (0.5, 0.5, 0.5, "·····●·····"),
    ],
)
def test_a_line_has_its_point_and_limits_where_they_are(value, low, high, line):
    assert interval_line(value, low, high, 11) == line


def test_there_is_no_line_where_it_would_say_nothing():
    assert interval_line(0.5, 0.2, 0.8, 6) == ""


def test_limits_stand_in_brackets():
    assert interval_text(0.6, 0.531, 0.6654) == "0.60 [0.531, 0.665]"
    assert short_interval(0.6, 0.531, 0.6654) == "0.60 [0.53, 0.67]"


def test_columns_line_up_whatever_the_script_and_the_first_gives_way():
    rows = [["name", "n"], ["한국어 이름", "7"], ["a name that is far too long", "1,000"]]

    lines = aligned(rows, widest=20, right={1}).plain.split("\n")

    assert lines == ["name               n", "한국어 이름        7", "a name that …  1,000"]
    assert {cell_len(line) for line in lines} == {20}


def test_a_cut_never_halves_a_wide_letter():
    assert cut("한국어", 6) == "한국어"
    assert cut("한국어", 5) == "한국…"
    assert cell_len(cut("한국어", 4)) <= 4

"""Bars of text: no row is lost, no line too wide, and what is left out is said."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from advisor.data.length_table import histogram
from advisor.histograms import drawn, label_histogram, length_histogram


@given(counts=st.lists(st.integers(1, 10**6), min_size=1, max_size=40), most=st.integers(1, 20))
def test_bars_and_what_is_left_out_are_all_rows(counts: list[int], most: int) -> None:
    labels = [(f"label {at}", count) for at, count in enumerate(sorted(counts, reverse=True))]
    found = label_histogram(labels, labels_total=len(labels), rows=sum(counts), most=most)
    assert sum(one.count for one in found.bars) + found.left_out_count == sum(counts)
    assert len(found.bars) + found.left_out == len(labels)
    assert found.left_out != 1


def test_labels_beyond_the_list_are_counted_too() -> None:
    found = label_histogram([("a", 50), ("b", 30)], labels_total=100, rows=200, most=12)
    assert (found.left_out, found.left_out_count) == (98, 120)
    assert drawn(found, 60)[-1] == "and 98 more labels (120 rows)"


@given(lengths=st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_every_length_is_in_a_bar(lengths: list[int]) -> None:
    found = length_histogram(histogram(np.asarray(lengths)))
    assert sum(one.count for one in found.bars) == len(lengths)
    assert abs(sum(one.share for one in found.bars) - 1) < 1e-9


@given(width=st.integers(30, 120), blocks=st.booleans())
def test_no_line_is_wider_than_asked(width: int, blocks: bool) -> None:
    labels = [
        ("한국어로 된 아주 긴 이름 " * 12, 1_000_000),
        ("x" * 200, 3),
        ("tab\tand\nline\x1b[31m", 1),
        ("", 1),
    ]
    lines = drawn(label_histogram(labels, labels_total=4, rows=1_000_005), width, blocks=blocks)
    assert len(lines) == 4
    assert all(cell_len(line) <= width for line in lines)
    assert all(character.isprintable() for line in lines for character in line)


def test_a_bar_is_as_long_as_its_share_of_the_longest() -> None:
    lines = drawn(
        label_histogram([("a", 100), ("b", 50), ("c", 1)], labels_total=3, rows=151), 60, blocks=False
    )
    long, half, least = (line.count("#") for line in lines)
    assert abs(long - 2 * half) <= 1
    assert least == 1


def test_nothing_gives_no_lines() -> None:
    assert drawn(label_histogram([], labels_total=0, rows=0), 60) == []

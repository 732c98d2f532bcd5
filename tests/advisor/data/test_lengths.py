"""D7: quantiles, histogram and cuts, and the rows that do not fit."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from checked_rows import ANSWERS, answered, kind_in
from hypothesis import given
from hypothesis import strategies as st

from advisor.data.checks import inspect
from advisor.data.length_table import cuts, histogram, length_table
from advisor.data.rows import Row

totals = st.lists(st.integers(0, 10**6), min_size=1, max_size=60)


@given(totals)
def test_every_value_is_in_its_bin(values: list[int]) -> None:
    bins = histogram(np.array(values))
    assert sum(found["count"] for found in bins) == len(values)
    assert all(a["high"] == b["low"] for a, b in itertools.pairwise(bins))
    assert bins[0]["count"] > 0
    assert bins[-1]["count"] > 0
    assert len(bins) <= 25
    for found in bins:
        assert found["count"] == sum(found["low"] <= value < found["high"] for value in values)


@given(totals)
def test_cuts_count_what_they_cut(values: list[int]) -> None:
    table = cuts(np.array(values))
    assert [found["max_length"] for found in table] == [128 * 2**at for at in range(len(table))]
    for found in table:
        over = [value - found["max_length"] for value in values if value > found["max_length"]]
        assert (found["rows"], found["lost"]) == (len(over), sum(over))
        assert found["share"] == len(over) / len(values)
    assert table[-1]["rows"] == 0
    assert all(found["rows"] for found in table[:-1])


def test_the_table_names_its_unit() -> None:
    table = length_table([(100, 10), (300, 50)], "tokens")
    assert table["unit"] == "tokens"
    assert (table["total"]["min"], table["total"]["max"], table["prompt"]["p50"]) == (110, 350, 200)
    assert [found["rows"] for found in table["cuts"]] == [1, 1, 0]
    assert next(found["range"] for found in table["histogram"]) == "100 to 119"
    assert set(table["histograms"]) == {"prompt", "answer"}


def test_overlong_rows_say_how_much_is_over() -> None:
    def count(rows: Sequence[Row]) -> list[tuple[int, int]]:
        return [(10 * at, 5) for at in range(len(rows))]

    inspection = inspect(answered(ANSWERS), count_tokens=count, max_length=680)
    found = kind_in(inspection, "overlong")
    assert found is not None
    assert (found.severity, found.rows) == ("error", ("r:69", "r:70"))
    assert (found.details["tokens_over"], found.details["prompt_alone_too_long"]) == (20, 2)
    assert inspection.statistics["lengths"]["cuts"][0]["rows"] == 57
    assert kind_in(inspect(answered(ANSWERS), count_tokens=count, max_length=695), "overlong") is None


def test_characters_are_named_in_the_table() -> None:
    lengths = inspect(answered(ANSWERS)).statistics["lengths"]
    assert lengths["unit"] == "characters"
    assert sum(found["count"] for found in lengths["histogram"]) == 70

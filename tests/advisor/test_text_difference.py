"""Differences: nothing of a text is lost, what is not marked is the same, and little is marked where little changed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.text_difference import Piece, differences

TEXTS = st.lists(st.sampled_from(["a", "bb", " ", "\n", "-", "1", "가나", "東京", "|"]), max_size=12).map(
    "".join
)


def marked(pieces: tuple[Piece, ...]) -> list[str]:
    return [piece.text for piece in pieces if piece.differs]


@given(TEXTS, TEXTS)
def test_pieces_make_up_the_texts_and_agree_where_not_marked(one: str, other: str) -> None:
    left, right = differences(one, other)

    assert "".join(piece.text for piece in left) == one
    assert "".join(piece.text for piece in right) == other
    for mine, theirs in zip(left, right, strict=True):
        assert mine.differs == theirs.differs
        assert (mine == theirs) != mine.differs
    assert any(piece.differs for piece in left) == (one != other)


@settings(max_examples=50)
@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_can_be_compared(one: str, other: str) -> None:
    left, right = differences(one, other)

    assert ("".join(piece.text for piece in left), "".join(piece.text for piece in right)) == (one, other)


@pytest.mark.parametrize(
    ("one", "other", "gone", "new"),
    [
        ("CLEAT | SK-12345", "CLEAT | SK-12346", ["12345"], ["12346"]),
        ("the red ship sails", "the ship sails today", ["red ", ""], ["", " today"]),
        ("東京へ行く", "京都へ行く", ["東", ""], ["", "都"]),
        ("", "all", [""], ["all"]),
        ("same", "same", [], []),
    ],
)
def test_what_changed_is_marked_and_nothing_else(
    one: str, other: str, gone: list[str], new: list[str]
) -> None:
    left, right = differences(one, other)

    assert (marked(left), marked(right)) == (gone, new)


def test_long_texts_are_marked_quickly_between_first_and_last_difference() -> None:
    one = "start " + " ".join(f"a{n}" for n in range(5_000)) + " end"
    other = "start " + " ".join(f"b{n}" for n in range(5_000)) + " end"
    begin = time.perf_counter()

    left, right = differences(one, other)

    assert time.perf_counter() - begin < 0.5
    assert [piece.differs for piece in left] == [piece.differs for piece in right] == [False, True, False]
    assert left[0].text == "start "

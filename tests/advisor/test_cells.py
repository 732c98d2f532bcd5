"""Text in terminal cells: aligned and unbroken, also where a character takes two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from advisor.cells import bar, fit, printable, wrapped

texts = st.text(st.sampled_from("ab \u00e9\uac00\ub098\u4e2d\u3042e\u0301"), max_size=60)


@given(text=texts, width=st.integers(3, 30))
def test_a_fitted_text_has_exactly_its_width(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width


@given(text=texts, width=st.integers(2, 30))
def test_wrapping_loses_nothing_and_stays_within_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_korean_is_cut_at_the_cell_and_not_at_the_character() -> None:
    assert fit("한국어 텍스트", 7) == "한국어…"
    assert fit("한국어", 8) == "한국어  "
    assert wrapped("한국어 텍스트", 8) == ["한국어", "텍스트"]


def test_what_does_not_print_is_escaped() -> None:
    assert printable("a\x1b[31m\n b\u202e\udc80") == "a\\x1b[31m b\\u202e\\udc80"


@pytest.mark.parametrize(
    ("share", "blocks", "drawn"),
    [
        (0, True, ""),
        (1, True, "████"),
        (0.4, True, "█▋"),
        (1e-9, True, "▏"),
        (0.5, False, "##"),
        (1e-9, False, "#"),
    ],
)
def test_a_bar_shows_its_share_and_never_hides_a_little(share: float, blocks: bool, drawn: str) -> None:
    assert bar(share, 4, blocks=blocks) == drawn

"""F1 of characters, and the choice between words and characters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.scoring import char_f1, mixed_f1, token_f1
from rubrics.text import mostly_unspaced


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        ("서울", "서울시", 2 * 1 * (2 / 3) / (1 + 2 / 3)),
        ("서울에서", "서울", 2 * 0.5 * 1 / 1.5),
        ("東京", "東京", 1.0),
        ("서 울", "서울!", 1.0),
        ("\u1109\u1165\u110b\u116e\u11af", "서울", 1.0),
        ("부산", "서울", 0.0),
        ("", "서울", 0.0),
        ("", "", 0.0),
        ("。", "!", 0.0),
    ],
)
def test_characters_are_counted_without_spaces_and_punctuation(prediction, reference, expected):
    assert char_f1(prediction, [reference]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "unspaced"),
    [
        ("서울", True),
        ("서울 (Seoul city hall)", False),
        ("iPhone 충전이 되지 않습니다", True),
        ("とうきょう", True),
        ("ภาษาไทย", True),
        ("Москва", False),
        ("Paris", False),
        ("", False),
        ("42", False),
    ],
)
def test_the_letters_choose_between_words_and_characters(text, unspaced):
    assert mostly_unspaced(text) == unspaced
    other = "x " + text
    assert mixed_f1(other, [text]) == (char_f1 if unspaced else token_f1)(other, [text])


def test_the_reference_chooses_and_not_the_answer():
    assert mixed_f1("Seoul city", ["서울"]) == char_f1("Seoul city", ["서울"])
    assert mixed_f1("서울", ["Seoul city"]) == token_f1("서울", ["Seoul city"])


texts = st.text(max_size=60)


@given(texts, texts)
def test_characters_in_common_are_the_same_from_both_sides(one, other):
    score = char_f1(one, [other])

    assert 0 <= score <= 1
    assert score == pytest.approx(char_f1(other, [one]))
    assert char_f1(one, [one]) in (0.0, 1.0)


def test_korean_answers_get_credit_for_their_stems(shared_data: Path):
    lines = (shared_data / "korean/songys_chatbot.jsonl").read_text("utf-8").splitlines()[:500]
    answers = [
        next(row[k] for k in ("output", "answer", "completion", "a", "A") if k in row)
        for row in map(json.loads, lines)
    ]

    shortened = [answer.rstrip(".?!")[:-1] for answer in answers if len(answer) > 6]
    whole = [answer for answer in answers if len(answer) > 6]

    by_character = sum(mixed_f1(a, [b]) for a, b in zip(shortened, whole, strict=True)) / len(whole)
    by_word = sum(token_f1(a, [b]) for a, b in zip(shortened, whole, strict=True)) / len(whole)
    assert 0.9 < by_character < 1
    assert by_word < by_character - 0.2

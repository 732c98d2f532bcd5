"""Near pairs: equal to a comparison of every pair, and to reference counts made elsewhere."""

from __future__ import annotations

import json
import random
import time
from itertools import combinations, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.data.shingles import Unit, shingles, unit_of, without_shared_text
from advisor.data.similarity import components, near_pairs
from rubrics.text import norm

THIRTEEN = "one two three four five six seven eight nine ten eleven twelve thirteen"


def inputs(path: Path, key: str = "input") -> list[str]:
    return [json.loads(line)[key] for line in path.open(encoding="utf-8")]


def brute_force(left: list[str], right: list[str] | None, least: float) -> list[tuple[int, int, float]]:
    """The definition, pair by pair and without any shared-text removal."""

    def similarity(a: str, b: str) -> float:
        if unit_of(a) != unit_of(b):
            return 0.0
        x, y = shingles(a, unit_of(a)), shingles(b, unit_of(b))
        return len(x & y) / len(x | y)

    pairs = (
        combinations(range(len(left)), 2) if right is None else product(range(len(left)), range(len(right)))
    )
    others = left if right is None else right
    scored = ((i, j, similarity(norm(left[i]), norm(others[j]))) for i, j in pairs)
    return [pair for pair in scored if pair[2] >= least]


def test_shingles_are_five_words_or_five_characters() -> None:
    assert shingles("a b c d e f", "words") == {"a b c d e", "b c d e f"}
    assert shingles("abcdef", "characters") == {"abcde", "bcdef"}
    assert shingles("a b", "words") == {"a b"}
    assert shingles("ab", "characters") == {"ab"}
    assert shingles("", "characters") == {""}


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (THIRTEEN, "words"),
        (THIRTEEN.removesuffix(" thirteen"), "characters"),
        ("흡연자분들은 발코니가 있는 방이면 발코니에서 흡연이 가능합니다 " * 3, "characters"),
        ("これは 日本語 の " * 6, "characters"),
        ("el niño y la niña comen en el jardín de la casa de su abuela", "words"),
    ],
)
def test_units(text: str, unit: Unit) -> None:
    assert unit_of(norm(text)) == unit


def test_one_changed_word_of_thirteen_is_near_at_the_end_only() -> None:
    changed = THIRTEEN.replace("thirteen", "fourteen")
    ((i, j, score),) = near_pairs([THIRTEEN], [changed])
    assert (i, j) == (0, 0)
    assert score == pytest.approx(8 / 10)
    assert near_pairs([THIRTEEN], [THIRTEEN.replace("seven", "x")]) == []


@pytest.mark.parametrize(
    ("name", "words", "words_rows", "characters", "characters_rows"),
    [
        (("classification/banking77_train", "classification/banking77_test"), 12, 12, 113, 103),
        (("output_format/restaurant8k_train3", "output_format/restaurant8k_test"), 110, 79, 152, 115),
    ],
)
def test_reference_counts_across_a_split(
    shared_data: Path,
    name: tuple[str, str],
    words: int,
    words_rows: int,
    characters: int,
    characters_rows: int,
) -> None:
    """FACTS_extra.json: one unit for all texts, nothing removed. NFC and case folding change no count here."""
    train, test = (inputs(shared_data / f"{part}.jsonl") for part in name)
    for unit, pairs, rows in (("words", words, words_rows), ("characters", characters, characters_rows)):
        found = near_pairs(train, test, unit=unit, drop_shared=False)  # type: ignore[arg-type]
        assert (len(found), len({j for _, j, _ in found})) == (pairs, rows)


def test_the_contracts_own_definition_differs_by_the_unit_of_long_texts(shared_data: Path) -> None:
    """113 pairs by characters alone, 94 where texts of 13 words and more go by words."""
    train = inputs(shared_data / "classification/banking77_train.jsonl")
    test = inputs(shared_data / "classification/banking77_test.jsonl")
    found = near_pairs(train, test)
    assert (len(found), len({j for _, j, _ in found})) == (94, 92)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("classification/banking77_train", "input"),
        ("classification/banking77_test", "input"),
        ("output_format/restaurant8k_train3", "input"),
        ("output_format/restaurant8k_test", "input"),
        ("korean/songys_chatbot", "input"),
        ("dedup/chicago_childcare_true_ids", "text"),
    ],
)
def test_reference_pairs_within_a_file(shared_data: Path, name: str, key: str) -> None:
    facts = json.loads((shared_data / f"{name}.facts.json").read_text())
    texts = inputs(shared_data / f"{name}.jsonl", key)
    for unit, entry in (("words", facts["near_dup_word5"]), ("characters", facts["near_dup_char5"])):
        found = near_pairs(texts, unit=unit, drop_shared=False)  # type: ignore[arg-type]
        assert len(found) == entry["pairs"]
        if not entry["pair_list_truncated"]:
            assert [(i, j, round(score, 4)) for i, j, score in found] == [
                tuple(pair) for pair in entry["pair_list"]
            ]


@pytest.mark.parametrize(
    "name", ["classification/banking77_test", "korean/klue_nli_dev", "domain/pubmedqa_pqal"]
)
@pytest.mark.parametrize("least", [0.2, 0.5, 0.8])
def test_samples_of_real_texts_equal_brute_force(shared_data: Path, name: str, least: float) -> None:
    texts = random.Random(7).sample(inputs(shared_data / f"{name}.jsonl"), 120)
    assert near_pairs(texts, None, least, drop_shared=False) == brute_force(texts, None, least)
    left, right = texts[:50], texts[50:]
    assert near_pairs(left, right, least, drop_shared=False) == brute_force(left, right, least)


few_words = st.lists(st.sampled_from(["a", "bb", "C", "가나", "日本"]), min_size=0, max_size=18).map(" ".join)


@settings(max_examples=100, deadline=None)
@given(left=st.lists(few_words, max_size=12), right=st.none() | st.lists(few_words, max_size=12))
def test_generated_texts_equal_brute_force(left: list[str], right: list[str] | None) -> None:
    for least in (0.3, 0.8, 1.0):
        assert near_pairs(left, right, least, drop_shared=False) == brute_force(left, right, least)


def test_a_common_instruction_is_removed() -> None:
    instruction = " ".join(f"rule {number} of the bank," for number in range(20)) + " query:"
    questions = [
        "my card is lost",
        "top up by cheque",
        "exchange rate today",
        "close the account",
        "pin blocked",
    ]
    prompts = [f"{instruction} {question}\nAnswer in one word please." for question in questions]
    assert without_shared_text([norm(prompt) for prompt in prompts]) == questions
    assert near_pairs(prompts) == []
    assert len(near_pairs(prompts, drop_shared=False)) > 0


def test_an_instruction_without_spaces_is_removed() -> None:
    questions = ["今天天气很好", "我想吃苹果", "他昨天没有来", "火车几点出发", "请给我一杯水"]
    assert without_shared_text([f"把下面的句子翻译成英文:{question}" for question in questions]) == questions


def test_repeated_rows_are_no_instruction() -> None:
    texts = [*["please cancel my order number twelve"] * 20, "where is my parcel", "a", "b", "c"]
    assert without_shared_text(texts) == texts
    few = [THIRTEEN, f"{THIRTEEN} plus", "else"]
    assert without_shared_text(few) == few


def test_components_merge_over_blocks() -> None:
    labels = components(6, [([0], [1]), ([3], [4]), ([1], [3])])
    assert labels[0] == labels[1] == labels[3] == labels[4]
    assert len(set(labels)) == 3


def test_fourteen_thousand_short_rows_take_seconds(shared_data: Path) -> None:
    texts = inputs(shared_data / "classification/banking77_train.jsonl")
    texts += inputs(shared_data / "classification/banking77_test.jsonl")
    texts += inputs(shared_data / "output_format/restaurant8k_train3.jsonl")
    start = time.monotonic()
    assert near_pairs(texts)
    assert time.monotonic() - start < 15

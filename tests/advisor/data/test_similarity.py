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

from advisor.data.findings import grouped
from advisor.data.shingles import Unit, hashed_shingles, shingles, unit_of, without_shared_text
from advisor.data.similarity import COUNTED_PAIRS, components, near_groups, near_matches, near_pairs
from rubrics.text import norm

THIRTEEN = "one two three four five six seven eight nine ten eleven twelve thirteen"


def inputs(path: Path, key: str = "input") -> list[str]:
    return [json.loads(line)[key] for line in path.open(encoding="utf-8")]


def brute_force(left: list[str], right: list[str] | None, least: float) -> list[tuple[int, int, float]]:
    """The definition, pair by pair and without any shared-text removal."""

    def sets(texts: list[str]) -> list[tuple[Unit, frozenset[str]]]:
        units = [unit_of(norm(text)) for text in texts]
        return [(unit, shingles(norm(text), unit)) for text, unit in zip(texts, units, strict=True)]

    def similarity(a: tuple[Unit, frozenset[str]], b: tuple[Unit, frozenset[str]]) -> float:
        return len(a[1] & b[1]) / len(a[1] | b[1]) if a[0] == b[0] else 0.0

    one = sets(left)
    other = one if right is None else sets(right)
    places = (
        combinations(range(len(one)), 2) if right is None else product(range(len(one)), range(len(other)))
    )
    scored = ((i, j, similarity(one[i], other[j])) for i, j in places)
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


def test_the_contracts_own_definition_differs_by_the_unit_of_long_texts(shared_data: Path) -> None:
    """113 pairs by characters alone, 94 where texts of 13 words and more go by words."""
    train = inputs(shared_data / "classification/banking77_train.jsonl")
    test = inputs(shared_data / "classification/banking77_test.jsonl")
    found = near_pairs(train, test)
    assert (len(found), len({j for _, j, _ in found})) == (94, 92)


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


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(few_words | st.text(max_size=12), min_size=1, max_size=20), data=st.data())
def test_hashed_shingles_are_the_shingles(texts: list[str], data: st.DataObject) -> None:
    """As many hashes as shingles in each text, and as many in common, unless salts keep texts apart."""
    texts = [norm(text) for text in texts]
    units: list[Unit] = [data.draw(st.sampled_from(["words", "characters"])) for _ in texts]
    salts = [data.draw(st.sampled_from([0, 0, 1])) for _ in texts]
    expected = [
        {(unit, salt, shingle) for shingle in shingles(text, unit)}
        for text, unit, salt in zip(texts, units, salts, strict=True)
    ]
    found: list[set[int]] = []
    for part in hashed_shingles(texts, units, salts):
        rest = part.hashes.tolist()
        for size in part.sizes.tolist():
            found.append(set(rest[:size]))
            assert len(found[-1]) == size
            rest = rest[size:]
        assert rest == []
    assert list(map(len, found)) == list(map(len, expected))
    for one, other in combinations(range(len(texts)), 2):
        assert len(found[one] & found[other]) == len(expected[one] & expected[other])


def test_a_file_is_hashed_in_chunks() -> None:
    texts = [f"text number {number}" for number in range(5000)] + ["x y " * 400_000, "a", "b" * 1_500_000]
    parts = list(hashed_shingles([norm(text) for text in texts], [unit_of(text) for text in texts]))
    assert len(parts) > 2
    assert [len(part.sizes) for part in parts if len(part.sizes) > 4096] == []
    sizes = [size for part in parts for size in part.sizes.tolist()]
    assert len(sizes) == len(texts)
    assert sizes[-3:] == [2, 1, 1]


def classes(texts: list[str], answers: list[str] | None) -> set[frozenset[int]]:
    """The groups by definition: what pairs connect, directly or through others."""
    groups = [{at} for at in range(len(texts))]
    answered = answers or [""] * len(texts)
    close = {(i, j) for i, j, _ in brute_force(answered, None, 0.8)}
    for i, j, _ in brute_force(texts, None, 0.8):
        if answered[i] == answered[j] or (i, j) in close:
            one, other = (next(group for group in groups if at in group) for at in (i, j))
            if one is not other:
                groups.remove(other)
                one |= other
    return {frozenset(group) for group in groups}


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(few_words, few_words | st.just("a")), max_size=16),
    with_answers=st.booleans(),
    count_up_to=st.sampled_from([0, 3, 10**6]),
)
def test_groups_are_what_pairs_connect(
    rows: list[tuple[str, str]], with_answers: bool, count_up_to: int
) -> None:
    """Also where counting stops early and groups are grown without looking at every pair."""
    texts = [norm(text) for text, _ in rows]
    answers = [norm(answer) for _, answer in rows] if with_answers else None
    near = near_groups(texts, answers, count_up_to=count_up_to, drop_shared=False)
    labels = near.labels.tolist()
    assert {frozenset(members) for members in grouped(labels).values()} == classes(texts, answers)
    close = {(i, j) for i, j, _ in brute_force(answers or [""] * len(texts), None, 0.8)}
    pairs = [pair for pair in brute_force(texts, None, 0.8) if pair[:2] in close]
    if near.all_counted:
        assert near.pairs == len(pairs)
        assert near.highest == max((score for _, _, score in pairs), default=0.0)
    else:
        assert count_up_to < near.pairs <= len(pairs)


@settings(max_examples=150, deadline=None)
@given(left=st.lists(few_words, max_size=12), right=st.lists(few_words, max_size=12))
def test_matches_are_the_right_texts_of_pairs(left: list[str], right: list[str]) -> None:
    left, right = [norm(text) for text in left], [norm(text) for text in right]
    pairs = {(i, j) for i, j, _ in near_pairs(left, right)}
    found = near_matches(left, right)
    assert len(found) == len(right)
    for j, i in enumerate(found):
        assert (i, j) in pairs if i >= 0 else j not in {right_at for _, right_at in pairs}


@pytest.mark.unmeasured
def test_floods_are_not_squared() -> None:
    """20,000 rows of a template are 200 million pairs; two sides of 10,000 are 100 million."""
    start = time.process_time()
    flood = [f"{THIRTEEN} fourteen fifteen sixteen seventeen eighteen {number}" for number in range(20_000)]
    near = near_groups(flood, drop_shared=False)
    assert len(set(near.labels.tolist())) == 1
    assert not near.all_counted
    assert near.pairs > COUNTED_PAIRS
    answered = near_groups(flood[:10_000], [f"label {at % 9}" * 9 for at in range(10_000)], drop_shared=False)
    assert len(set(answered.labels.tolist())) == 9
    assert min(near_matches(flood[:10_000], flood[10_000:], drop_shared=False)) >= 0
    assert time.process_time() - start < 15


def test_a_template_that_is_no_near_duplicate_proposes_nothing_in_vain(shared_data: Path) -> None:
    """20,000 rows that differ in the second of 19 words, alike at 0.76: 200 million pairs, none of them near."""
    questions = [norm(text) for text in inputs(shared_data / "korean/songys_chatbot.jsonl")]
    questions += [f"{at} {text}" for at, text in enumerate(questions)]
    template = (
        "ticket {} the customer cannot log in after the latest update of the app please look into it today"
    )
    texts = [*questions, *(template.format(number) for number in range(20_000))]
    start = time.process_time()
    labels = near_groups(texts).labels[len(questions) :]
    assert len(set(labels.tolist())) == 20_000
    found = near_matches(texts[:-10_000], texts[-10_000:])
    assert set(found) == {-1}
    assert time.process_time() - start < 10


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


@given(
    st.lists(st.text(alphabet="ab ", min_size=30, max_size=200), min_size=1, max_size=4),
    st.sampled_from(["words", "characters"]),
    st.integers(3, 60),
)
@settings(max_examples=150, deadline=None)
def test_a_long_text_is_hashed_piece_by_piece_to_the_same_set(
    words: list[str], unit: Unit, piece: int
) -> None:
    text = norm(" a b ".join(words)) + " and so on to the end"
    whole = next(hashed_shingles([text], [unit], [3]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("advisor.data.shingles._CHUNK_CHARACTERS", piece)
        pieces = next(hashed_shingles([text], [unit], [3]))
    assert pieces.hashes.tolist() == whole.hashes.tolist()
    assert pieces.sizes.tolist() == whole.sizes.tolist()


def test_long_texts_are_paired_with_what_is_near_and_left_alone_where_nothing_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("advisor.data.shingles._CHUNK_CHARACTERS", 500)
    long = "".join(random.Random(1).choices("abcdefghij", k=3000))
    texts = [
        long,
        "short",
        f"{long[:-5]}zzzzz",
        long * 2,
        "".join(random.Random(2).choices("klmnop", k=9000)),
    ]
    pairs = near_pairs(texts, unit="characters", drop_shared=False)
    assert [(i, j) for i, j, _ in pairs] == [(0, 2), (0, 3), (2, 3)]

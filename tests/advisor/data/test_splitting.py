"""The split: groups stay together, sizes and label shares are kept, the same seed gives the same split."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from fuzz_examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.data.checks import inspect
from advisor.data.reading import read_file
from advisor.data.rows import Message, Row
from advisor.data.similarity import near_pairs
from advisor.data.splitting import carve_dev, groups_of, split_rows, stratified_sample
from rubrics.errors import ExitCode, Fault


def row(number: int, prompt: str, answer: str = "a", group: str = "") -> Row:
    return Row(f"r:{number}", (Message(role="user", content=prompt),), answer, group=group)


def unlike(count: int, answers: int = 1) -> list[Row]:
    """Rows whose prompts share next to nothing."""
    letters = random.Random(5)
    words = ["".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=20)) for _ in range(count)]
    return [row(at, word, f"label {at % answers}") for at, word in enumerate(words)]


@pytest.fixture(scope="module")
def banking(shared_data: Path) -> tuple[Row, ...]:
    return read_file(shared_data / "classification/banking77_train.jsonl").rows


@pytest.mark.parametrize(
    "name",
    [
        "classification/banking77_train",
        "classification/dbpedia_samples",
        "output_format/restaurant8k_test",
        "korean/songys_chatbot",
        "sentiment/poem_sentiment",
    ],
)
def test_real_files_split_as_asked_and_do_not_leak(shared_data: Path, name: str) -> None:
    rows = read_file(shared_data / f"{name}.jsonl").rows
    split = split_rows(rows, seed=1)
    parts = (split.train, split.dev, split.test)
    assert sorted(read.id for part in parts for read in part) == sorted(read.id for read in rows)
    for part, share in zip(parts, (0.7, 0.1, 0.2), strict=True):
        assert abs(len(part) / len(rows) - share) < 0.02
    assert split.reasons == ()
    for held_out in (split.test, split.dev):
        (leak,) = [found for found in inspect(split.train, against=held_out).findings if found.check == "D4"]
        assert (leak.severity, leak.count) == ("info", 0)


def test_labels_keep_their_shares(banking: tuple[Row, ...]) -> None:
    split = split_rows(banking, seed=3)
    total, test = (Counter(read.answer for read in part) for part in (banking, split.test))
    assert all(abs(test[label] - 0.2 * count) < 2 for label, count in total.items())


def test_many_small_labels_leave_no_split_short() -> None:
    split = split_rows(unlike(100, answers=20), seed=0)
    assert [len(part) for part in (split.train, split.dev, split.test)] == [70, 10, 20]


def test_the_seed_decides(banking: tuple[Row, ...]) -> None:
    rows = banking[::10]
    assert split_rows(rows, seed=1) == split_rows(rows, seed=1)
    assert split_rows(rows, seed=1).test != split_rows(rows, seed=2).test


@pytest.mark.parametrize(
    ("count", "test"),
    [
        (10, 2),
        (100, 20),
        (129, 26),
        (130, 30),
        (141, 30),
        (149, 30),
        (249, 50),
        (250, 100),
        (400, 100),
        (600, 120),
    ],
)
def test_at_least_thirty_test_rows_from_130_rows_on_and_a_hundred_from_250(count: int, test: int) -> None:
    split = split_rows(unlike(count), seed=0)
    assert len(split.test) == test
    assert len(split.train) > len(split.dev) > 0


def test_near_equal_and_named_rows_form_groups() -> None:
    rows = [
        row(0, "I am still waiting for my transfer"),
        row(1, "i am still  waiting for my TRANSFER"),
        row(2, "I am still waiting for my transfer!"),
        row(3, "something else altogether", group="g"),
        row(4, "I am still waiting for my transfer", group="g"),
        row(5, "a row of its own"),
    ]
    assert groups_of(rows) == [[0, 1, 2, 3, 4], [5]]


def test_a_group_too_large_for_its_share_is_explained() -> None:
    rows = unlike(200)
    rows = [row(at, read.prompt, group="one" if at < 180 else "") for at, read in enumerate(rows)]
    split = split_rows(rows, seed=0)
    assert len(split.train) >= 180
    assert len(split.dev) > 0
    assert len(split.test) > 0
    assert any("a group of 180 rows" in reason for reason in split.reasons)


@pytest.mark.parametrize("count", [0, 1, 9])
def test_too_few_rows_are_a_fault_that_says_how_many_are_needed(count: int) -> None:
    with pytest.raises(Fault, match="too few to split") as caught:
        split_rows(unlike(count), seed=0)
    assert caught.value.code == ExitCode.BAD_DATA
    assert "at least 10 rows" in caught.value.fix


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(Fault, match="1 groups") as caught:
        split_rows([row(at, "the same prompt") for at in range(50)], seed=0)
    assert caught.value.code == ExitCode.BAD_DATA


def test_dev_is_carved_from_given_training_rows(banking: tuple[Row, ...]) -> None:
    rows = banking[::10]
    train, dev = carve_dev(rows, 1, 100)
    assert abs(len(dev) - 100) <= 2
    assert {read.id for read in train} | {read.id for read in dev} == {read.id for read in rows}
    assert near_pairs([read.prompt for read in train], [read.prompt for read in dev]) == []
    with pytest.raises(Fault, match="too few"):
        carve_dev(rows[:5], 1, 5)


def test_a_sample_is_stratified_exact_and_in_order(banking: tuple[Row, ...]) -> None:
    sample = stratified_sample(banking, 400, seed=1)
    assert len(sample) == 400
    numbers = [int(read.id.split(":")[1]) for read in sample]
    assert numbers == sorted(set(numbers))
    total, drawn = (Counter(read.answer for read in part) for part in (banking, sample))
    assert all(abs(drawn[label] - 400 * count / len(banking)) < 1 for label, count in total.items())
    assert stratified_sample(banking, 400, seed=1) == sample
    assert stratified_sample(banking, 10**6, seed=1) == banking


rows_with_groups = st.lists(
    st.tuples(
        st.text("abc ", min_size=1, max_size=12),
        st.sampled_from(["", "", "g1", "g2", "g3"]),
        st.sampled_from(["yes", "no"]),
    ),
    min_size=10,
    max_size=60,
)


@settings(max_examples=examples(), deadline=None)
@given(drawn=rows_with_groups, seed=st.integers(0, 3))
@pytest.mark.unmeasured
def test_no_group_is_ever_divided(drawn: list[tuple[str, str, str]], seed: int) -> None:
    rows = [row(at, prompt, answer, group) for at, (prompt, group, answer) in enumerate(drawn)]
    if len(groups_of(rows)) < 3:
        with pytest.raises(Fault):
            split_rows(rows, seed=seed)
        return
    split = split_rows(rows, seed=seed)
    part_of = {read.id: at for at, part in enumerate((split.train, split.dev, split.test)) for read in part}
    assert len(part_of) == len(rows)
    assert set(part_of.values()) == {0, 1, 2}
    for group in groups_of(rows):
        assert len({part_of[rows[index].id] for index in group}) == 1
    for one, other, _ in near_pairs([read.prompt for read in rows]):
        assert part_of[rows[one].id] == part_of[rows[other].id]


def test_groups_divide_a_real_file_into_classes(banking: tuple[Row, ...]) -> None:
    groups = groups_of(banking)
    assert sorted(index for group in groups for index in group) == list(range(len(banking)))
    group_of = {index: at for at, group in enumerate(groups) for index in group}
    pairs = near_pairs([read.prompt for read in banking])
    assert all(group_of[one] == group_of[other] for one, other, _ in pairs)
    joined = {index for one, other, _ in pairs for index in (one, other)}
    assert {index for group in groups if len(group) > 1 for index in group} == joined

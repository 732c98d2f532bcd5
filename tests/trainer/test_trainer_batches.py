"""Rows to tensors and the order of rows: pure functions, so that a resumed run sees the same batches."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainer.batches import IGNORED, EpochOrder, batch_order, collate
from trainer.conversation import Example

_CHANCE = random.Random(3)
LENGTHS = [_CHANCE.randint(5, 200) for _ in range(300)]


@given(
    lengths=st.lists(st.integers(1, 500), min_size=1, max_size=300),
    batch_size=st.integers(1, 16),
    seed=st.integers(0, 2**32),
    epoch=st.integers(0, 50),
)
def test_an_epoch_covers_every_row_once(lengths: list[int], batch_size: int, seed: int, epoch: int) -> None:
    # given any rows and batch size, then an epoch is a permutation of the rows
    assert sorted(batch_order(lengths, batch_size, seed, epoch)) == list(range(len(lengths)))


def test_order_depends_on_seed_and_epoch_alone() -> None:
    # given an order, and all random generators of this process disturbed after it
    order = batch_order(LENGTHS, 8, seed=1, epoch=0)
    random.seed(99)
    torch.manual_seed(99)
    # then it comes out again here and in another process, and differs for another seed or epoch
    assert batch_order(LENGTHS, 8, seed=1, epoch=0) == order
    code = f"from trainer.batches import batch_order; print(batch_order({LENGTHS}, 8, seed=1, epoch=0))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == str(order)
    assert batch_order(LENGTHS, 8, seed=2, epoch=0) != order
    assert batch_order(LENGTHS, 8, seed=1, epoch=1) != order


def test_order_pads_little_and_is_not_sorted() -> None:
    # given rows of very different lengths
    batches = [batch_order(LENGTHS, 8, seed=1, epoch=0)[at : at + 8] for at in range(0, 296, 8)]
    padded = sum(8 * max(LENGTHS[index] for index in batch) for batch in batches)
    means = [sum(LENGTHS[index] for index in batch) for batch in batches]
    # then batches hold rows of like length, but come in no order of length
    assert padded < 1.1 * sum(means)
    assert means not in (sorted(means), sorted(means, reverse=True))


def test_sampler_takes_the_epoch_at_the_moment_it_begins() -> None:
    # given a sampler over an epoch that others count
    now = [0]
    sampler = EpochOrder(LENGTHS, 8, seed=1, epoch=lambda: now[0])
    first = list(sampler)
    now[0] = 3
    # then its next pass has that epoch's order
    assert first == batch_order(LENGTHS, 8, 1, 0)
    assert list(sampler) == batch_order(LENGTHS, 8, 1, 3)
    assert len(sampler) == len(LENGTHS)


def test_rows_are_padded_on_the_right() -> None:
    # given two rows of different lengths, with answers of two tokens and one
    batch = collate([Example([5, 6, 7, 8], 2), Example([9, 10], 1)], pad_id=0)
    # then every padding position comes after real tokens, so that under a causal mask none is without any
    assert batch["input_ids"].tolist() == [[5, 6, 7, 8], [9, 10, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert batch["labels"].tolist() == [[IGNORED, IGNORED, 7, 8], [IGNORED, 10, IGNORED, IGNORED]]
    # and the head is applied where either row predicts a supervised token
    assert batch["predicting"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("batch_size", [1, 4, 7])
def test_only_the_last_batch_is_partial(batch_size: int) -> None:
    # given a number of rows that the batch size does not divide, in more than one pool
    lengths = LENGTHS[: 33 * batch_size + (batch_size > 1)]
    order = batch_order(lengths, batch_size, seed=0, epoch=0)
    batches = [order[at : at + batch_size] for at in range(0, len(order), batch_size)]
    # then every batch but the last holds rows of one pool, so consecutive rows are the planned batches
    spreads = [max(lengths[i] for i in batch) - min(lengths[i] for i in batch) for batch in batches[:-1]]
    assert len(batches[-1]) == (len(lengths) % batch_size or batch_size)
    assert sum(spreads) / len(spreads) <= 30

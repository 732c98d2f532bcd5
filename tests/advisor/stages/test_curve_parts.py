"""The parts of the learning curve that need no model: subsets, when a training counts, what the points say."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import pytest

from advisor.budget import CURVE_SHARES
from advisor.data.rows import Message, Row
from advisor.stages.curve import loss_prospect, nested, ran_its_course, score_prospect
from advisor.stages.train import Training
from trainer.job import RowScores


def rows(count: int) -> list[Row]:
    return [
        Row(f"r{at}", (Message(role="user", content=f"message {at}"),), "abcd"[at % 4]) for at in range(count)
    ]


@pytest.mark.parametrize("seed", [0, 1])
def test_subsets_are_nested_and_keep_the_labels_shares(seed):
    subsets = nested(rows(200), seed)

    ids = {share: {row.id for row in subset} for share, subset in subsets.items()}
    assert [len(ids[share]) for share in CURVE_SHARES] == [50, 100, 200]
    assert ids[0.25] < ids[0.5] < ids[1.0]
    counts = Counter(row.answer for row in subsets[0.25])
    assert max(counts.values()) - min(counts.values()) <= 1
    assert nested(rows(200), seed) == subsets
    assert nested(rows(200), seed + 1)[0.25] != subsets[0.25]


def training(steps: int, best: int, measured: list[int]) -> Training:
    history: list[dict[str, Any]] = [{"step": step, "eval_loss": 1.0} for step in measured]
    return Training(
        method="lora",
        config={"max_steps": 100},
        steps=steps,
        epochs=1,
        history=history,
        best_step=best,
        stopped_early=steps < 100,
        findings=[],
        adapter="a",
        seconds=1,
        memory_measured_bytes=1,
        train_rows=1,
        trainable_parameters=1,
        device="cpu",
    )


@pytest.mark.parametrize(
    ("found", "whole"),
    [
        (training(100, 10, [10, 100]), True),
        (training(60, 20, [10, 20, 30, 40, 50, 60]), True),  # four without a better one
        (training(60, 50, [10, 20, 30, 40, 50, 60]), False),  # the clock
    ],
)
def test_a_training_that_the_clock_ended_is_no_point(found, whole):
    assert ran_its_course(found, patience=4) is whole


def losses(mean: float, seed: int) -> list[RowScores]:
    """Rows that differ much from each other, and alike for every training."""
    rng = random.Random(1)
    noise = random.Random(seed)
    return [
        RowScores(
            id=str(at), loss=5 * (mean * rng.uniform(0.2, 1.8) + noise.gauss(0, 0.02)), correct=1, tokens=5
        )
        for at in range(60)
    ]


def test_a_loss_that_falls_steadily_says_collect_more_and_one_that_stands_says_no():
    falling = loss_prospect([50, 100, 200], [losses(1.6, 1), losses(1.2, 2), losses(0.9, 3)], seed=0)
    standing = loss_prospect([50, 100, 200], [losses(0.9, 1), losses(0.9, 2), losses(0.9, 3)], seed=0)

    assert (falling.helps, falling.rows) == ("yes", 400)
    assert falling.low > falling.worth
    assert "collect more" in falling.text
    assert standing.helps == "no"


def right(count: int) -> list[float]:
    return [1.0] * count + [0.0] * (100 - count)


def test_scores_are_held_against_the_gain_and_the_target_of_the_plan():
    steep = score_prospect([50, 100, 200], [right(40), right(55), right(70)], "exact_match", 0.02, 0.8, 0)
    flat = score_prospect([50, 100, 200], [right(70)] * 3, "exact_match", 0.05, 0.99, 0)

    assert steep.helps == "yes"
    assert steep.rows_likely is not None
    assert 200 < steep.rows_likely <= 800
    assert "is likely reached with" in steep.text
    assert flat.helps == "no"
    assert flat.rows_likely is None
    assert "not in reach of 4 times the rows" in flat.text


def test_three_points_without_a_changed_row_are_not_taken_for_certain():
    flat = score_prospect([50, 100, 200], [right(70)] * 3, "exact_match", 0.05, None, 0)

    assert flat.high > flat.low
    assert math.isfinite(flat.gain)


def test_rows_that_did_worse_say_to_train_longer_and_not_that_rows_are_useless():
    # As measured on the bundled example after one epoch: 0.26, 0.11, 0.09 by exact match at the same 93 steps.
    found = score_prospect([93, 186, 371], [right(26), right(11), right(9)], "exact_match", 0.05, 0.9, 0)
    rising = loss_prospect([93, 186, 371], [losses(0.9, 1), losses(1.2, 2), losses(1.6, 3)], seed=0)

    for prospect in (found, rising):
        assert (prospect.helps, prospect.gain, prospect.rows_likely) == ("unknown", None, None)
        assert "train longer (--epochs)" in prospect.text
    assert "the score falls with more rows, from 0.260 at 93 to 0.090 at 371" in found.text
    assert "4 times less often" in found.text
    assert "the loss rises with more rows" in rising.text

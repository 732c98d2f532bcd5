"""Loss and next-token accuracy over arrays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from rubrics.scoring import next_token_accuracy, token_means
from rubrics.scoring.tokens import IGNORED, combine


def test_uniform_scores_lose_the_logarithm_of_the_vocabulary(shared_data: Path):
    lines = (shared_data / "loss_reference/known_losses.jsonl").read_text("utf-8").splitlines()
    [known] = [row for row in map(json.loads, lines) if row["usable_offline"]]

    for vocabulary, expected in zip((50_257, 49_152), known["expected"], strict=True):
        found = token_means(np.full((3, vocabulary), 7.0), [1, 2, 3])
        assert found.loss == pytest.approx(expected, abs=known["tolerance"])
        assert found.supervised_tokens == 2


@given(st.integers(0, 1000), st.integers(2, 6), st.integers(2, 5))
def test_the_mean_is_that_of_scipy_over_supervised_tokens(seed, length, vocabulary):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(3, length, vocabulary)) * 50
    labels = rng.integers(0, vocabulary, size=(3, length))
    labels[rng.random(labels.shape) < 0.3] = IGNORED
    labels[0, 1] = 0

    found = token_means(logits, labels)

    kept = labels[:, 1:] != IGNORED
    logs = log_softmax(logits[:, :-1], axis=-1)[kept]
    targets = labels[:, 1:][kept]
    assert found.loss == pytest.approx(-logs[np.arange(len(targets)), targets].mean())
    assert found.next_token_accuracy == pytest.approx((logs.argmax(axis=1) == targets).mean())
    guesses = logits.argmax(axis=-1)
    assert next_token_accuracy(guesses.tolist(), labels.tolist()) == pytest.approx(found.next_token_accuracy)


def test_the_mean_is_that_of_the_trainers_own_loss():
    torch = pytest.importorskip("torch", reason="needs the train extra")
    logits, labels = (
        torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(3)),
        torch.arange(10).view(2, 5) % 7,
    )
    labels[0, :3] = IGNORED

    expected = torch.nn.functional.cross_entropy(
        logits[:, :-1].reshape(-1, 7), labels[:, 1:].reshape(-1), ignore_index=IGNORED
    )

    assert token_means(logits.numpy(), labels.numpy()).loss == pytest.approx(float(expected), rel=1e-6)


def test_tokens_weigh_the_same_in_every_row():
    rows = [token_means(np.zeros((2, 4)), [0, 1]), token_means(np.eye(4) * 9, [0, 0, 0, 0])]

    found = combine(rows)

    assert found.supervised_tokens == 4
    assert found.loss == pytest.approx((rows[0].loss + 3 * rows[1].loss) / 4)


@pytest.mark.parametrize(
    ("logits", "labels", "said"),
    [
        (np.zeros((2, 4)), [0, IGNORED], "no token is supervised"),
        (np.zeros((3, 4)), [0, 1], "do not fit"),
        (np.zeros((2, 4)), [0, 4], "token ids below 4"),
        (np.zeros((2, 4)), [0, -1], "token ids below 4"),
    ],
)
def test_what_has_no_mean_is_refused(logits, labels, said):
    with pytest.raises(ValueError, match=said):
        token_means(logits, labels)


def test_accuracy_needs_tokens_and_rows_of_one_length():
    with pytest.raises(ValueError, match="no token is supervised"):
        next_token_accuracy([[1, 2]], [[1, IGNORED]])
    with pytest.raises(ValueError, match="2 predictions for 1 labels"):
        next_token_accuracy([[1, 2]], [[1]])
    with pytest.raises(ValueError, match="no token is supervised"):
        combine([])

"""Teacher-forced loss and next-token accuracy over arrays; the trainer's own reduces the same on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

IGNORED = -100
"""Label of a token that is not supervised, as everywhere in this field."""


@dataclass(frozen=True)
class TokenMeans:
    """Means over supervised tokens: loss in nats, share of right arg-max predictions (0..1)."""

    loss: float
    next_token_accuracy: float
    supervised_tokens: int


def token_means(logits: Any, labels: Any) -> TokenMeans:
    """Return mean cross-entropy and next-token accuracy of one row or one batch.

    Args:
        logits: (T, V) or (B, T, V); position t predicts token t + 1, any additive constant is free.
        labels: (T,) or (B, T); token ids, `IGNORED` where a token is not supervised.
    Raises:
        ValueError: shapes do not fit, a label is no token id, or no token is supervised.
    """
    import numpy as np

    scores, wanted = _predicting(np.asarray(logits, dtype=np.float64), np.asarray(labels, dtype=np.int64))
    if wanted.min() < 0 or wanted.max() >= scores.shape[1]:
        raise ValueError(f"labels must be {IGNORED} or token ids below {scores.shape[1]}")
    top = scores.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0]  # (N,)
    losses = log_sum - scores[np.arange(len(wanted)), wanted]
    right = scores.argmax(axis=1) == wanted
    return TokenMeans(float(losses.mean()), float(right.mean()), len(wanted))


def next_token_accuracy(predicted: Sequence[Sequence[int]], labels: Sequence[Sequence[int]]) -> float:
    """Return the share of supervised tokens that were predicted right, over all rows, 0..1.

    Args:
        predicted: (T,) a row, the arg-max id at each position; position t predicts token t + 1.
        labels: (T,) a row, `IGNORED` where a token is not supervised.
    Raises:
        ValueError: rows differ in number or length, or no token is supervised.
    """
    right = total = 0
    for guesses, row in zip(predicted, labels, strict=True):
        if len(guesses) != len(row):
            raise ValueError(f"{len(guesses)} predictions for {len(row)} labels")
        pairs = [pair for pair in zip(guesses, row[1:], strict=False) if pair[1] != IGNORED]
        right += sum(guess == label for guess, label in pairs)
        total += len(pairs)
    if not total:
        raise ValueError("no token is supervised; the mean is undefined")
    return right / total


def combine(parts: Sequence[TokenMeans]) -> TokenMeans:
    """Return the token-weighted mean of several rows or batches.

    Raises:
        ValueError: there is none.
    """
    total = sum(part.supervised_tokens for part in parts)
    if not total:
        raise ValueError("no token is supervised; the mean is undefined")
    return TokenMeans(
        sum(part.loss * part.supervised_tokens for part in parts) / total,
        sum(part.next_token_accuracy * part.supervised_tokens for part in parts) / total,
        total,
    )


def _predicting(logits: Floats, labels: Ints) -> tuple[Floats, Ints]:
    """Logits (N, V) and ids (N,) of the supervised tokens."""
    if logits.shape[:-1] != labels.shape or labels.ndim not in (1, 2):
        raise ValueError(f"logits {logits.shape} and labels {labels.shape} do not fit")
    wanted = labels[..., 1:]
    supervised = wanted != IGNORED
    if not supervised.any():
        raise ValueError("no token is supervised; the mean is undefined")
    return logits[..., :-1, :][supervised], wanted[supervised]

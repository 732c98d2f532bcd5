"""Teacher-forced loss and next-token accuracy over supervised tokens, reduced on the fly.

Only the supervised positions go through the head, and only sums are kept: keeping logits is how evaluation runs
out of memory elsewhere (transformers 17089).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch.nn.functional import cross_entropy

from rubrics.errors import ExitCode, Fault
from trainer.batches import IGNORED, collate, to_device
from trainer.conversation import Example
from trainer.job import TokenScores
from trainer.model import LoadedModel


class RowSums(NamedTuple):
    """Sums over the supervised tokens of one row: loss in nats, right arg-max predictions, tokens."""

    loss: float
    correct: int
    tokens: int


@dataclass
class TokenSums:
    """Sums over supervised tokens: loss in nats (differentiable), right arg-max predictions, tokens."""

    loss: torch.Tensor
    correct: torch.Tensor
    tokens: torch.Tensor


def token_sums(model: Any, batch: dict[str, Any]) -> TokenSums:
    """Run one padded batch (see `batches.collate`) and sum over its supervised tokens.

    The head is applied to the positions that predict a supervised token of some row, and to no other.
    """
    picked, targets, supervised = _predicted(model, batch)
    return TokenSums(
        loss=cross_entropy(picked, targets, reduction="sum"),
        correct=(picked.detach().argmax(dim=-1) == targets).sum(),
        tokens=supervised.sum(),
    )


@torch.no_grad()
def sums_by_row(model: Any, batch: dict[str, Any]) -> list[RowSums]:
    """The sums of `token_sums` for each row of one padded batch."""
    picked, targets, supervised = _predicted(model, batch)
    rows = supervised.nonzero()[:, 0]  # (N,) the row of each supervised token
    losses = cross_entropy(picked, targets, reduction="none")
    right = picked.argmax(dim=-1) == targets
    each = torch.stack([losses, right.float(), torch.ones_like(losses)], dim=1)  # (N, 3)
    # Summed in double, which not every device has.
    sums = torch.zeros(len(supervised), 3, dtype=torch.float64).index_add_(0, rows.cpu(), each.cpu().double())
    return [RowSums(loss, round(correct), round(tokens)) for loss, correct, tokens in sums.tolist()]


def _predicted(model: Any, batch: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits (N, V) and ids (N,) of the N supervised tokens in the order of the rows, and where they stand (B, K)."""
    positions = batch["predicting"]  # (K,)
    labels = batch["labels"][:, positions + 1]  # (B, K)
    logits = model(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        logits_to_keep=positions,
        use_cache=False,
    ).logits  # (B, K, V)
    supervised = labels != IGNORED
    return logits[supervised].float(), labels[supervised], supervised


@torch.no_grad()
def score_batches(model: Any, batches: Iterable[dict[str, Any]]) -> TokenScores:
    """Token-weighted mean over all batches; leaves the model in the mode it was in.

    Raises:
        Fault: no supervised token at all; the mean would be undefined.
    """
    was_training = model.training
    model.eval()
    loss, correct, tokens = 0.0, 0, 0
    for batch in batches:
        sums = token_sums(model, batch)
        loss += float(sums.loss)
        correct += int(sums.correct)
        tokens += int(sums.tokens)
    model.train(was_training)
    return _means(loss, correct, tokens)


def score_examples(
    loaded: LoadedModel,
    examples: Sequence[Example],
    batch_size: int,
    on_progress: Callable[[int], None] = lambda done: None,
) -> TokenScores:
    """Token-weighted mean over rows; see `score_rows`."""
    return mean_scores(score_rows(loaded, examples, batch_size, on_progress))


def score_rows(
    loaded: LoadedModel,
    examples: Sequence[Example],
    batch_size: int,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[RowSums]:
    """Score rows in batches of similar length; `on_progress` is told how many are done.

    Returns:
        the sums of each row, in the order of `examples`; the model is left in the mode it was in.
    """
    order = sorted(range(len(examples)), key=lambda at: len(examples[at].ids))
    scored: dict[int, RowSums] = {}
    was_training = loaded.model.training
    loaded.model.eval()
    for start in range(0, len(order), batch_size):
        part = order[start : start + batch_size]
        batch = to_device(collate([examples[at] for at in part], loaded.codec.pad_id), loaded.device)
        scored.update(zip(part, sums_by_row(loaded.model, batch), strict=True))
        on_progress(len(scored))
    loaded.model.train(was_training)
    return [scored[at] for at in range(len(examples))]


def mean_scores(rows: Sequence[RowSums]) -> TokenScores:
    """Token-weighted mean over rows.

    Raises:
        Fault: no supervised token at all; the mean would be undefined.
    """
    return _means(
        sum(row.loss for row in rows), sum(row.correct for row in rows), sum(row.tokens for row in rows)
    )


def _means(loss: float, correct: int, tokens: int) -> TokenScores:
    if tokens == 0:
        raise Fault(
            "there is no supervised token to score", fix="Give rows with answers.", code=ExitCode.BAD_DATA
        )
    return TokenScores(loss=loss / tokens, next_token_accuracy=correct / tokens, supervised_tokens=tokens)

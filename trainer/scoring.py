"""Teacher-forced loss and next-token accuracy over supervised tokens, reduced on the fly.

Only the supervised positions go through the head, and only sums are kept: keeping logits is how evaluation runs
out of memory elsewhere (transformers 17089).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from rubrics.errors import ExitCode, Fault
from trainer.batches import IGNORED, collate, to_device
from trainer.conversation import Example
from trainer.job import TokenScores
from trainer.model import LoadedModel


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
    positions = batch["predicting"]  # (K,)
    labels = batch["labels"][:, positions + 1]  # (B, K)
    logits = model(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        logits_to_keep=positions,
        use_cache=False,
    ).logits  # (B, K, V)
    supervised = labels != IGNORED
    picked = logits[supervised].float()  # (N, V)
    targets = labels[supervised]  # (N,)
    return TokenSums(
        loss=cross_entropy(picked, targets, reduction="sum"),
        correct=(picked.detach().argmax(dim=-1) == targets).sum(),
        tokens=supervised.sum(),
    )


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
    if tokens == 0:
        raise Fault(
            "there is no supervised token to score", fix="Give rows with answers.", code=ExitCode.BAD_DATA
        )
    return TokenScores(loss=loss / tokens, next_token_accuracy=correct / tokens, supervised_tokens=tokens)


def score_examples(
    loaded: LoadedModel,
    examples: Sequence[Example],
    batch_size: int,
    on_progress: Callable[[int], None] = lambda done: None,
) -> TokenScores:
    """Score rows in batches of similar length; `on_progress` is told how many are done."""
    ordered = sorted(examples, key=lambda example: len(example.ids))

    def batches() -> Iterable[dict[str, Any]]:
        for start in range(0, len(ordered), batch_size):
            part = ordered[start : start + batch_size]
            yield to_device(collate(part, loaded.codec.pad_id), loaded.device)
            on_progress(start + len(part))

    return score_batches(loaded.model, batches())

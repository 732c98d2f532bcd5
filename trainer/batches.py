"""Rows to padded tensors, and the order in which they are trained on.

Rows are padded on the right: under a causal mask every padding position then still sees real tokens. Padded on the
left it sees nothing, and on CUDA the gradient of such an empty row of attention is not a number (seen with torch
2.11 in bf16).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Sampler

from rubrics.errors import ExitCode, Fault
from trainer.conversation import ChatCodec, Example
from trainer.job import read_json_lines

IGNORED = -100
"""Label of a token that the loss leaves out, as torch's cross-entropy has it."""

_POOL_BATCHES = 32


def read_examples(path: Path, codec: ChatCodec, max_length: int) -> list[Example]:
    """Tokenise the rows of a job file.

    Raises:
        Fault: names every row that is longer than `max_length` tokens, has nothing to supervise, or that the
            template refuses; nothing is ever cut silently (KNOWLEDGE.md section 6).
    """
    examples: list[Example] = []
    problems: list[str] = []
    for row in read_json_lines(path):
        name = row.get("source") or row["id"]
        try:
            example = codec.example(row["messages"], row["answer"])
        except Fault as fault:
            problems.append(f"{name}: {fault.what}")
            continue
        if len(example.ids) > max_length:
            problems.append(f"{name}: {len(example.ids)} tokens, the limit is {max_length}")
            continue
        examples.append(example)
    if problems:
        raise Fault(
            f"{len(problems)} of {len(examples) + len(problems)} rows cannot be trained on",
            where=str(path),
            fix="Correct or remove the rows, or raise --max-length within the model's context.",
            code=ExitCode.BAD_DATA,
            problems=problems,
        )
    if not examples:
        raise Fault("holds no rows", where=str(path), fix="Give more rows.", code=ExitCode.BAD_DATA)
    return examples


def collate(examples: Sequence[Example], pad_id: int) -> dict[str, torch.Tensor]:
    """Pad rows on the right.

    Returns:
        input_ids, attention_mask, labels: each (B, T); labels are IGNORED outside the answers.
        predicting: (K,) the positions at which some row predicts a supervised token: position t predicts t + 1.
    """
    width = max(len(example.ids) for example in examples)
    shape = (len(examples), width)
    ids = torch.full(shape, pad_id, dtype=torch.long)
    mask = torch.zeros(shape, dtype=torch.long)
    labels = torch.full(shape, IGNORED, dtype=torch.long)
    for row, example in enumerate(examples):
        end = len(example.ids)
        ids[row, :end] = torch.tensor(example.ids, dtype=torch.long)
        mask[row, :end] = 1
        labels[row, example.supervised_from : end] = ids[row, example.supervised_from : end]
    return {"input_ids": ids, "attention_mask": mask, "labels": labels, "predicting": predicting(labels)}


def predicting(labels: torch.Tensor) -> torch.Tensor:
    """Positions (K,) whose prediction some row is supervised on; labels are (B, T), the first never supervised."""
    return (labels[:, 1:] != IGNORED).any(dim=0).nonzero().squeeze(1)


def batch_order(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[int]:
    """Row order of one epoch: a pure function of its arguments, so that a resumed run sees the same batches.

    Rows are shuffled, sorted by length within pools of some batches (little padding), and the batches shuffled.
    """
    random = np.random.default_rng([seed, epoch])
    shuffled = random.permutation(len(lengths))
    pool = batch_size * _POOL_BATCHES
    batches: list[list[int]] = []
    for start in range(0, len(shuffled), pool):
        members = sorted(shuffled[start : start + pool].tolist(), key=lambda index: lengths[index])
        batches.extend(members[at : at + batch_size] for at in range(0, len(members), batch_size))
    full = [batch for batch in batches if len(batch) == batch_size]
    partial = [batch for batch in batches if len(batch) < batch_size]
    order = [full[index] for index in random.permutation(len(full))] + partial
    return [index for batch in order for index in batch]


class EpochOrder(Sampler[int]):
    """Yields `batch_order` of the epoch that `epoch()` names when iteration begins.

    The epoch is read from the Trainer's state and not counted here: after a resume counting would start over.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int, epoch: Callable[[], int]) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        return iter(batch_order(self._lengths, self._batch_size, self._seed, self._epoch()))


def to_device(batch: dict[str, torch.Tensor], device: torch.device) -> dict[str, Any]:
    """Move every tensor of a batch."""
    return {name: tensor.to(device) for name, tensor in batch.items()}

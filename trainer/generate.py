"""Answers to many conversations, greedy or sampled, fast on short prompts.

Rows of one group share the start of their prompt (instruction, examples); that prefix goes through the model
once and its key-value cache is copied into every batch. Batches are sorted by length, in an order that depends
on the requests alone, since bf16 answers change with the company they keep (KNOWLEDGE.md section 7). Rows that
have ended leave the batch.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers.cache_utils import DynamicCache

from rubrics.errors import ExitCode, Fault
from trainer.job import Completion
from trainer.model import LoadedModel

_SHORTEST_PREFIX = 16
"""Tokens; a shorter shared start is not worth the copy of its cache."""


@dataclass(frozen=True)
class Request:
    """One conversation to answer, in token ids.

    Attributes:
        temperature: 0 takes the likeliest token; above it tokens are drawn from softmax(logits / temperature).
        seed: of the draws, together with the id: a row's draws do not depend on the company it keeps.
    """

    id: str
    group: str
    ids: list[int]
    max_new_tokens: int
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Batch:
    """Rows answered together; `prefix` is the start that they and their whole group share."""

    prefix: list[int]
    rows: list[Request]


def plan_batches(requests: Sequence[Request], batch_size: int) -> list[Batch]:
    """Group by shared prefix, sort by length: a pure function of the requests."""
    groups: dict[str, list[Request]] = {}
    for request in requests:
        groups.setdefault(request.group, []).append(request)
    batches: list[Batch] = []
    for members in groups.values():
        prefix = shared_prefix([request.ids for request in members])
        ordered = sorted(members, key=lambda request: len(request.ids))
        batches.extend(
            Batch(prefix, ordered[start : start + batch_size]) for start in range(0, len(ordered), batch_size)
        )
    return batches


def shared_prefix(sequences: Sequence[list[int]]) -> list[int]:
    """Longest common start that leaves every sequence a token of its own; empty when too short to pay."""
    if len(sequences) < 2:
        return []
    # In sorted order the first and the last share exactly what all share.
    first, last = min(sequences), max(sequences)
    room = min(len(sequence) for sequence in sequences) - 1
    same = next((at for at in range(room) if first[at] != last[at]), room)
    return first[:same] if same >= _SHORTEST_PREFIX else []


def check_lengths(requests: Sequence[Request], context_length: int | None) -> None:
    """Refuse prompts that leave no room for the answer.

    Raises:
        Fault: names every such row.
    """
    if context_length is None:
        return
    problems = [
        f"{request.id}: {len(request.ids)} prompt tokens and {request.max_new_tokens} for the answer"
        for request in requests
        if len(request.ids) + request.max_new_tokens > context_length
    ]
    if problems:
        raise Fault(
            f"{len(problems)} prompts do not fit into the model's context of {context_length} tokens",
            fix="Shorten those rows, or choose a model with a longer context.",
            code=ExitCode.BAD_DATA,
            problems=problems,
        )


def generate(
    loaded: LoadedModel,
    batches: Sequence[Batch],
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[list[Completion]]:
    """Answer the batches in turn; yields each one whole, ends early when asked to stop."""
    held: list[int] | None = None
    cache: DynamicCache | None = None
    for batch in batches:
        if should_stop():
            return
        if batch.prefix != held:
            cache = _prefill_prefix(loaded, batch.prefix) if batch.prefix else None
            held = batch.prefix
        yield _Decoding(loaded, batch, cache).run()


@torch.inference_mode()
def _prefill_prefix(loaded: LoadedModel, prefix: list[int]) -> DynamicCache:
    ids = torch.tensor([prefix], device=loaded.device)  # (1, P)
    cache = DynamicCache(config=loaded.model.config)
    loaded.model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
    return cache


def draw(logits: torch.Tensor, temperatures: Sequence[float], chances: Sequence[float]) -> torch.Tensor:
    """Next token of each row (B,): the first whose cumulative share exceeds the chance; at temperature 0 the arg-max.

    In double precision on the processor, so that a seed draws the same tokens on every device.

    Args:
        logits: (B, V).
        temperatures: of each row, 0 or more.
        chances: of each row, uniform in [0, 1).
    """
    likeliest = logits.argmax(dim=-1)
    heat = torch.tensor(temperatures, dtype=torch.float64)[:, None]
    sampled = heat[:, 0] > 0
    # A row that is not sampled is divided by one, and its draw is not taken.
    warm = torch.where(heat > 0, heat, torch.ones_like(heat))
    shares = torch.softmax(logits.cpu().double() / warm, dim=-1).cumsum(dim=-1)  # (B, V)
    marks = torch.tensor(chances, dtype=torch.float64)[:, None] * shares[:, -1:]
    drawn = torch.searchsorted(shares, marks, right=True)[:, 0]
    return torch.where(sampled.to(logits.device), drawn.to(logits.device), likeliest)


class _Decoding:
    """One batch on its way: which rows still run, what each has said."""

    def __init__(self, loaded: LoadedModel, batch: Batch, prefix_cache: DynamicCache | None) -> None:
        self._loaded = loaded
        self._rows = batch.rows
        self._prefix = len(batch.prefix)
        self._start = time.perf_counter()
        self._answers: list[list[int]] = [[] for _ in batch.rows]
        self._done: dict[int, tuple[str, float]] = {}
        self._active = list(range(len(batch.rows)))
        self._chances = [
            np.random.default_rng([row.seed, *row.id.encode("utf-8", "surrogatepass")]) for row in batch.rows
        ]
        if prefix_cache is None:
            self._cache = DynamicCache(config=loaded.model.config)
        else:
            self._cache = copy.deepcopy(prefix_cache)
            self._cache.batch_repeat_interleave(len(batch.rows))

    @torch.inference_mode()
    def run(self) -> list[Completion]:
        """Prefill, then one token a step until every row has ended."""
        ids, mask = self._padded_remainders()
        tokens = self._forward(ids, mask)
        while True:
            keep = self._accept(tokens.tolist())
            if not self._active:
                return self._completions()
            if len(keep) < tokens.shape[0]:
                index = torch.tensor(keep, device=self._loaded.device)
                self._cache.batch_select_indices(index)
                mask, tokens = mask[index], tokens[index]
            mask = torch.cat([mask, mask.new_ones((mask.shape[0], 1))], dim=1)
            tokens = self._forward(tokens[:, None], mask)

    def _padded_remainders(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What follows the prefix, padded on the left: ids (B, R) and the mask over prefix and rest (B, P + R)."""
        rest = [row.ids[self._prefix :] for row in self._rows]
        width = max(len(ids) for ids in rest)
        pad = self._loaded.codec.pad_id
        ids = torch.tensor([[pad] * (width - len(row)) + row for row in rest], device=self._loaded.device)
        mask = torch.tensor(
            [[1] * self._prefix + [0] * (width - len(row)) + [1] * len(row) for row in rest],
            device=self._loaded.device,
        )
        return ids, mask

    def _forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Next token of each running row (B,), by the logits at the last position."""
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        output: Any = self._loaded.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return self._chosen(output.logits[:, -1])

    def _chosen(self, logits: torch.Tensor) -> torch.Tensor:
        """Tokens (B,) of the running rows: where none is sampled plainly the arg-max."""
        temperatures = [self._rows[row].temperature for row in self._active]
        if not any(temperatures):
            return logits.argmax(dim=-1)
        return draw(logits, temperatures, [self._chances[row].random() for row in self._active])

    def _accept(self, tokens: list[int]) -> list[int]:
        """Add a token to each running row; return the places in the batch that go on."""
        now = time.perf_counter() - self._start
        keep: list[int] = []
        for place, (row, token) in enumerate(zip(self._active, tokens, strict=True)):
            self._answers[row].append(token)
            if token in self._loaded.codec.end_ids:
                self._done[row] = ("stop", now)
            elif len(self._answers[row]) >= self._rows[row].max_new_tokens:
                self._done[row] = ("length", now)
            else:
                keep.append(place)
        self._active = [self._active[place] for place in keep]
        return keep

    def _completions(self) -> list[Completion]:
        return [
            Completion(
                id=row.id,
                text=self._loaded.codec.decode(answer),
                prompt_tokens=len(row.ids),
                completion_tokens=len(answer),
                latency_s=self._done[index][1],
                finish_reason=self._done[index][0],
            )
            for index, (row, answer) in enumerate(zip(self._rows, self._answers, strict=True))
        ]

"""Which attention implementation is faster here, by trying each once.

On a CPU eager wins for training on short rows and sdpa for generation (KNOWLEDGE.md section 7); which one wins
for a given model, length and processor is measured, not guessed. On an accelerator sdpa is taken: it never lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from trainer.job import Attention
from trainer.model import LoadedModel

IMPLEMENTATIONS: tuple[Attention, ...] = ("eager", "sdpa")


@dataclass(frozen=True)
class Choice:
    """The implementation that was taken, and the seconds that the work took under it."""

    attention: Attention
    seconds: float


def choose_attention(
    loaded: LoadedModel, work: Callable[[], object], warm_up: Callable[[], object]
) -> Choice:
    """Leave the model with the implementation under which `work` runs faster.

    Args:
        work: is run and timed once under each implementation that is in question.
        warm_up: is run before, for what only the first time takes; a small part of the work is enough on a CPU.
    """
    asked = _in_question(loaded)
    loaded.set_attention(asked[0])
    warm_up()
    seconds: dict[Attention, float] = {}
    for implementation in asked:
        loaded.set_attention(implementation)
        seconds[implementation] = seconds_of(work, loaded.device)
    fastest = min(seconds, key=lambda name: seconds[name])
    loaded.set_attention(fastest)
    return Choice(fastest, seconds[fastest])


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    """Seconds until the work is done, on an accelerator too."""
    _finish(device)
    start = time.perf_counter()
    work()
    _finish(device)
    return time.perf_counter() - start


def _in_question(loaded: LoadedModel) -> tuple[Attention, ...]:
    if loaded.spec.attention is not None:
        return (loaded.spec.attention,)
    return IMPLEMENTATIONS if loaded.device.type == "cpu" else ("sdpa",)


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)

"""Which attention implementation is faster here, by trying each once.

On a CPU eager wins for training on short rows and sdpa for generation (KNOWLEDGE.md section 7); which one wins
for a given model, length and processor is measured, not guessed. On an accelerator sdpa is taken: it never lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from trainer.job import Attention
from trainer.model import LoadedModel

IMPLEMENTATIONS: tuple[Attention, ...] = ("eager", "sdpa")


def choose_attention(loaded: LoadedModel, work: Callable[[], None]) -> Attention:
    """Leave the model with the implementation under which `work` runs faster, and return its name.

    `work` is run three times: a warm-up that pays for first-time allocations, then once under each.
    """
    if loaded.spec.attention is not None:
        loaded.set_attention(loaded.spec.attention)
        return loaded.spec.attention
    if loaded.device.type != "cpu":
        loaded.set_attention("sdpa")
        return "sdpa"
    work()
    seconds: dict[Attention, float] = {}
    for implementation in IMPLEMENTATIONS:
        loaded.set_attention(implementation)
        start = time.perf_counter()
        work()
        seconds[implementation] = time.perf_counter() - start
    fastest = min(seconds, key=lambda name: seconds[name])
    loaded.set_attention(fastest)
    return fastest

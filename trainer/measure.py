"""A dry run before anything is spent: two training steps and one generated batch at the longest rows.

What a forecast says about memory and time is checked against this, and under a time limit it decides how many
rows fit.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from trainer.attention import choose_attention
from trainer.batches import collate, to_device
from trainer.conversation import Example
from trainer.generate import Request, generate, plan_batches
from trainer.job import Attention, Hyperparameters, Measurement
from trainer.model import LoadedModel, device_name
from trainer.scoring import score_examples, token_sums
from trainer.training import attach_lora

_NEW_TOKENS = 12
_STEPS = 2


@dataclass(frozen=True)
class _TrainingRates:
    attention: Attention
    tokens_per_second: float
    peak_memory_bytes: int
    micro_batch_size: int
    trainable_parameters: int


@dataclass(frozen=True)
class _GenerationRates:
    """Tokens a second."""

    prefill: float
    decode: float


class PeakMemory:
    """Bytes that the model and its work took: on a CPU above what the process held when this was made."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._before = _resident_bytes()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    def read(self) -> int:
        """Peak so far."""
        if self._device.type == "cuda":
            return int(torch.cuda.max_memory_allocated(self._device))
        return max(0, _resident_peak_bytes() - self._before)


def device_memory(device: torch.device) -> int | None:
    """Bytes that the device has in all; of a processor within the container's limit."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a kernel file, not a path of ours
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return _resident_peak_bytes()


def _resident_peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(
    loaded: LoadedModel,
    examples: Sequence[Example],
    parameters: Hyperparameters,
    *,
    train: bool,
    generate_batch_size: int,
    memory: PeakMemory,
) -> Measurement:
    """Time generation, evaluation and (if asked) training on the longest rows; leaves an adapter attached."""
    longest = sorted(examples, key=lambda example: len(example.ids), reverse=True)
    answering = _answering(loaded, longest[:generate_batch_size])
    attention_generation = choose_attention(loaded, lambda: _discard(answering(_NEW_TOKENS)))
    base = _generation_rates(answering, longest[:generate_batch_size])
    evaluate_rate = _evaluation_rate(loaded, longest[: parameters.micro_batch_size])
    training = _training_rates(loaded, longest, parameters, memory) if train else None
    tuned = None
    if training:
        # An adapter slows answers down, those of a model of this size by a third and more.
        loaded.model.eval()
        loaded.set_attention(attention_generation)
        tuned = _generation_rates(answering, longest[:generate_batch_size])
    return Measurement(
        device=device_name(loaded.device),
        precision=loaded.precision,
        attention_training=training.attention if training else attention_generation,
        attention_generation=attention_generation,
        load_seconds=loaded.load_seconds,
        train_tokens_per_second=training.tokens_per_second if training else None,
        evaluate_tokens_per_second=evaluate_rate,
        prefill_tokens_per_second=base.prefill,
        decode_tokens_per_second=base.decode,
        tuned_prefill_tokens_per_second=tuned.prefill if tuned else None,
        tuned_decode_tokens_per_second=tuned.decode if tuned else None,
        train_peak_memory_bytes=training.peak_memory_bytes if training else None,
        micro_batch_size=training.micro_batch_size if training else None,
        trainable_parameters=training.trainable_parameters if training else None,
        longest_row_tokens=len(longest[0].ids),
        device_memory_bytes=device_memory(loaded.device),
    )


def _answering(loaded: LoadedModel, rows: Sequence[Example]) -> Callable[[int], float]:
    """A function that answers all rows at once with so many new tokens and returns the seconds it took."""
    prompts = [
        Request(str(index), "measure", row.ids[: row.supervised_from], 1) for index, row in enumerate(rows)
    ]

    def answer(new_tokens: int) -> float:
        batches = plan_batches(
            [replace(prompt, max_new_tokens=new_tokens) for prompt in prompts], len(prompts)
        )
        start = time.perf_counter()
        for _ in generate(loaded, batches):
            pass
        return time.perf_counter() - start

    return answer


def _generation_rates(answer: Callable[[int], float], rows: Sequence[Example]) -> _GenerationRates:
    """By answering with one token and with several."""
    first, whole = answer(1), answer(_NEW_TOKENS)
    decoded = len(rows) * (_NEW_TOKENS - 1)
    prompt_tokens = sum(row.supervised_from for row in rows)
    return _GenerationRates(prompt_tokens / first, decoded / max(whole - first, 1e-3))


def _discard(_: float) -> None:
    return None


def _evaluation_rate(loaded: LoadedModel, rows: Sequence[Example]) -> float:
    start = time.perf_counter()
    score_examples(loaded, rows, batch_size=len(rows))
    return sum(len(row.ids) for row in rows) / (time.perf_counter() - start)


def _training_rates(
    loaded: LoadedModel, longest: Sequence[Example], parameters: Hyperparameters, memory: PeakMemory
) -> _TrainingRates:
    """Steps at the longest rows; where memory is short, with half as many rows at once until it fits."""
    model = attach_lora(loaded, parameters)
    model.train()
    micro = min(parameters.micro_batch_size, len(longest))
    while True:
        try:
            attention, rate = _timed_steps(loaded, longest[:micro])
            break
        except torch.cuda.OutOfMemoryError:
            if micro == 1:
                raise
            micro //= 2
            torch.cuda.empty_cache()
    return _TrainingRates(
        attention=attention,
        tokens_per_second=rate,
        peak_memory_bytes=memory.read(),
        micro_batch_size=micro,
        trainable_parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
    )


def _timed_steps(loaded: LoadedModel, rows: Sequence[Example]) -> tuple[Attention, float]:
    batch = to_device(collate(rows, loaded.codec.pad_id), loaded.device)
    trainable = [parameter for parameter in loaded.model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=0.0)

    def step() -> None:
        sums = token_sums(loaded.model, batch)
        (sums.loss / sums.tokens).backward()
        optimizer.step()
        optimizer.zero_grad()

    attention = choose_attention(loaded, step)
    return attention, int(batch["attention_mask"].sum()) / _seconds(step, loaded.device)


def _seconds(step: Callable[[], None], device: torch.device) -> float:
    """Mean seconds of a step."""
    start = time.perf_counter()
    for _ in range(_STEPS):
        step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return (time.perf_counter() - start) / _STEPS

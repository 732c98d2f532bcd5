"""A dry run before anything is spent: a few training steps and generated batches at the longest rows.

Nothing is run for its time alone where a run is timed anyway: on a small processor this takes a minute, which a time
limit has to pay for.

What a forecast says about memory and time is checked against this, and under a time limit it decides how many
rows fit.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from trainer.attention import choose_attention, seconds_of
from trainer.batches import collate, to_device
from trainer.conversation import Example
from trainer.generate import Request, generate, plan_batches
from trainer.job import Attention, Hyperparameters, Measurement
from trainer.model import LoadedModel, device_name
from trainer.scoring import score_examples, token_sums
from trainer.training import attach_lora

_NEW_TOKENS = 12


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
    check: Callable[[], None] = lambda: None,
) -> Measurement:
    """Time generation, evaluation and (if asked) training on the longest rows; leaves an adapter attached.

    Args:
        check: asked before each piece of work, a few seconds long; what it raises ends the measuring.
    """
    longest = sorted(examples, key=lambda example: len(example.ids), reverse=True)
    answered = longest[:generate_batch_size]
    answer = _answering(loaded, answered, check)
    chosen = choose_attention(loaded, lambda: answer(_NEW_TOKENS), _warm_up(loaded, answered, answer, check))
    base = _generation_rates(answered, loaded, answer, chosen.seconds)
    evaluate_rate = _evaluation_rate(loaded, longest[: parameters.micro_batch_size])
    check()
    training = _training_rates(loaded, longest, parameters, memory, check) if train else None
    tuned = None
    if training:
        # An adapter slows answers down, those of a model of this size by a third and more.
        loaded.model.eval()
        loaded.set_attention(chosen.attention)
        whole = seconds_of(lambda: answer(_NEW_TOKENS), loaded.device)
        tuned = _generation_rates(answered, loaded, answer, whole)
    return Measurement(
        device=device_name(loaded.device),
        precision=loaded.precision,
        attention_training=training.attention if training else chosen.attention,
        attention_generation=chosen.attention,
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


def _answering(
    loaded: LoadedModel, rows: Sequence[Example], check: Callable[[], None]
) -> Callable[[int], None]:
    """A function that answers all rows at once with so many new tokens."""
    prompts = [
        Request(str(index), "measure", row.ids[: row.supervised_from], 1) for index, row in enumerate(rows)
    ]

    def answer(new_tokens: int) -> None:
        check()
        batches = plan_batches(
            [replace(prompt, max_new_tokens=new_tokens) for prompt in prompts], len(prompts)
        )
        for _ in generate(loaded, batches):
            pass

    return answer


def _warm_up(
    loaded: LoadedModel, rows: Sequence[Example], answer: Callable[[int], None], check: Callable[[], None]
) -> Callable[[], None]:
    """On an accelerator the first time is slow for every new shape; on a processor for the first row alone."""
    if loaded.device.type == "cpu":
        answer = _answering(loaded, rows[:1], check)
    return lambda: answer(1)


def _generation_rates(
    rows: Sequence[Example], loaded: LoadedModel, answer: Callable[[int], None], whole: float
) -> _GenerationRates:
    """By answering with one token, and by the seconds that answering with several took."""
    first = seconds_of(lambda: answer(1), loaded.device)
    decoded = len(rows) * (_NEW_TOKENS - 1)
    prompt_tokens = sum(row.supervised_from for row in rows)
    return _GenerationRates(prompt_tokens / first, decoded / max(whole - first, 1e-3))


def _evaluation_rate(loaded: LoadedModel, rows: Sequence[Example]) -> float:
    seconds = seconds_of(lambda: score_examples(loaded, rows, batch_size=len(rows)), loaded.device)
    return sum(len(row.ids) for row in rows) / seconds


def _training_rates(
    loaded: LoadedModel,
    longest: Sequence[Example],
    parameters: Hyperparameters,
    memory: PeakMemory,
    check: Callable[[], None],
) -> _TrainingRates:
    """Steps at the longest rows; where memory is short, with half as many rows at once until it fits."""
    model = attach_lora(loaded, parameters)
    model.train()
    micro = min(parameters.micro_batch_size, len(longest))
    while True:
        try:
            attention, rate = _timed_steps(loaded, longest[:micro], check)
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


def _timed_steps(
    loaded: LoadedModel, rows: Sequence[Example], check: Callable[[], None]
) -> tuple[Attention, float]:
    """The mean of two steps, one of which was timed to choose the attention."""

    def collated(some: Sequence[Example]) -> dict[str, Any]:
        return to_device(collate(some, loaded.codec.pad_id), loaded.device)

    batch = collated(rows)
    first = collated(rows[:1]) if loaded.device.type == "cpu" else batch
    trainable = [parameter for parameter in loaded.model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=0.0)

    def step(batch: dict[str, Any]) -> None:
        check()
        sums = token_sums(loaded.model, batch)
        (sums.loss / sums.tokens).backward()
        optimizer.step()
        optimizer.zero_grad()

    chosen = choose_attention(loaded, lambda: step(batch), lambda: step(first))
    again = seconds_of(lambda: step(batch), loaded.device)
    return chosen.attention, int(batch["attention_mask"].sum()) / ((chosen.seconds + again) / 2)

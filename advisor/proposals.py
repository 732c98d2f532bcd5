"""What the program proposes where the plan leaves a choice open; each with its source (KNOWLEDGE.md section 1)."""

from __future__ import annotations

from advisor.models.resolve import ModelFacts

_LLAMA_POWER, _QWEN_POWER = 0.781, 0.0775
_LORA_FACTOR = 10
_FULL_RATE = 5e-5
_REFERENCE_WIDTH = 2000

LEAST_UPDATES = 100


def learning_rate(facts: ModelFacts) -> tuple[float, str]:
    """LoRA learning rate and where it comes from.

    5e-5 x 10 x (2000 / hidden size)^p with p of the model's family, from the cookbook of the authors of "LoRA
    Without Regret"; outside the Llama and Qwen families and widths of 2,048 to 8,192 it is an extrapolation.
    """
    family = facts.model_type.lower()
    power = _QWEN_POWER if family.startswith("qwen") else _LLAMA_POWER
    rate = _FULL_RATE * _LORA_FACTOR * (_REFERENCE_WIDTH / facts.hidden_size) ** power
    known = family.startswith(("llama", "qwen")) and 2048 <= facts.hidden_size <= 8192
    source = "LoRA Without Regret's rate by width" + (
        "" if known else ", extrapolated beyond its families and widths"
    )
    return float(f"{rate:.2g}"), source


def epochs(rows: int, batch_size: int) -> float:
    """Epochs by rows: few rows need more passes, and at least 100 updates are made where rows are few."""
    usual = 4.0 if rows < 100 else 3.0 if rows < 500 else 2.0 if rows < 2000 else 1.0
    updates = usual * rows / batch_size
    if updates >= LEAST_UPDATES or rows >= 2000:
        return usual
    return min(5.0, float(-(-LEAST_UPDATES * batch_size // rows)))

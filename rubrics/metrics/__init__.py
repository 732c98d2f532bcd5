"""The metrics of `rubrics.scoring` as Hugging Face `evaluate` modules.

One folder a metric, each loadable with `evaluate.load(path, keep_in_memory=True)` and without a network. They
hold no rule of their own and are never imported by the program's light parts, since `evaluate` takes seconds
to import. Whoever needs only a number calls `rubrics.scoring`.
"""

from __future__ import annotations

from pathlib import Path

from rubrics.scoring import METRICS, get_metric

OF_TOKENS = ("total_loss", "next_token_accuracy")
"""Modules over arrays of token ids and logits; not metrics of answers, so no command takes them."""
MODULES = (*METRICS, *OF_TOKENS)


def metric_path(name: str) -> Path:
    """Return the folder to give to `evaluate.load` for a metric.

    Loading by path keeps the hub out of it: by name, `evaluate` looks there first.

    Raises:
        Fault: there is no metric of that name; exit code 2.
    """
    return Path(__file__).parent / (name if name in OF_TOKENS else get_metric(name).name)

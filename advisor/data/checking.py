"""`advisor data check`: the checks over files, in the contract's shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from advisor.data.checks import inspect
from advisor.data.production import read_production
from advisor.data.reading import read_file
from advisor.data.rows import Row

Counter = Callable[[Sequence[Row]], list[tuple[int, int]]]


def check_file(
    file: Path,
    *,
    against: Path | None = None,
    production: Path | None = None,
    model: str | None = None,
    prompt_only: bool = False,
    seed: int = 0,
) -> dict[str, Any]:
    """Return `{rows, format, findings, statistics}`.

    Raises:
        Fault: a file cannot be read, the model is not at hand, or drift is asked for without scikit-learn.
    """
    given = read_file(file)
    other = read_file(against, name="against") if against else None
    real_use = read_production(production) if production else None
    count, window = _tokenizer(model)
    found = inspect(
        given.rows,
        against=other.rows if other else None,
        production=real_use.rows if real_use else None,
        test_is="rows",
        count_tokens=count,
        max_length=window,
        prompt_only=prompt_only,
        seed=seed,
    )
    return {
        "rows": len(given.rows),
        "format": {"name": given.format, "evidence": given.evidence},
        **found.to_dict(),
    }


def _tokenizer(model: str | None) -> tuple[Counter | None, int | None]:
    if model is None:
        return None, None
    from advisor.interrupt import StopSignal
    from advisor.models.resolve import count_tokens, resolve

    resolved = resolve(model, lambda event: None, StopSignal())
    return count_tokens(resolved), resolved.context_length

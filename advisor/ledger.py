"""Every scoring of test rows: who was scored on which rows, and how often these rows have been used before.

A test set wears out: each system tried on the same rows is one more chance to look good by luck. The ledger of a
run lies in its directory; the ledgers of the runs beside it are read too, since people try again in a new run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from advisor.predictions import Prediction
from advisor.run_names import LEDGER_FILE
from rubrics.statistics import false_alarm_rate
from trainer.job import read_json_lines

TUNED = "tuned"


def scoring(system: str, predictions: Sequence[Prediction], split: str = "test") -> dict[str, Any]:
    """Return the entry of one scoring; the same answers scored again give the same entry, others another one."""
    return {
        "system": system,
        "split": split,
        "n": len(predictions),
        "rows": _digest((row.id, row.reference) for row in predictions),
        "answers": _digest((row.id, row.prediction) for row in predictions),
    }


def looks(run: Path, rows: str) -> int:
    """Return how many different tuned models were scored on these rows, in this run and in those beside it.

    Args:
        run: run directory.
        rows: digest of the rows, as in an entry.
    """
    ledgers = {*run.parent.glob(f"*/{LEDGER_FILE}"), run / LEDGER_FILE}
    return len(
        {
            entry.get("answers")
            for ledger in ledgers
            for entry in read_json_lines(ledger)
            if entry.get("system") == TUNED and entry.get("rows") == rows
        }
    )


def looks_note(number: int) -> str:
    """Say what so many tuned models on the same test rows mean; empty for the first."""
    if number < 2:
        return ""
    low, high = false_alarm_rate(number)
    return (
        f"{number} tuned models were scored on these test rows, in this run and those beside it: the chance that at "
        f"least one seems better by luck is no longer 5% but {100 * low:.0f} to {100 * high:.0f}%. Keep fresh rows "
        "for the last word."
    )


def _digest(pairs: Iterable[tuple[str, str]]) -> str:
    content = "\0".join(f"{one}\0{two}" for one, two in sorted(pairs))
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]

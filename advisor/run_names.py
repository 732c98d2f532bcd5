"""Names in a run directory, and whether there is any run: what the first screen asks before it reads one."""

from __future__ import annotations

from pathlib import Path

PLAN_FILE = "plan.toml"
LOCK_FILE = "lock"
LEDGER_FILE = "ledger.jsonl"
RUN_LOG = "run.log"
"""What an advisor printed that was started without a terminal (`advisor.launching`)."""


def has_runs(folder: Path) -> bool:
    """Whether there is any run in a folder."""
    return any(folder.glob(f"*/{PLAN_FILE}"))

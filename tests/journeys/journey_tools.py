"""Driving the installed program from outside, and looking into what it leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.events import Progress, read_events

PATIENCE = 1500
"""Seconds for one command: an old processor without bfloat16 takes five times as long as a new one."""


@dataclass
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def environment() -> dict[str, str]:
    """That of the tests but for the measuring of coverage, with which each of a run's processes takes a third longer to start.

    What the processes do is measured where tests of their rooms do it.
    """
    return {name: value for name, value in os.environ.items() if name != "COVERAGE_PROCESS_CONFIG"}


def advisor(*words: object, cwd: Path, env: dict[str, str] | None = None, **more: Any) -> Outcome:
    """Run the program as a person would, and wait for it."""
    done = subprocess.run(
        [sys.executable, "-m", "advisor", *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=environment() if env is None else env,
        **more,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def start(*words: object, cwd: Path) -> subprocess.Popen[str]:
    """Start the program and leave it running."""
    return subprocess.Popen(
        [sys.executable, "-m", "advisor", *map(str, words)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def wait_for(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Poll until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.01)


def trained_share(run: Path) -> float:
    """How far training is, by the trainer's own events."""
    events = read_events(run / "training" / "events.jsonl")
    shares = [e.done / e.total for e in events if isinstance(e, Progress) and e.task == "train" and e.total]
    return max(shares, default=0.0)


def kill(pid: int | None) -> None:
    """kill -9."""
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def history(run: Path) -> list[dict[str, Any]]:
    """The training's loss history."""
    found: list[dict[str, Any]] = json.loads((run / "training.json").read_text())["history"]
    return found

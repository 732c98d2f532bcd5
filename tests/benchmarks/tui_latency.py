"""How long the wizard takes to its first screen, to answer a key while a training runs, and what it holds in memory.

    python tests/benchmarks/tui_latency.py start                  # to the first screen, in a real pseudo-terminal
    python tests/benchmarks/tui_latency.py keys [--run RUN]       # while the embedded model trains on every core
    python tests/benchmarks/tui_latency.py log [--events 500000]  # opens the log of an eight-hour training

Each drives the installed program through a pseudo-terminal. A key's answer is the time from writing the key to the
first bytes that hold what only this key brings: the words of the help, the step's footer again, the name of the
other way of drawing. Limits of the wizard: first screen under 0.7 s, 99 of 100 keys within 50 ms, a log of 500,000 events opened in under 2 s, under 200 MB.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from watching import write_run

WIDTH, HEIGHT = 120, 40
_KEYS = (("?", "Loss is how surprised"), ("q", "Help"), ("m", "(raw"), ("m", "(smoothed"))
"""Help opened and closed, and the charts drawn otherwise, each with what shows that it was done."""
PATIENCE = 120.0


class Screen:
    """The program in a pseudo-terminal of its own."""

    def __init__(self, words: Sequence[str], cwd: Path) -> None:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        env = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
        }
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "advisor", *words],
            cwd=cwd, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self._master = master

    def wait(self, text: str, seconds: float = PATIENCE) -> float:
        """Wait until the text is written; returns the seconds it took."""
        wanted, seen, begun = text.encode(), b"", time.perf_counter()
        while wanted not in seen:
            left = seconds - (time.perf_counter() - begun)
            if left <= 0 or not select.select([self._master], [], [], left)[0]:
                raise TimeoutError(f"{text!r} never came; the last was {seen[-2000:]!r}")
            seen = (seen + os.read(self._master, 65536))[-20000:]
        return time.perf_counter() - begun

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def drain(self, seconds: float) -> None:
        """Read what comes for a while and forget it."""
        end = time.perf_counter() + seconds
        # A program that has ended has closed its side, which is an error to read from.
        with suppress(OSError):
            while (left := end - time.perf_counter()) > 0:
                if select.select([self._master], [], [], left)[0]:
                    os.read(self._master, 65536)

    def memory(self) -> float:
        """MB of the application itself."""
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def close(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.drain(0.5)
        self.process.wait(10)
        os.close(self._master)


def start(repeats: int) -> None:
    """Seconds from the command to the first screen."""
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats):
            screen = Screen([], Path(folder))
            screen.wait("advisor")
            taken.append(time.perf_counter() - screen.started)
            screen.drain(0.5)
            screen.close()
    print(f"first screen: median {_at(taken, 0.5):.2f} s, worst {max(taken):.2f} s of {repeats}")


def keys(run: Path | None, presses: int) -> None:
    """Milliseconds to the answer of a key, while a training keeps the machine busy."""
    with tempfile.TemporaryDirectory() as folder:
        training = None
        if run is None:
            run = Path(folder) / "run"
            training = _train(run, Path(folder))
        screen = Screen(["attach", str(run)], Path(folder))
        screen.wait("Training")
        screen.drain(3)
        taken: list[float] = []
        by_key: dict[str, list[float]] = {}
        busy = psutil.cpu_percent()
        for number in range(presses):
            key, answer = _KEYS[number % len(_KEYS)]
            screen.press(key)
            taken.append(screen.wait(answer, 10) * 1000)
            by_key.setdefault(f"{key} ({answer.strip('(')})", []).append(taken[-1])
            screen.drain(0.13)
        busy = psutil.cpu_percent()
        print(
            f"{presses} keys, cores {busy:.0f}% busy: median {_at(taken, 0.5):.0f} ms, "
            f"99th percentile {_at(taken, 0.99):.0f} ms, worst {max(taken):.0f} ms; {screen.memory():.0f} MB"
        )
        for name, times in by_key.items():
            print(f"  {name}: median {_at(times, 0.5):.0f} ms, 99th percentile {_at(times, 0.99):.0f} ms")
        screen.close()
        if training is not None:
            training.send_signal(signal.SIGINT)
            training.wait(120)


def _train(run: Path, folder: Path) -> subprocess.Popen[bytes]:
    """A run of the embedded model whose training has begun."""
    from advisor.example import example_folder

    words = [
        "run",
        "--data",
        example_folder() / "desk.jsonl",
        "--task",
        "Route the message.",
        "--force-train",
    ]
    words += ["--epochs", 20, "--rungs", "classifier", "--guard", "none", "--out", run, "--quiet"]
    process = subprocess.Popen([sys.executable, "-m", "advisor", *map(str, words)], cwd=folder)
    deadline = time.monotonic() + 900
    while (
        not (run / "training/events.jsonl").exists()
        or b'"metric"' not in (run / "training/events.jsonl").read_bytes()
    ):
        if time.monotonic() > deadline or process.poll() is not None:
            raise TimeoutError("the training never began")
        time.sleep(0.5)
    return process


def log(events: int) -> None:
    """Seconds until a long log is on the screen, and MB."""
    with tempfile.TemporaryDirectory() as folder:
        write_run(Path(folder), events)
        (Path(folder) / "plan.toml").write_text('data = "rows.jsonl"\ntask = "A long training"\n')
        screen = Screen(["attach", folder], Path(folder))
        screen.wait("A long training")
        first = time.perf_counter() - screen.started
        screen.wait(f"{events // 2:,}")
        whole = time.perf_counter() - screen.started
        screen.drain(1)
        print(
            f"{events:,} events: first screen {first:.2f} s, the log on it {whole:.2f} s after the command "
            f"({whole - first:.2f} s after the first screen); {screen.memory():.0f} MB"
        )
        screen.close()


def _at(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["start", "keys", "log"])
    parser.add_argument("--run", type=Path)
    parser.add_argument("--presses", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--events", type=int, default=500_000)
    given = parser.parse_args()
    if given.what == "start":
        start(given.repeats)
    elif given.what == "keys":
        keys(given.run, given.presses)
    else:
        log(given.events)


if __name__ == "__main__":
    main()

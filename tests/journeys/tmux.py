"""A terminal that a test can type into, look at, resize and kill: a tmux server of its own."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 40.0


class Terminal:
    """One tmux server with one window."""

    def __init__(self, folder: Path, name: str) -> None:
        self._words = ["tmux", "-f", "/dev/null", "-S", str(folder / f"{name}.sock")]

    def start(self, words: list[str], size: tuple[int, int], env: Mapping[str, str], cwd: Path) -> None:
        """Run a command in a window of this size, and keep the window when it ends."""
        width, height = size
        shell = " ".join(
            [
                "exec",
                "env",
                "-u",
                "COLUMNS",
                "-u",
                "LINES",
                *(f"{k}={shlex.quote(v)}" for k, v in env.items()),
                shlex.join(words),
            ]
        )
        self._call(
            "new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(cwd), shell,
            ";", "set-option", "-g", "remain-on-exit", "on",
            ";", "set-option", "-g", "default-terminal", "tmux-256color",
            ";", "set-option", "-g", "window-size", "manual",
        )  # fmt: skip

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: Enter, Escape, C-n, Down, or characters."""
        self._call("send-keys", *keys)

    def type(self, text: str) -> None:
        """Letters as they are."""
        self._call("send-keys", "-l", text)

    def resize(self, width: int, height: int) -> None:
        """Another size of the window."""
        self._call("resize-window", "-x", str(width), "-y", str(height))

    def screen(self, *, colours: bool = False, past: bool = False) -> str:
        """What stands on the screen, line by line without the blanks at their ends.

        Args:
            colours: with escape codes.
            past: with what has scrolled away, and lines that the window broke made whole.
        """
        wanted = [*(["-e"] if colours else []), *(["-J", "-S", "-"] if past else [])]
        lines = self._call("capture-pane", "-p", *wanted).splitlines()
        return "\n".join(line.rstrip() for line in lines)

    def is_alternate(self) -> bool:
        """Whether a program has taken the whole screen."""
        return self._call("display-message", "-p", "#{alternate_on}").strip() == "1"

    def takes_mouse(self) -> bool:
        """Whether the mouse's clicks go to the program."""
        return self._call("display-message", "-p", "#{mouse_any_flag}").strip() == "1"

    def pid(self) -> int:
        """Of the command that runs in the window."""
        return int(self._call("display-message", "-p", "#{pane_pid}"))

    def exit_code(self) -> int:
        """Of the command, which has ended; tmux writes it onto the screen a moment after that."""
        ended = re.compile(r"Pane is dead \(status (\d+)")
        server = int(self._call("display-message", "-p", "#{pid}"))

        def is_told(screen: str) -> bool:
            # A child that ends while tmux is busy is sometimes not noticed until the next one does.
            os.kill(server, signal.SIGCHLD)
            return ended.search(screen) is not None

        found = ended.search(self.wait(is_told))
        assert found is not None
        return int(found.group(1))

    def has_ended(self) -> bool:
        """Whether the command has."""
        return self._call("display-message", "-p", "#{pane_dead}").strip() == "1"

    def wait(self, seen: str | Callable[[str], bool], seconds: float = PATIENCE) -> str:
        """Wait until a text stands on the screen, or the screen is as wanted; returns the screen."""
        deadline = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if seen in screen if isinstance(seen, str) else seen(screen):
                return screen
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds:.0f} s for {seen!r}; the screen is\n{screen}")
            time.sleep(0.05)

    def wait_until_ended(self, seconds: float = PATIENCE) -> None:
        """Wait for the command's end."""
        deadline = time.monotonic() + seconds
        while not self.has_ended():
            assert time.monotonic() < deadline, f"still there after {seconds:.0f} s:\n{self.screen()}"
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server, as a terminal whose window is closed or whose connection drops."""
        subprocess.run([*self._words, "kill-server"], check=False, capture_output=True)

    def _call(self, *words: str) -> str:
        done = subprocess.run([*self._words, *words], check=True, capture_output=True, text=True)
        return done.stdout


@contextmanager
def terminal(
    folder: Path,
    *words: str,
    size: tuple[int, int] = (80, 24),
    cwd: Path | None = None,
    **env: str,
) -> Iterator[Terminal]:
    """The program, with these words on its command line, in a terminal of its own."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    name = f"t{time.monotonic_ns()}"
    # A socket's path has at most 107 characters.
    short = Path(os.environ.get("TMUX_TMPDIR", "/tmp"))
    made = Terminal(short, f"advisor-{os.getpid()}-{name}")
    settings = {
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "COLORTERM": "truecolor",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        **env,
    }
    made.start([sys.executable, "-m", "advisor", *words], size, settings, cwd or folder)
    try:
        yield made
    finally:
        made.kill()

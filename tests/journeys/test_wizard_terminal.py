"""The wizard in a real terminal: walked, left, its terminal killed, taken up again, and what it leaves behind.

What stands on the screen at stable moments is compared with `screens/*.txt`; ADVISOR_UPDATE_SCREENS=1 writes them anew.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from journey_tools import advisor, wait_for
from tmux import Terminal, terminal

from advisor.run_directory import RunDirectory
from advisor.stopping import stop_run

SCREENS = Path(__file__).with_name("screens")
SIZES = [(80, 24), (200, 60)]
LONG = 900.0


@pytest.fixture
def plan_file(plan: list[str], tmp_path: Path) -> Path:
    """The plan of the journeys as a file, with a training that is long enough to be left."""
    path = tmp_path / "advisor.toml"
    made = advisor("init", *plan, "--epochs", 20, "--guard", "none", "--out", path, "--json", cwd=tmp_path)
    assert made.code == 0, made.err
    return path


@pytest.fixture
def no_run_left(tmp_path: Path) -> Iterator[None]:
    """End what a failing test leaves running."""
    yield
    for path in (tmp_path / "runs").glob("*"):
        stop_run(RunDirectory(path))


def golden(name: str, screen: str, folder: Path) -> None:
    """Compare a screen with its text, numbers and places aside."""
    shown = re.sub(r"\d", "#", screen.replace(str(folder), "FOLDER")).rstrip() + "\n"
    path = SCREENS / f"{name}.txt"
    if os.environ.get("ADVISOR_UPDATE_SCREENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def frame(screen: str) -> str:
    """The part of a screen that does not depend on how far a run is: the rail, or its line."""
    lines = screen.splitlines()
    is_wide = "│" in lines[2]
    return "\n".join(line.split("│")[0].rstrip() for line in lines[1 : 11 if is_wide else 2])


def run_of(folder: Path) -> Path:
    """The one run that was started there."""
    (run,) = (folder / "runs").iterdir()
    return run


@pytest.mark.journey
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.usefixtures("no_run_left")
def test_a_run_is_walked_left_and_taken_up_again(
    size: tuple[int, int], plan_file: Path, tmp_path: Path
) -> None:
    name = f"{size[0]}x{size[1]}"
    with terminal(tmp_path, size=size, cwd=tmp_path) as shown:
        # given the first screen, and a plan opened from the list of runs
        golden(f"task-{name}", shown.wait("once there is a data file"), tmp_path)
        shown.press("C-o")
        shown.wait("Plan file")
        shown.press("o")
        shown.wait("Open which plan file?")
        shown.press("Enter")
        shown.wait("Route the message")
        # when the person walks to the cheap options and measures them
        shown.press("C-n")
        golden(f"suitability-{name}", shown.wait("of the prompts"), tmp_path)
        shown.press("C-n")
        shown.wait("desk.jsonl")
        shown.press("C-n")
        shown.wait("m Measure")
        shown.press("m")
        shown.wait("ctrl+n goes to the verdict", LONG)
        shown.press("C-n")
        shown.wait("Rules considered")
        shown.press("6")
        shown.wait("t Start training", LONG)
        shown.press("t")
        golden(f"training-{name}", frame(shown.wait("The model is being trained", LONG)), tmp_path)
        # and leaves it running
        shown.press("d")
        shown.wait_until_ended()
        assert f"advisor attach {run_of(tmp_path)}" in shown.screen(past=True)
        assert not shown.is_alternate()
        assert not shown.takes_mouse()
        assert shown.exit_code() == 0
    run = run_of(tmp_path)
    assert RunDirectory(run).is_live()
    # then another terminal shows it, and when that is killed it goes on
    with terminal(tmp_path, "attach", str(run), size=size, cwd=tmp_path) as shown:
        shown.wait("The model is being trained")
    wait_for(lambda: not _clients(run), "the end of the killed wizard", 30)
    assert RunDirectory(run).is_live()
    # and a third one sees its end and its results
    with terminal(tmp_path, "attach", str(run), size=size, cwd=tmp_path) as shown:
        shown.wait("finished", LONG)
        shown.press("8")
        shown.wait("Rows one by one")
        golden(f"results-{name}", frame(shown.screen()), tmp_path)
        shown.press("C-q")
        shown.wait_until_ended()
        assert shown.exit_code() == 0
    assert json.loads((run / "report.json").read_text())["comparison"] is not None


def _clients(run: Path) -> list[int]:
    """Processes that were started with `attach` on the run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"attach" in words and str(run).encode() in words:
            found.append(int(path.parent.name))
    return found


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_leaves_the_terminal_as_it_was(number: int, code: int, tmp_path: Path) -> None:
    with terminal(tmp_path, cwd=tmp_path) as shown:
        shown.wait("Use the bundled example")
        assert shown.is_alternate()
        os.kill(shown.pid(), number)
        shown.wait_until_ended()
        assert not shown.is_alternate()
        assert not shown.takes_mouse()
        assert shown.exit_code() == code


def test_a_terminal_that_goes_without_a_word_ends_the_wizard(tmp_path: Path) -> None:
    # given a wizard that is no terminal's foreground program, so that no signal tells it
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    wizard = subprocess.Popen(
        [sys.executable, "-m", "advisor"], cwd=tmp_path, env=environment,
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    try:
        seen = b""
        while b"bundled" not in seen:
            assert select.select([ours], [], [], 60)[0], seen
            seen += os.read(ours, 65536)
        # when the terminal closes
        os.close(ours)
        # then it does not wait for keys for ever
        assert wizard.wait(60) == 129
    finally:
        wizard.kill()


def test_the_terminal_may_change_its_size(tmp_path: Path) -> None:
    with terminal(tmp_path, size=(200, 60), cwd=tmp_path) as shown:
        shown.wait(lambda screen: "1 " in screen and "9 " in screen and "│" in screen)
        shown.resize(80, 24)
        shown.wait(lambda screen: "▸1/9" in screen)
        shown.resize(140, 40)
        shown.wait(lambda screen: "▸1/9" not in screen and "│" in screen)


def test_korean_by_flag_and_no_colour_by_request(tmp_path: Path) -> None:
    # given that colours are seen where nobody asks for none
    with terminal(tmp_path, "--lang", "ko", cwd=tmp_path) as shown:
        shown.wait("과제")
        assert _colours(shown)
    with terminal(tmp_path, "--lang", "ko", cwd=tmp_path, NO_COLOR="1") as shown:
        shown.wait("과제")
        assert not _colours(shown)


def test_a_terminal_of_16_colours_is_sent_its_own_and_no_others(tmp_path: Path) -> None:
    with terminal(tmp_path, cwd=tmp_path, TERM="xterm", COLORTERM="") as shown:
        shown.wait("Use the bundled example")
        codes = list(_colour_codes(shown))
        assert _colours(shown)
    assert {kind for kind, _value in codes} == {"own"}


def test_colours_of_every_kind_are_seen() -> None:
    said = "\x1b[1;38;5;196mred\x1b[38;2;9;9;9m grey\x1b[0;44mblue\x1b[97mwhite\x1b[48;5;240m\x1b[39;49m"
    assert list(_codes_in(said)) == [
        ("256", "196"), ("rgb", "9,9,9"), ("own", "4"), ("own", "15"), ("256", "240"),
    ]  # fmt: skip
    assert [_is_colour(kind, value) for kind, value in _codes_in(said)] == [True, False, True, False, False]


def _colours(shown: Terminal) -> set[tuple[str, str]]:
    """Colours other than shades of grey on the screen."""
    return {(kind, value) for kind, value in _colour_codes(shown) if _is_colour(kind, value)}


def _colour_codes(shown: Terminal) -> Iterator[tuple[str, str]]:
    return _codes_in(shown.screen(colours=True))


def _codes_in(text: str) -> Iterator[tuple[str, str]]:
    """Colours that a text asks for: `own` of the terminal's 16, `256` of the palette, or `rgb`."""
    for found in re.findall(r"\x1b\[([\d;]*)m", text):
        codes = iter(found.split(";"))
        for code in codes:
            if code in ("38", "48"):
                kind = next(codes)
                values = [next(codes) for _ in range(3 if kind == "2" else 1)]
                yield ("rgb" if kind == "2" else "256"), ",".join(values)
            elif code[:-1] in ("3", "4") and code[-1] in "01234567":
                yield "own", code[-1]
            elif code[:-1] in ("9", "10") and code[-1] in "01234567":
                yield "own", str(int(code[-1]) + 8)


def _is_colour(kind: str, value: str) -> bool:
    if kind == "rgb":
        return len(set(value.split(","))) > 1
    greys = {"0", "7", "8", "15", "16", "231", *map(str, range(232, 256))}
    return value not in greys

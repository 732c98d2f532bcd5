"""Damaged files end with a message and an exit code, never with a traceback, and in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from damaged import damaged_files
from measuring import children_unmeasured

DRIVER = Path(__file__).with_name("damaged.py")
MOST_BYTES = 2 << 30


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What `advisor data check` did with each file."""
    folder = tmp_path_factory.mktemp("damaged")
    paths = []
    for name, (content, _) in damaged_files().items():
        path = folder / name
        path.write_bytes(content)
        paths.append(str(path))
    with children_unmeasured():
        driver = subprocess.run(
            [sys.executable, str(DRIVER), *paths], capture_output=True, text=True, check=True, timeout=500
        )
    for path in paths:
        Path(path).unlink()
    outcomes = [json.loads(line) for line in driver.stdout.splitlines()]
    return {outcome["file"]: outcome for outcome in outcomes}


def test_every_file_is_refused_or_read(ended: dict[str, dict[str, object]]) -> None:
    """What is read may still have findings of other rules that are errors."""
    refused = {name for name, (_, refuses) in damaged_files().items() if refuses}
    assert len(refused) >= 30
    assert {
        name for name, outcome in ended.items() if str(outcome["output"]).startswith("error: ")
    } == refused
    for name, outcome in ended.items():
        assert outcome["code"] in ((3,) if name in refused else (0, 3)), name


def test_no_file_gives_a_traceback(ended: dict[str, dict[str, object]]) -> None:
    for name, outcome in ended.items():
        assert "Traceback" not in str(outcome["output"]), name
        assert "fault of the program" not in str(outcome["output"]), name


def test_a_refusal_says_where_and_what_to_do(ended: dict[str, dict[str, object]]) -> None:
    for name, (_, refuses) in damaged_files().items():
        if refuses:
            assert name in str(ended[name]["output"])
            assert "what to do: " in str(ended[name]["output"]), name


def test_memory_is_bounded(ended: dict[str, dict[str, object]]) -> None:
    peaks = {name: int(str(outcome["peak_bytes"])) for name, outcome in ended.items()}
    assert max(peaks.values()) < MOST_BYTES, max(peaks, key=lambda name: peaks[name])

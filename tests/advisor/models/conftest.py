"""A cache of its own for each test, pip with a shelf for an index, and a conversion that costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from shelf import Shelf, make_shelf

from advisor.interrupt import StopSignal
from advisor.models import conversion
from trainer.events import Event, Listener


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("ADVISOR_CACHE", str(folder))
    return folder


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return make_shelf(tmp_path / "shelf")


@pytest.fixture
def pip_from_shelf(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """pip finds the shelf and no index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf.folder))
    return shelf


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The trainer's conversion replaced by writing a folder; the contents of the converted files."""
    done: list[bytes] = []

    def run(directories: Sequence[Path], emit: Listener, stop: StopSignal) -> None:
        job = conversion.ConvertJob.model_validate_json((directories[0] / "job.json").read_bytes())
        done.append(job.source.read_bytes())
        job.target.mkdir(parents=True)
        (job.target / "config.json").write_text("{}", encoding="utf-8")

    monkeypatch.setattr(conversion, "run_jobs", run)
    return done


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def emit(events: list[Event]) -> Callable[[Event], None]:
    return events.append

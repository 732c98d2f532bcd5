from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from advisor.interrupt import Interrupted, StopSignal
from advisor.models import conversion
from advisor.models.catalogue import MANIFEST_FILE, Manifest, model_folder, read_manifest
from advisor.models.conversion import Source, convert_once
from rubrics.errors import ExitCode, Fault
from trainer.events import Event, Listener, Logged
from trainer.job import hold, write_json

SOURCE = Source(name="toy", origin="toy.gguf", sha256="ab" * 32, repair=None)


def _refuse(work: Path) -> Path:
    raise AssertionError("the file must not be asked for")


def _lock(cache: Path) -> Path:
    return cache / "locks" / f"{model_folder(SOURCE.name, SOURCE.sha256).name}.lock"


def test_two_at_once_convert_once(cache: Path, events: list[Event], emit: Listener) -> None:
    folder = model_folder(SOURCE.name, SOURCE.sha256)
    held = threading.Event()

    def other_process() -> None:
        with hold(_lock(cache)):
            held.set()
            time.sleep(0.3)
            write_json(
                folder / MANIFEST_FILE,
                Manifest(name="toy", source="", sha256="", repair=None, converted_with={}),
            )

    thread = threading.Thread(target=other_process)
    thread.start()
    held.wait(5)
    found = convert_once(SOURCE, _refuse, emit, StopSignal())
    thread.join()

    assert found == folder
    assert [
        e.message for e in events if isinstance(e, Logged) and e.message.startswith("waiting for process")
    ]


def test_waiting_for_another_process_can_be_stopped(cache: Path, emit: Listener) -> None:
    stop = StopSignal()
    with hold(_lock(cache)):
        threading.Timer(0.2, stop.set).start()
        with pytest.raises(Interrupted):
            convert_once(SOURCE, _refuse, emit, stop)


def test_leftovers_of_a_killed_try_are_cleared(
    cache: Path, conversions: list[bytes], tmp_path: Path, emit: Listener
) -> None:
    folder = model_folder(SOURCE.name, SOURCE.sha256)
    (folder.parent / f".{folder.name}.killed").mkdir(parents=True)
    file = tmp_path / "toy.gguf"
    file.write_bytes(b"GGUF")

    convert_once(SOURCE, lambda work: file, emit, StopSignal())

    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_folder_without_manifest_is_not_complete(cache: Path) -> None:
    folder = model_folder(SOURCE.name, SOURCE.sha256)
    folder.mkdir(parents=True)

    assert read_manifest(folder) is None


def test_the_log_of_a_failed_conversion_is_kept(
    cache: Path, tmp_path: Path, emit: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(directories: Sequence[Path], emit: Listener, stop: StopSignal) -> None:
        log = directories[0] / "log.txt"
        log.write_text("Traceback", encoding="utf-8")
        raise Fault("the trainer ended", where=str(log), code=ExitCode.LACKING)

    monkeypatch.setattr(conversion, "run_jobs", fail)

    with pytest.raises(Fault) as caught:
        convert_once(SOURCE, lambda work: tmp_path / "toy.gguf", emit, StopSignal())

    assert Path(caught.value.where).read_text(encoding="utf-8") == "Traceback"


def test_a_cache_that_cannot_be_written(
    tmp_path: Path, emit: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a-file"
    file.touch()
    monkeypatch.setenv("ADVISOR_CACHE", str(file / "cache"))

    with pytest.raises(Fault, match="cache cannot be written") as caught:
        convert_once(SOURCE, _refuse, emit, StopSignal())

    assert caught.value.code == ExitCode.LACKING
    assert "ADVISOR_CACHE" in caught.value.fix

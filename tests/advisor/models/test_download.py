from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from advisor.interrupt import Interrupted, StopSignal
from advisor.models.download import run_download
from trainer.events import Event, Listener, Progress

_SLOW = """
import os, sys, time
folder = sys.argv[1]
open(os.path.join(folder, "pid"), "w").write(str(os.getpid()))
with open(os.path.join(folder, "part"), "wb") as file:
    for _ in range(int(sys.argv[2])):
        file.write(b"x" * 100); file.flush(); time.sleep(0.1)
print("over")
"""


def test_progress_is_the_growth_of_the_folder(tmp_path: Path, events: list[Event], emit: Listener) -> None:
    ended = run_download(
        ["-c", _SLOW, str(tmp_path), "8"], tmp_path, 2000, emit, StopSignal(), environment={}
    )

    done = [event.done for event in events if isinstance(event, Progress)]
    assert (ended.code, ended.last_lines()) == (0, ["over"])
    assert done == sorted(done)
    assert any(0 < value < 2000 for value in done)


def test_a_stop_ends_the_child(tmp_path: Path, emit: Listener) -> None:
    stop = StopSignal()
    threading.Timer(0.6, stop.set).start()

    with pytest.raises(Interrupted):
        run_download(["-c", _SLOW, str(tmp_path), "600"], tmp_path, None, emit, stop, environment={})

    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)

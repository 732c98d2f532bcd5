"""A process that runs a model leaves the processor to whatever else a person does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.jobs import _start, write_job
from advisor.priority import NICENESS, give_way
from trainer.job import EvaluateJob, ModelSpec

_TELL_OF_A_THREAD = """
import os, sys, threading
sys.stdin.readline()
threading.Thread(target=lambda: print(os.nice(0))).start()
"""


def sleeper(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_trainer_is_nice_from_the_start(tmp_path: Path):
    write_job(tmp_path, EvaluateJob(model=ModelSpec(path=tmp_path / "none"), max_length=64))

    process = _start([tmp_path])
    niceness = os.getpriority(os.PRIO_PROCESS, process.pid)
    process.kill()
    process.wait(10)

    assert niceness == max(NICENESS, os.nice(0))


def test_its_threads_are_nice_too():
    process = sleeper(_TELL_OF_A_THREAD)
    give_way(process.pid)
    said, _ = process.communicate("go\n", timeout=20)

    assert int(said) == max(NICENESS, os.nice(0))


def test_one_that_is_nicer_already_stays_so():
    process = sleeper(f"import os; os.nice({19 - os.nice(0)}); print('ready', flush=True); input()")
    assert process.stdout is not None
    process.stdout.readline()

    give_way(process.pid)

    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19
    process.communicate("\n", timeout=20)


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="sessions are not weighed here")
def test_its_session_is_nice_where_sessions_are_weighed():
    process = sleeper("input()")

    give_way(process.pid)

    said = Path(f"/proc/{process.pid}/autogroup").read_text(encoding="ascii")
    process.communicate("\n", timeout=20)
    assert said.split()[-1] == str(NICENESS)


def test_one_that_has_ended_is_no_fault():
    process = sleeper("")
    process.communicate("", timeout=20)

    give_way(process.pid)

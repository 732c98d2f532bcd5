"""What the wizard shows, and offers, when a run is killed, runs out of disk, or may write no longer: all for real."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import small_disks
from journey_tools import trained_share, wait_for
from wizard_tools import is_live, offered, run_of, until, words

from advisor.launching import launch, relaunch
from advisor.plan import Plan
from advisor.run_directory import RunDirectory
from advisor.stopping import stop_run
from advisor.texts import use_language
from advisor.tui.app import AdvisorApp
from advisor.watching import RunWatch

SIZE = (98, 40)
DISK_MEBIBYTES = 8
CHECKPOINT = 600_000
"""Bytes of a checkpoint of the two-layer model, about."""
FREE = "What to do: Free some space"


@pytest.fixture(autouse=True)
def english() -> None:
    """The language of the machine does not matter."""
    use_language("en")


@pytest.fixture
def run(paused_run: Path, tmp_path: Path) -> Iterator[RunDirectory]:
    """A run of its own that waits before a long training."""
    copy = RunDirectory(Path(shutil.copytree(paused_run, tmp_path / "run")))
    yield copy
    _end(copy)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few MiB where one may be mounted."""
    with small_disks.small_disk_or_limit(tmp_path / "disk", DISK_MEBIBYTES) as folder:
        yield folder


@pytest.fixture
def run_on_disk(paused_run: Path, disk: Path) -> Iterator[RunDirectory]:
    """The same on a small disk."""
    copy = RunDirectory(Path(shutil.copytree(paused_run, disk / "run")))
    yield copy
    small_disks.make_room(disk)
    _end(copy)


def _end(run: RunDirectory) -> None:
    # By its command line, since one that has just been started holds no lock yet.
    for process in psutil.process_iter(["cmdline"]):
        if any(str(run.path) in word for word in process.info["cmdline"] or ()):
            process.kill()
    wait_for(lambda: not run.is_live(), "the end of what a test has begun", 30)


def _trains(run: RunDirectory) -> bool:
    return trained_share(run.path) > 0


async def test_a_killed_training_is_told_with_a_key_that_goes_on(run: RunDirectory) -> None:
    app = AdvisorApp(run=run.path, step="training")
    async with app.run_test(size=SIZE) as pilot:
        # given a training that was started here
        await until(pilot, lambda: "go_on" in offered(app), "the paused run")
        await pilot.press("c")
        await until(pilot, lambda: _trains(run), "the training")
        # when its processes are killed
        _end(run)
        # then the screen says so, and going on is a key
        await until(pilot, lambda: not is_live(app), "the end of the run")
        await until(pilot, lambda: "ended without a word at step" in words(app), "what happened")
        await until(pilot, lambda: "It was killed, or the machine went down." in words(app), "why")
        assert "go_on" in offered(app)
        # and that key goes on
        await pilot.press("c")
        await until(pilot, lambda: is_live(app), "going on")
        assert run.is_live()


@pytest.mark.journey
async def test_a_disk_that_is_full_for_a_checkpoint_is_told_and_the_key_finishes_the_run(
    run_on_disk: RunDirectory, disk: Path
) -> None:
    # given a short training, and room for a checkpoint and a half
    if not disk.is_mount():
        pytest.skip("a small file system needs the right to mount one")
    small_disks.fill(disk, leave=CHECKPOINT * 3 // 2)
    relaunch(run_on_disk.path, {"epochs": 1.0}, because="to try it")
    wait_for(lambda: RunWatch(run_on_disk.path).poll().life == "failed", "the disk to be full", 200)
    app = AdvisorApp(run=run_on_disk.path, step="training")
    async with app.run_test(size=SIZE) as pilot:
        # then the wizard says why it ended, where, and what to do
        await until(pilot, lambda: "go_on" in offered(app), "the failed run")
        assert "✗ The run failed: no space left on the device" in words(app)
        await until(pilot, lambda: FREE in words(app), "what to do")
        assert str(run_on_disk.training) in words(app).replace(" ", "")
        assert [folder.name for folder in run_on_disk.training.glob("checkpoint-*")], "nothing whole is kept"
        # and once there is room the key goes on from the whole checkpoint, to the end
        small_disks.make_room(disk)
        await pilot.press("c")
        await until(pilot, lambda: (state := run_of(app)) is not None and state.life == "finished", "the end")
        assert any("going on from checkpoint-" in note.text for note in run_of(app).notes)  # type: ignore[union-attr]
        assert (run_on_disk.path / "report.json").is_file()


async def test_a_disk_that_others_fill_leaves_no_room_for_a_word_and_the_cause_is_told_all_the_same(
    run_on_disk: RunDirectory, disk: Path
) -> None:
    # given a training, and somebody else who takes all room there is
    relaunch(run_on_disk.path)
    wait_for(lambda: _trains(run_on_disk), "the training", 200)
    is_full = small_disks.take_room(disk, run_on_disk)
    app = AdvisorApp(run=run_on_disk.path, step="training")
    async with app.run_test(size=SIZE) as pilot:
        # then its end is told with the place, though nothing could be written there
        await until(pilot, lambda: "go_on" in offered(app), "the end of the run")
        what = "cannot be written: No space left on device" if is_full else "no space left on the device"
        assert f"✗ The run failed: {what}" in words(app)
        assert (run_on_disk.training / "failure.json").exists() != is_full
        await until(pilot, lambda: FREE in words(app), "what to do")
        assert str(run_on_disk.path) in words(app).replace(" ", "")
        # and going on before there is room is refused with the same word
        if is_full:
            await pilot.press("c")
            await until(pilot, lambda: "✗ cannot be written: No space" in words(app), "a refusal")
            await pilot.press("escape")
            await until(pilot, lambda: "go_on" in offered(app), "the key")
        # and afterwards it works
        small_disks.make_room(disk)
        await pilot.press("c")
        await until(pilot, lambda: is_live(app), "going on")


@pytest.mark.journey
async def test_a_disk_that_is_full_while_the_machine_is_measured_is_told_where_the_cheap_options_are(
    few_rows_plan: Plan, disk: Path
) -> None:
    # given a run that measures how fast the model is, when the disk is filled
    run = RunDirectory(launch(few_rows_plan, disk / "run", until="forecast").path)
    try:
        wait_for(lambda: (run.jobs / "measure").is_dir() and run.trainer_owner() is not None, "measuring", 60)
        small_disks.take_room(disk, run)
        app = AdvisorApp(run=run.path, step="options")
        async with app.run_test(size=SIZE) as pilot:
            # then the step says why it ended and what to do
            await until(pilot, lambda: "go_on" in offered(app), "the failed run")
            await until(pilot, lambda: FREE in words(app), "what to do")
            # EFBIG, where a limit stands in for the disk
            causes = ("No space left on device", "no space left", "File too large")
            assert any(cause in words(app) for cause in causes)
            # and once there is room the key goes on to where the run was to pause
            small_disks.make_room(disk)
            await pilot.press("c")
            await until(
                pilot, lambda: (state := run_of(app)) is not None and state.life == "paused", "the pause"
            )
            assert (run.path / "verdict.json").is_file()
    finally:
        small_disks.make_room(disk)
        _end(run)


async def test_a_run_that_may_write_no_longer_is_still_seen_to_live_and_can_be_stopped(
    run: RunDirectory,
) -> None:
    # given a training whose directory is made read only
    relaunch(run.path)
    wait_for(lambda: _trains(run), "the training", 200)
    with small_disks.read_only(run.path):
        app = AdvisorApp(run=run.path, step="training")
        async with app.run_test(size=SIZE) as pilot:
            # then it is seen to go on, with a caution
            await until(pilot, lambda: is_live(app), "the living run")
            await until(pilot, lambda: "what is done from now on is lost" in words(app), "a caution")
            assert "! read only" in words(app)
            assert {"stop", "detach"} <= offered(app)
            assert "go_on" not in offered(app)
            # and stopping reaches it, though no stop file can be written
            await pilot.press("s", "y")
            await until(pilot, lambda: (run_of(app) is not None) and not is_live(app), "its end")
            assert not run.is_live()
            await until(pilot, lambda: "cannot be written" in words(app), "why it ended")
            await until(pilot, lambda: "What to do: Make the folder writable" in words(app), "what to do")
            # and going on is refused with what to do
            await pilot.press("c")
            await until(pilot, lambda: "✗ cannot be written" in words(app), "the refusal")
            await until(pilot, lambda: "copy it to a place that is" in words(app), "the way on")
    # and it goes on once it may write again
    relaunch(run.path)
    assert stop_run(run)

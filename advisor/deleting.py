"""Deleting a run: only a directory that is one, that nobody works on, and that reaches nowhere outside itself."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from advisor.run_directory import RunDirectory, open_run
from advisor.run_names import LEDGER_FILE, LOCK_FILE, PLAN_FILE, RUN_LOG
from advisor.walk import WALK
from rubrics.errors import ExitCode, Fault
from trainer.job import EVENTS_FILE, STOP_FILE

_LAST = (PLAN_FILE, LOCK_FILE)
"""They go last: what was deleted in part is still a run, which can be deleted again."""

_FOLDERS = ("splits", "jobs", "training", "baselines", "evaluation")
_FILES = (
    "environment.json",
    "report.json",
    "report.md",
    "report.html",
    EVENTS_FILE,
    STOP_FILE,
    LEDGER_FILE,
    RUN_LOG,
)
_MADE = re.compile(
    "|".join(map(re.escape, (*_LAST, *_FOLDERS, *_FILES, *(stage.file for stage in WALK))))
    + r"|plan\.\d+\.toml|earlier-\d+"
    # Files that were being written when the machine went down.
    + r"|\..+\.\d+-\d+"
)
"""Names of what a run makes. A person's own folder may hold a plan.toml too, and is not to be deleted."""


@dataclass(frozen=True)
class Contents:
    """What goes with a run.

    Attributes:
        path: the directory, absolute.
        size: bytes of its files.
        has_adapter: a trained adapter is among them, which would have to be trained again.
    """

    path: Path
    files: int
    size: int
    has_adapter: bool


def look_before_deleting(path: Path) -> Contents:
    """What would be deleted; nothing is touched.

    Raises:
        Fault: it is no run directory, a link stands in its place, it holds a link out of itself, or a process works
            on it.
    """
    run = _deletable(path)
    sizes = [file.lstat().st_size for file in _entries(run.path) if not file.is_dir()]
    return Contents(run.path, len(sizes), sum(sizes), (run.training / "adapter").is_dir())


def delete_run(path: Path) -> Contents:
    """Delete a run; returns what went.

    Raises:
        Fault: as `look_before_deleting`; or something cannot be removed, which can be tried again.
    """
    found = look_before_deleting(path)
    run = RunDirectory(found.path)
    # Held, so that nobody begins to work on it meanwhile.
    with run.held():
        _refuse_live_trainer(run)
        try:
            _remove(run.path)
        except OSError as error:
            raise _not_deleted(error.strerror or str(error), Path(error.filename or run.path)) from error
    return found


def size_words(size: int) -> str:
    """`3.2 MB`, in powers of ten as file managers count."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def _deletable(path: Path) -> RunDirectory:
    if path.is_symlink():
        raise Fault(
            "is a link and not a run directory",
            where=str(path),
            fix=f"Delete the run that it points to: {path.resolve()}",
        )
    run = open_run(path)
    if run.is_live():
        raise Fault(
            f"a process works on this run ({run.owner() or run.trainer_owner()})",
            where=str(run.path),
            fix=f"Stop it first: advisor stop {run.path}",
        )
    _refuse_unwritable(run.path)
    foreign = sorted(entry.name for entry in run.path.iterdir() if not _MADE.fullmatch(entry.name))
    if foreign:
        raise Fault(
            f"holds what no run makes: {', '.join(foreign[:3])}{', ...' if len(foreign) > 3 else ''}",
            where=str(run.path),
            fix="Move it somewhere else first; then delete the run.",
        )
    for entry in _entries(run.path):
        if entry.is_symlink() and not entry.resolve().is_relative_to(run.path):
            raise Fault(
                "holds a link to somewhere else, which no run makes",
                where=str(entry),
                fix="Look at it and remove the link yourself; then delete the run.",
            )
    return run


def _refuse_unwritable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _not_deleted("its folder cannot be written", folder)


def _not_deleted(why: str, where: Path) -> Fault:
    return Fault(
        f"cannot be deleted: {why}",
        where=str(where),
        fix="Make the folder writable, then delete the run again.",
        code=ExitCode.LACKING,
    )


def _refuse_live_trainer(run: RunDirectory) -> None:
    """One that began between the look and the lock."""
    if (trainer := run.trainer_owner()) is not None:
        raise Fault(
            f"a trainer works on this run (process {trainer})",
            where=str(run.path),
            fix=f"Stop it first: advisor stop {run.path}",
        )


def _entries(folder: Path) -> Iterator[Path]:
    """Everything below a folder; links are named and not followed."""
    for place, folders, files in os.walk(folder):
        yield from (Path(place) / name for name in (*folders, *files))


def _remove(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name in _LAST:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    for name in _LAST:
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()

"""A copy of a run that can only be read, which can go on."""

from __future__ import annotations

import os
import shutil
import stat
from itertools import count
from pathlib import Path

from advisor.room import not_written
from advisor.run_directory import open_run
from advisor.run_names import PLAN_FILE
from rubrics.errors import Fault


def free_name(run: Path, folder: Path) -> Path:
    """Where a copy of a run may lie in a folder: `NAME-copy`, or with a number."""
    names = (f"{run.name}-copy{'' if number == 1 else f'-{number}'}" for number in count(1))
    return next(path for path in map(folder.joinpath, names) if not path.exists())


def copy_run(path: Path, to: Path) -> Path:
    """Copy a run to a place that does not exist yet; its files can be written there. Returns the place, absolute.

    The plan goes last: a copy that was cut off is no run.

    Raises:
        Fault: it is no run, a process works on it, something is at that place, a file cannot be read or written;
            what was copied until then is taken away again.
    """
    run, to = open_run(path), to.expanduser().resolve()
    if run.is_live():
        fix = "Stop it first: a copy of what is being written would not be whole."
        raise Fault("a process works on this run", where=str(run.path), fix=fix)
    if to.exists():
        raise Fault("there is something already", where=str(to), fix="Give another place.")
    if to.is_relative_to(run.path):
        raise Fault("lies within the run itself", where=str(to), fix="Give another place.")
    try:
        plan = str(run.plan_file)
        shutil.copytree(
            run.path,
            to,
            ignore=lambda folder, names: [name for name in names if str(Path(folder, name)) == plan],
            copy_function=_copy_file,
        )
        for folder, _folders, _files in os.walk(to):
            _let_write(Path(folder), stat.S_IRWXU)
        _copy_file(plan, str(to / PLAN_FILE))
    except (OSError, shutil.Error) as error:
        shutil.rmtree(to, ignore_errors=True)
        raise _not_copied(error, to) from error
    return to


def _copy_file(source: str, target: str) -> None:
    shutil.copy2(source, target)
    _let_write(Path(target), stat.S_IWUSR)


def _let_write(path: Path, mode: int) -> None:
    path.chmod(stat.S_IMODE(path.stat().st_mode) | mode)


def _not_copied(error: OSError, to: Path) -> Fault:
    """A copy of many files tells of all that failed at once, in words; the first says enough."""
    if isinstance(error, shutil.Error):
        source, target, why = error.args[0][0]
        return Fault(f"cannot be copied: {why}", where=f"{source} → {target}", fix="Give another place.")
    fault = not_written(error, to)
    return Fault(fault.what, where=fault.where, fix="Give another place, with room for it.", code=fault.code)

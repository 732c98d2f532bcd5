"""The run directory: where everything a run does comes to lie, and the only thing that views read."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from advisor.plan import Plan, flag_of, read_plan
from advisor.room import not_written
from advisor.run_names import LEDGER_FILE, LOCK_FILE, PLAN_FILE
from rubrics.errors import Fault
from trainer.events import Event, RunEnded, parse_event, read_events
from trainer.job import EVENTS_FILE, STOP_FILE, JobBusy, hold, lock_owner, write_text
from trainer.locks import leave_word, left_word


@dataclass(frozen=True)
class RunDirectory:
    """One run's folder; the layout is the contract's."""

    path: Path

    @property
    def plan_file(self) -> Path:
        """What was asked."""
        return self.path / PLAN_FILE

    @property
    def events_file(self) -> Path:
        """What the advisor's process said; each job has a file of its own."""
        return self.path / EVENTS_FILE

    @property
    def stop_file(self) -> Path:
        """Its presence asks the run to stop."""
        return self.path / STOP_FILE

    @property
    def splits(self) -> Path:
        """`train.jsonl`, `dev.jsonl`, `test.jsonl`."""
        return self.path / "splits"

    @property
    def jobs(self) -> Path:
        """Directories of generate, evaluate and measure jobs."""
        return self.path / "jobs"

    @property
    def training(self) -> Path:
        """The train job: log, checkpoints, adapter."""
        return self.path / "training"

    @property
    def ledger(self) -> Path:
        """Every scoring of test rows."""
        return self.path / LEDGER_FILE

    def created(self) -> float:
        """When the run was made, seconds since the epoch: a changed plan leaves the first one beside it."""
        return min(path.stat().st_mtime for path in (self.plan_file, *self.path.glob("plan.*.toml")))

    def plan(self) -> Plan:
        """Read the plan.

        Raises:
            Fault: not a run directory.
        """
        if not self.plan_file.is_file():
            raise Fault(
                "is not a run directory: it has no plan.toml",
                where=str(self.path),
                fix="`advisor runs` lists the runs in ./runs.",
            )
        return read_plan(self.plan_file)

    def is_writable(self) -> bool:
        """Whether this process may write there; a copy of a closed run has files that may not be written."""
        events = self.events_file
        return os.access(self.path, os.W_OK) and (not events.exists() or os.access(events, os.W_OK))

    def is_live(self) -> bool:
        """Whether an advisor or one of its trainers works on it."""
        return self.owner() is not None or self.trainer_owner() is not None

    def owner(self) -> int | None:
        """The pid of the advisor that works on it."""
        return lock_owner(self.path / LOCK_FILE)

    def trainer_owner(self) -> int | None:
        """The pid of a trainer that works on one of its jobs."""
        for lock in (*self.path.glob("jobs/*/lock"), self.training / "lock"):
            owner = lock_owner(lock)
            if owner is not None:
                return owner
        return None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from writing this run; a dead owner's lock is taken over.

        Raises:
            Fault: a living process works on it, or nothing can be written there.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(hold(self.path / LOCK_FILE))
            except JobBusy as busy:
                raise Fault(
                    f"another advisor works on this run (process {busy.pid})",
                    where=str(self.path),
                    fix="Wait for it, or end it with `advisor stop`.",
                ) from None
            except OSError as error:
                raise not_written(error, self.path) from error
            yield

    def leave_last_word(self, event: RunEnded) -> None:
        """Keep how the session of this process ended where a full disk takes it, but for the single problems.

        Raises:
            OSError: nothing can be written there at all.
        """
        leave_word(self.path / LOCK_FILE, event.model_copy(update={"problems": []}).model_dump_json())

    def last_word(self) -> RunEnded | None:
        """How the last session ended, where its event file did not take it."""
        event = parse_event(left_word(self.path / LOCK_FILE))
        return event if isinstance(event, RunEnded) else None

    def events(self) -> list[Event]:
        """Every event of the run and its jobs, by time."""
        files = [self.events_file, *self.path.glob(f"jobs/*/{EVENTS_FILE}"), self.training / EVENTS_FILE]
        return sorted((event for file in files for event in read_events(file)), key=lambda event: event.time)


def create_run(plan: Plan, out: Path | None) -> RunDirectory:
    """Make the directory of a new run and put the plan into it.

    Raises:
        Fault: it exists, or cannot be made, or a file of the plan is missing; nothing is overwritten.
    """
    check_files(plan)
    path = out if out is not None else _fresh_name(plan)
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        raise Fault(
            "exists already, and runs are never overwritten",
            where=str(path),
            fix=f"Choose another --out, or go on with it: advisor resume {path}",
        ) from None
    except OSError as error:
        raise Fault(
            f"cannot be made: {error.strerror}", where=str(path), fix="Choose another --out."
        ) from None
    run = RunDirectory(path.resolve())
    try:
        write_text(run.plan_file, plan.absolute().to_toml())
    except OSError as error:
        # A run without a plan can be neither resumed nor started again under its name.
        path.rmdir()
        raise not_written(error, run.plan_file) from error
    return run


def check_files(plan: Plan) -> None:
    """A slip in a path would leave a run that can never go on, since its plan is fixed."""
    files = plan.files() | ({"prompt_file": plan.prompt_file} if plan.prompt_file else {})
    if isinstance(plan.guard, Path):
        files["guard"] = plan.guard
    for name, path in files.items():
        if not path.exists():
            raise Fault("there is no such file", where=str(path), fix=f"Check the path of {flag_of(name)}.")
        if path.is_dir():
            raise Fault(
                "expected a file, found a folder", where=str(path), fix=f"Name a file in {flag_of(name)}."
            )


def open_run(path: Path) -> RunDirectory:
    """The run at a path.

    Raises:
        Fault: there is none.
    """
    if not path.is_dir():
        raise Fault("no such run", where=str(path), fix="`advisor runs` lists the runs in ./runs.")
    run = RunDirectory(path.resolve())
    run.plan()
    return run


def _fresh_name(plan: Plan) -> Path:
    words = re.findall(r"[a-z0-9]+", plan.task.lower())[:4]
    stem = next(iter(plan.files().values())).stem
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{'-'.join(words) or stem}"
    # Runs that begin in the same second, as in a loop over seeds.
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(path for path in map(Path("runs").joinpath, names) if not path.exists())

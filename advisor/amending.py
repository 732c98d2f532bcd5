"""Changing the plan of a run that was begun: after the verdict, or to go on otherwise than it stopped.

What was measured stays: a changed plan makes some artefacts stale, which the walk makes again, and everything that
does not read what changed is reused. The plan as it was lies beside the new one, as plan.1.toml and so on.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from advisor.amendable import AMENDABLE
from advisor.plan import Plan, flag_of, make_plan, words_of
from advisor.room import not_written
from advisor.run_directory import RunDirectory, check_files
from advisor.stage import asked_of, seconds_used
from advisor.stages.budget import BUDGET
from advisor.stages.decide import DECIDE, overrules
from advisor.walk import WALK
from rubrics.errors import Fault
from trainer.job import write_text

_DECLARED = ("guard", "guard_margin", "margin")
"""Declared before the tuned model is scored, for the same reason."""


@dataclass(frozen=True)
class Amendment:
    """A changed plan and what follows from it.

    Attributes:
        plan: as it will be.
        changed: fields whose value differs.
        redone: stages whose artefacts exist and are made again, in the order of the walk. A ladder that is measured
            again keeps the answers to prompts that did not change, asked of the same weights.
        overrules: the plan now goes against the verdict that was given.
    """

    plan: Plan
    changed: tuple[str, ...]
    redone: tuple[str, ...]
    overrules: bool


def propose(run: RunDirectory, changes: Mapping[str, Any], *, because: str = "") -> Amendment:
    """What a change would give; nothing is written.

    Args:
        changes: values by the names of `AMENDABLE`; None leaves a choice to the program again.
        because: why the verdict is overruled by `force_train` or `no_train`.

    Raises:
        Fault: a field may not change (now), a value is wrong, or the verdict is overruled without a reason; exit code 2.
    """
    before = run.plan()
    _refuse_fixed(run, changes)
    values = {**before.model_dump(), **_consistent(changes, before)}
    if because.strip():
        values["overruled"] = because.strip()
    elif not (values["force_train"] or values["no_train"]):
        values["overruled"] = ""
    plan = make_plan(values).absolute()
    check_files(plan)
    _refuse_used_up(run, before, plan)
    outcome = _verdict(run)
    against = bool(outcome) and overrules(plan, outcome)
    if against and not plan.overruled:
        raise Fault(
            f"the verdict is {outcome}: training against it needs a reason, which the report will show",
            where="--because",
            fix='Say why: --force-train --because "TEXT".',
        )
    changed = tuple(name for name in Plan.model_fields if getattr(plan, name) != getattr(before, name))
    return Amendment(plan, changed, _redone(run, before, plan), against)


def taken_back(names: str) -> dict[str, None]:
    """The changes that leave some choices to the program again, from flags as `--reset` names them.

    Raises:
        Fault: one of them is not among `AMENDABLE`; exit code 2.
    """
    known = {flag_of(field).removeprefix("--"): field for field in AMENDABLE}
    given = [name.strip().removeprefix("--") for name in names.split(",") if name.strip()]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise Fault(
            f"{', '.join(unknown)} cannot be taken back",
            where="--reset",
            fix=f"Name some of {', '.join(known)}.",
        )
    return {known[name]: None for name in given}


def resume_command(path: Path, changes: Mapping[str, Any], *, because: str = "") -> str:
    """The command that goes on with a run in the same way.

    Args:
        changes: as `propose` takes them, without `because`.
    """
    values = _with_defaults(changes)
    back = [name for name, value in values.items() if value is None or value is False]
    words = [
        word for name, value in values.items() if name not in back for word in words_of(name, _plain(value))
    ]
    reset = ["--reset", ",".join(flag_of(name).removeprefix("--") for name in back)] if back else []
    reason = ["--because", because] if because.strip() else []
    return shlex.join(["advisor", "resume", str(path), *words, *reset, *reason])


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value


def amend(run: RunDirectory, changes: Mapping[str, Any], *, because: str = "") -> Amendment:
    """Change the plan of a run on disk; see `propose`. The plan as it was is kept beside it.

    Raises:
        Fault: as `propose`; or a process works on the run, or nothing can be written there.
    """
    if (trainer := run.trainer_owner()) is not None:
        raise Fault(
            f"a trainer works on this run (process {trainer})",
            where=str(run.path),
            fix="Wait for it, or end it with `advisor stop`, before the plan is changed.",
        )
    with run.held():
        found = propose(run, changes, because=because)
        if found.changed:
            try:
                _write(run, found)
            except OSError as error:
                raise not_written(error, run.path) from error
        return found


def _write(run: RunDirectory, found: Amendment) -> None:
    shutil.copy2(run.plan_file, _free_name(run.path))
    if "max_minutes" in found.changed and not (run.path / "baselines.json").exists():
        # Rows to ask about are decided once and kept; nothing was asked yet, so they are decided again.
        (run.path / BUDGET.file).unlink(missing_ok=True)
    write_text(run.plan_file, found.plan.to_toml())


def _free_name(folder: Path) -> Path:
    names = (folder / f"plan.{number}.toml" for number in count(1))
    return next(path for path in names if not path.exists())


def _refuse_fixed(run: RunDirectory, changes: Mapping[str, Any]) -> None:
    fixed = [name for name in changes if name not in AMENDABLE]
    if fixed:
        raise Fault(
            f"{', '.join(map(flag_of, fixed))} cannot change once a run has begun",
            where=str(run.path),
            fix="Start a new run for it: what a result is measured by is chosen before it is known.",
        )
    declared = [name for name in changes if name in _DECLARED]
    if declared and (run.path / "comparison.json").exists():
        raise Fault(
            f"{', '.join(map(flag_of, declared))} must be declared before the tuned model is scored, and it has been",
            where=str(run.path),
            fix="Start a new run for it.",
        )


def _refuse_used_up(run: RunDirectory, before: Plan, plan: Plan) -> None:
    """A limit that lies behind the run already would leave a training the least it can have, whatever is asked for."""
    if plan.max_minutes is None or plan.max_minutes == before.max_minutes:
        return
    used = seconds_used(run)
    if plan.max_minutes * 60 <= used:
        raise Fault(
            f"the run has worked for {used / 60:.1f} min already, so a limit of {plan.max_minutes:g} min leaves nothing",
            where="--max-minutes",
            fix="Give more minutes than that, or no limit: --reset max-minutes.",
        )


def _consistent(changes: Mapping[str, Any], before: Plan) -> dict[str, Any]:
    """What goes with the changes: training instead of not training, and the rung of a prompt that was added."""
    values = _with_defaults(changes)
    for one, other in (("force_train", "no_train"), ("no_train", "force_train")):
        if values.get(one):
            values.setdefault(other, False)
    if values.get("prompt_file") and "prompt_file" not in values.get("rungs", before.rungs):
        values["rungs"] = (*values.get("rungs", before.rungs), "prompt_file")
    return values


def _with_defaults(changes: Mapping[str, Any]) -> dict[str, Any]:
    """None is the default of the plan, which for some fields is a value."""
    fields = Plan.model_fields
    return {name: fields[name].default if value is None else value for name, value in changes.items()}


def _verdict(run: RunDirectory) -> str:
    """The outcome of the verdict that was given; empty where there is none yet."""
    try:
        found: dict[str, Any] = json.loads((run.path / DECIDE.file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(found.get("outcome", ""))


def _redone(run: RunDirectory, before: Plan, after: Plan) -> tuple[str, ...]:
    stale: list[str] = []
    for stage in WALK:
        reads_stale = any(name in stale for name in stage.reads)
        if reads_stale or asked_of(stage, before) != asked_of(stage, after):
            stale.append(stage.name)
    made = {stage.name for stage in WALK if (run.path / stage.file).exists()}
    return tuple(name for name in stale if name in made)

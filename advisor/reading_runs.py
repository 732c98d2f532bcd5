"""What lies in run directories, for lists and reports; reads only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from advisor.report.model import Report
from advisor.run_directory import RunDirectory, open_run
from advisor.run_files import unreadable
from advisor.run_names import PLAN_FILE
from rubrics.errors import Fault
from trainer.events import Event, RunEnded, RunStarted, parse_event

_TAIL_BYTES = 32 * 2**10


@dataclass(frozen=True)
class RunEntry:
    """One run in a list.

    Attributes:
        state: `running`, `paused` (before training, where it was asked to), `finished` or `interrupted`.
        outcome: of the comparison, else of the verdict, else empty.
        rule, case: by which it came about; empty in a list of an earlier version.
    """

    path: str
    state: str
    outcome: str
    task: str
    created: float
    rule: str = ""
    case: str = ""

    def to_json(self) -> dict[str, Any]:
        """The entry as JSON."""
        return asdict(self)


def read_report(path: Path) -> Report:
    """The report of a run.

    Raises:
        Fault: no such run, it has none yet, or it is damaged or may not be read.
    """
    run = open_run(path)
    file = run.path / "report.json"
    try:
        return Report.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise Fault(
            "has no report yet", where=str(path), fix=f"Finish the run: advisor resume {path}"
        ) from None
    except OSError as error:
        raise unreadable(error, file) from None
    except ValidationError as error:
        raise Fault(
            f"is damaged: {error.errors()[0]['msg']}", where=str(file), fix=f"advisor resume {path}"
        ) from None


def list_runs(folder: Path) -> list[RunEntry]:
    """The runs in a folder, newest first."""
    found = [read_entry(path) for path in folder.glob("*") if (path / PLAN_FILE).is_file()]
    return sorted(found, key=lambda entry: -entry.created)


def read_entry(path: Path) -> RunEntry:
    """One run, as a list shows it; its folder must hold a plan.toml."""
    run = RunDirectory(path)
    try:
        task = run.plan().task
    except Fault as fault:
        task = f"{PLAN_FILE} {fault.what}"
    first = task.strip().splitlines()[0] if task.strip() else ""
    outcome, rule, case = _last_word(run.path)
    return RunEntry(str(run.path), _state(run), outcome, first[:60], run.created(), rule, case)


def _state(run: RunDirectory) -> str:
    if run.is_live():
        return "running"
    ended = _ending(run)
    if ended is not None:
        return {"done": "finished", "paused": "paused"}.get(ended, "interrupted")
    # `advisor train` leaves neither verdict nor report; a whole run is finished with its report.
    trained_only = (run.path / "training.json").exists() and not (run.path / "verdict.json").exists()
    finished = (run.path / "report.json").exists() or trained_only
    return "finished" if finished else "interrupted"


def _ending(run: RunDirectory) -> str | None:
    """How the last session ended, empty where it did not say; None of a run made before sessions said so."""
    events = _first_and_last_events(run.events_file)
    if events and isinstance(events[-1], RunEnded):
        return events[-1].outcome
    return "" if any(isinstance(event, RunStarted) for event in events) else None


def _first_and_last_events(path: Path) -> list[Event]:
    """The first event of a file and its newest: a list of many runs must not read every log whole."""
    try:
        with path.open("rb") as file:
            first = file.readline()
            file.seek(max(file.tell(), path.stat().st_size - _TAIL_BYTES))
            lines = [first, *file.read().splitlines()]
    except OSError:
        return []
    return [event for line in lines if (event := parse_event(line)) is not None]


def _last_word(path: Path) -> tuple[str, str, str]:
    """Outcome, rule and case; empty before there is one."""
    for name in ("comparison.json", "verdict.json"):
        try:
            found = json.loads((path / name).read_text(encoding="utf-8"))
            return str(found["outcome"]), str(found.get("rule", "")), str(found.get("case", ""))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return "", "", ""

"""`advisor attach`: watch a run that goes on without this terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from advisor.watching import RunState


def attach(
    path: Path = typer.Argument(metavar="RUN", help="run directory"),
    plain: bool = typer.Option(False, "--plain", help="lines instead of the screen"),
    json_: bool = typer.Option(False, "--json", help="print how the run ended as one JSON object"),
    json_events: bool = typer.Option(
        False, "--json-events", help="print the event stream, from its beginning"
    ),
    quiet: bool = typer.Option(False, "--quiet", help="no narration"),
) -> None:
    """Watch a run, wherever it was started: on a terminal in the wizard, else by lines until it ends.

    Ctrl-C leaves it running. A run that has ended is told in short. The exit code is 0 however the run ends or is
    left: `--json` says how.

    Example: advisor attach runs/20261124-0930-route-the-message
    """
    from advisor.attaching import follow
    from advisor.cli.show import err, out_json
    from advisor.cli.terminal import is_screen
    from advisor.display import display_for
    from advisor.run_directory import open_run

    run = open_run(path)
    if is_screen() and not (plain or json_ or json_events or quiet):
        from advisor.tui.start import start

        raise typer.Exit(start(run=run.path))
    display = display_for(quiet=quiet, json_events=json_events)
    try:
        state = follow(run.path, display, whole=json_events)
    except KeyboardInterrupt:
        display.close()
        err(f"left; the run goes on. Watch it again: advisor attach {path}; stop it: advisor stop {path}")
        return
    finally:
        display.close()
    if json_:
        out_json(_ending(str(path), state))
    elif not json_events and not quiet:
        err(_words(str(path), state))


def _ending(path: str, state: RunState) -> dict[str, object]:
    verdict, comparison = state.artefacts.get("verdict"), state.artefacts.get("comparison")
    return {
        "run": path,
        "state": state.life,
        "verdict": verdict["outcome"] if verdict else None,
        "outcome": comparison["outcome"] if comparison else None,
        "fault": state.fault.model_dump(exclude={"traceback"}) if state.fault else None,
    }


def _words(path: str, state: RunState) -> str:
    """How the run was left, and what can be done."""
    from advisor.situation import why_died

    resume = f"advisor resume {path}"
    if state.fault is not None:
        fix = f"\nwhat to do: {state.fault.fix}" if state.fault.fix else ""
        return f"failed: {state.fault.as_fault()}{fix}\nthen go on: {resume}"
    return {
        "finished": f"finished; its report: advisor report {path}",
        "paused": f"paused before training; go on: {resume}",
        "stopped": f"stopped; everything done is kept. Go on: {resume}",
        "died": f"ended without a word. {why_died(state)} What is done is kept; go on: {resume}",
    }.get(state.life, f"not begun yet; start it: {resume}")

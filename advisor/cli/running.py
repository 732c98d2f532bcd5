"""Commands that work on a run: start one, go on with one, stop one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from advisor.cli.options import (
    AMENDING_FLAGS,
    BASELINE_FLAGS,
    OUTPUT_OPTIONS,
    RUN_FLAGS,
    TRAIN_FLAGS,
    plan_of,
    plan_values,
    takes,
)

_OUTPUT = tuple(OUTPUT_OPTIONS)


@takes(*RUN_FLAGS, "until", *_OUTPUT)
def run(**flags: Any) -> None:
    """The whole job: assess, inspect, measure cheap options, decide, train if justified, compare, report.

    Example: advisor run --data desk.jsonl --task "Route the message to its queue" --max-minutes 30
    """
    from advisor.run_directory import create_run
    from advisor.walk import check_test_rows, check_until

    plan = plan_of(flags)
    check_test_rows(plan)
    check_until(flags["until"] or "")
    _work(lambda: create_run(plan, flags["out"]), flags)


@takes(*BASELINE_FLAGS, *_OUTPUT)
def baseline(**flags: Any) -> None:
    """The ladder of cheap options and the verdict; nothing is trained.

    Example: advisor baseline --data desk.jsonl --task "Route the message" --rungs classifier,zero_shot
    """
    from advisor.run_directory import create_run
    from advisor.walk import check_test_rows

    plan = plan_of(flags, no_train=True, force_train=False)
    check_test_rows(plan)
    _work(lambda: create_run(plan, flags["out"]), flags)


@takes(*_OUTPUT)
def demo(**flags: Any) -> None:
    """The whole job on the bundled example and the embedded model, without questions.

    Example: advisor demo
    """
    from advisor.example import example_plan
    from advisor.run_directory import create_run

    _work(lambda: create_run(example_plan(), flags["out"]), flags)


@takes(*TRAIN_FLAGS, *_OUTPUT)
def train(**flags: Any) -> None:
    """Training only: no ladder, no verdict, no score.

    Example: advisor train --train train.jsonl --dev dev.jsonl --model ./llama --method lora --epochs 2
    """
    from advisor.cli.show import out, out_json
    from advisor.run_directory import create_run
    from advisor.walk import train_only

    plan = plan_of(flags)

    def work(directory: Any, display: Any, stop: Any) -> int:
        training = train_only(directory.plan(), directory, display, stop)
        shown = training.model_dump(exclude={"input_hash"})
        shown["adapter"] = str(directory.path / training.adapter)
        if flags["json_"]:
            out_json(shown)
        else:
            out(f"adapter: {shown['adapter']} (step {training.best_step} of {training.steps})")
        return 0

    with_run(lambda: create_run(plan, flags["out"]), flags, work)


@takes("path", *AMENDING_FLAGS, "reset", "until", "json_", "json_events", "quiet")
def resume(**flags: Any) -> None:
    """Go on with a run that was interrupted or paused; what is done is kept.

    Flags change the plan first, for what comes later: another method, more epochs, one more rung. The plan as it was
    is kept as plan.1.toml. Training against the verdict needs --because with the reason, which the report shows.

    Example: advisor resume runs/20261124-0930-route-the-message --epochs 3
    """
    from advisor.amending import taken_back
    from advisor.run_directory import open_run
    from advisor.walk import check_until

    run = open_run(flags["path"])
    check_until(flags["until"] or "")
    changes = {**taken_back(flags["reset"] or ""), **plan_values(flags)}
    if changes:
        _amend(run, changes, quiet=flags["quiet"])
    _work(lambda: run, flags)


def _amend(run: Any, changes: dict[str, Any], *, quiet: bool) -> None:
    """Change the plan, and say what is done again for it."""
    from advisor.amending import amend
    from advisor.cli.show import err
    from advisor.plan import flag_of

    because = changes.pop("overruled", "")
    found = amend(run, changes, because=because)
    if not quiet and found.changed:
        err(f"changed: {', '.join(map(flag_of, found.changed))}")
        if found.redone:
            err(f"made again for it: {', '.join(found.redone)}; answers that still fit are kept")


def _work(open_directory: Callable[[], Any], flags: dict[str, Any]) -> None:
    from advisor.cli.summary import show_report
    from advisor.requirements import unmet
    from advisor.walk import walk
    from rubrics.errors import ExitCode

    def work(directory: Any, display: Any, stop: Any) -> int:
        report = walk(directory.plan(), directory, display, stop, until=flags.get("until") or "")
        display.close()
        show_report(report, as_json=flags["json_"], quiet=flags["quiet"] or flags["json_events"])
        return show_unmet(unmet(report, directory.plan().require), int(ExitCode.REQUIREMENT_UNMET))

    with_run(open_directory, flags, work)


def show_unmet(problems: list[str], code: int) -> int:
    """Name the conditions that do not hold; the exit code follows."""
    from advisor.cli.show import err

    for problem in problems:
        err(f"required: {problem}")
    return code if problems else 0


def with_run(
    open_directory: Callable[[], Any], flags: dict[str, Any], work: Callable[[Any, Any, Any], int]
) -> None:
    """Open the run, show events while `work` goes on, and turn a stop into exit code 130."""
    from advisor.cli.show import INTERRUPTED, err
    from advisor.display import display_for
    from advisor.interrupt import Interrupted, StopSignal, signals_stop

    directory = open_directory()
    stop = StopSignal(directory.stop_file)
    display = display_for(quiet=flags["quiet"], json_events=flags["json_events"])
    if not flags["quiet"]:
        err(f"run directory: {directory.path}")
    try:
        with signals_stop(stop):
            code = work(directory, display, stop)
    except (Interrupted, KeyboardInterrupt):
        display.close()
        err(f"stopped; everything done is kept. Go on with: advisor resume {directory.path}")
        code = INTERRUPTED
    finally:
        display.close()
    raise typer.Exit(code)


def stop(
    path: Path = typer.Argument(metavar="RUN", help="run directory"),
    json_: bool = typer.Option(False, "--json", help="print the result as one JSON object"),
    quiet: bool = typer.Option(False, "--quiet", help="no narration"),
) -> None:
    """Stop a run after it has saved its work; `advisor resume` goes on with it.

    Example: advisor stop runs/20261124-0930-route-the-message
    """
    from advisor.cli.show import err, out_json
    from advisor.run_directory import open_run
    from advisor.stopping import stop_run

    stopped = stop_run(open_run(path))
    if json_:
        out_json({"run": str(path), "was_live": stopped})
    elif not quiet:
        err("stopped" if stopped else "the run was not going on; nothing to stop")

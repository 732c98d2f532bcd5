"""Commands that look: reports, runs, models, this machine, and the help topics."""

from __future__ import annotations

from pathlib import Path

import typer

_JSON = typer.Option(False, "--json", help="print the result as one JSON object")
_QUIET = typer.Option(False, "--quiet", help="no narration")


def report(
    path: Path = typer.Argument(metavar="RUN", help="run directory"),
    form: str = typer.Option("md", "--format", help="md (default), html or json"),
    output: Path | None = typer.Option(
        None, "-o", "--output", help="write to this new file instead of stdout"
    ),
    json_: bool = _JSON,
    quiet: bool = _QUIET,
) -> None:
    """The report of a finished run.

    Example: advisor report runs/20261124-0930-route-the-message --format md -o report.md
    """
    from advisor.cli.show import err, out
    from advisor.reading_runs import read_report
    from advisor.saving import report_text, write_new

    text = report_text(read_report(path), path, "json" if json_ else form)
    if output is None:
        out(text.rstrip("\n"))
        return
    write_new(output, text)
    if not quiet:
        err(f"written: {output}")


def runs(
    folder: Path = typer.Option(Path("runs"), "--folder", help="where runs lie"),
    json_: bool = _JSON,
    quiet: bool = typer.Option(False, "--quiet", help="paths alone"),
) -> None:
    """The runs in ./runs: state, outcome, what they were about.

    Example: advisor runs
    """
    from advisor.cli.show import err, out, out_json, table
    from advisor.reading_runs import list_runs

    found = list_runs(folder)
    if json_:
        out_json({"runs": [entry.to_json() for entry in found]})
    elif quiet:
        for entry in found:
            out(entry.path)
    elif found:
        out(table(["run", "state", "outcome", "task"], [[e.path, e.state, e.outcome, e.task] for e in found]))
    else:
        err(f"no runs in {folder}; start one with `advisor demo` or `advisor run`")


def models_list(json_: bool = _JSON, quiet: bool = _QUIET) -> None:
    """Models at hand.

    Example: advisor models list
    """
    from advisor.cli.show import out, out_json, table
    from advisor.models.catalogue import list_models

    found = [entry.to_dict() for entry in list_models()]
    if json_:
        out_json({"models": found})
        return
    rows = [[str(e["name"]), "ready" if e["fetched"] else "not fetched", str(e["path"] or "")] for e in found]
    out(table(["model", "state", "folder"], rows))
    if not quiet:
        out("\nBesides these: a hub id, a folder saved with save_pretrained, or a .gguf file.")


def models_get(
    name: str = typer.Argument(metavar="NAME", help="smollm2-135m, a hub id, a folder or a .gguf file"),
    json_: bool = _JSON,
    quiet: bool = _QUIET,
) -> None:
    """Fetch a model into the cache, or look at one that is there.

    Example: advisor models get smollm2-135m
    """
    from advisor.cli.show import INTERRUPTED, err, out, out_json
    from advisor.display import display_for
    from advisor.interrupt import Interrupted, StopSignal, signals_stop
    from advisor.models.resolve import resolve

    display = display_for(quiet=quiet or json_, json_events=False)
    stop = StopSignal()
    try:
        with signals_stop(stop):
            found = resolve(name, display, stop)
    except Interrupted:
        err("stopped; run the command again to go on")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        display.close()
    if json_:
        out_json(found.to_dict())
    else:
        out(f"{found.name}: {found.path}")


def doctor(
    endpoint: str | None = typer.Option(None, "--endpoint", help="also try this OpenAI-compatible URL"),
    json_: bool = _JSON,
    quiet: bool = typer.Option(False, "--quiet", help="only what is lacking"),
) -> None:
    """What this machine can do: packages, GPU, memory, disk, endpoint.

    Example: advisor doctor --endpoint http://localhost:8000/v1
    """
    from advisor.cli.show import out, out_json, table
    from advisor.doctor import examine
    from rubrics.errors import ExitCode

    checks = examine(endpoint)
    lacking = [check for check in checks if check.state == "lacking"]
    if json_:
        out_json({"ok": not lacking, "checks": [check.to_dict() for check in checks]})
    else:
        shown = lacking if quiet else checks
        if shown:
            out(table(["", "what", "found"], [[check.state, check.name, check.found] for check in shown]))
        for check in lacking:
            out(f"{check.name}: {check.fix}")
    raise typer.Exit(int(ExitCode.LACKING) if lacking else 0)


def help_topic(
    topic: str = typer.Argument("", metavar="[TOPIC]", help="a topic; without one they are listed"),
    json_: bool = _JSON,
    quiet: bool = _QUIET,
) -> None:
    """Longer help by topic.

    Example: advisor help verdict
    """
    from advisor.cli.show import out, out_json
    from advisor.help import read_topic, topics

    if topic:
        text = read_topic(topic)
        out_json({"topic": topic, "text": text}) if json_ else out(text.rstrip("\n"))
    elif json_:
        out_json({"topics": topics()})
    else:
        for name, title in topics().items():
            out(f"{name:<14} {title}")

"""`advisor delete`: remove a run for good."""

from __future__ import annotations

import sys
from pathlib import Path

import typer


def delete(
    path: Path = typer.Argument(metavar="RUN", help="run directory"),
    yes: bool = typer.Option(False, "--yes", help="do not ask"),
    json_: bool = typer.Option(False, "--json", help="print what went as one JSON object"),
    quiet: bool = typer.Option(False, "--quiet", help="no narration"),
) -> None:
    """Delete a run for good: its answers, scores and adapter. One that goes on is refused; stop it first.

    Example: advisor delete runs/20261124-0930-route-the-message --yes
    """
    from advisor.cli.show import err, out_json
    from advisor.deleting import delete_run, look_before_deleting, size_words
    from rubrics.errors import Fault

    found = look_before_deleting(path)
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise Fault(
                "nobody is there to be asked", where=str(path), fix="Give --yes to delete it unasked."
            )
        err(f"{found.path}: {found.files:,} files, {size_words(found.size)}")
        if found.has_adapter:
            err("a trained adapter is among them")
        sys.stderr.write("delete it for good? (yes, no): ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            err("kept")
            return
    went = delete_run(path)
    if json_:
        out_json({"deleted": str(went.path), "files": went.files, "bytes": went.size})
    elif not quiet:
        err(f"deleted; {size_words(went.size)} are free again")

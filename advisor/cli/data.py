"""Commands on data alone: check it, fix it, convert it, split it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

_FILE = typer.Argument(metavar="FILE", help="the rows, in any supported format; - reads standard input")
_JSON = typer.Option(False, "--json", help="print the result as one JSON object")
_MODEL = typer.Option(None, "--model", help="count tokens as this model does")


def check(
    file: Path = _FILE,
    against: Path | None = typer.Option(
        None, "--against", help="find rows of FILE that stand in this file too"
    ),
    model: str | None = _MODEL,
    prompt_only: bool = typer.Option(False, "--prompt-only", help="duplicates by prompts alone"),
    json_: bool = _JSON,
    quiet: bool = typer.Option(False, "--quiet", help="findings alone, each in full"),
) -> None:
    """Is the data fit? Duplicates, conflicts, leakage, lengths, skew; exit 3 if a finding is an error.

    Example: advisor data check train.jsonl --against test.jsonl
    """
    from advisor.cli.health import Asked
    from advisor.cli.show import out_json
    from advisor.data.checking import check_file
    from rubrics.errors import ExitCode

    found = check_file(file, against=against, model=model, prompt_only=prompt_only)
    if json_:
        out_json(found)
    elif quiet:
        _list_findings(found["findings"])
    else:
        _show_sheet(found, Asked(str(file), against=str(against or ""), model=model or ""))
    has_errors = any(finding["severity"] == "error" for finding in found["findings"])
    raise typer.Exit(int(ExitCode.BAD_DATA) if has_errors else 0)


def _list_findings(findings: list[dict[str, Any]]) -> None:
    from advisor.cli.cells import printable
    from advisor.cli.show import out

    for finding in findings:
        out(f"{finding['severity']:<8} {finding['check']:<4} {printable(finding['message'])}")
    if not findings:
        out("no findings")


def _show_sheet(found: dict[str, Any], asked: Any) -> None:
    from advisor.cli.health import health_sheet
    from advisor.cli.show import draws_blocks, out_styled, screen_width

    out_styled(health_sheet(found, asked, width=screen_width(), blocks=draws_blocks()))

"""Saving what a person wants to keep to a file that they name: never over one that exists."""

from __future__ import annotations

import json
from pathlib import Path

from advisor.report.markdown import render
from advisor.report.model import Report
from advisor.report.page import as_page
from rubrics.errors import Fault

FORMATS = ("md", "html", "json")


def report_text(report: Report, run: Path, form: str) -> str:
    """The report as a file of one of `FORMATS` holds it.

    Args:
        run: the run directory, whose prediction files the page quotes.

    Raises:
        Fault: no such format.
    """
    if form == "json":
        return json.dumps(report.to_json(), ensure_ascii=False, indent=1) + "\n"
    if form == "md":
        return render(report, run)
    if form == "html":
        return as_page(render(report, run))
    raise Fault(f"{form!r} is not a format", where="--format", fix="Use md, html or json.")


def save_report(report: Report, run: Path, file: Path) -> Path:
    """Save a copy of the report; the name's ending says as what. Returns where it lies, absolute.

    Raises:
        Fault: another ending, the file exists, or it cannot be written.
    """
    form = file.suffix.removeprefix(".").lower()
    if form not in FORMATS:
        raise Fault(
            "does not say what the report should be saved as",
            where=str(file),
            fix="Give a name that ends in .md, .html or .json.",
        )
    return write_new(file, report_text(report, run, form))


def write_new(file: Path, text: str) -> Path:
    """Write a new file and return where it lies, absolute.

    Args:
        file: `~` is the home folder.

    Raises:
        Fault: it exists, or cannot be written.
    """
    path = file.expanduser()
    try:
        with path.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        raise Fault(
            "exists already and is not overwritten", where=str(path), fix="Give another name."
        ) from None
    except OSError as error:
        raise Fault(
            f"cannot be written: {error.strerror}", where=str(path), fix="Give another place."
        ) from None
    return path.resolve()

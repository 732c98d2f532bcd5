"""A report, printed."""

from __future__ import annotations

from advisor.cli.show import out, out_json
from advisor.report.model import Report
from advisor.report.terminal_page import outcome_of, page


def show_report(report: Report, *, as_json: bool, quiet: bool) -> None:
    """Print the report: as one JSON object, as its last word, or as a page."""
    if as_json:
        out_json(report.to_json())
    elif quiet:
        out(f"{outcome_of(report)}: {report.advice}")
    else:
        out("\n".join(page(report)))

"""Sections of the page on what lies beside the task's test rows: the guard rows, and training on fewer rows."""

from __future__ import annotations

from advisor.report.model import CurvePart, Report
from advisor.report.tables import change, interval, table


def guard_section(report: Report) -> str:
    """How base and tuned fared on rows that are not the task's."""
    found = report.guard
    if found is None:
        return ""
    rows = [
        [
            "next-token accuracy",
            f"{found.base.next_token_accuracy:.3f}",
            f"{found.tuned.next_token_accuracy:.3f}",
            change(found.difference, found.low, found.high),
        ],
        [
            "loss (nats a token)",
            f"{found.base.loss:.3f}",
            f"{found.tuned.loss:.3f}",
            change(found.loss_difference, found.loss_low, found.loss_high),
        ],
    ]
    if found.answered_difference is not None and found.answered_low is not None:
        rows.append(
            [
                "answers that hold the reference",
                f"{found.base.answered or 0:.3f}",
                f"{found.tuned.answered or 0:.3f}",
                change(found.answered_difference, found.answered_low, found.answered_high or 0.0),
            ]
        )
    head = [
        f"{found.rows} rows, {found.supervised_tokens:,} answer tokens",
        "base",
        "tuned",
        "difference (95%)",
    ]
    return f"## What else changed\n\n{table(head, rows)}\n\n{found.text}"


def curve_section(report: Report) -> str:
    """Whether more training rows would help."""
    found = report.learning_curve
    if found is None:
        return ""
    parts = ["## Would more data help?"]
    if found.points:
        parts.append(_points(found))
    parts.append(found.text)
    if found.by_metric and found.by_loss:
        parts.append(f"By loss: {found.by_loss.text}")
    notes = "\n".join(f"- {note}" for note in found.notes)
    return "\n\n".join([*parts, *([notes] if notes else [])])


def _points(found: CurvePart) -> str:
    scored = any(point.score for point in found.points)
    rows = [
        [
            f"{point.share:.0%}",
            f"{point.rows:,}" + (" (the main training)" if point.main else ""),
            f"{point.loss:.3f} ± {point.loss_error:.3f}",
            f"{point.next_token_accuracy:.3f}",
            *([interval(point.score)] if point.score else []),
        ]
        for point in found.points
    ]
    head = ["share", "training rows", "dev loss ± standard error", "next-token accuracy"]
    shown = table([*head, *([f"{found.metric} on dev"] if scored else [])], rows)
    return f"Each point: {found.steps:,} optimizer steps, scored on {found.dev_rows:,} dev rows.\n\n{shown}"

"""Sections of the page on what lies beside the task's test rows: money, guard rows, training on fewer rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.report.comparison_parts import ComparisonPart
from advisor.report.model import CurvePart, OverruledPart, Report
from advisor.report.tables import change, interval, table
from rubrics.phrases import rung_words

_GUARD_MEASURES = {
    "answered": "answers that hold the reference",
    "next_token_accuracy": "next-token accuracy",
    "loss": "loss (nats a token)",
}


def economics_section(report: Report) -> str:
    """What the prices say, where some were given."""
    found = report.economics
    if found is None:
        return ""
    numbers = {
        "an answer now": _money(found.present_per_request),
        "an answer of the tuned model": _money(found.tuned_per_request),
        "saved a request": _money(found.saving_per_request),
        "prompt tokens saved a request": _count(found.prompt_tokens_saved),
        "requests a month": _count(found.requests_per_month),
        "requests a month from which training pays for itself": _count(found.break_even_requests_per_month),
        f"cost over {found.horizon_months:g} months": _money(found.cost),
        f"worth of the gain over {found.horizon_months:g} months": _money(found.worth),
    }
    shown = table(
        ["in the currency of the prices", ""], [[name, value] for name, value in numbers.items() if value]
    )
    lines = "\n".join(f"- {line}" for line in found.text)
    return "\n\n".join(["## Economics", shown, *([lines] if lines else [])])


def _money(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def contenders_words(found: ComparisonPart) -> str:
    """The cheap options that dev leaves open beside the chosen one, and the tuned model against them."""
    if not found.contenders:
        return ""
    rows = []
    for one in found.contenders:
        lead, tested = change(one.difference, one.low, one.high), one.on_test
        gain = "not asked" if tested is None else change(tested.difference, tested.low, tested.high)
        p_value = "" if tested is None else f"{tested.p_value:.2g}"
        rows.append([rung_words(one.rung), f"{one.value:.3f}", lead, gain, p_value])
    head = [
        "option",
        f"on {found.contenders[0].n} dev rows",
        "minus the chosen",
        "tuned minus it on test",
        "p",
    ]
    return (
        "Cheap options that dev does not show to be worse than the chosen one; to be shipped the tuned model has to beat "
        f"these too:\n\n{table(head, rows)}"
    )


def guard_section(report: Report) -> str:
    """How base and tuned fared on rows that are not the task's."""
    found = report.guard
    if found is None:
        return ""
    rows = []
    for name, words in _GUARD_MEASURES.items():
        before, after = getattr(found.base, name), getattr(found.tuned, name)
        if before is not None and after is not None:
            moved = found.changes[name]
            difference = change(moved.difference, moved.low, moved.high)
            rows.append([words, f"{before:.3f}", f"{after:.3f}", difference])
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


def overruled_words(found: OverruledPart) -> str:
    """That the verdict was not followed, what was chosen instead, and why."""
    done = "who asked for training all the same" if found.choice == "train" else "who declined training"
    reason = " ".join(found.reason.split())
    return f"{found.outcome} was overruled by the user, {done}: {reason or 'no reason was given'}"


def held_words(entry: Mapping[str, Any], deciding: str) -> str:
    """Say how a rule was found: whether it decides, holds too, does not hold, or is not known to."""
    if entry["rule"] == deciding:
        return "decides"
    return {True: "holds too", False: "no"}.get(entry["held"], "not known")

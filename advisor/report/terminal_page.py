"""A report on one page of a terminal."""

from __future__ import annotations

from advisor.columns import table
from advisor.report.model import Report
from advisor.report.sections import overruled_words
from advisor.report.tables import interval
from rubrics.phrases import rung_words


def outcome_of(report: Report) -> str:
    """The last word: after training where there was one, else of the verdict."""
    return report.comparison.outcome if report.comparison else report.verdict.outcome


def page(report: Report) -> list[str]:
    """The lines of the page."""
    metric = report.task.metric
    lines = ["", f"verdict before training: {report.verdict.outcome} (rule {report.verdict.rule})"]
    lines += [f"  {reason}" for reason in report.verdict.reasons]
    if report.overruled is not None:
        lines.append(f"  {overruled_words(report.overruled)}")
    lines += ["", *_ladder(report, metric), *_economics(report)]
    if report.comparison is not None:
        lines += ["", *_comparison(report, metric)]
    if report.guard is not None:
        lines += ["", f"outside the task: {report.guard.text}"]
    if report.learning_curve is not None:
        lines += ["", f"more data: {report.learning_curve.text}"]
    lines += [f"reduced: {reduction}" for reduction in report.run.reductions]
    shares = [
        f"{name} {seconds:.0f} s" for name, seconds in report.run.stage_seconds.items() if seconds >= 0.5
    ]
    return [
        *lines,
        "",
        f"time: {report.run.duration_s:.0f} s ({', '.join(shares)})",
        f"report: {report.run.directory}/report.md",
        "",
        f"{outcome_of(report)}: {report.advice}",
    ]


def _ladder(report: Report, metric: str) -> list[str]:
    rows = [
        [
            rung_words(entry.rung) + (" *" if entry.selected else ""),
            entry.split,
            str(entry.n),
            interval(entry.metrics[metric]),
        ]
        for entry in report.baselines
    ]
    skipped = [
        f"not measured: {rung_words(rung)} ({reason})" for rung, reason in report.skipped_rungs.items()
    ]
    return [table(["cheap option (* chosen on dev)", "split", "n", metric], rows), *skipped]


def _economics(report: Report) -> list[str]:
    """What the prices say beyond the verdict's reasons."""
    said = report.economics.text if report.economics else []
    return [f"economics: {line}" for line in said if line not in report.verdict.reasons]


def _comparison(report: Report, metric: str) -> list[str]:
    found = report.comparison
    assert found is not None
    names = {
        "base": "base model",
        "best_baseline": f"best cheap option: {rung_words(found.baseline)}",
        "tuned": "tuned model",
    }
    rows = [
        [
            names[entry.system],
            str(entry.n),
            interval(entry.metrics[metric]),
            "" if entry.loss is None else f"{entry.loss:.3f}",
            "" if entry.next_token_accuracy is None else f"{entry.next_token_accuracy:.3f}",
        ]
        for entry in report.evaluations
    ]
    lines = [table(["on the same test rows", "n", metric, "loss", "next-token acc."], rows), ""]
    lines.append(
        f"tuned minus best cheap option: {found.difference:+.3f} [{found.low:+.3f}, {found.high:+.3f}], "
        f"p = {found.p_value:.2g} ({found.test})"
    )
    if found.fixed is not None:
        lines.append(
            f"fixed {found.fixed}, broken {found.broken}, both right {found.both_right}, both wrong {found.both_wrong}"
        )
    for one in found.contenders:
        name, tested = rung_words(one.rung), one.on_test
        if tested is not None:
            lines.append(
                f"tuned minus {name}: {tested.difference:+.3f} [{tested.low:+.3f}, {tested.high:+.3f}], "
                f"p = {tested.p_value:.2g} (dev does not tell it from the chosen option)"
            )
    lines += [f"note: {note}" for note in found.notes]
    return lines

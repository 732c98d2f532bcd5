"""`--require`: conditions on the outcome, for CI jobs."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.report.model import Report


def unmet(report: Report, conditions: Sequence[str]) -> list[str]:
    """The conditions that do not hold, each with what was found.

    `improved`: the tuned model is to be shipped. `target`: what would be shipped, tuned or the best cheap option,
    reaches the target on test. `verdict:OUTCOME`: the verdict before training.
    """
    return [f"{condition}: {found}" for condition in conditions if (found := _problem(report, condition))]


def _problem(report: Report, condition: str) -> str:
    if condition == "improved":
        outcome = report.comparison.outcome if report.comparison else "nothing was trained"
        return "" if outcome == "SHIP_TUNED" else f"found {outcome}"
    if condition == "target":
        value = _shipped_score(report)
        target = report.task.target or 0.0
        return "" if value is not None and value >= target else f"found {value}, the target is {target}"
    wanted = condition.partition(":")[2]
    return "" if report.verdict.outcome == wanted else f"found {report.verdict.outcome}"


def _shipped_score(report: Report) -> float | None:
    metric = report.task.metric
    if report.comparison and report.comparison.outcome == "SHIP_TUNED":
        return next(entry.metrics[metric].value for entry in report.evaluations if entry.system == "tuned")
    chosen = (entry for entry in report.baselines if entry.selected and entry.split == "test")
    return next((entry.metrics[metric].value for entry in chosen), None)

"""What to check before a winner is relied on, drawn from what its run measured and from what it did not."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core_texts import told
from advisor.results import Results, SystemResult
from advisor.side_by_side import System
from advisor.texts import _, ngettext

_WORST_SLICES = 2


def checks(results: Results, system: System, *, has_production: bool) -> tuple[str, ...]:
    """Sentences in the language in use; those of the report included.

    Args:
        system: the one that is to be used.
        has_production: a sample of real use was compared with the rows.
    """
    found = results.of(system)
    assert found is not None
    return (
        *_good_enough(results, found),
        *(_of_training(results) if system == "tuned" else ()),
        *_rows(results, has_production=has_production),
        *map(told, results.cautions),
    )


def _good_enough(results: Results, found: SystemResult) -> Iterator[str]:
    score, target = found.scores[results.metric], results.report.task.target if results.report else None
    values = {
        "value": f"{score.value:.3f}",
        "low": f"{score.low:.3f}",
        "high": f"{score.high:.3f}",
        "metric": results.metric,
        "n": f"{found.n:,}",
    }
    if target is None:
        yield _(
            "Is {value} [{low}, {high}] good enough ({metric}, {n} test rows)? The plan names no target."
        ).format(**values)
    elif score.value < target:
        yield _(
            "{value} [{low}, {high}] does not reach the target of {target} ({metric}, {n} test rows)."
        ).format(**values, target=f"{target:g}")


def _of_training(results: Results) -> Iterator[str]:
    comparison = results.comparison
    if comparison is None:
        return
    if comparison.broken:
        yield ngettext(
            "Read the row that training broke: step Results, rows one by one.",
            "Read the {n} rows that training broke: step Results, rows one by one.",
            comparison.broken,
        ).format(n=comparison.broken)
    yield told(results.guard) or _("What training changed outside the task was not measured.")
    lost = sorted(
        (part for part in comparison.slices if part["difference"] < 0), key=lambda part: part["difference"]
    )
    for part in lost[:_WORST_SLICES]:
        yield _("It does worse on {field} {value}: {difference} [{low}, {high}] on {n} rows.").format(
            field=part["field"],
            value=told(part["value"]) if part["field"] == "length" else part["value"],
            difference=f"{part['difference']:+.3f}",
            low=f"{part['low']:+.3f}",
            high=f"{part['high']:+.3f}",
            n=part["n"],
        )
    yield from map(told, comparison.notes)
    yield _("Keep a copy of the adapter: it lies in the run directory and goes with it.")


def _rows(results: Results, *, has_production: bool) -> Iterator[str]:
    if not has_production:
        yield _("Score rows of real use as well: nothing shows that the test rows look like them.")
    if results.report is None:
        return
    for finding in results.report.data.findings:
        if finding.severity != "info":
            yield f"{finding.check}: {told(finding.message)}"
    if results.report.data.leaked:
        count = len(results.report.data.leaked)
        yield ngettext(
            "{n} test row stands in the training rows and was left out of the score.",
            "{n} test rows stand in the training rows and were left out of the score.",
            count,
        ).format(n=count)

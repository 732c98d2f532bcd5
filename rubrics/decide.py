"""Apply the rules to measurements in the shape of report.json, before training and after it.

This is all of `advisor decide` but the reading of the file: the rules can be tried, and tested, without a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rubrics.measured_parts import read_score
from rubrics.measurements import Measurements, from_report
from rubrics.outcome import Guard, PairedResult, compare_outcome
from rubrics.reading import Field
from rubrics.statistics import mcnemar_exact, paired_share_difference
from rubrics.verdict import decide

_CELLS = ("fixed", "broken", "both_right", "both_wrong")


def decide_report(inputs: Mapping[str, object]) -> dict[str, Any]:
    """Return `verdict`, and `comparison` with its outcome where a comparison is given.

    Read besides the parts that `from_report` reads: `comparison` (with an optional list `mismatch` of what
    differs besides the model, and optional `guards` with name, difference, high, allowed), `evaluations`, and
    of `task` the `margin` and `saving` declared before training; a yes to S9 declares a saving too.

    Raises:
        Fault: a field is missing or of the wrong kind, or nothing was scored; exit code 2.
    """
    measured = from_report(inputs)
    result: dict[str, Any] = {"verdict": decide(measured).to_dict()}
    report = Field(inputs)
    if not report["comparison"].absent:
        result["comparison"] = _comparison(report, measured)
    return result


def _comparison(report: Field, measured: Measurements) -> dict[str, Any]:
    comparison, task = report["comparison"], report["task"]
    paired = read_paired(report)
    decision = compare_outcome(
        paired,
        min_gain=measured.min_gain,
        target=measured.target,
        tuned=_tuned_score(report, measured.metric),
        margin=task["margin"].share(),
        saving=bool(task["saving"].flag() or measured.answered("economics", "yes")),
        guards=[_guard(entry) for entry in comparison["guards"].each()],
        mismatch=_mismatch(report, paired),
    )
    return {**comparison.mapping(), **decision.to_dict()}


def read_paired(report: Field) -> PairedResult:
    """Read the paired result; what the counts of right and wrong give is computed where it is not there.

    Raises:
        Fault: difference, limits or p-value are missing and cannot be computed; exit code 2.
    """
    comparison = report["comparison"]
    n = _paired_rows(report)
    counted = _from_counts(comparison, n)
    given = {
        "difference": _difference(comparison),
        "low": comparison["low"].number(-1, 1),
        "high": comparison["high"].number(-1, 1),
        "p_value": comparison["p_value"].share(),
    }
    values = {
        name: getattr(counted, name) if value is None and counted else value for name, value in given.items()
    }
    known = {name: value for name, value in values.items() if value is not None}
    for name in values.keys() - known.keys():
        raise comparison[name].missing("Give it, or give fixed, broken, both_right and both_wrong.")
    return PairedResult(**known, n=n, fixed=comparison["fixed"].count(), broken=comparison["broken"].count())


def _from_counts(comparison: Field, n: int | None) -> PairedResult | None:
    fixed, broken = comparison["fixed"].count(), comparison["broken"].count()
    if fixed is None or broken is None or not n:
        return None
    if fixed + broken > n:
        raise comparison["fixed"].wrong(f"with `broken` at most the {n} rows compared")
    interval = paired_share_difference(fixed, broken, n)
    return PairedResult(interval.value, interval.low, interval.high, mcnemar_exact(fixed, broken), n)


def _paired_rows(report: Field) -> int | None:
    """Return n: the sum of the four counts, else the rows that the tuned model was scored on."""
    counts = [cell for name in _CELLS if (cell := report["comparison"][name].count()) is not None]
    if len(counts) == len(_CELLS):
        return sum(counts)
    return _rows_of(report, "tuned")


def _rows_of(report: Field, system: str) -> int | None:
    found = _evaluation(report, system)
    return found["n"].count() if found else None


def _evaluation(report: Field, system: str) -> Field | None:
    """Return the evaluation of a system on test."""
    for entry in report["evaluations"].each():
        if entry["system"].text() == system and entry["split"].text() == "test":
            return entry
    return None


def _difference(comparison: Field) -> float | None:
    difference, tuned, baseline = (
        comparison["difference"].number(-1, 1),
        _score_or_name(comparison["tuned"]),
        _score_or_name(comparison["baseline"]),
    )
    if difference is None and tuned is not None and baseline is not None:
        return tuned - baseline
    return difference


def _score_or_name(entry: Field) -> float | None:
    """Return the score of a compared system; reports of the program hold its name instead."""
    return None if isinstance(entry.value, str) else entry.share()


def _tuned_score(report: Field, metric: str) -> float | None:
    compared = _score_or_name(report["comparison"]["tuned"])
    found = _evaluation(report, "tuned")
    if compared is not None or found is None or found["metrics"][metric].absent:
        return compared
    return read_score(found["metrics"][metric], found["n"]).value


def _mismatch(report: Field, paired: PairedResult) -> list[str]:
    """Return what is declared to differ, and `rows` where the two systems were scored on unequal numbers."""
    declared = [text for entry in report["comparison"]["mismatch"].each() if (text := entry.text())]
    sizes = {_rows_of(report, "tuned"), _rows_of(report, "best_baseline"), paired.n} - {None}
    return declared + (["rows"] if len(sizes) > 1 and "rows" not in declared else [])


def _guard(entry: Field) -> Guard:
    difference = entry["difference"].number(-1, 1)
    if difference is None:
        raise entry["difference"].missing()
    return Guard(
        name=entry["name"].text() or "the guard set",
        difference=difference,
        high=entry["high"].number(-1, 1),
        allowed=entry["allowed"].share() or 0.0,
    )

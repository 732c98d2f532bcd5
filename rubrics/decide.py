"""Apply the rules to measurements in the shape of report.json, before training and after it.

This is all of `advisor decide` but the reading of the file: the rules can be tried, and tested, without a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rubrics.logic import under
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
    """Read the paired result; what counts of right and wrong give is computed where it is not there.

    Raises:
        Fault: difference, limits or p-value are missing and cannot be computed; exit code 2.
    """
    comparison = report["comparison"]
    fixed, broken = comparison["fixed"].count(), comparison["broken"].count()
    n = _paired_rows(report)
    difference, p_value = _difference(comparison), comparison["p_value"].share()
    low, high = comparison["low"].number(-1, 1), comparison["high"].number(-1, 1)
    if fixed is not None and broken is not None and n:
        if fixed + broken > n:
            raise comparison["fixed"].wrong(f"at most {n} discordant pairs with `broken`")
        interval = paired_share_difference(fixed, broken, n)
        p_value = mcnemar_exact(fixed, broken) if p_value is None else p_value
        difference = interval.value if difference is None else difference
        if low is None or high is None:
            low, high = interval.low, interval.high
    for name, value in (("difference", difference), ("low", low), ("high", high), ("p_value", p_value)):
        if value is None:
            raise comparison[name].missing("Give it, or give fixed, broken, both_right and both_wrong.")
    assert difference is not None and low is not None and high is not None and p_value is not None
    return PairedResult(difference, low, high, p_value, n, fixed, broken)

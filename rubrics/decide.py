"""Apply the rules to measurements in the shape of report.json, before training and after it.

This is all of `advisor decide` but the reading of the file: the rules can be tried, and tested, without a run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rubrics.compared import Compared, PairedResult
from rubrics.comparison_parts import read_guard, read_other_option, read_paired, score_or_name
from rubrics.learning import forgetting, load_signs, loss_against_metric, read_history
from rubrics.measured_parts import Score, read_score
from rubrics.measurements import Measurements, from_report
from rubrics.outcome import judge
from rubrics.outcome_flips import find_outcome_flips
from rubrics.phrases import rows
from rubrics.reading import Field
from rubrics.scoring import METRICS
from rubrics.statistics import wilson
from rubrics.verdict import decide


def decide_report(inputs: Mapping[str, object]) -> dict[str, Any]:
    """Return `verdict`, and `comparison` with its outcome where a comparison is given.

    Read besides the parts that `from_report` reads: `comparison` (with an optional list `mismatch` of what
    differs besides the model, optional `guards` with name, difference or before and after, high, allowed, and optional
    `contenders`: of each other cheap option its lead over the chosen one on dev, and `on_test`, the tuned model against
    it), `evaluations`, `training` (its history gives `training.findings`), and of `task` the `margin` and `saving`
    declared before training; a margin or a yes to S9 declares a saving too, unless `saving` is false.

    Raises:
        Fault: a field is missing or of the wrong kind, or nothing was scored; exit code 2.
    """
    measured = from_report(inputs)
    result: dict[str, Any] = {"verdict": decide(measured).to_dict()}
    report = Field(inputs)
    findings = read_training(report["training"])
    if findings is not None:
        result["training"] = {"findings": findings}
    if not report["comparison"].absent:
        result["comparison"] = _comparison(report, measured, findings or [])
    return result


def read_training(training: Field) -> list[dict[str, str]] | None:
    """Return what the history of a training shows (L1 to L5); None where there is no history."""
    if training["history"].absent:
        return None
    history = [
        {name: value for name in entry.mapping() if (value := _measured(entry, name)) is not None}
        for entry in training["history"].each()
    ]
    for at, point in enumerate(history):
        if "step" not in point:
            raise training["history"].each()[at]["step"].missing()
    return read_history(history, training["best_step"].count())


def _measured(entry: Field, name: str) -> float | None:
    """Return a number of the history; one that is not finite is a sign (L5) and no mistake of the file."""
    if name == "step":
        return entry[name].count()
    value = entry[name].value
    if isinstance(value, float) and not math.isfinite(value):
        return value
    return entry[name].number()


def _comparison(report: Field, measured: Measurements, findings: list[dict[str, str]]) -> dict[str, Any]:
    comparison, task = report["comparison"], report["task"]
    paired = read_paired(comparison, _rows_of(report, "tuned"))
    compared = Compared(
        paired,
        min_gain=measured.min_gain,
        target=measured.target,
        tuned=_tuned_score(report, measured.metric, paired.n),
        margin=task["margin"].share(),
        saving=_saves(task, measured),
        guards=[read_guard(entry) for entry in comparison["guards"].each()],
        mismatch=_mismatch(report, paired),
        others=[read_other_option(entry) for entry in comparison["contenders"].each()],
        cut=_cut(report["training"]),
    )
    return {
        **comparison.mapping(),
        **judge(compared).to_dict(),
        "flip": [flip.to_dict() for flip in find_outcome_flips(compared)],
        "notes": _notes(report, measured, compared, findings),
    }


def _cut(training: Field) -> tuple[int, int] | None:
    """Steps run and planned, where a time limit ended the training."""
    steps, planned = training["steps"].count(), training["planned_steps"].count()
    if not training["out_of_time"].flag() or steps is None or planned is None:
        return None
    return steps, planned


def _saves(task: Field, measured: Measurements) -> bool:
    """Whether a saving was declared before training: by itself, by a yes to S9, or by the margin, which serves nothing else."""
    declared = task["saving"].flag()
    if declared is not None:
        return declared
    return measured.margin is not None or bool(measured.answered("economics", "yes"))


def _notes(
    report: Field, measured: Measurements, compared: Compared, findings: list[dict[str, str]]
) -> list[str]:
    """Say what a person should know beside the outcome: signs of the training, loss against metric, forgetting."""
    signs = [*findings]
    if disagreement := _disagreement(report, measured.metric, compared.paired):
        signs.append(disagreement)
    for entry, guard in zip(report["comparison"]["guards"].each(), compared.guards, strict=True):
        before, after = entry["before"].share(), entry["after"].share()
        if before is not None and after is not None:
            low = entry["low"].number(-1, 1)
            sign = forgetting(guard.name, before, after, guard.high, guard.allowed, low)
            signs += [sign] if sign else []
        elif guard.drops:
            signs.append({"rule": "L7", "message": f"{guard.name}: {load_signs()['L7'].reading}."})
    notes = [f"{sign['rule']}: {sign['message']}" for sign in signs]
    if compared.paired.n is not None and compared.paired.n < measured.limits.test_rows:
        notes.append(
            f"Only {rows(compared.paired.n)} were compared, and {measured.limits.test_rows:.0f} are the least that a "
            f"training is begun on (R2): more test rows would make this surer."
        )
    return notes


def _disagreement(report: Field, metric: str, paired: PairedResult) -> dict[str, str] | None:
    """L6 on like against like: the pair compared where the baseline has a loss, else the base model's scores.

    Between base and tuned the interval is the widest that their own intervals allow.
    """
    tuned = _loss_of(report, "tuned")
    baseline, base = _loss_of(report, "best_baseline"), _loss_of(report, "base")
    if tuned is None or (baseline is None and base is None):
        return None
    if baseline is not None:
        return loss_against_metric(baseline, tuned, paired.difference, paired.low, paired.high)
    scores = [_score_of(report, system, metric) for system in ("base", "tuned")]
    before, after = scores
    if base is None or before is None or after is None:
        return None
    low = (after.value if after.low is None else after.low) - (
        before.value if before.high is None else before.high
    )
    high = (after.value if after.high is None else after.high) - (
        before.value if before.low is None else before.low
    )
    return loss_against_metric(base, tuned, after.value - before.value, low, high)


def _score_of(report: Field, system: str, metric: str) -> Score | None:
    found = _evaluation(report, system)
    if found is None or found["metrics"][metric].absent:
        return None
    return read_score(found["metrics"][metric], found["n"])


def _loss_of(report: Field, system: str) -> float | None:
    found = _evaluation(report, system)
    return found["loss"].number(0) if found else None


def _rows_of(report: Field, system: str) -> int | None:
    found = _evaluation(report, system)
    return found["n"].count() if found else None


def _evaluation(report: Field, system: str) -> Field | None:
    """Return the evaluation of a system on test."""
    for entry in report["evaluations"].each():
        if entry["system"].text() == system and entry["split"].text() == "test":
            return entry
    return None


def _tuned_score(report: Field, metric: str, n: int | None) -> Score | None:
    """The tuned model's score with its limits; of a bare number those of Wilson, where answers are right or wrong."""
    found, compared = _score_of(report, "tuned", metric), score_or_name(report["comparison"]["tuned"])
    if compared is None or (found and found.value == compared):
        return found
    if not n or (metric in METRICS and not METRICS[metric].binary):
        return Score(compared, n=n)
    interval = wilson(compared * n, n)
    return Score(compared, interval.low, interval.high, n)


def _mismatch(report: Field, paired: PairedResult) -> list[str]:
    """Return what is declared to differ, and `rows` where the two systems were scored on unequal numbers."""
    declared = [text for entry in report["comparison"]["mismatch"].each() if (text := entry.text())]
    sizes = {_rows_of(report, "tuned"), _rows_of(report, "best_baseline"), paired.n} - {None}
    return declared + (["rows"] if len(sizes) > 1 and "rows" not in declared else [])

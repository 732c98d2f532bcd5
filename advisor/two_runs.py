"""Two finished runs side by side: what was asked, what was measured, and whether one is better on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.comparing import Terms, compare_files
from advisor.core_texts import told
from advisor.durations import time_words
from advisor.fault_words import in_a_sentence
from advisor.outcomes import outcome_headline
from advisor.plan import Plan, flag_of
from advisor.reading_runs import read_report
from advisor.report.comparison_parts import ComparisonPart
from advisor.report.model import Report, VerdictPart
from advisor.report.tables import change, interval
from advisor.run_directory import open_run
from advisor.rungs.names import rung_name
from advisor.scoring import read_options
from advisor.texts import N_, _
from rubrics.errors import Fault


@dataclass(frozen=True)
class Line:
    """One thing of both runs; empty where a run has none. `name` is translated."""

    name: str
    a: str
    b: str

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.a != self.b


@dataclass(frozen=True)
class TwoRuns:
    """Two runs beside each other.

    Attributes:
        numbers: what was measured and decided.
        asked: what the two plans do not have in common, by flag.
        comparison: of the answers to the same test rows, as `advisor compare A B` prints it; None where the runs
            cannot be compared, and `why_not` says why.
    """

    numbers: tuple[Line, ...]
    asked: tuple[Line, ...]
    comparison: Mapping[str, Any] | None
    why_not: str


def put_side_by_side(a: Path, b: Path) -> TwoRuns:
    """Read two runs; takes up to some seconds where their test rows are many.

    Raises:
        Fault: one is no run, or has no report yet.
    """
    reports = read_report(a), read_report(b)
    plans = open_run(a).plan(), open_run(b).plan()
    comparison, why_not = _compared((a, b), reports, plans)
    return TwoRuns(_numbers(*reports), _asked(*plans), comparison, why_not)


def _compared(
    paths: tuple[Path, Path], reports: tuple[Report, Report], plans: tuple[Plan, Plan]
) -> tuple[Mapping[str, Any] | None, str]:
    metrics = [report.task.metric for report in reports]
    if metrics[0] != metrics[1]:
        return None, _("They were scored by different metrics: {a} and {b}.").format(
            a=metrics[0], b=metrics[1]
        )
    plan = plans[0]
    options = (plan.schema_file, plan.pattern, plan.tolerance)
    if options != (plans[1].schema_file, plans[1].pattern, plans[1].tolerance):
        return None, _("The metric {name} was given different options.").format(name=metrics[0])
    try:
        terms = Terms(
            metric=metrics[0], min_gain=plan.min_gain, seed=plan.seed, options=read_options(*options)
        )
        return compare_files(*paths, terms), ""
    except Fault as fault:
        return None, in_a_sentence(fault)


_SUITED = {"suited": N_("yes"), "unsuited": N_("no"), "unclear": N_("unclear")}
_NUMBERS: tuple[tuple[str, Callable[[Report], str]], ...] = (
    (N_("metric"), lambda report: report.task.metric),
    (N_("target"), lambda report: _number(report.task.target)),
    (N_("rows to train, choose and test by"), lambda report: _splits(report)),
    (N_("suited to fine-tuning"), lambda report: _(_SUITED.get(report.suitability.outcome, ""))),
    (N_("verdict before training"), lambda report: outcome_headline(*_why(report.verdict))),
    (N_("training steps"), lambda report: str(report.training.steps) if report.training else ""),
    (
        N_("outcome after training"),
        lambda report: outcome_headline(*_why(report.comparison)) if report.comparison else "",
    ),
    (N_("working time"), lambda report: time_words(report.run.duration_s)),
)


def _numbers(a: Report, b: Report) -> tuple[Line, ...]:
    told = [Line(_(name), of(a), of(b)) for name, of in _NUMBERS]
    scores = _scores(a), _scores(b)
    names = dict.fromkeys([*scores[0], *scores[1]])
    lines = [Line(name, scores[0].get(name, ""), scores[1].get(name, "")) for name in names]
    # Scores before the outcome that rests on them.
    return (*told[:4], *lines, *told[4:])


def _scores(report: Report) -> dict[str, str]:
    """Test scores by what was scored: the cheap options, then the tuned model."""
    metric = report.task.metric
    found = {
        _("{name} (test)").format(
            name=rung_name(entry.rung)
        ): f"{interval(entry.metrics[metric])}, n = {entry.n}"
        for entry in report.baselines
        if entry.split == "test"
    }
    for entry in report.evaluations:
        if entry.system == "tuned":
            found[_("tuned model (test)")] = f"{interval(entry.metrics[metric])}, n = {entry.n}"
    return found


def _why(part: VerdictPart | ComparisonPart) -> tuple[str, str, str]:
    return part.outcome, part.rule, part.case


def _splits(report: Report) -> str:
    splits = report.data.splits
    return f"{splits.train:,} / {splits.dev:,} / {splits.test:,}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _asked(a: Plan, b: Plan) -> tuple[Line, ...]:
    lines = [
        Line(flag_of(name), _value(getattr(a, name)), _value(getattr(b, name))) for name in Plan.model_fields
    ]
    return tuple(line for line in lines if line.differs)


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}={answer}" for key, answer in value.items())
    return str(value)


def compared_words(found: TwoRuns) -> Iterator[str]:
    """The comparison of the answers in sentences, or why there is none; translated."""
    comparison = found.comparison
    if comparison is None:
        yield _("Row by row: not possible.")
        yield told(found.why_not)
        return
    difference = change(*(comparison[name] for name in ("difference", "low", "high")))
    words = _("On the same {n} test rows, {metric} of B is that of A {difference} (p = {p}, {test}).")
    yield words.format(
        n=f"{comparison['n']:,}",
        metric=comparison["metric"],
        difference=difference,
        p=f"{comparison['p_value']:.2g}",
        test=told(comparison["test"]),
    )
    if comparison["fixed"] is not None:
        counts = _("B fixes {fixed} and breaks {broken}; both right {right}, both wrong {wrong}.")
        yield counts.format(
            fixed=comparison["fixed"],
            broken=comparison["broken"],
            right=comparison["both_right"],
            wrong=comparison["both_wrong"],
        )
    yield told(comparison["reason"])
    yield from map(told, comparison["notes"])

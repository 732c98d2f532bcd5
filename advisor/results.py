"""What a run has found: the systems on the same test rows, the test between them, what to beware of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from advisor.predictions import Score
from advisor.reading_runs import read_report
from advisor.report.model import BaselinePart, EvaluationPart, Report
from advisor.run_directory import RunDirectory, open_run
from advisor.run_files import unreadable
from advisor.side_by_side import System
from advisor.stage import Artefact, Stage
from advisor.stages.baseline import BASELINE, Ladder
from advisor.stages.compare import COMPARE, Comparison
from advisor.stages.curve import CURVE, Curve
from advisor.stages.decide import DECIDE, VerdictReport
from advisor.stages.evaluate import EVALUATE, Evaluations
from advisor.stages.guard import guard_findings, guard_text
from rubrics.errors import Fault

A = TypeVar("A", bound=Artefact)


@dataclass(frozen=True)
class SystemResult:
    """One system on the test rows.

    Attributes:
        rung: the rung that it is; empty for the tuned model.
        scores: by metric, 0..1 with 95% limits.
        loss: nats a supervised token, over `supervised_tokens`; None where there is none (a classifier, an endpoint).
        next_token_accuracy: 0..1 over the same tokens.
    """

    system: System
    rung: str
    n: int
    scores: Mapping[str, Score]
    loss: float | None = None
    next_token_accuracy: float | None = None
    supervised_tokens: int | None = None


@dataclass(frozen=True)
class Results:
    """What stands in a run directory, whether or not anything was trained.

    Attributes:
        outcome: of the comparison, else of the verdict.
        systems: from the simplest; the best cheap option alone where it is the plain prompt itself.
        comparison: tuned against the best cheap option; None before that.
        cautions: why an interval above may claim too much, each once.
        guard: what happened on rows that are not the task's; empty where there are none.
        guard_fell: it got worse there.
        advice: what to do, in a sentence or two; empty before the report is written.
        report: the report, once it is written.
    """

    path: Path
    outcome: str
    metric: str
    verdict: VerdictReport
    systems: tuple[SystemResult, ...]
    comparison: Comparison | None
    cautions: tuple[str, ...]
    guard: str
    guard_fell: bool
    curve: Curve | None
    advice: str
    report: Report | None

    @property
    def deciding(self) -> tuple[str, str, str]:
        """Outcome, rule and case of the last word: the comparison's, else the verdict's."""
        last = self.comparison or self.verdict
        return last.outcome, last.rule, last.case

    def of(self, system: System) -> SystemResult | None:
        """One system, where it was scored."""
        return next((found for found in self.systems if found.system == system), None)


def read_results(path: Path) -> Results | None:
    """Read what a run has found; None before its verdict.

    Raises:
        Fault: no such run, or what it found may not be read.
    """
    run = open_run(path)
    ladder, verdict = _artefact(run, BASELINE), _artefact(run, DECIDE)
    if ladder is None or verdict is None:
        return None
    evaluations, comparison = _artefact(run, EVALUATE), _artefact(run, COMPARE)
    if evaluations is None or comparison is None:
        evaluations = comparison = None
    report = _report(path)
    guard, fell = _guard(run, evaluations)
    return Results(
        path=run.path,
        outcome=comparison.outcome if comparison else verdict.outcome,
        metric=ladder.metric,
        verdict=verdict,
        systems=_evaluated(evaluations, ladder) if evaluations else _measured(ladder),
        comparison=comparison,
        cautions=_cautions(report, ladder.metric),
        guard=guard,
        guard_fell=fell,
        curve=_artefact(run, CURVE) if comparison else None,
        advice=report.advice if report else "",
        report=report,
    )


def _artefact(run: RunDirectory, stage: Stage[A]) -> A | None:
    """A stage's artefact as it lies there; None where it is missing, or of another version of the program."""
    file = run.path / stage.file
    try:
        return stage.artefact.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    except OSError as error:
        raise unreadable(error, file) from None


def _report(path: Path) -> Report | None:
    try:
        return read_report(path)
    except Fault:
        return None


def _evaluated(evaluations: Evaluations, ladder: Ladder) -> tuple[SystemResult, ...]:
    rungs = {"base": "zero_shot", "best_baseline": ladder.selected}
    return tuple(
        SystemResult(
            system=entry.system,  # type: ignore[arg-type]
            rung=rungs.get(entry.system, ""),
            n=entry.n,
            scores=MappingProxyType(entry.metrics),
            loss=entry.loss,
            next_token_accuracy=entry.next_token_accuracy,
            supervised_tokens=entry.supervised_tokens,
        )
        for entry in evaluations.systems
    )


def _measured(ladder: Ladder) -> tuple[SystemResult, ...]:
    rungs: dict[System, str] = {"base": "zero_shot", "best_baseline": ladder.selected}
    return tuple(
        SystemResult(system, rung, entry.n, MappingProxyType(entry.metrics))
        for system, rung in rungs.items()
        if (entry := ladder.on("test", rung)) is not None
        and (system == "best_baseline" or rung != ladder.selected)
    )


def _cautions(report: Report | None, metric: str) -> tuple[str, ...]:
    if report is None:
        return ()
    on_test = [entry for entry in report.baselines if entry.split == "test"]
    scored: Sequence[EvaluationPart | BaselinePart] = report.evaluations or on_test
    said = [caution for entry in scored for caution in entry.cautions.get(metric, ())]
    return tuple(dict.fromkeys(said))


def _guard(run: RunDirectory, evaluations: Evaluations | None) -> tuple[str, bool]:
    """What is said of the guard rows, and whether the tuned model got worse on them."""
    found = evaluations.guard if evaluations else None
    if found is None:
        return "", False
    findings = guard_findings(found, run.plan().guard_margin)
    return guard_text(found, findings), bool(findings)

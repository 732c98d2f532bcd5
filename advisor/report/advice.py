"""What to do now, in one or two plain sentences drawn from the outcome and its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.report.comparison_parts import ComparisonPart
from advisor.report.model import BaselinePart, EvaluationPart, Report
from rubrics.phrases import rung_words, score

_BEFORE = {
    "PROMPT_IS_ENOUGH": "Do not fine-tune: {best} is enough for this task.",
    "USE_RETRIEVAL": "Do not fine-tune: give the model the facts it lacks by retrieval; {best} is what there is now.",
    "COLLECT_EVAL_DATA": "Do not decide yet: collect more test rows first. {best} is the best option so far.",
    "COLLECT_TRAIN_DATA": "Do not fine-tune yet: collect more training rows first. {best} is the best option so far.",
    "FIX_DATA": "Do not fine-tune yet: mend the data first; see the findings. {best} is the best option so far.",
    "NOT_SUITED": "Do not fine-tune: the task does not suit it. {best} is the best cheap option.",
    "FINE_TUNE": "Fine-tuning is worth a try: {best} is the option to beat.",
}


def advice(report: Report) -> str:
    """The last word of the report."""
    best = _best(report)
    if report.comparison is None:
        return _capital(_BEFORE[report.verdict.outcome].format(best=best))
    tuned = _of(report, "tuned")
    shown = f"the tuned model at {_score(tuned, report.task.metric)}" if tuned else "the tuned model"
    others = _names(report.comparison.against)
    if report.comparison.rule == "T4":
        worse = " Outside the task it got worse; see what else changed." if _fell(report) else ""
        return (
            _capital(f"Ship {shown}: it saves, and is not worse than {best} by more than was declared.")
            + worse
        )
    if report.comparison.outcome == "SHIP_TUNED":
        also = _names([one.rung for one in report.comparison.contenders])
        also = f" It beats {also} too, which dev does not tell from it." if also else ""
        worse = " Outside the task it got worse; see what else changed." if _fell(report) else ""
        return _capital(f"Ship {shown}: it beats {best} on the same test rows.") + also + worse
    if report.comparison.rule == "T2" and report.comparison.high >= 0:
        return _capital(f"Keep {best}: {shown} got worse on the guard set that was declared before training.")
    if report.comparison.outcome == "KEEP_BASELINE" and others:
        return _capital(
            f"Keep a cheap option: {shown} beats {best}, and not {others} by enough, which dev does not tell from it."
        )
    if report.comparison.outcome == "KEEP_BASELINE":
        return _capital(f"Keep {best}: it is the better answer to this task than {shown}.")
    if others:
        return _capital(
            f"Do not ship yet: {shown} beats {best}, and may not beat {others}, which dev does not tell from it. "
            f"Collect more {_lacking_rows(report.comparison)} rows, or keep a cheap option."
        )
    return _capital(
        f"The test cannot tell {shown} from {best}: collect more test rows, or keep the cheap option."
    )


def _names(rungs: Sequence[str]) -> str:
    return " and ".join(rung_words(rung) for rung in rungs)


def _lacking_rows(found: ComparisonPart) -> str:
    """What kind of rows would settle it: test rows for options that were asked about them, else dev rows."""
    kinds = {
        "dev" if one.on_test is None else "test" for one in found.contenders if one.rung in found.against
    }
    return " and ".join(sorted(kinds))


def _fell(report: Report) -> bool:
    return report.guard is not None and report.guard.fell


def _best(report: Report) -> str:
    chosen = [entry for entry in report.baselines if entry.selected]
    entry = next((entry for entry in chosen if entry.split == "test"), chosen[0] if chosen else None)
    if entry is None:
        return "the cheap option"
    return f"{rung_words(entry.rung)} at {_score(entry, report.task.metric)}"


def _of(report: Report, system: str) -> EvaluationPart | None:
    return next((entry for entry in report.evaluations if entry.system == system), None)


def _score(entry: BaselinePart | EvaluationPart, metric: str) -> str:
    value = entry.metrics[metric]
    return f"{score(value.value)} [{score(value.low)}, {score(value.high)}] ({metric}, {entry.n} {entry.split} rows)"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

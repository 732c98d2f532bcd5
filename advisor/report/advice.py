"""What to do now, in one or two plain sentences drawn from the rule that decided and its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor.report.comparison_parts import ComparisonPart
from advisor.report.model import BaselinePart, EvaluationPart, Report
from rubrics.phrases import rung_words, score, sentence
from rubrics.rulebook import load_rulebook

_BEFORE: Mapping[tuple[str, str], str] = {
    ("R1", ""): (
        "Do not decide yet: take the test rows that also stand in train out of one of the two. {best} is the best option so far."
    ),
    ("R2", "agreement"): (
        "Do not decide yet: agree first on what a right answer is. {best} is the best option so far."
    ),
    ("R2", "skew"): (
        "Do not decide yet: add test rows with other answers than the commonest, or judge by a metric that counts each "
        "label alike. {best} is the best option so far."
    ),
    ("R2", "rows"): "Do not decide yet: collect more test rows first. {best} is the best option so far.",
    ("R3", ""): "Fine-tuning is worth a try, to save: {best} is good enough, and dear.",
    (
        "R4",
        "",
    ): "Do not fine-tune: give the model the facts it lacks by retrieval; {best} is what there is now.",
    ("R5", ""): "Do not fine-tune: {best} is enough for this task.",
    ("R5", "format"): (
        "Do not fine-tune: {best} is enough once label or JSON are taken out of its answers, by a structured output or a "
        "line of code."
    ),
    ("R6", ""): "Do not fine-tune: the task does not suit it. {best} is the best cheap option.",
    ("R7", ""): "Do not fine-tune: there is too little left to gain over {best}.",
    ("R7", "noise"): "Do not fine-tune yet: mend the labels first. {best} is the best option so far.",
    ("R7", "format"): (
        "Do not fine-tune yet: cure the form of the answers of {best} first, by a structured output or a line of code, "
        "and measure again."
    ),
    ("R8", ""): "Do not fine-tune yet: collect more training rows first. {best} is the best option so far.",
    (
        "R9",
        "",
    ): "Do not fine-tune yet: mend the data first; see the findings. {best} is the best option so far.",
    ("R10", ""): "Do not decide yet: collect more test rows first. {best} is the best option so far.",
    ("R11", ""): "Do not fine-tune: a short training promises too little over {best}.",
    (
        "R11",
        "rising",
    ): "Do not fine-tune yet: collect more training rows first. {best} is the best option so far.",
    ("R12", ""): "Do not fine-tune: it would cost more than its gain over {best} is worth.",
    (
        "R13",
        "",
    ): "Fine-tuning is worth a try, with the retrieved context in the prompt: {best} is the option to beat.",
    ("R14", ""): "Fine-tuning is worth a try: {best} is the option to beat.",
}
"""By rule and case; `{best}` is the option that the verdict speaks of, with its score."""

_AFTER: Mapping[tuple[str, str], str] = {
    (
        "T1",
        "",
    ): "Do not decide by this comparison: score {tuned} and {best} again, on the same rows in the same way.",
    ("T1", "cut"): (
        "Do not decide by this training, which the time limit ended before half of its steps: give it more time, or keep "
        "{best}."
    ),
    ("T2", ""): "Keep {best}: {tuned} is worse.",
    ("T2", "guard"): "Keep {best}: {tuned} got worse on the guard set that was declared before training.",
    ("T3", ""): "Ship {tuned}: it beats {best} on the same test rows.{also}{fell}",
    ("T4", ""): "Ship {tuned}: it saves, and is not worse than {best} by more than was declared.{fell}",
    ("T5", ""): "Keep {best}: {tuned} gains too little over it, if anything.",
    ("T5", "some"): "Keep {best}: {tuned} is better, and by less than is worth it.",
    ("T5", "others"): (
        "Keep a cheap option: {tuned} beats {best}, and not {others} by enough, which dev does not tell from it."
    ),
    ("T6", ""): "The test cannot tell {tuned} from {best}: collect more test rows, or keep the cheap option.",
    ("T6", "some"): (
        "Do not ship yet: {tuned} is better than {best}, and whether by as much as is worth it is not shown. Collect more "
        "test rows, or keep the cheap option."
    ),
    ("T6", "others"): (
        "Do not ship yet: {tuned} beats {best}, and may not beat {others}, which dev does not tell from it. "
        "Collect more {lacking} rows, or keep a cheap option."
    ),
}


def advice(report: Report) -> str:
    """The last word of the report, by the rule that decided and its case."""
    verdict, found = report.verdict, report.comparison
    if found is None:
        best = _option(report, verdict.rung, verdict.rule, verdict.case)
        return sentence(_sentence(_BEFORE, verdict.rule, verdict.case).format(best=best))
    beside = [rung_words(one.rung) for one in found.contenders]
    return sentence(
        _sentence(_AFTER, found.rule, found.case).format(
            best=_option(report, found.baseline),
            tuned=_tuned(report),
            others=_names(found.against),
            lacking=_lacking_rows(found),
            also=f" It beats {' and '.join(beside)} too, which dev does not tell from it." if beside else "",
            fell=" Outside the task it got worse; see what else changed." if _fell(report) else "",
        )
    )


def _sentence(table: Mapping[tuple[str, str], str], rule: str, case: str) -> str:
    """The sentence of a case, else of its rule; a report of an earlier version names no case."""
    found = table.get((rule, case)) or table.get((rule, ""))
    return found if found is not None else table[rule, "rows"]


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


def _option(report: Report, rung: str | None, rule: str = "", case: str = "") -> str:
    """A cheap option with its score on test, else on dev, by the metric that the rule went by."""
    named = [entry for entry in report.baselines if entry.rung == rung]
    chosen = [entry for entry in named if entry.selected] or named
    chosen = chosen or [entry for entry in report.baselines if entry.selected]
    entry = next((entry for entry in chosen if entry.split == "test"), chosen[0] if chosen else None)
    if entry is None:
        return "the cheap option"
    metric = report.task.metric
    if (rule, case) == ("R5", "format"):
        forgiving = [name for name in load_rulebook().extraction.get(metric, ()) if name in entry.metrics]
        metric = max(forgiving, key=lambda name: entry.metrics[name].value, default=metric)
    return f"{rung_words(entry.rung)} at {_score(entry, metric)}"


def _tuned(report: Report) -> str:
    tuned = next((entry for entry in report.evaluations if entry.system == "tuned"), None)
    return f"the tuned model at {_score(tuned, report.task.metric)}" if tuned else "the tuned model"


def _score(entry: BaselinePart | EvaluationPart, metric: str) -> str:
    value = entry.metrics[metric]
    return f"{score(value.value)} [{score(value.low)}, {score(value.high)}] ({metric}, {entry.n} {entry.split} rows)"

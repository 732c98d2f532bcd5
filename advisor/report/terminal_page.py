"""A report on one page of a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from advisor.columns import table
from advisor.report.comparison_parts import ComparisonPart
from advisor.report.model import Report, VerdictPart
from advisor.report.sections import held_words, overruled_words
from advisor.report.tables import interval
from rubrics.phrases import rung_words

Say = Callable[[str], str]


def outcome_of(report: Report) -> str:
    """The last word: after training where there was one, else of the verdict."""
    return report.comparison.outcome if report.comparison else report.verdict.outcome


def page(report: Report, say: Say = str, stage_name: Say = str) -> list[str]:
    """The lines of the page.

    Args:
        say: says a sentence, a heading or a cell of a table in another language.
        stage_name: names a stage there.
    """
    metric = report.task.metric
    lines = [
        "",
        *_verdict(report, say),
        "",
        *_ladder(report, metric, say),
        *_economics(report, say),
    ]
    if report.comparison is not None:
        lines += ["", *_comparison(report, metric, say)]
    return [*lines, *_last(report, say, stage_name)]


def _labelled(say: Say, label: str, text: str) -> str:
    """Both are said apart: behind a label a text of several sentences is still one of the core."""
    return f"{say(label)}: {say(text)}"


def _verdict(report: Report, say: Say) -> Iterator[str]:
    yield say(f"verdict before training: {report.verdict.outcome} (rule {report.verdict.rule})")
    yield from (f"  {say(reason)}" for reason in report.verdict.reasons)
    if report.overruled is not None:
        yield f"  {say(overruled_words(report.overruled))}"
    yield from _why(report.verdict, say)


def _why(decided: VerdictPart | ComparisonPart, say: Say) -> Iterator[str]:
    """What would change an outcome, and how each rule was found, on one line: the page has no room for their reasons."""
    yield from (f"  {_labelled(say, 'what would change it', flip.text)}" for flip in decided.flip)
    if decided.considered:
        found = [f"{entry['rule']} {say(held_words(entry, decided.rule))}" for entry in decided.considered]
        yield f"  {say('rules in order')}: {', '.join(found)}"


def _last(report: Report, say: Say, stage_name: Say) -> Iterator[str]:
    if report.guard is not None:
        yield from ("", _labelled(say, "outside the task", report.guard.text))
    if report.learning_curve is not None:
        yield from ("", _labelled(say, "more data", report.learning_curve.text))
    yield from (_labelled(say, "reduced", reduction) for reduction in report.run.reductions)
    shares = [
        f"{stage_name(name)} {seconds:.0f} s"
        for name, seconds in report.run.stage_seconds.items()
        if seconds >= 0.5
    ]
    yield from ("", f"{say('time')}: {report.run.duration_s:.0f} s ({', '.join(shares)})")
    yield f"{say('report')}: {report.run.directory}/report.md"
    yield from ("", f"{outcome_of(report)}: {say(report.advice)}")


def _ladder(report: Report, metric: str, say: Say) -> list[str]:
    rows = [
        [
            say(rung_words(entry.rung)) + (" *" if entry.selected else ""),
            say(entry.split),
            str(entry.n),
            interval(entry.metrics[metric]),
        ]
        for entry in report.baselines
    ]
    skipped = [
        f"{say('not measured')}: {say(rung_words(rung))} ({say(reason)})"
        for rung, reason in report.skipped_rungs.items()
    ]
    head = [say("cheap option (* chosen on dev)"), say("split"), "n", metric]
    return [table(head, rows), *skipped]


def _economics(report: Report, say: Say) -> list[str]:
    """What the prices say beyond the verdict's reasons."""
    said = report.economics.text if report.economics else []
    return [_labelled(say, "economics", line) for line in said if line not in report.verdict.reasons]


def _comparison(report: Report, metric: str, say: Say) -> list[str]:
    found = report.comparison
    assert found is not None
    names = {
        "base": "base model",
        "best_baseline": f"best cheap option: {rung_words(found.baseline)}",
        "tuned": "tuned model",
    }
    rows = [
        [
            say(names[entry.system]),
            str(entry.n),
            interval(entry.metrics[metric]),
            "" if entry.loss is None else f"{entry.loss:.3f}",
            "" if entry.next_token_accuracy is None else f"{entry.next_token_accuracy:.3f}",
        ]
        for entry in report.evaluations
    ]
    head = [say("on the same test rows"), "n", metric, say("loss"), say("next-token acc.")]
    return [table(head, rows), "", *_differences(found, say)]


def _differences(found: ComparisonPart, say: Say) -> Iterator[str]:
    yield say(
        f"tuned minus best cheap option: {found.difference:+.3f} [{found.low:+.3f}, {found.high:+.3f}], "
        f"p = {found.p_value:.2g} ({found.test})"
    )
    if found.fixed is not None:
        yield say(
            f"fixed {found.fixed}, broken {found.broken}, both right {found.both_right}, both wrong {found.both_wrong}"
        )
    for one in found.contenders:
        name, tested = rung_words(one.rung), one.on_test
        if tested is not None:
            yield say(
                f"tuned minus {name}: {tested.difference:+.3f} [{tested.low:+.3f}, {tested.high:+.3f}], "
                f"p = {tested.p_value:.2g} (dev does not tell it from the chosen option)"
            )
    yield from (_labelled(say, "note", note) for note in found.notes)
    yield from _why(found, say)

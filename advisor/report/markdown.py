"""The report as Markdown: what a person hands on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.predictions import Prediction, read_predictions
from advisor.report.comparison_parts import FlipPart
from advisor.report.model import BaselinePart, EvaluationPart, Report
from advisor.report.sections import (
    contenders_words,
    curve_section,
    economics_section,
    guard_section,
    held_words,
    overruled_words,
)
from advisor.report.tables import interval
from advisor.report.tables import table as _table
from rubrics.phrases import rung_words

_SHOWN_ROWS = 10
_LONGEST_CELL = 120


def render(report: Report, run: Path) -> str:
    """The whole page.

    Args:
        run: the run directory, whose prediction files give the rows that were fixed and broken.
    """
    parts = [
        _head(report),
        _comparison(report),
        _metric(report),
        _verdict(report),
        _baselines(report),
        economics_section(report),
        _training(report),
        guard_section(report),
        curve_section(report),
        _rows(report, run),
        _slices(report),
        _data(report),
        _suitability(report),
        _method(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(report: Report) -> str:
    task = report.task.description.strip().splitlines()
    outcome = report.comparison.outcome if report.comparison else report.verdict.outcome
    return "\n\n".join(
        [
            f"# {task[0] if task else 'Fine-tuning advice'}",
            f"**{outcome}.** {report.advice}",
            f"Run `{report.run.id}` of {report.run.created}, advisor {report.run.version}, seed {report.run.seed}.",
        ]
    )


def _comparison(report: Report) -> str:
    if report.comparison is None:
        return ""
    metric, found = report.task.metric, report.comparison
    best = rung_words(found.baseline)
    names = {
        "base": "base model, no examples",
        "best_baseline": f"best cheap option ({best})",
        "tuned": "tuned",
    }
    table = _table(
        ["system", "n", metric, "token F1", "loss", "next-token accuracy"],
        [
            [
                names[entry.system],
                str(entry.n),
                interval(entry.metrics[metric]),
                interval(entry.metrics["token_f1"]),
                "" if entry.loss is None else f"{entry.loss:.3f}",
                "" if entry.next_token_accuracy is None else f"{entry.next_token_accuracy:.3f}",
            ]
            for entry in report.evaluations
        ],
    )
    flips = (
        f" Fixed {found.fixed}, broken {found.broken}, both right {found.both_right}, both wrong {found.both_wrong}."
        if found.fixed is not None
        else ""
    )
    notes = "".join(f"\n- {note}" for note in [*found.notes, *_score_cautions(report.evaluations, metric)])
    return (
        f"## On the same test rows\n\n{table}\n\n"
        f"Tuned minus best cheap option: {found.difference:+.3f} [{found.low:+.3f}, {found.high:+.3f}] "
        f"(95%), {found.test}: p = {found.p_value:.2g}, n = {found.n}.{flips}\n\n{found.reason} (rule {found.rule})"
        + (f"\n{notes}" if notes else "")
        + (f"\n\n{contenders_words(found)}" if found.contenders else "")
        + _flips(found.flip)
        + _considered(found.considered, found.rule)
    )


def _flips(flips: Sequence[FlipPart]) -> str:
    listed = "\n".join(f"- {flip.text}" for flip in flips)
    return f"\n\nWhat would change it:\n\n{listed}" if listed else ""


def _metric(report: Report) -> str:
    """Why this metric, and what the others say of the same test rows."""
    task = report.task
    if not task.metric_reason:
        return ""
    lines = [f"`{task.metric}` decides ({task.metric_reason})."]
    if task.metric_warning:
        lines.append(f"Take care: {task.metric_warning}.")
    scored: list[tuple[str, EvaluationPart | BaselinePart]]
    scored = [(entry.system.replace("_", " "), entry) for entry in report.evaluations]
    scored = scored or [
        (rung_words(entry.rung), entry) for entry in report.baselines if entry.split == "test"
    ]
    entries = [entry for _, entry in scored]
    names = list(dict.fromkeys(name for entry in entries for name in entry.metrics))
    if scored:
        rows = [[name, *(interval(entry.metrics[name]) for entry in entries)] for name in names]
        lines.append(_table(["on the test rows", *(system for system, _ in scored)], rows))
    lines += [
        f"Take care, `{name}`: {caution}"
        for name in names
        if name != task.metric
        for caution in _score_cautions(entries, name)
    ]
    return "## How answers are scored\n\n" + "\n\n".join(lines)


def _score_cautions(scored: Sequence[BaselinePart | EvaluationPart], metric: str) -> list[str]:
    """What to beware of in the intervals of one metric, each sentence once."""
    said = [caution for entry in scored for caution in entry.cautions.get(metric, ())]
    return list(dict.fromkeys(said))


def _slices(report: Report) -> str:
    """Each field's slices, those that lost most first."""
    found = report.comparison
    if found is None or not found.slices:
        return ""
    parts = []
    for field in dict.fromkeys(part.field for part in found.slices):
        slices = sorted(
            (part for part in found.slices if part.field == field), key=lambda part: part.difference
        )
        rows = [
            [
                _cell(part.value),
                str(part.n),
                interval(part.baseline),
                interval(part.tuned),
                f"{part.difference:+.3f} [{part.low:+.3f}, {part.high:+.3f}]",
                "" if part.fixed is None else f"{part.fixed} / {part.broken}",
            ]
            for part in slices[:_SHOWN_ROWS]
        ]
        head = [_cell(field), "n", "cheap option", "tuned", "difference", "fixed / broken"]
        more = len(slices) - len(rows)
        hidden = f"\n\nand {more} more that lost less, in `report.json`." if more > 0 else ""
        parts.append(f"### By {_cell(field)}\n\n{_table(head, rows)}{hidden}")
    return "## Slice by slice\n\n" + found.slices_note + "\n\n" + "\n\n".join(parts)


def _verdict(report: Report) -> str:
    verdict = report.verdict
    lines = [f"## Verdict before training: {verdict.outcome} (rule {verdict.rule})", ""]
    lines += [f"- {reason}" for reason in verdict.reasons]
    if report.overruled is not None:
        lines.append(f"- {overruled_words(report.overruled)}")
    if verdict.minimum_detectable_effect is not None:
        lines.append(
            f"- With this test set a gain of {verdict.minimum_detectable_effect:.3f} can be seen (80% power)."
        )
    return "\n".join(lines) + _flips(verdict.flip) + _considered(verdict.considered, verdict.rule)


def _considered(considered: Sequence[Mapping[str, Any]], deciding: str) -> str:
    """Every rule in its order: the first that holds decides."""
    if not considered:
        return ""
    rows = [
        [
            str(entry["rule"]),
            held_words(entry, deciding),
            _cell(str(entry["condition"]), cut=False),
            _cell(str(entry["reason"]), cut=False),
        ]
        for entry in considered
    ]
    return "\n\nRules considered, in order; the first that holds decides:\n\n" + _table(
        ["rule", "holds", "when it holds", "what it saw"], rows
    )


def _baselines(report: Report) -> str:
    metric = report.task.metric
    table = _table(
        ["rung", "model", "split", "n", metric, "prompt tokens a row", "latency p50", "chosen"],
        [
            [
                rung_words(entry.rung),
                _cell(entry.model),
                entry.split,
                str(entry.n),
                interval(entry.metrics[metric]),
                f"{entry.prompt_tokens / max(1, _asked(entry)):.0f}",
                f"{entry.latency_s.p50:.2f} s",
                "yes" if entry.selected else "",
            ]
            for entry in report.baselines
        ],
    )
    notes = [f"- {rung_words(rung)}: {reason}." for rung, reason in report.skipped_rungs.items()]
    for split in ("dev", "test"):
        scored = [entry for entry in report.baselines if entry.split == split]
        notes += [f"- On {split}: {caution}" for caution in _score_cautions(scored, metric)]
    notes += [
        f"- {rung_words(entry.rung)} with the {entry.with_leaked['n'] - entry.n} rows that stand in train: "
        f"{entry.with_leaked['metrics'][metric]['value']:.3f} on {entry.with_leaked['n']} rows."
        for entry in report.baselines
        if entry.with_leaked
    ]
    return f"## Cheap options\n\n{table}" + ("\n\n" + "\n".join(notes) if notes else "")


def _asked(entry: BaselinePart) -> int:
    return int(entry.with_leaked["n"]) if entry.with_leaked else entry.n


def _training(report: Report) -> str:
    parts = []
    if report.forecast is not None:
        parts.append(_forecast(report))
    training = report.training
    if training is None:
        return "\n\n".join(parts)
    config = ", ".join(
        f"{name} {value}" for name, value in training.config.items() if not isinstance(value, list)
    )
    early = ", stopped early" if training.stopped_early else ""
    lines = [
        "## Training",
        "",
        f"{training.method} on {training.train_rows} rows, {training.steps} steps, {training.epochs:g} epochs{early}; "
        f"the checkpoint of step {training.best_step} (least dev loss) was kept: `{training.adapter}`.",
        "",
        _table(
            ["step", "train loss", "dev loss", "dev next-token accuracy"],
            [
                [
                    str(point.step),
                    "" if point.loss is None else f"{point.loss:.3f}",
                    f"{point.eval_loss:.3f}",
                    f"{point.eval_next_token_accuracy or 0:.3f}",
                ]
                for point in training.history
                if point.eval_loss is not None
            ],
        ),
        "",
        f"In effect: {config}.",
    ]
    lines += [f"- {finding['rule']}: {finding['message']}" for finding in training.findings]
    parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _forecast(report: Report) -> str:
    found = report.forecast
    assert found is not None
    rows = [["memory", _gib(found.memory_bytes), _gib(found.memory_measured_bytes)]]
    rows.append(["time", _minutes(found.seconds), _minutes(found.seconds_measured)])
    rows += [[f"memory: {name}", _gib(value), ""] for name, value in found.memory.items()]
    notes = "".join(f"\n- {note}" for note in found.notes)
    return f"## Forecast\n\n{_table(['', 'predicted', 'measured'], rows)}" + (f"\n{notes}" if notes else "")


def _rows(report: Report, run: Path) -> str:
    if report.comparison is None or report.comparison.fixed is None:
        return ""
    metric = report.task.metric
    leaked = set(report.data.leaked)
    before = read_predictions(run / "evaluation" / "best_baseline.test.jsonl")
    after = read_predictions(run / "evaluation" / "tuned.test.jsonl")
    pairs = [(one, two) for one, two in zip(before, after, strict=True) if one.id not in leaked]
    broken = [(one, two) for one, two in pairs if one.scores[metric] > two.scores[metric]]
    fixed = [(one, two) for one, two in pairs if one.scores[metric] < two.scores[metric]]
    parts = [_flipped(f"Broken ({len(broken)})", broken), _flipped(f"Fixed ({len(fixed)})", fixed)]
    return "## Row by row\n\n" + "\n\n".join(parts)


def _flipped(title: str, pairs: Sequence[tuple[Prediction, Prediction]]) -> str:
    if not pairs:
        return f"### {title}\n\nNone."
    rows = [
        [
            _cell(one.id),
            _cell(one.prompt[-1]["content"]),
            _cell(one.reference),
            _cell(one.prediction),
            _cell(two.prediction),
        ]
        for one, two in pairs[:_SHOWN_ROWS]
    ]
    more = f"\n\nand {len(pairs) - _SHOWN_ROWS} more in `evaluation/`." if len(pairs) > _SHOWN_ROWS else ""
    return f"### {title}\n\n{_table(['row', 'message', 'reference', 'cheap option', 'tuned'], rows)}{more}"


def _data(report: Report) -> str:
    data = report.data
    lines = [
        "## Data",
        "",
        f"{data.rows:,} rows ({data.format}); train {data.splits.train:,}, dev {data.splits.dev:,}, "
        f"test {data.splits.test:,}.",
        "",
    ]
    for finding in data.findings:
        fix = f" {finding.fix}" if finding.fix else ""
        lines.append(f"- {finding.severity} {finding.check}: {finding.message}{fix}")
        lines += _conflicts(finding.details.get("conflicts", ()))
    return "\n".join(lines)


def _conflicts(listed: Sequence[Mapping[str, Any]]) -> list[str]:
    """The prompts that have different answers, with how often each was given."""
    lines = []
    for conflict in listed[:_SHOWN_ROWS]:
        answers = ", ".join(f"{_cell(answer)} ({count})" for answer, count in conflict["answers"].items())
        lines.append(f"    - {_cell(conflict['prompt'])}: {answers}")
    more = len(listed) - _SHOWN_ROWS
    return [*lines, f"    - and {more} more in `inspection.json`"] if more > 0 else lines


def _suitability(report: Report) -> str:
    found = report.suitability
    table = _table(
        ["", "question", "answer", "effect"],
        [
            [item.id, item.question, item.answer, f"{item.effect:+g}" if item.effect else ""]
            for item in found.criteria
        ],
    )
    return f"## Does the task suit fine-tuning? {found.outcome} (score {found.score:+g})\n\n{table}"


def _method(report: Report) -> str:
    lines = ["## How this was measured", ""]
    lines += [f"- Reduced: {reduction}." for reduction in report.run.reductions]
    looks = ", ".join(f"{entry['system']} ({entry['n']} rows)" for entry in report.ledger)
    lines.append(f"- Choices were made on dev; the ledger of test scorings: {looks}.")
    lines.append(
        "- Intervals are 95%: Wilson's for scores, Tango's for differences, on the rows that graded or clustered "
        "scores are worth; see `advisor help statistics`."
    )
    if report.comparison is not None and report.comparison.clusters is not None:
        lines.append(f"- The test rows form {report.comparison.clusters} clusters, which vary as a whole.")
    shares = ", ".join(
        f"{name} {seconds:.0f} s" for name, seconds in report.run.stage_seconds.items() if seconds >= 0.5
    )
    lines.append(f"- Working time {report.run.duration_s:.0f} s: {shares}.")
    return "\n".join(lines) + f"\n\nThe same again:\n\n{_code(report.run.command)}"


def _gib(value: int | None) -> str:
    return "" if value is None else f"{value / 2**30:.2f} GiB"


def _minutes(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 60:.1f} min"


def _cell(text: str, *, cut: bool = True) -> str:
    """Model output is data: no markup, one line, cut for the table."""
    flat = " ".join("".join(char for char in text if char.isprintable() or char.isspace()).split())
    # Cut before escaping, or an escape may be cut in half.
    short = flat if len(flat) <= _LONGEST_CELL or not cut else flat[: _LONGEST_CELL - 1] + "…"
    escaped = re.sub(r"[\\`*~|\[\]]|(?<!\w)_|_(?!\w)", r"\\\g<0>", short)
    return escaped.replace("&", "&amp;").replace("<", "&lt;")


def _code(text: str) -> str:
    """A block of code, fenced by more backticks than stand in it in a row."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{text}\n{fence}"

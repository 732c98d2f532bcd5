"""Results as a page: sections of text that fit a width."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from advisor.core_texts import told
from advisor.outcomes import outcome_headline, outcome_meaning
from advisor.predictions import Score
from advisor.results import Results, SystemResult
from advisor.rungs.names import rung_name, system_name
from advisor.stages.compare import Comparison
from advisor.texts import _
from advisor.tui.aligned import cut
from advisor.tui.intervals import interval_line
from advisor.tui.plain_text import shown

GLYPHS: Mapping[str, str] = {
    "SHIP_TUNED": "✓",
    "PROMPT_IS_ENOUGH": "✓",
    "FINE_TUNE": "▸",
    "KEEP_BASELINE": "●",
    "INCONCLUSIVE": "○",
}
"""By outcome; what must be collected or mended first has a cross."""
_MOST_SLICES = 8
_LONGEST_NAME = 44
_BAR = (8, 40)


def sections(results: Results, width: int) -> list[tuple[str, Text]]:
    """Every section that has something to say, by its key."""
    makers: Mapping[str, Callable[[Results, int], Text]] = {
        "outcome": outcome,
        "systems": systems,
        "test": test,
        "beware": beware,
        "guard": guard,
        "slices": slices,
        "curve": curve,
    }
    return [(key, make(results, width)) for key, make in makers.items()]


def outcome(results: Results, width: int) -> Text:
    """The outcome in words first, then what to do."""
    why = results.deciding
    text = Text(f"{GLYPHS.get(results.outcome, '✗')} {outcome_headline(*why)}", "bold")
    text.append(f"  {results.outcome}\n", "dim")
    text.append(outcome_meaning(*why), "not bold")
    said = results.comparison.reason if results.comparison else results.advice
    if said:
        text.append(f"\n{shown(told(said))}", "not bold")
    return text


def systems(results: Results, width: int) -> Text:
    """Base, best cheap option, tuned: value with interval as number and bar, loss, next-token accuracy, n."""
    rows = [_system(results, found) for found in results.systems]
    head = [_("on the test rows"), results.metric, "", _("n"), _("loss"), _("next token")]
    fixed = sum(max(cell_len(row[column]) for row in [head, *rows]) + 2 for column in (1, 3, 4, 5))
    name = min(_LONGEST_NAME, max(cell_len(row[0]) for row in [head, *rows]))
    low, high = _BAR
    bar = max(low, min(high, width - name - fixed - 4))
    name = min(name, max(12, width - fixed - bar - 4))
    for row, found in zip(rows, results.systems, strict=True):
        score = found.scores[results.metric]
        row[2] = interval_line(score.value, score.low, score.high, bar)
    head[2] = _scale(bar)
    text = aligned([head, *rows], [name, 0, bar, 0, 0, 0])
    best = results.of("best_baseline")
    if best is not None:
        text.append(
            "\n" + _("The best cheap option, chosen on dev: {rung}.").format(rung=rung_name(best.rung))
        )
    return text


def _system(results: Results, found: SystemResult) -> list[str]:
    score = found.scores[results.metric]
    return [
        system_name(found.system),
        f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]",
        "",
        f"{found.n:,}",
        "–" if found.loss is None else f"{found.loss:.3f}",
        "–" if found.next_token_accuracy is None else f"{found.next_token_accuracy:.3f}",
    ]


def _scale(width: int) -> str:
    return "0" + " " * (width - 2) + "1"


def test(results: Results, width: int) -> Text:
    """The paired test, and the flip table."""
    found = results.comparison
    if found is None:
        return Text(_("There is no tuned model to compare.")) if results.report else Text()
    text = _titled(_("The test"))
    text.append(
        _("Tuned minus cheap option: {difference} [{low}, {high}] (95%), p = {p}, n = {n}; {test}.").format(
            difference=f"{found.difference:+.3f}",
            low=f"{found.low:+.3f}",
            high=f"{found.high:+.3f}",
            p=f"{found.p_value:.2g}",
            n=f"{found.n:,}",
            test=told(found.test),
        )
    )
    if found.fixed is not None:
        text.append("\n").append_text(_flip_table(found))
    return text


def _flip_table(found: Comparison) -> Text:
    return aligned(
        [
            ["", _("tuned right"), _("tuned wrong")],
            [
                _("cheap option right"),
                _("{n} both right").format(n=found.both_right),
                _("{n} broken").format(n=found.broken),
            ],
            [
                _("cheap option wrong"),
                _("{n} fixed").format(n=found.fixed),
                _("{n} both wrong").format(n=found.both_wrong),
            ],
        ],
        [0, 0, 0],
        left=3,
    )


def beware(results: Results, width: int) -> Text:
    """Notes of the comparison, cautions of the intervals, and what would change the outcome."""
    notes = [*(results.comparison.notes if results.comparison else ()), *results.cautions]
    flips = results.comparison.flip if results.comparison else results.verdict.flip
    text = _bulleted(_("What to beware of"), notes)
    changes = _bulleted(_("What would change it"), [str(flip["text"]) for flip in flips])
    return (
        text.append("\n\n").append_text(changes)
        if text.plain and changes.plain
        else text.append_text(changes)
    )


def guard(results: Results, width: int) -> Text:
    """What happened outside the task."""
    if not results.guard:
        return Text()
    fell = _("Outside the task: ✗ worse") if results.guard_fell else _("Outside the task: ✓ no fall shown")
    return _titled(fell).append(shown(told(results.guard)))


def slices(results: Results, width: int) -> Text:
    """The slices that lost most."""
    found = results.comparison
    if found is None or not found.slices:
        return Text()
    parts = sorted(found.slices, key=lambda part: float(part["difference"]))
    rows = [[_("slice"), _("n"), _("cheap"), _("tuned"), _("difference")]]
    rows += [
        [
            shown(f"{part['field']}: {_slice_value(part)}", one_line=True),
            f"{part['n']:,}",
            f"{part['baseline']['value']:.3f}",
            f"{part['tuned']['value']:.3f}",
            f"{part['difference']:+.3f} [{part['low']:+.3f}, {part['high']:+.3f}]",
        ]
        for part in parts[:_MOST_SLICES]
    ]
    rest = sum(max(cell_len(row[column]) for row in rows) + 2 for column in range(1, 5))
    name = min(_LONGEST_NAME, max(cell_len(row[0]) for row in rows), max(12, width - rest))
    text = _titled(_("Slice by slice, those that lost most first"))
    text.append_text(aligned(rows, [name, 0, 0, 0, 0], left=1))
    if len(parts) > _MOST_SLICES:
        text.append("\n" + _("and {n} more in the report").format(n=len(parts) - _MOST_SLICES))
    return text.append(f"\n{shown(told(found.slices_note))}", "dim")


def _slice_value(part: Mapping[str, Any]) -> str:
    """The value of a slice; those of lengths are the core's words, all others are the rows' own."""
    value = str(part["value"])
    return told(value) if part["field"] == "length" else value


def curve(results: Results, width: int) -> Text:
    """Whether more training rows would help."""
    found = results.curve
    if found is None:
        return Text()
    text = _titled(_("Would more data help?"))
    if found.points:
        rows = [[_("training rows"), _("dev loss"), found.metric]]
        rows += [
            [
                f"{point.rows:,}",
                f"{point.loss:.3f} ± {point.loss_error:.3f}",
                "–" if point.score is None else _interval(point.score),
            ]
            for point in found.points
        ]
        text.append_text(aligned(rows, [0, 0, 0], left=0)).append("\n")
    return text.append(shown("\n".join(told(line) for line in [found.text or found.refused, *found.notes])))


def _interval(score: Score) -> str:
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def _titled(title: str) -> Text:
    text = Text()
    text.append(f"{title}\n", "bold")
    return text


def _bulleted(title: str, lines: Sequence[Any]) -> Text:
    if not lines:
        return Text()
    text = _titled(title)
    return text.append("\n".join(f"• {shown(told(str(line)))}" for line in lines))


def aligned(rows: Sequence[Sequence[str]], widths: Sequence[int], *, left: int = 1) -> Text:
    """Rows in columns, the first `left` of them to the left and the head in bold.

    Args:
        widths: of each column in cells; 0 for as wide as it needs.
    """
    wide = [width or max(cell_len(row[column]) for row in rows) for column, width in enumerate(widths)]
    text = Text(no_wrap=True)
    for number, row in enumerate(rows):
        cells = [
            set_cell_size(cut(cell, width), width)
            if column < left or column == 2
            else " " * (width - cell_len(cell)) + cell
            for column, (cell, width) in enumerate(zip(row, wide, strict=True))
        ]
        line = "  ".join(cells).rstrip()
        text.append(line if number == len(rows) - 1 else f"{line}\n", "bold" if number == 0 else "")
    return text

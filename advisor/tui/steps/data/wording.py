"""How the health sheet is said: marks, lines and pictures as text, for widgets to show."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from advisor.browsing import (
    DataFiles,
    HealthItem,
    HealthSheet,
    Severity,
    SplitSizes,
    StoredRow,
)
from advisor.cells import fit
from advisor.core_texts import told
from advisor.fault_words import lines_of_problems
from advisor.histograms import drawn, label_histogram, length_histogram, spread
from advisor.inspecting import Phase
from advisor.rule_texts import REASONS, TITLES
from advisor.text_difference import Pieces, differences
from advisor.texts import N_, _, ngettext
from advisor.tui.plain_text import shown
from rubrics.errors import Fault

MARKS: Mapping[Severity, tuple[str, str, str]] = {
    "error": ("✗", N_("error"), "bold red"),
    "warning": ("!", N_("warning"), "yellow"),
    "info": ("·", N_("hint"), "cyan"),
    "clear": ("✓", N_("fine"), "green"),
    "skipped": ("–", N_("skipped"), "dim"),
}
"""Glyph, word and colour; the colour says nothing that the others do not."""

PHASES: Mapping[Phase, str] = {
    "reading": N_("Reading {file}"),
    "checking": N_("Checking the rows of {file}"),
    "dividing": N_("Dividing the rows into train, dev and test"),
}
_SKIPPED = {
    "D4": N_(
        "There is no test file of your own: the rows are divided here, and near duplicates stay on one side."
    ),
    "D8": N_("There is no sample of real use to compare with; the Task step takes one."),
}
_WORD_CELLS = 9
_NAME_CELLS = 40
_TURN = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


def mark(severity: Severity) -> Text:
    """Glyph and word."""
    glyph, word, style = MARKS[severity]
    return Text(f"{glyph} {fit(_(word), _WORD_CELLS)}", style)


def item_title(item: HealthItem) -> Text:
    """Mark, rule and what the rule is about."""
    return Text.assemble(mark(item.severity), (f"{item.check:<4}", "bold"), _(TITLES[item.check]))


def item_line(item: HealthItem) -> Text:
    """A finding in the list: two lines, the second what was found; a rule without one takes a line."""
    line = item_title(item)
    if item.severity not in ("clear", "skipped"):
        line.append("\n" + " " * (_WORD_CELLS + 2) + shown(told(item.message), one_line=True))
    return line


def item_page(item: HealthItem) -> str:
    """All that is to be said of an item that names no rows."""
    parts = [_(REASONS[item.check])]
    if item.message:
        parts.append(told(item.message))
    elif item.severity == "skipped":
        parts.append(_(_SKIPPED[item.check]))
    else:
        parts.append(_("Nothing of the kind was found."))
    if item.advice:
        parts.append(_("What to do: {fix}").format(fix=told(item.advice)))
    if item.example:
        parts.append(_("For example: {example}").format(example=item.example))
    return "\n\n".join([*parts, "\n".join(map(told, item.problems))]).strip()


def head(sheet: HealthSheet) -> Text:
    """The file, its rows, its format and how many findings there are."""
    rows = ngettext("{n} row", "{n} rows", sheet.rows).format(n=f"{sheet.rows:,}")
    answers = ngettext("{n} different answer", "{n} different answers", sheet.distinct_answers)
    if sheet.labels is not None:
        answers = ngettext("{n} label", "{n} labels", sheet.labels_total)
    many = sheet.labels_total if sheet.labels is not None else sheet.distinct_answers
    line = Text(name_of(sheet.files), "bold")
    line.append(f" · {rows} · {answers.format(n=f'{many:,}')} · {sheet.format}\n", "not bold")
    return line.append_text(_tally(sheet))


def name_of(files: DataFiles) -> str:
    """The name of the file that is looked at, at most 40 cells of it."""
    return fit(shown(files.file.name, one_line=True), _NAME_CELLS).rstrip()


def _tally(sheet: HealthSheet) -> Text:
    counts: list[tuple[Severity, str]] = [
        ("error", ngettext("{n} error", "{n} errors", sheet.tally("error"))),
        ("warning", ngettext("{n} warning", "{n} warnings", sheet.tally("warning"))),
        ("info", ngettext("{n} hint", "{n} hints", sheet.tally("info"))),
    ]
    parts = [
        Text(f"{MARKS[kind][0]} {words.format(n=sheet.tally(kind))}", MARKS[kind][2])
        for kind, words in counts
        if sheet.tally(kind)
    ]
    return Text("  ").join(parts) if parts else Text(_("✓ nothing needs mending"))


def pictures(sheet: HealthSheet, lengths: Mapping[str, Any], width: int, *, blocks: bool = True) -> Text:
    """How the rows will be divided, the labels, and the lengths of prompts and answers.

    Args:
        lengths: of the sheet, or counted in tokens where a run has done that.
    """
    parts = [_titled(_("Split"), split_lines(sheet.split, sheet.rows))]
    if sheet.labels is not None:
        labels = label_histogram(sheet.labels, labels_total=sheet.labels_total, rows=sheet.rows)
        title = ngettext("{n} label", "{n} labels", sheet.labels_total).format(n=f"{sheet.labels_total:,}")
        parts.append(_titled(title, drawn(labels, width, blocks=blocks)))
    titles = {
        "prompt": {
            "tokens": N_("Length of prompts, in tokens"),
            "characters": N_("Length of prompts, in characters"),
        },
        "answer": {
            "tokens": N_("Length of answers, in tokens"),
            "characters": N_("Length of answers, in characters"),
        },
    }
    for side, by_unit in titles.items():
        title = by_unit[lengths["unit"]]
        bars = drawn(length_histogram(lengths["histograms"][side]), width, blocks=blocks)
        parts.append(_titled(_(title), [spread(lengths[side]), *bars]))
    return Text("\n\n").join(parts)


def _titled(title: str, lines: Sequence[str]) -> Text:
    return Text.assemble((title, "bold"), "\n", "\n".join(lines))


def split_lines(split: SplitSizes, rows: int) -> list[str]:
    """The sizes of the parts, and why they are not what was asked; or why the rows cannot be divided."""
    if split.problem:
        return [f"✗ {told(split.problem)}", told(split.fix)]
    sizes = {_("train"): split.train, _("dev"): split.dev, _("test"): split.test}
    lines = [
        f"{fit(name, 7)} {size:>9,}" + (f" {size / rows:6.1%}" if size <= rows else "")
        for name, size in sizes.items()
    ]
    return [*lines, *map(told, split.reasons)]


def case_line(row: StoredRow, members: int) -> Text:
    """A case in its list: where its first row stands, how many rows it has, how it begins."""
    many = f" ×{members}" if members > 1 else ""
    line = Text(f"{line_of(row)}{many}  ", "bold")
    return line.append(
        shown(row.prompt[:200], one_line=True) + " → " + shown(row.answer[:100], one_line=True)
    )


def line_of(row: StoredRow) -> str:
    """The row's line in its file."""
    return row.source.rpartition(":")[2] or row.id


def row_page(row: StoredRow, *, spaces: bool = False) -> Text:
    """A row in full; with `spaces` what nobody sees of it is made visible."""
    page = Text(shown(row.source, one_line=True), "bold")
    for title, text in _fields(row):
        page.append(f"\n\n{title}\n", "bold dim")
        page.append(visible(text) if spaces else shown(text))
    return page.append_text(_cut(row))


def _fields(row: StoredRow) -> list[tuple[str, str]]:
    fields = [(_("System prompt"), row.system)] if row.system else []
    return [*fields, (_("Prompt"), row.prompt), (_("Answer"), row.answer)]


def _cut(row: StoredRow) -> Text:
    if not row.left_out:
        return Text()
    words = ngettext("… {n} more character", "… {n} more characters", row.left_out)
    return Text("\n\n" + words.format(n=f"{row.left_out:,}"), "italic")


def pair_page(first: StoredRow, other: StoredRow, at: int, members: int) -> Table:
    """Two rows of a case side by side, with what only one of them has underlined.

    Args:
        at: which row of the case `other` is, counted from 1.
        members: rows of the case.
    """
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    places = [shown(row.source, one_line=True) for row in (first, other)]
    counted = _("{at} of {n}").format(at=at, n=members)
    grid.add_row(Text(places[0], "bold"), Text(f"{places[1]} ({counted})", "bold"))
    for title, ours, theirs in (
        (_("Prompt"), first.prompt, other.prompt),
        (_("Answer"), first.answer, other.answer),
    ):
        left, right = shown(ours), shown(theirs)
        only_left, only_right = differences(left, right)
        same = " · " + _("the same") if left == right else ""
        grid.add_row(Text(f"\n{title}{same}", "bold dim"), Text(f"\n{title}{same}", "bold dim"))
        grid.add_row(_underlined(only_left), _underlined(only_right))
    if first.left_out or other.left_out:
        grid.add_row(_cut(first), _cut(other))
    return grid


def _underlined(pieces: Pieces) -> Text:
    return Text.assemble(*((piece.text, "bold underline" if piece.differs else "") for piece in pieces))


def fault_page(fault: Fault) -> Text:
    """What happened, where, what to do, and every problem."""
    page = Text.assemble(("✗ " + shown(told(fault.what)), "bold"))
    if fault.where:
        page.append("\n" + shown(fault.where))
    if fault.fix:
        page.append("\n\n" + _("What to do: {fix}").format(fix=shown(told(fault.fix))))
    if fault.problems:
        page.append("\n\n" + shown("\n".join(lines_of_problems(fault.problems))))
    return page


def mend_page(done: Mapping[str, Any]) -> Text:
    """What the chosen fixes would do: in numbers, then by example, before and after."""
    if not done["fixes"]:
        return Text(_("These fixes would change nothing."))
    dropped = done["rows"] - done["written"]
    page = Text()
    page.append(
        _("{written} of {rows} rows stay, {dropped} go.").format(
            written=f"{done['written']:,}", rows=f"{done['rows']:,}", dropped=f"{dropped:,}"
        ),
        "bold",
    )
    for fix in done["fixes"]:
        page.append_text(_fix_part(fix))
    return page


def _fix_part(fix: Mapping[str, Any]) -> Text:
    part = Text.assemble("\n\n", (fix["rule"], "bold"))
    for words, number in (
        (ngettext("{n} row changed", "{n} rows changed", fix["changed"]), fix["changed"]),
        (ngettext("{n} row dropped", "{n} rows dropped", fix["dropped"]), fix["dropped"]),
    ):
        if number:
            part.append(" · " + words.format(n=f"{number:,}"))
    for example in fix["examples"]:
        line = example["row"].rpartition(":")[2]
        part.append("\n  " + _("line {n}").format(n=line), "dim")
        part.append("\n  − " + visible(example["before"], one_line=True))
        if example["after"] is None:
            part.append("\n  + " + _("(the row goes)"), "italic")
        else:
            part.append("\n  + " + visible(example["after"], one_line=True))
    return part.append_text(_more_examples(fix))


def _more_examples(fix: Mapping[str, Any]) -> Text:
    more = fix["changed"] + fix["dropped"] - len(fix["examples"])
    if more <= 0:
        return Text()
    return Text("\n  " + ngettext("and {n} more", "and {n} more", more).format(n=f"{more:,}"), "italic")


def visible(text: str, *, one_line: bool = False) -> str:
    """A foreign text in which white space at its ends, and characters that nobody sees, can be seen."""
    bare = text.strip(" ")
    start = len(text) - len(text.lstrip(" "))
    edged = "␣" * start + bare + "␣" * (len(text) - start - len(bare))
    seen = (f"<U+{ord(char):04X}>" if _is_unseen(char) else char for char in edged)
    return shown("".join(seen), one_line=one_line)


def _is_unseen(character: str) -> bool:
    return not character.isascii() and unicodedata.category(character) in ("Cf", "Zs", "Zl", "Zp")


def done_page(done: Mapping[str, Any]) -> str:
    """What was written, and what a check of the copy still finds."""
    lines = [
        _("{written} of {rows} rows were written; every change stands in {log}.").format(
            written=f"{done['written']:,}", rows=f"{done['rows']:,}", log=done["changes"]
        )
    ]
    left = [item for item in done["left"] if item["severity"] != "info"]
    if left:
        lines.append(_("What a check still finds:"))
        lines += [f"{MARKS[item['severity']][0]} {item['check']} {told(item['message'])}" for item in left]
    return "\n".join(lines)


def turning(seconds: float) -> str:
    """A sign that moves, and for how long."""
    sign = _TURN[int(seconds * 4) % len(_TURN)]
    return f"{sign} " + _("{s} s").format(s=int(seconds))

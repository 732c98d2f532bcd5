"""One test row: message, reference, and every system's answer beside the others with what differs marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from advisor.rungs.names import system_name
from advisor.side_by_side import Kind, PairedRow, SideBySide
from advisor.text_difference import Pieces, differences
from advisor.texts import N_, _
from advisor.tui.plain_text import shown

Against = Literal["reference", "other"]
"""What an answer's marks are about: the reference, or the other system of the pair."""

KIND_WORDS: Mapping[Kind, str] = {
    "fixed": N_("✓ fixed"),
    "broken": N_("✗ broken"),
    "both_right": N_("● both right"),
    "both_wrong": N_("○ both wrong"),
    "better": N_("▲ better"),
    "worse": N_("▼ worse"),
    "equal": N_("● equal"),
    "right": N_("✓ right"),
    "wrong": N_("✗ wrong"),
}
AGAINST_WORDS: Mapping[Against, str] = {
    "reference": N_("marked: differences from the reference"),
    "other": N_("marked: differences between the two systems"),
}
_MARKED = "bold underline"
_BESIDE = 80
"""Cells from which answers stand beside each other."""
_LONGEST = 20_000
"""Characters of a text that are shown; a model that never stops would be all there is to see."""


def one_line(found: SideBySide, place: int) -> tuple[str, str]:
    """Kind and message of a row, for a list."""
    row = found.rows[place]
    return _(KIND_WORDS[row.kind]), shown(" ".join(row.message[:500].split()), one_line=True)


def row_view(found: SideBySide, place: int, against: Against, width: int) -> RenderableType:
    """The row as something to print.

    Args:
        width: cells that there are.
    """
    row, beside = found.rows[place], width >= _BESIDE
    head = Text(f"{_(KIND_WORDS[row.kind])}  ", "bold").append(shown(row.id, one_line=True), "not bold")
    head.append(f"  {_(AGAINST_WORDS[against])}", "not bold dim")
    message = _block(_("Message"), Text(_cut(row.message)), apart=beside)
    reference = _block(_("Reference"), Text(_cut(row.reference)), apart=beside)
    answers = [_answer(found, row, number, against, apart=beside) for number in range(len(found.systems))]
    return Group(head, message, reference, _beside(answers) if beside else Group(*answers))


def _beside(answers: Sequence[Text]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for _column in answers:
        table.add_column(ratio=1)
    table.add_row(*answers)
    return table


def _block(title: str, text: Text, *, apart: bool) -> Text:
    """A text under its title, or beside it where there is little room."""
    head = Text(f"\n{title}\n" if apart else f"{title}  ", "bold")
    return head.append_text(Text("", "not bold").append_text(text))


def _answer(found: SideBySide, row: PairedRow, number: int, against: Against, *, apart: bool) -> Text:
    system, answer = found.systems[number], row.answers[number]
    mark = "✓" if answer.score >= 1 else "✗" if answer.score <= 0 else "◐"
    title = f"{system_name(system, found.rung if apart else '')}: {mark} {answer.score:.3g}"
    if answer.cut:
        title += " " + _("(cut off)")
    body = Text(_cut(answer.text)) if answer.text else Text(_("(no answer)"), "dim")
    other, signs = _compared_with(found, row, number, against)
    if other is not None and answer.text:
        body = marked(differences(_cut(other), _cut(answer.text))[1], signs)
    return _block(title, body, apart=apart)


def _compared_with(
    found: SideBySide, row: PairedRow, number: int, against: Against
) -> tuple[str | None, tuple[str, str]]:
    """The text that an answer is held against, and the signs around what differs; None for no text."""
    if against == "reference":
        return row.reference, ("{+", "+}")
    before, after = (found.systems.index(system) for system in found.pair)
    if number == before != after:
        return row.answers[after].text, ("[-", "-]")
    return (row.answers[before].text, ("{+", "+}")) if number == after != before else (None, ("", ""))


def marked(pieces: Pieces, signs: tuple[str, str]) -> Text:
    """A text whose differing pieces stand between signs, and in bold; signs alone where something is left out."""
    text = Text()
    for piece in pieces:
        if piece.differs:
            text.append(f"{signs[0]}{piece.text}{signs[1]}", _MARKED)
        else:
            text.append(piece.text)
    return text


def _cut(text: str) -> str:
    return shown(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")

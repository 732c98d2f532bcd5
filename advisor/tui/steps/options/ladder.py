"""The ladder as it is measured: a table of rungs, and sample answers of the one that is looked at."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable, OptionList
from textual.widgets.option_list import Option

from advisor.ladder_view import LadderRow
from advisor.texts import _
from advisor.tui.steps.options import words
from advisor.tui.words import Words
from advisor.watching import RungAnswer


class Ladder(Vertical):
    """Rungs with their scores; below, what the highlighted one answered."""

    DEFAULT_CSS: ClassVar[str] = """
    Ladder { height: auto; }
    Ladder DataTable { height: auto; max-height: 12; background: transparent; }
    Ladder #caption { margin-top: 1; }
    Ladder #answers-title { margin-top: 1; }
    Ladder OptionList { height: auto; max-height: 10; border: none; padding: 0; background: transparent; }
    """

    def __init__(self) -> None:
        super().__init__(id="ladder")
        self._rows: tuple[LadderRow, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._cells: dict[tuple[str, str], Text] = {}
        self._lines: tuple[Text, ...] = ()

    def compose(self) -> ComposeResult:
        """Table, detail of a rung, answers."""
        yield Words(id="caption")
        yield DataTable[Text](id="table", cursor_type="row", zebra_stripes=False, cell_padding=1)
        yield Words(id="detail")
        yield Words(id="answers-title")
        yield OptionList(id="answers", compact=True)

    def show(self, rows: tuple[LadderRow, ...]) -> None:
        """Show the rungs; only cells that changed are painted."""
        self._rows = rows
        width = max(40, self.size.width)
        metric = next((state.metric for row in rows for state in (row.dev,) if state and state.metric), "")
        titles = tuple(words.column_title(column, width) for column in words.columns(width))
        self.query_one("#caption", Words).say(words.caption(metric))
        table = self._table()
        if titles != self._columns or [key.value for key in table.rows] != [row.rung for row in rows]:
            self._build(titles, rows, width)
        for row in rows:
            for column, cell in words.ladder_cells(row, width).items():
                if self._cells.get((row.rung, column)) != cell:
                    self._cells[row.rung, column] = cell
                    table.update_cell(row.rung, column, cell, update_width=True)
        self._show_highlighted()

    def _table(self) -> DataTable[Text]:
        return self.query_one("#table", DataTable)

    def _build(self, titles: tuple[str, ...], rows: tuple[LadderRow, ...], width: int) -> None:
        table = self._table()
        at = table.cursor_row if self._columns else _worth_a_look(rows)
        table.clear(columns=True)
        self._columns, self._cells = titles, {}
        for key, title in zip(words.columns(width), titles, strict=True):
            table.add_column(title, key=key)
        for row in rows:
            cells = words.ladder_cells(row, width)
            self._cells |= {(row.rung, column): cell for column, cell in cells.items()}
            table.add_row(*cells.values(), key=row.rung)
        table.move_cursor(row=min(at, max(0, len(rows) - 1)))

    def highlighted(self) -> LadderRow | None:
        """The rung that is looked at."""
        at = self._table().cursor_row
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Its answers."""
        event.stop()
        self._show_highlighted()

    def _show_highlighted(self) -> None:
        row, width = self.highlighted(), max(40, self.size.width)
        if row is None:
            return
        self.query_one("#detail", Words).say(words.rung_detail(row, width))
        answers = self.answers()
        title = _("Sample answers on dev: wanted → answered") if answers else ""
        self.query_one("#answers-title", Words).say(Text(title, "bold"))
        lines = tuple(words.answer_line(answer, width - 2) for answer in answers)
        if lines != self._lines:
            self._lines = lines
            options = self.query_one("#answers", OptionList)
            at = options.highlighted
            options.clear_options().add_options([Option(line) for line in lines])
            options.highlighted = min(at or 0, len(lines) - 1) if lines else None
        self.query_one("#answers").display = bool(lines)

    def answers(self) -> tuple[RungAnswer, ...]:
        """The sample answers of the highlighted rung."""
        row = self.highlighted()
        return row.dev.answers if row is not None and row.dev is not None else ()

    def answer(self) -> RungAnswer | None:
        """The answer that is looked at."""
        at, answers = self.query_one("#answers", OptionList).highlighted or 0, self.answers()
        return answers[at] if at < len(answers) else None


def _worth_a_look(rows: tuple[LadderRow, ...]) -> int:
    """The rung that is shown at first: the best on dev, else the first one that asks a model."""
    selected = (at for at, row in enumerate(rows) if row.selected)
    answered = (at for at, row in enumerate(rows) if row.dev is not None and row.dev.answers)
    return next(selected, next(answered, 0))

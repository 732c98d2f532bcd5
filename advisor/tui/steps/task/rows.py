"""A file's preview on a screen: what it is in a line, and its first rows as they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.table import Table
from rich.text import Text
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from advisor.core_texts import told
from advisor.draft import Draft
from advisor.previews import Preview, PreviewRow
from advisor.texts import _, ngettext
from advisor.tui.plain_text import shown
from advisor.tui.work import guarded
from rubrics.errors import Fault

Found = Preview | Fault

_LONGEST_SHOWN = 400
"""Characters of a text that can be seen in a line of the widest screen."""


class Seen(Message):
    """More of a file was read, or it cannot be."""

    def __init__(self, key: str, path: Path, found: Found) -> None:
        super().__init__()
        self.key, self.path, self.found = key, path, found


def read_on(widget: Widget, key: str, path: Path) -> None:
    """Read a file in a thread and tell the widget by `Seen`; another file under the same key ends it."""

    def read() -> None:
        # The libraries of tables are loaded here in the thread, and not before a file is chosen.
        from advisor.previewing import previews

        worker = get_current_worker()
        try:
            with guarded(path):
                for preview in previews(path):
                    if worker.is_cancelled:
                        return
                    _learn_words(preview)
                    widget.post_message(Seen(key, path, preview))
        except Fault as fault:
            _learn_words(fault)
            widget.post_message(Seen(key, path, fault))

    widget.run_worker(read, thread=True, exclusive=True, group=f"preview-{key}")


def _learn_words(found: Found) -> None:
    """Translate here what the screen will say: the first text in another language takes a tenth of a second."""
    texts = [found.what] if isinstance(found, Fault) else [row.problem for row in found.problems[:1]]
    for text in texts:
        told(text)


def in_a_line(found: Found, *, needs_answers: bool = True) -> str:
    """Say what a file is, or why it cannot be read.

    Args:
        needs_answers: a row without an answer cannot be used.
    """
    if isinstance(found, Fault):
        return "✗ " + ". ".join(told(part) for part in (found.what, found.fix) if part)
    if not found.finished:
        counted = _("{n} rows read so far").format(n=f"{found.read:,}")
        return f"… {found.format} · {counted}"
    if not found.read:
        return "✗ " + _("The file holds no rows.")
    counted = ngettext("{n} row", "{n} rows", found.read).format(n=f"{found.read:,}")
    if found.lacks_names:
        names = shown(", ".join(name for name, _value in found.columns), one_line=True)
        return f"▲ {found.container} · {counted} · " + _("columns: {names}").format(names=names)
    parts = [part for part in (found.format, found.container, counted) if part]
    return ("▲ " if found.unusable and needs_answers else "✓ ") + " · ".join(parts)


def evidence(found: Preview) -> list[str]:
    """Say what was read of the rows, what was passed over, and what is wrong with them."""
    if found.lacks_names:
        return ["▲ " + _("Say which columns hold question and answer: c or F3.")]
    said = []
    if found.unusable:
        text = ngettext("{n} row cannot be used.", "{n} rows cannot be used.", found.unusable)
        said.append("▲ " + text.format(n=f"{found.unusable:,}"))
    if found.not_plain:
        text = ngettext(
            "{n} row holds tools, calls or images; it is not trained on.",
            "{n} rows hold tools, calls or images; they are not trained on.",
            found.not_plain,
        )
        said.append("▲ " + text.format(n=f"{found.not_plain:,}"))
    if found.fields:
        said.append(_("read: {fields}").format(fields=", ".join(found.fields)))
    if found.ignored:
        said.append(_("ignored: {fields}").format(fields=", ".join(found.ignored[:8])))
    return said


def unfit_files(draft: Draft, found: Mapping[str, Found]) -> Iterator[str]:
    """Say of each file of the plan why a run would not take it, sentences."""
    for name, one in found.items():
        if draft.get(name) is None:
            continue
        file = shown(Path(draft.get(name)).name, one_line=True)
        if isinstance(one, Fault):
            yield _("{file} cannot be read: {why}.").format(file=file, why=told(one.what))
        elif one.finished and not one.read:
            yield _("{file} holds no rows.").format(file=file)
        elif one.lacks_names and name != "production":
            yield _("Say which columns of {file} hold question and answer: c or F3.").format(file=file)
        elif one.unusable and name != "production":
            text = ngettext(
                "{n} row of {file} cannot be used: the step Data (3) shows it.",
                "{n} rows of {file} cannot be used: the step Data (3) shows them.",
                one.unusable,
            )
            yield text.format(n=f"{one.unusable:,}", file=file)


def unnamed_in(found: Mapping[str, Found]) -> tuple[str, Preview] | None:
    """The field and preview of the first file whose columns must be named before a row of it can be used."""
    for name, preview in found.items():
        # A sample of real use is read for its questions alone.
        if name != "production" and isinstance(preview, Preview) and preview.lacks_names:
            return name, preview
    return None


def table_of(rows: tuple[PreviewRow, ...]) -> Table:
    """Rows, one a line: where it stands, what is asked, what is answered, or why it cannot be read."""
    table = Table.grid(padding=(0, 1), expand=True)
    if not rows:
        return table
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column(ratio=2, no_wrap=True, overflow="ellipsis")
    table.add_row(
        Text(_("line"), "dim"), Text(_("question"), "dim underline"), Text(_("answer"), "dim underline")
    )
    for row in rows:
        if row.problem:
            table.add_row(
                Text(str(row.line)), Text("✗ " + _cut(told(row.problem))), Text(_cut(told(row.fix)))
            )
        else:
            table.add_row(Text(str(row.line)), Text(_cut(row.prompt)), Text(_cut(row.answer)))
    return table


def worth_seeing(found: Preview, limit: int) -> tuple[PreviewRow, ...]:
    """The first rows, with the first one that cannot be read where it stands further down.

    None where columns have to be named first: the same complaint in every line would hide what to do.
    """
    if found.lacks_names:
        return ()
    first = list(found.rows[:limit])
    if found.problems and found.problems[0] not in first:
        first[-1:] = [found.problems[0]]
    return tuple(first)


def _cut(text: str) -> str:
    return shown(text[:_LONGEST_SHOWN], one_line=True)


def in_full(found: Preview) -> Text:
    """All rows of the preview with their whole texts, to be read one after the other."""
    text = Text()
    for row in found.rows:
        text.append(_("line {n}").format(n=row.line) + "\n", "bold")
        if row.problem:
            text.append("✗ " + shown("\n".join(told(part) for part in (row.problem, row.fix) if part)) + "\n")
        else:
            text.append(shown(row.prompt) + "\n")
            text.append("→ " + shown(row.answer) + "\n", "bold")
        text.append("\n")
    return text

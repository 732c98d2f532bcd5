"""`advisor data fix`: a file mended into a new file, with a log of every change, and what is left to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.data.checking import named_fields, tokenizer_of
from advisor.data.checks import inspect
from advisor.data.edits import Edit, map_strings
from advisor.data.fixes import Fix, fix_for
from advisor.data.fixing import Change, Mended, as_log, mend
from advisor.data.formats import Unreadable, map_texts, parser_of, read_fields
from advisor.data.output import STDOUT
from advisor.data.privacy import mask
from advisor.data.reading import Records, read_file, read_records, row_of
from advisor.data.removals import Need
from advisor.data.rows import Row
from advisor.data.sources import log_place
from advisor.data.writing import check_target, write_records
from rubrics.errors import ExitCode, Fault

_EXAMPLE = 1_000
"""Characters of a text in an example of a change."""
_CONTEXT = 60
"""Characters of it before the change."""


def fix_file(
    file: Path,
    output: Path,
    fixes: Sequence[Fix],
    *,
    against: Path | None = None,
    changes: Path | None = None,
    model: str | None = None,
    max_length: int | None = None,
    force: bool = False,
    **reading: Any,
) -> dict[str, Any]:
    """Write a file with the fixes applied, and the log of changes; return the summary.

    Args:
        file: the rows; `-` is standard input.
        output: the new file, JSONL; `-` is standard output.
        fixes: in the order of their work.
        against: the rows that `leaks` compares with.
        changes: the log; by default beside the output, and none where that is standard output.
        model, max_length: for `too-long`.
        force: replace files that exist.
        reading: `format`, `prompt_field`, `answer_field` as `read_records` takes them.

    Returns:
        `{file, output, changes, rows, written, fixes: [{rule, changed, dropped}], left: [{check, severity,
        message, rule}]}`, where `left` is what a check still finds and `rule` the fix for it, empty where there
        is none.

    Raises:
        Fault: a fix lacks its flag, rows cannot be read, every row would be dropped, or a place cannot be written.
    """
    _refuse_lacking(fixes, {"--against": against, "--model": model, "--max-length": max_length})
    log = changes if changes is not None else _log_place(output)
    for place in filter(None, (output, log)):
        check_target(place, inputs=[path for path in (file, against) if path], force=force)
    if log is not None and log == output:
        raise Fault("is the output", where="--changes", fix="Give the log another name.")
    given, other, mended = _read_and_mend(file, fixes, against, model, max_length, reading)
    if not mended.records:
        raise Fault(
            f"every one of the {len(given)} rows would be dropped",
            where=str(file),
            fix="Choose fewer fixes; nothing was written.",
            code=ExitCode.BAD_DATA,
        )
    _write(mended, output, log, force=force)
    return {
        "file": str(file),
        "output": str(output),
        "changes": str(log) if log else None,
        "rows": len(given),
        "written": len(mended.records),
        "fixes": [{"rule": rule, **counts} for rule, counts in mended.counts().items()],
        "left": _left([record.row for record in mended.records], other if against else None, fixes),
    }


def preview_fixes(
    file: Path,
    fixes: Sequence[Fix],
    *,
    against: Path | None = None,
    model: str | None = None,
    max_length: int | None = None,
    examples: int = 20,
    **reading: Any,
) -> dict[str, Any]:
    """Return what `fix_file` would do, and write nothing.

    Args:
        examples: most changes that are listed of each fix.

    Returns:
        `{rows, written, fixes: [{rule, changed, dropped, examples: [{row, before, after}]}]}`, secrets masked;
        `before` of a row that would be dropped is its prompt and answer, and `after` is None.

    Raises:
        Fault: a fix lacks its flag, or rows cannot be read.
    """
    _refuse_lacking(fixes, {"--against": against, "--model": model, "--max-length": max_length})
    given, _, mended = _read_and_mend(file, fixes, against, model, max_length, reading)
    counts = mended.counts()
    listed: dict[str, list[Change]] = {rule: [] for rule in counts}
    for change in mended.changes:
        if len(listed[change.rule]) < examples:
            listed[change.rule].append(change)
    gone = {change.row for changes in listed.values() for change in changes if change.after is None}
    rows = {record.row.id: record.row for record in given if record.row.id in gone}
    shown = {rule: [_example(change, rows) for change in changes] for rule, changes in listed.items()}
    return {
        "rows": len(given),
        "written": len(mended.records),
        "fixes": [{"rule": rule, **counts[rule], "examples": shown[rule]} for rule in counts],
    }


def _example(change: Change, rows: Mapping[str, Row]) -> dict[str, Any]:
    """Return one change for a person to read; of a dropped row prompt and answer."""
    if change.after is None:
        row = rows[change.row]
        return {"row": change.row, "before": mask(f"{row.prompt}\n→ {row.answer}")[:_EXAMPLE], "after": None}
    before, after = mask(str(change.before)), mask(change.after)
    return {"row": change.row, **_where_they_differ(before, after)}


def _where_they_differ(before: str, after: str) -> dict[str, str]:
    """Cut long texts to the piece around their first difference."""
    pairs = enumerate(zip(before, after, strict=False))
    first = next((at for at, (ours, theirs) in pairs if ours != theirs), min(len(before), len(after)))
    start = max(0, first - _CONTEXT)
    mark = "…" if start else ""
    return {
        name: mark + text[start : start + _EXAMPLE] for name, text in (("before", before), ("after", after))
    }


def _read_and_mend(
    file: Path,
    fixes: Sequence[Fix],
    against: Path | None,
    model: str | None,
    max_length: int | None,
    reading: dict[str, Any],
) -> tuple[Records, Sequence[Row], Mended]:
    given = read_records(file, **reading)
    other = read_file(against, name="against", **named_fields(reading)).rows if against else ()
    return given, other, mended_records(given, fixes, Need(other, tokenizer_of(model)[0], max_length))


def mended_records(given: Records, fixes: Sequence[Fix], need: Need) -> Mended:
    """Apply fixes to the rows of a file."""
    parse = parser_of(given.format, given.fields)

    def edit_record(value: dict[str, Any], edit: Edit) -> dict[str, Any]:
        return map_texts(value, given.format, edit, fields=given.fields)

    def read_again(value: dict[str, Any], before: Row) -> Row:
        read = parse(value)
        assert not isinstance(read, Unreadable), read.problems
        return row_of(read, before.id, before.source)

    shown = [name for name in read_fields(given.format, given.fields) if name != "tools"]

    def edit_all(value: dict[str, Any], edit: Edit) -> dict[str, Any]:
        return {key: map_strings(item, edit) if key in shown else item for key, item in value.items()}

    return mend(given.records, fixes, need, edit_record, read_again, edit_all)


def _refuse_lacking(fixes: Sequence[Fix], given: dict[str, Any]) -> None:
    for fix in fixes:
        lacking = [flag for flag in fix.needs if given[flag] is None]
        if lacking:
            what = f"the fix {fix.name} needs {' and '.join(lacking)}"
            raise Fault(what, where="--rule", fix=f"Give {lacking[0]}, or leave {fix.name} out.")


def _log_place(output: Path) -> Path | None:
    return None if output == STDOUT else log_place(output)


def _write(mended: Mended, output: Path, log: Path | None, *, force: bool) -> None:
    if log is not None:
        write_records(log, as_log(mended.changes, mask), force=force)
    try:
        write_records(output, (record.value for record in mended.records), force=force)
    except BaseException:
        # A log of changes to a file that is not there would mislead.
        if log is not None:
            log.unlink(missing_ok=True)
        raise


def _left(rows: Sequence[Row], against: Sequence[Row] | None, done: Sequence[Fix]) -> list[dict[str, Any]]:
    """Return what a check still finds, with the fix for it where that was not applied."""
    left = []
    for finding in inspect(rows, against=against, test_is="rows").findings:
        if finding.severity != "info":
            fix = fix_for(finding.to_dict())
            kept = {"check": finding.check, "severity": finding.severity, "message": finding.message}
            left.append({**kept, "rule": fix.name if fix and fix not in done else ""})
    return left

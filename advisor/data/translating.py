"""`advisor data convert`: a file written in another format, and what that cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from advisor.data.converting import Tally, convert
from advisor.data.reading import read_records
from advisor.data.writing import check_target, write_records
from rubrics.errors import ExitCode, Fault


def convert_file(
    file: Path, target: str, output: Path, *, strict: bool = False, force: bool = False, **reading: Any
) -> dict[str, Any]:
    """Write the rows of a file in another format.

    Args:
        file: the rows; `-` is standard input.
        target: name of the format.
        output: the new file; `-` is standard output.
        strict: refuse where anything would be lost.
        force: replace a file that exists.
        reading: `format`, `prompt_field`, `answer_field` as `read_records` takes them.

    Returns:
        `{file, output, from, to, rows, written, losses: [{field, why, rows}], refused: [{reason, rows,
        first_line}]}`.

    Raises:
        Fault: code 2 for the target or the output; code 3 if rows cannot be read, none can be written, or, with
            `strict`, anything would be lost; nothing is written then.
    """
    check_target(output, inputs=[file], force=force)
    given = read_records(file, **reading)
    converted, tally = convert(given, given.format, target)
    rows = list(converted)
    lost = tally.lines()
    if (strict and lost) or not rows:
        what = "something would be lost" if rows else "no row can be written"
        raise Fault(
            f"{what} in {target}",
            where=str(file),
            fix="Leave --strict out to convert all the same, or choose another --to.",
            code=ExitCode.BAD_DATA,
            problems=lost,
        )
    write_records(output, rows, force=force)
    return {
        "file": str(file),
        "output": str(output),
        "from": given.format,
        "to": target,
        "rows": len(given),
        **_costs(tally),
    }


def _costs(tally: Tally) -> dict[str, Any]:
    refused: dict[str, dict[str, Any]] = {}
    for line, reason in tally.refused:
        entry = refused.setdefault(reason, {"reason": reason, "rows": 0, "first_line": line})
        entry["rows"] += 1
    losses = [{"field": loss.field, "why": loss.why, "rows": count} for loss, count in tally.losses.items()]
    return {"written": tally.written, "losses": losses, "refused": list(refused.values())}

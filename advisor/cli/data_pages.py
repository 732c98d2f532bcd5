"""What `data fix`, `convert` and `split` say when they are done, as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.cli.cells import printable
from advisor.cli.show import table
from advisor.data.fixes import Fix

Done = Mapping[str, Any]

_DISCORDANCE = 0.2
"""Share of rows on which two systems differ, for the gain that a test set can show; KNOWLEDGE section 4."""


def fixes_page(fixes: Sequence[Fix]) -> str:
    """List the fixes."""
    rows = [[fix.name, fix.check, "safe" if fix.safe else "asked", fix.text] for fix in fixes]
    note = "safe: applied without --rule; asked: by name alone, since rows go or a meaning may change"
    return table(["fix", "rule", "kind", "what it does"], rows) + f"\n\n{note}"


def fix_summary(done: Done, fixes: Sequence[Fix]) -> Iterator[str]:
    """Say what each fix did, what a check still finds, and where the rows are."""
    counts = {entry["rule"]: entry for entry in done["fixes"]}
    rows = [
        [fix.name, *(_count(counts.get(fix.name, {}), what) for what in ("changed", "dropped")), fix.text]
        for fix in fixes
    ]
    yield table(["fix", "rows changed", "dropped", "what it does"], rows)
    yield ""
    if done["left"]:
        yield "left, since nobody asked or only a person can mend it:"
        for finding in done["left"]:
            asked = f" (--rule {finding['rule']})" if finding["rule"] else ""
            message = printable(finding["message"])
            yield f"  {finding['severity']:<8} {finding['check']:<4} {message}{asked}"
        yield ""
    yield f"{done['written']:,} of {done['rows']:,} rows written: {_place(done['output'])}"
    if done["changes"]:
        yield f"every change: {_place(done['changes'])}"


def _count(entry: Mapping[str, int], what: str) -> str:
    return f"{entry[what]:,}" if entry.get(what) else "-"


def convert_summary(done: Done) -> Iterator[str]:
    """Say what was written, and what the target could not hold."""
    yield (
        f"{done['written']:,} of {done['rows']:,} rows, {done['from']} to {done['to']}: {_place(done['output'])}"
    )
    for loss in done["losses"]:
        yield f"  lost: {printable(loss['field'])}: {loss['why']} ({_rows(loss['rows'])})"
    for refusal in done["refused"]:
        where = f"{_rows(refusal['rows'])}, the first in line {refusal['first_line']}"
        yield f"  not written: {printable(refusal['reason'])} ({where})"
    if not done["losses"] and not done["refused"]:
        yield "  nothing was lost"


def split_summary(done: Done, folder: Path) -> Iterator[str]:
    """Say how large the parts are, what stayed together, and what the test can show."""
    parts = [(name, size, f"{folder / name}.jsonl" if size else "") for name, size in done["sizes"].items()]
    parts += [("left out", done["left_out"], "")] if done["left_out"] else []
    rows = [[name, f"{size:,}", f"{size / done['rows']:.1%}", printable(file)] for name, size, file in parts]
    yield table(["part", "rows", "share", "file"], rows)
    yield ""
    groups = done["groups"]
    if groups["several_rows"]:
        kin = "equal or nearly equal prompts"
        kin += f" or the same {printable(done['group_field'])}" if done["group_field"] else ""
        yield f"kept together: {_rows(groups['rows'])} in {groups['several_rows']:,} groups with {kin}"
        yield f"               (the largest has {_rows(groups['largest'])})"
    for reason in done["reasons"]:
        yield f"not as asked: {reason}"
    if done["sizes"]["test"]:
        yield _smallest_gain(done["sizes"]["test"])
    yield f"how it was made: {_place(str(folder / 'split.json'))}"


def _smallest_gain(rows: int) -> str:
    from rubrics.power import minimum_detectable_effect

    gain = minimum_detectable_effect(rows, _DISCORDANCE)
    if gain is None:
        return f"what it can show: {rows} test rows are too few to tell two models apart"
    return (
        f"what it can show: with {rows:,} test rows, a gain of {100 * gain:.1f} points or more"
        f" (where two models differ on {_DISCORDANCE:.0%} of them)"
    )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _place(path: str) -> str:
    return "standard output" if path == "-" else printable(path)

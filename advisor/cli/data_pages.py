"""What `data fix`, `convert` and `split` say when they are done, as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.cells import packed, printable
from advisor.cli.show import screen_width, table
from advisor.data.fixes import FIXES, Fix

Done = Mapping[str, Any]

_DISCORDANCE = 0.2
"""Share of rows on which two systems differ, for the gain that a test set can show; KNOWLEDGE section 4."""


def fixes_page(fixes: Sequence[Fix]) -> Iterator[str]:
    """List the fixes: name, rule, whether they are applied unasked, and what they do."""
    yield f"{'fix':<19} {'rule':<4} {'kind':<5} what it does"
    for fix in fixes:
        label = f"{fix.name:<19} {fix.check:<4} {'safe' if fix.safe else 'asked':<5} "
        needs = f" (needs {' and '.join(fix.needs)})" if fix.needs else ""
        yield from _hanging(label, fix.text + needs, len(label))
    yield ""
    yield from _hanging(
        "", "safe: applied without --rule; asked: by name alone, as rows go or a meaning may change"
    )


def fix_summary(done: Done, fixes: Sequence[Fix]) -> Iterator[str]:
    """Say what each fix did, which did nothing and were not asked for, what is left, and where the rows are."""
    counts = {entry["rule"]: entry for entry in done["fixes"]}
    worked = {fix.name: counts[fix.name] for fix in fixes if fix.name in counts}
    rows = [
        [name, *(f"{entry[what]:,}" for what in ("changed", "dropped"))] for name, entry in worked.items()
    ]
    if rows:
        yield table(["fix", "rows changed", "rows dropped"], rows)
        yield ""
    idle = [fix.name for fix in fixes if fix.name not in counts]
    others = [fix.name for fix in FIXES if fix not in fixes]
    for label, names in (("nothing to do: ", idle), ("not applied: ", others)):
        if names:
            yield from _hanging(label, ", ".join(names), 4)
    if done["left"]:
        yield ""
        yield "what a check still finds:"
        for finding in done["left"]:
            asked = f" (--rule {finding['rule']})" if finding["rule"] else ""
            label = f"  {finding['severity']:<8} {finding['check']:<4} "
            yield from _hanging(label, printable(finding["message"]) + asked, len(label))
    yield ""
    yield from _hanging("", f"{done['written']:,} of {done['rows']:,} rows written: {_place(done['output'])}")
    if done["changes"]:
        yield from _hanging("", f"every change: {_place(done['changes'])}")


def convert_summary(done: Done) -> Iterator[str]:
    """Say what was written, and what the target could not hold."""
    what = f"{done['written']:,} of {done['rows']:,} rows, {done['from']} to {done['to']}"
    yield from _hanging("", f"{what}: {_place(done['output'])}")
    for loss in done["losses"]:
        yield from _hanging("  lost: ", f"{printable(loss['field'])}: {loss['why']} ({_rows(loss['rows'])})")
    for refusal in done["refused"]:
        where = f"{_rows(refusal['rows'])}, the first in line {refusal['first_line']}"
        yield from _hanging("  not written: ", f"{printable(refusal['reason'])} ({where})")
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
        largest = f"the largest of {_rows(groups['largest'])}"
        words = f"{_rows(groups['rows'])} in {groups['several_rows']:,} groups with {kin}, {largest}"
        yield from _hanging("kept together: ", words)
    for reason in done["reasons"]:
        yield from _hanging("not as asked: ", reason)
    if done["sizes"]["test"]:
        yield from _hanging("what it can show: ", _smallest_gain(done["sizes"]["test"]))
    yield from _hanging("how it was made: ", _place(str(folder / "split.json")))


def _smallest_gain(rows: int) -> str:
    from rubrics.power import minimum_detectable_effect

    gain = minimum_detectable_effect(rows, _DISCORDANCE)
    if gain is None:
        return f"{_rows(rows)} of test are too few to tell two models apart"
    return (
        f"with {_rows(rows)} of test, a gain of {100 * gain:.1f} points or more"
        f" (where two models differ on {_DISCORDANCE:.0%} of them)"
    )


def _hanging(label: str, text: str, indent: int = 4) -> Iterator[str]:
    """Break a text at blanks to fit the screen; further lines are indented."""
    first, *rest = packed(text.split(" "), screen_width() - max(len(label), indent))
    yield label + first
    yield from (" " * indent + line for line in rest)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _place(path: str) -> str:
    return "standard output" if path == "-" else printable(path)

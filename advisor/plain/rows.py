"""The data step: what the checks find, the rows concerned, and a mended copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.browsing import DataFiles, copy_place, place_problem
from advisor.core_texts import told
from advisor.data.checking import check_file
from advisor.data.fixes import BY_NAME, Fix, chosen, fix_for
from advisor.data.mending import fix_file
from advisor.data.reading import read_file
from advisor.data.rows import Row
from advisor.plain.walking import Walk
from advisor.texts import N_, _, ngettext
from rubrics.errors import Fault

_SHOWN_ROWS = 5
_LONGEST = 400
_SEVERITIES = {"error": N_("error"), "warning": N_("warning"), "info": N_("note")}


def data(walk: Walk) -> None:
    """Check the rows; go through the findings; mend a copy."""
    path = walk.draft.get("data") or walk.draft.get("train")
    if path is None:
        raise Fault(_("there are no rows to check yet"), fix=_("Name the file in the first step."))
    path = Path(path)
    walk.talk.say(_("Checking the rows …"))
    found = check_file(path, production=walk.draft.get("production"))
    rows = {row.id: row for row in read_file(path).rows}
    findings: Sequence[Mapping[str, Any]] = found["findings"]
    count = ngettext("{n} row, {m} findings", "{n} rows, {m} findings", found["rows"])
    walk.talk.say(count.format(n=f"{found['rows']:,}", m=len(findings)))
    _tell_statistics(walk, found["statistics"])
    if not findings:
        walk.talk.say(_("Nothing was found that needs mending."))
        return
    while _one_finding(walk, path, findings, rows):
        pass


def _tell_statistics(walk: Walk, statistics: Mapping[str, Any]) -> None:
    labels = statistics.get("labels")
    if labels:
        most = sorted(labels.items(), key=lambda item: -item[1])
        counted = ", ".join(f"{label} {count}" for label, count in most[:8])
        more = len(most) - 8
        walk.talk.say(_("Labels: {labels}").format(labels=counted) + (f" (+{more})" if more > 0 else ""))


def _one_finding(
    walk: Walk, path: Path, findings: Sequence[Mapping[str, Any]], rows: Mapping[str, Row]
) -> bool:
    """Let one finding be looked at, or a copy be mended; false where the person goes on."""
    options = [(f"f{at}", _in_words(finding)) for at, finding in enumerate(findings)]
    fixes = tuple(dict.fromkeys(fix for finding in findings if (fix := _usable(finding)) is not None))
    if fixes:
        options.append(("m", _("write a mended copy")))
    options.append(("g", _("go on")))
    asked = walk.talk.choose(_("Which finding do you want to look at?"), options, now="g")
    if asked == "g":
        return False
    if asked == "m":
        return not _mend(walk, path, fixes)
    _tell(walk, findings[int(asked[1:])], rows)
    return True


def _in_words(finding: Mapping[str, Any]) -> str:
    severity = _(_SEVERITIES.get(finding["severity"], finding["severity"]))
    return f"{severity}, {finding['check']}: {told(finding['message'])}"


def _tell(walk: Walk, finding: Mapping[str, Any], rows: Mapping[str, Row]) -> None:
    """The rows concerned, and what can be done."""
    shown = [rows[name] for name in finding["rows"] if name in rows][:_SHOWN_ROWS]
    for row in shown:
        walk.talk.say(f"  {row.id}", f"    {_cut(row.prompt)}", f"    -> {_cut(row.answer)}")
    more = len(finding["rows"]) - len(shown)
    if more > 0:
        walk.talk.say("  " + _("and {n} more").format(n=f"{more:,}"))
    if finding["fix"]:
        walk.talk.say(_("What to do: {fix}").format(fix=told(finding["fix"])))


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"


def _usable(finding: Mapping[str, Any]) -> Fix | None:
    """The fix of a finding, where it needs nothing that is not at hand here."""
    fix = fix_for({"details": {}, **finding})
    return fix if fix is not None and not fix.needs else None


def _mend(walk: Walk, path: Path, fixes: Sequence[Fix]) -> bool:
    """Write a copy; whether it is used from now on."""
    for number, fix in enumerate(fixes, start=1):
        kind = _("safe") if fix.safe else _("changes or drops rows")
        walk.talk.say(f"  {number}. {fix.name}: {_(fix.text)} ({kind})")
    safe = ",".join(str(number) for number, fix in enumerate(fixes, start=1) if fix.safe)
    numbers = walk.talk.ask(
        _("Which of them, by number, such as 1,3"),
        now=safe,
        problem=lambda text: _wrong_numbers(text, len(fixes)),
    )
    names = [fixes[int(number) - 1].name for number in numbers.split(",")]
    files = DataFiles(data=path)
    name = walk.talk.ask(
        _("name of the new file"), now=str(copy_place(path)), problem=lambda text: place_problem(text, files)
    )
    output = Path(name).expanduser()
    done = fix_file(path, output, chosen(names, all_safe=False))
    for entry in done["fixes"]:
        counts = _("{fix}: {changed} rows changed, {dropped} dropped")
        walk.talk.say(
            "  "
            + counts.format(
                fix=_(BY_NAME[entry["rule"]].text), changed=entry["changed"], dropped=entry["dropped"]
            )
        )
    walk.talk.say(_("Written: {path}").format(path=output))
    if walk.draft.get("data") is None:
        return False
    if not walk.talk.confirm(_("Use the copy from now on?"), now=True):
        return False
    walk.change(data=output)
    return True


def _wrong_numbers(text: str, most: int) -> str:
    parts = [part.strip() for part in text.split(",")]
    if all(part.isdigit() and 1 <= int(part) <= most for part in parts):
        return ""
    return _("type numbers from 1 to {n}, with commas between them").format(n=most)

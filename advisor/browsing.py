"""Findings as a person browses them: finding, the rows concerned, the fix that is proposed.

An inspection names rows by their ids. Here its findings become items with cases (a row, or rows that belong together),
and the rows that they name are kept in a file beside, so that a page of them is read without holding a million rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from advisor.data.findings import Inspection
from advisor.data.fixes import BY_NAME, FIXES, Fix, fix_for
from advisor.data.rows import Row
from advisor.data.sources import log_place, name_of
from advisor.data.writing import check_target
from advisor.draft import Draft
from advisor.fault_words import in_a_sentence
from advisor.filling import still_wrong
from advisor.plan import Plan, make_plan
from advisor.texts import _
from rubrics.data_rules import RULE_IDS
from rubrics.errors import Fault

Severity = Literal["error", "warning", "info", "clear", "skipped"]
"""Of a finding; or of a rule that found nothing, or had nothing to compare with."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info", "clear", "skipped")

MOST_CASES = 10_000
"""A finding is browsed as far as that; the totals are said."""
MOST_PROBLEMS = 1_000
MOST_CHARACTERS = 4_000
"""Of a text that is stored to be browsed."""
_MOST_LABELS = 200


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class DataFiles(_Frozen):
    """What of a plan says which rows there are; see `advisor.plan.Plan` for the fields."""

    data: Path | None = None
    train: Path | None = None
    dev: Path | None = None
    test: Path | None = None
    production: Path | None = None
    cluster_field: str | None = None
    seed: int = 0

    @classmethod
    def of(cls, draft: Draft) -> DataFiles | None:
        """The files of a draft; None where it names none to learn from.

        Raises:
            Fault: a field has a value that cannot be one.
        """
        if not (draft.get("data") or draft.get("train")):
            return None
        try:
            return cls.model_validate({name: draft.get(name) for name in cls.model_fields})
        except ValidationError:
            raise Fault("; ".join(still_wrong(draft)), fix=_("Mend this on the Task step.")) from None

    @property
    def field(self) -> str:
        """The plan field of the file that is looked at."""
        return "data" if self.data is not None else "train"

    @property
    def file(self) -> Path:
        """The file that is looked at: the one to split, or the training rows."""
        found = self.data or self.train
        assert found is not None
        return found

    def plan(self) -> Plan:
        """A plan of these files.

        Raises:
            Fault: they do not go together.
        """
        return make_plan(
            {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
        )

    def stamp(self) -> tuple[Any, ...]:
        """Path, time of change (ns) and size of each file, and the other fields: with another stamp, read again."""
        paths = (self.data, self.train, self.dev, self.test, self.production)
        return (*(path and _stamp(path) for path in paths), self.cluster_field, self.seed)


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return str(path), 0, -1
    return str(path.absolute()), found.st_mtime_ns, found.st_size


class HealthItem(_Frozen):
    """One line of the health sheet.

    Attributes:
        check: rule id, `D1` to `D12`.
        severity: see `Severity`.
        count: how many of what `message` names.
        message: what was found, as the check says it; empty where a rule found nothing.
        advice: what to do about it.
        example: one case.
        mend: name of the fix that is proposed; empty where only a person can tell.
        cases: ids of the rows concerned, rows that belong together as one case, the one to keep first.
        cases_total: how many there are, of which `cases` lists the first.
        problems: places in words, where no row could be read.
    """

    check: str
    severity: Severity
    count: int = 0
    message: str = ""
    advice: str = ""
    example: str = ""
    mend: str = ""
    cases: tuple[tuple[str, ...], ...] = ()
    cases_total: int = 0
    problems: tuple[str, ...] = ()

    @property
    def is_grouped(self) -> bool:
        """Whether a case is several rows, to be compared."""
        return any(len(case) > 1 for case in self.cases)


class SplitSizes(_Frozen):
    """Rows of the parts as a run will divide them, and why a size is not what was asked; or why it cannot be done."""

    train: int = 0
    dev: int = 0
    test: int = 0
    reasons: tuple[str, ...] = ()
    problem: str = ""
    fix: str = ""


class HealthSheet(_Frozen):
    """What an inspection found, small enough to be held: at most the first cases, labels and problems.

    Attributes:
        rows: of the file that is looked at.
        labels: the commonest with their counts, the commonest first; None where answers are open.
        labels_total: how many labels there are.
        lengths: `advisor.data.length_table.length_table`.
        places: where in the row store the row of an id begins, in bytes.
    """

    files: DataFiles
    rows: int
    format: str
    evidence: str
    distinct_prompts: int
    distinct_answers: int
    items: tuple[HealthItem, ...]
    labels: tuple[tuple[str, int], ...] | None
    labels_total: int
    lengths: dict[str, Any]
    split: SplitSizes
    places: dict[str, int]

    def tally(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return sum(item.severity == severity for item in self.items)

    def proposed(self) -> tuple[Fix, ...]:
        """The fixes that findings call for, in the order of their work."""
        wanted = {item.mend for item in self.items}
        return tuple(fix for fix in FIXES if fix.name in wanted)


def health_items(
    findings: Sequence[Mapping[str, Any]], *, closed: bool, compared: bool, production: bool
) -> tuple[HealthItem, ...]:
    """Return the lines of the sheet, gravest first: the findings, then the rules that found nothing.

    Args:
        findings: `Finding.to_dict` of each.
        closed: answers are labels.
        compared: there was a test file to find leaks in.
        production: there was a sample of real use.
    """
    items = [_item(finding, closed=closed, compared=compared) for finding in findings]
    items.sort(key=lambda item: (SEVERITIES.index(item.severity), -item.cases_total, -item.count))
    skipped = {"D4": not compared, "D8": not production}
    silent = [rule for rule in RULE_IDS if not any(item.check == rule for item in items)]
    rest = [HealthItem(check=rule, severity="skipped" if skipped.get(rule) else "clear") for rule in silent]
    return (*items, *sorted(rest, key=lambda item: item.severity))


def _item(finding: Mapping[str, Any], *, closed: bool, compared: bool) -> HealthItem:
    cases, total = cases_of(finding)
    severity: Severity = finding["severity"]
    nothing_to_do = finding["check"] == "D8" and not finding["fix"]
    if severity == "info" and (finding["count"] == 0 or nothing_to_do):
        severity = "clear"
    mend = proposed_fix(finding, closed=closed, compared=compared)
    return HealthItem(
        check=finding["check"],
        severity=severity,
        count=finding["count"],
        message=finding["message"],
        advice=finding["fix"],
        example=finding["example"],
        mend=mend.name if mend and severity != "clear" else "",
        cases=cases,
        cases_total=total,
        problems=tuple(finding["details"].get("problems", ()))[:MOST_PROBLEMS],
    )


def cases_of(finding: Mapping[str, Any]) -> tuple[tuple[tuple[str, ...], ...], int]:
    """Return the rows concerned, case by case, and how many cases there are in all."""
    details = finding["details"]
    if "members" in details:
        groups = [tuple(members) for members in details["members"]]
        return tuple(groups[:MOST_CASES]), details["groups"]
    if "conflicts" in details:
        groups = [tuple(conflict["rows"]) for conflict in details["conflicts"]]
        return tuple(groups[:MOST_CASES]), details["prompts"]
    rows = finding["rows"]
    total = details.get("rows_total", len(rows))
    if details.get("rows_listed") == "first":
        total = max(total, finding["count"])
    return tuple((row,) for row in rows[:MOST_CASES]), total


def proposed_fix(finding: Mapping[str, Any], *, closed: bool, compared: bool) -> Fix | None:
    """Return the fix that mends a finding with what is at hand, or None where only a person can tell."""
    fix = fix_for(finding)
    if fix is None or any(need != "--against" or not compared for need in fix.needs):
        return None
    # Open answers that differ are often all sound: what to drop is no matter of counting there.
    return None if finding["check"] == "D3" and not closed else fix


def safe_names(sheet: HealthSheet) -> tuple[str, ...]:
    """Names of the proposed fixes that change form and no meaning."""
    return tuple(fix.name for fix in sheet.proposed() if BY_NAME[fix.name].safe)


def labels_of(inspection: Inspection) -> tuple[tuple[tuple[str, int], ...] | None, int]:
    """Return the commonest labels with their counts, and how many labels there are."""
    labels = inspection.statistics["labels"]
    if labels is None:
        return None, 0
    return tuple(list(labels.items())[:_MOST_LABELS]), len(labels)


class StoredRow(_Frozen):
    """A row to be read by a person: secrets masked, each text cut where it is long.

    Attributes:
        source: file name and line.
        left_out: characters that were cut, of all three texts.
    """

    id: str
    source: str
    system: str
    prompt: str
    answer: str
    left_out: int = 0

    @classmethod
    def of(cls, row: Row) -> StoredRow:
        """What is shown of a row."""
        from advisor.data.privacy import mask

        texts = [row.system, row.prompt, row.answer]
        system, prompt, answer = (mask(text[:MOST_CHARACTERS]) for text in texts)
        left_out = sum(max(0, len(text) - MOST_CHARACTERS) for text in texts)
        return cls(
            id=row.id,
            source=row.source,
            system=system,
            prompt=prompt,
            answer=answer,
            left_out=left_out,
        )


def store_rows(path: Path, rows: Iterable[Row], items: Iterable[HealthItem]) -> dict[str, int]:
    """Write the rows that items name to a new file that nobody else may read; return where each begins."""
    wanted = {row for item in items for case in item.cases for row in case}
    places: dict[str, int] = {}
    with path.open("xb") as out:
        path.chmod(0o600)
        for row in rows:
            if row.id in wanted:
                places[row.id] = out.tell()
                out.write(StoredRow.of(row).model_dump_json().encode(errors="replace") + b"\n")
    return places


def stored_rows(path: Path, places: Mapping[str, int], ids: Iterable[str]) -> list[StoredRow]:
    """Read rows back in the order asked for; ids that were not stored are left out."""
    with path.open("rb") as file:
        found = []
        for place in (places[row] for row in ids if row in places):
            file.seek(place)
            found.append(StoredRow.model_validate_json(file.readline()))
    return found


def copy_place(file: Path) -> Path:
    """Return a free name beside a file for its mended copy: `X.fixed.jsonl`, or else `X.fixed-2.jsonl` and so on."""
    stem = name_of(file)
    for number in count(1):
        mark = "fixed" if number == 1 else f"fixed-{number}"
        place = file.with_name(f"{stem}.{mark}.jsonl")
        if not place.exists() and not log_place(place).exists():
            return place
    raise AssertionError


def place_problem(text: str, files: DataFiles) -> str:
    """Say why a mended copy cannot be written there; nothing where it can."""
    if not text.strip():
        return _("A name is missing.")
    place = Path(text).expanduser()
    try:
        for target in (place, log_place(place)):
            check_target(target, inputs=[path for path in (files.file, files.test) if path])
    except Fault as fault:
        return in_a_sentence(fault)
    return ""

"""Findings as items with cases, the rows that they name kept beside, fixes proposed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.browsing import (
    DataFiles,
    StoredRow,
    cases_of,
    copy_place,
    health_items,
    place_problem,
    proposed_fix,
    store_rows,
    stored_rows,
)
from advisor.data.checks import inspect
from advisor.data.rows import Message, Row
from advisor.draft import Draft
from rubrics.errors import Fault


def row(at: int, prompt: str, answer: str) -> Row:
    return Row(f"rows:{at}", (Message(role="user", content=prompt),), answer, f"rows.jsonl:{at}")


ROWS = [
    row(1, "Where is my parcel, it should have come by now?", "delivery"),
    row(2, "Please pay me back for order 4711, it never came.", "refund"),
    row(3, "where is my parcel,  it should have come by now?", "delivery"),
    row(4, "Please pay me back for order 4711, it never came.", "delivery"),
    row(5, "Mail ann.lee@example-mail.com about the refund", " refund"),
    row(6, "I cannot log in since the update on Monday", "refund"),
]


def items(rows: list[Row], **options: bool) -> dict[str, Any]:
    found = [finding.to_dict() for finding in inspect(rows).findings]
    asked = {"closed": True, "compared": False, "production": False, **options}
    return {item.check: item for item in reversed(health_items(found, **asked))}


def test_duplicates_and_conflicts_are_cases_of_rows_that_belong_together() -> None:
    found = items(ROWS)
    assert found["D1"].cases == (("rows:1", "rows:3"),)
    assert found["D3"].cases == (("rows:2", "rows:4"),)
    assert found["D1"].is_grouped
    assert found["D11"].cases == (("rows:5",),)
    assert not found["D11"].is_grouped


def test_every_rule_has_a_line_and_the_gravest_stand_first() -> None:
    found = [finding.to_dict() for finding in inspect(ROWS).findings]
    lines = health_items(found, closed=True, compared=False, production=False)
    assert {line.check for line in lines} == {f"D{n}" for n in range(1, 13)}
    order = ["error", "warning", "info", "clear", "skipped"]
    ranks = [order.index(line.severity) for line in lines]
    assert ranks == sorted(ranks)
    severity = {line.check: line.severity for line in lines}
    assert severity["D4"] == severity["D8"] == "skipped"
    assert severity["D9"] == "clear"


def test_conflicts_of_open_answers_are_left_to_a_person() -> None:
    assert items(ROWS)["D3"].mend == "conflicts-majority"
    assert items(ROWS, closed=False)["D3"].mend == ""


@pytest.mark.parametrize(("compared", "name"), [(True, "leaks"), (False, None)])
def test_a_fix_that_needs_another_file_is_proposed_only_with_it(compared: bool, name: str | None) -> None:
    finding = {"check": "D4", "details": {}}
    fix = proposed_fix(finding, closed=True, compared=compared)
    assert (fix.name if fix else None) == name


def test_totals_are_said_where_lists_end() -> None:
    many = {"check": "D6", "rows": ["a:1", "a:2"], "count": 9, "details": {"rows_total": 5000}}
    assert cases_of(many) == ((("a:1",), ("a:2",)), 5000)
    first = {"check": "D4", "rows": ["a:1"], "count": 40, "details": {"rows_listed": "first"}}
    assert cases_of(first)[1] == 40


def test_stored_rows_come_back_in_the_order_asked_for_with_secrets_masked(tmp_path: Path) -> None:
    lines = items(ROWS)
    places = store_rows(tmp_path / "store", ROWS, [lines["D3"], lines["D11"]])
    assert "rows:6" not in places
    second, fifth = stored_rows(tmp_path / "store", places, ["rows:2", "rows:6", "rows:5"])
    assert (second.prompt, second.answer) == (ROWS[1].prompt, "refund")
    assert "ann.lee@" not in fifth.prompt
    assert (tmp_path / "store").stat().st_mode & 0o077 == 0


def test_a_long_text_is_cut_and_says_by_how_much() -> None:
    stored = StoredRow.of(row(1, "x" * 10_000, "y"))
    assert len(stored.prompt) + stored.left_out == 10_000


def test_the_files_of_a_draft(tmp_path: Path) -> None:
    assert DataFiles.of(Draft()) is None
    one = DataFiles.of(Draft().changed(data=tmp_path / "a.jsonl", target=0.9, seed=3))
    assert one is not None
    assert (one.file, one.field, one.seed) == (tmp_path / "a.jsonl", "data", 3)
    two = DataFiles.of(Draft().changed(train=tmp_path / "a.jsonl", test=tmp_path / "b.jsonl"))
    assert two is not None
    assert (two.field, two.plan().test) == ("train", tmp_path / "b.jsonl")
    with pytest.raises(Fault, match="Seed: Give a whole number"):
        DataFiles.of(Draft().changed(data=tmp_path / "a.jsonl", seed="soon"))


def test_a_changed_file_has_another_stamp(tmp_path: Path) -> None:
    files = DataFiles(data=tmp_path / "rows.jsonl")
    missing = files.stamp()
    (tmp_path / "rows.jsonl").write_text("{}\n")
    short = files.stamp()
    (tmp_path / "rows.jsonl").write_text("{}\n{}\n")
    assert len({missing, short, files.stamp()}) == 3


def test_a_copy_takes_a_name_that_is_free(tmp_path: Path) -> None:
    assert copy_place(tmp_path / "rows.csv.gz").name == "rows.fixed.jsonl"
    (tmp_path / "rows.fixed.jsonl").touch()
    (tmp_path / "rows.fixed-2.changes.jsonl").touch()
    assert copy_place(tmp_path / "rows.csv.gz").name == "rows.fixed-3.jsonl"


def test_a_place_that_is_taken_or_unknown_is_told(tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text(json.dumps({"question": "a", "answer": "b"}))
    files = DataFiles(data=data)
    assert place_problem(str(tmp_path / "new.jsonl"), files) == ""
    assert "exists" in place_problem(str(data), files) or "input" in place_problem(str(data), files)
    assert ".jsonl" in place_problem(str(tmp_path / "new.xlsx"), files)
    assert place_problem(" ", files)
    (tmp_path / "new.changes.jsonl").touch()
    assert "new.changes.jsonl" in place_problem(str(tmp_path / "new.jsonl"), files)

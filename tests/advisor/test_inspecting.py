"""The inspection in a process of its own: the sheet, the mended copy, faults, and no reading twice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import psutil
import pytest

from advisor.browsing import DataFiles, HealthSheet
from advisor.data.fixes import chosen
from advisor.data.mending import fix_file
from advisor.inspecting import Inspections, Look, Mend, asked
from advisor.plan import Plan
from advisor.plan_files import divided, read_files
from rubrics.errors import ExitCode, Fault


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def desk(count: int) -> list[dict[str, Any]]:
    """Rows with a duplicate, stray space and an e-mail address among them."""
    words = ["parcel", "card", "login", "invoice", "refund", "voucher", "app", "phone"]
    rows = [
        {"question": f"My {words[at % 8]} {at} is not {words[at // 8 % 8]} {at * 7}", "answer": words[at % 4]}
        for at in range(count)
    ]
    rows[3]["answer"] += "  "
    rows[5]["question"] = "Write to ann.lee@example-mail.com about it"
    return [*rows, rows[2]]


def test_the_sheet_says_what_a_check_and_a_split_say(tmp_path: Path) -> None:
    data = write(tmp_path / "desk.jsonl", desk(120))
    phases: list[str] = []
    inspections = Inspections()

    async def look() -> HealthSheet:
        return await inspections.look(DataFiles(data=data, seed=4), phases.append)

    sheet = asyncio.run(look())
    assert phases == ["reading", "checking", "dividing"]
    assert (sheet.rows, sheet.format) == (121, "question-answer")
    assert sheet.labels is not None
    assert sum(count for _, count in sheet.labels) == 121
    split = divided(read_files(Plan(data=data)), 4)
    assert (sheet.split.train, sheet.split.dev, sheet.split.test) == tuple(
        map(len, (split.train, split.dev, split.test))
    )
    duplicate = next(item for item in sheet.items if item.check == "D1")
    first, second = inspections.rows(sheet, duplicate.cases[0])
    assert (first.source, second.source) == ("desk.jsonl:3", "desk.jsonl:121")
    assert {fix.name for fix in sheet.proposed()} >= {"trim", "redact", "duplicates"}


def test_files_that_have_not_changed_are_not_read_again(tmp_path: Path) -> None:
    data = write(tmp_path / "desk.jsonl", desk(40))
    files, inspections = DataFiles(data=data), Inspections()

    async def look_thrice() -> list[HealthSheet]:
        first, again = await inspections.look(files), await inspections.look(files)
        write(data, desk(41))
        return [first, again, await inspections.look(files)]

    first, again, changed = asyncio.run(look_thrice())
    assert first is again
    assert changed.rows == first.rows + 1


def test_a_preview_writes_nothing_and_the_copy_is_that_of_the_command(tmp_path: Path) -> None:
    data = write(tmp_path / "desk.jsonl", desk(40))
    names = ("trim", "redact", "duplicates")
    mend = Mend(files=DataFiles(data=data), fixes=names)

    shown = asyncio.run(asked(mend))
    assert [path.name for path in tmp_path.iterdir()] == ["desk.jsonl"]
    output = tmp_path / "mine.jsonl"
    done = asyncio.run(asked(mend.model_copy(update={"output": output})))
    fix_file(data, tmp_path / "theirs.jsonl", chosen(names, all_safe=False))

    assert output.read_bytes() == (tmp_path / "theirs.jsonl").read_bytes()
    assert (tmp_path / "mine.changes.jsonl").read_bytes() == (tmp_path / "theirs.changes.jsonl").read_bytes()
    assert (shown["rows"], shown["written"]) == (done["rows"], done["written"]) == (41, 40)
    counts = [{name: fix[name] for name in ("rule", "changed", "dropped")} for fix in shown["fixes"]]
    assert counts == done["fixes"]
    examples = {fix["rule"]: fix["examples"][0] for fix in shown["fixes"]}
    assert (examples["trim"]["before"], examples["trim"]["after"]) == ("invoice  ", "invoice")
    assert "ann.lee" not in examples["redact"]["before"]
    assert examples["redact"]["after"] == "Write to [EMAIL] about it"
    assert examples["duplicates"]["after"] is None


def test_leaks_are_dropped_from_the_training_rows(tmp_path: Path) -> None:
    rows = desk(40)
    train, test = write(tmp_path / "train.jsonl", rows), write(tmp_path / "test.jsonl", rows[:2])
    files = DataFiles(train=train, test=test)
    shown = asyncio.run(asked(Mend(files=files, fixes=("leaks",))))
    assert shown["rows"] - shown["written"] == 2


def test_lines_that_cannot_be_read_come_back_as_the_fault_that_names_them(tmp_path: Path) -> None:
    data = write(tmp_path / "desk.jsonl", desk(20))
    lines = data.read_text().splitlines()
    lines[6] = '{"question": "broken", "answer": '
    data.write_text("\n".join(lines))
    with pytest.raises(Fault) as told:
        asyncio.run(Inspections().look(DataFiles(data=data)))
    assert told.value.code == ExitCode.BAD_DATA
    assert f"{data}:7:" in told.value.problems[0]
    assert told.value.fix


def test_a_missing_file_is_the_fault_of_the_core(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="no such file"):
        asyncio.run(Inspections().look(DataFiles(data=tmp_path / "none.jsonl")))


def test_who_stops_waiting_ends_the_child(tmp_path: Path) -> None:
    data = write(tmp_path / "desk.jsonl", desk(20_000))

    async def give_up() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(Inspections().look(DataFiles(data=data), lambda phase: begun.set()))
        await begun.wait()
        assert psutil.Process().children()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    assert not [child for child in psutil.Process().children() if "advisor.inspecting" in child.cmdline()]


def test_a_child_that_is_killed_is_told(tmp_path: Path) -> None:
    data = write(tmp_path / "desk.jsonl", desk(20_000))

    def kill(phase: str) -> None:
        for child in psutil.Process().children():
            if "advisor.inspecting" in child.cmdline():
                child.kill()

    with pytest.raises(Fault, match="memory") as told:
        asyncio.run(Inspections().look(DataFiles(data=data), kill))
    assert told.value.code == ExitCode.LACKING


def test_without_a_place_for_rows_it_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    data = write(tmp_path / "desk.jsonl", desk(20))
    with pytest.raises(Fault, match="cannot be kept") as told:
        asyncio.run(Inspections().look(DataFiles(data=data)))
    assert "TMPDIR" in told.value.fix


def test_a_store_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    data = write(tmp_path / "desk.jsonl", desk(20))
    with pytest.raises(Fault, match="cannot be kept") as told:
        asyncio.run(asked(Look(files=DataFiles(data=data), folder=tmp_path / "gone")))
    assert told.value.where.startswith(str(tmp_path / "gone"))

"""The data step by its keys: findings, their rows, fixes on a copy, faults, and a screen that answers meanwhile."""

from __future__ import annotations

import asyncio
import errno
import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from desk_rows import app_with, rows, seen, step_of, text_of, until, walk_of, write
from steps_on_screen import too_wide
from textual.widgets import Input, OptionList

from advisor.browsing import HealthItem, StoredRow
from advisor.data.fixes import chosen
from advisor.data.length_table import length_table
from advisor.data.mending import fix_file
from advisor.draft import Draft
from advisor.tui.dialogs import Ask, AskText, Explain
from advisor.tui.help import HelpScreen
from advisor.tui.state import WalkState
from advisor.tui.steps.data.cases import CasesDialog
from advisor.tui.steps.data.mend import FixList, MendDialog
from advisor.tui.steps.data.step import FindingList
from advisor.tui.steps.data.wording import pictures, visible

SIZE = (80, 24)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that no test changes: it is inspected once."""
    return write(tmp_path_factory.mktemp("desk") / "desk.jsonl", rows())


@pytest.fixture
def settled_memory() -> Iterator[None]:
    """What earlier tests left is not searched for garbage while time is measured."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A file to be changed, and a folder to be written into."""
    return write(tmp_path / "desk.jsonl", rows())


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "advisor.inspecting" in child.cmdline()]


def offered(app: Any) -> set[str]:
    """Keys that work now."""
    return {key for key, active in app.screen.active_bindings.items() if active.enabled}


async def open_finding(pilot: Any, check: str) -> None:
    """Open the finding of a rule from the list."""
    sheet = step_of(pilot.app)._sheet
    at = next(at for at, item in enumerate(sheet.items) if item.check == check)
    pilot.app.screen.query_one(FindingList).highlighted = at
    await pilot.press("enter")


async def test_without_data_the_way_to_a_file_is_told() -> None:
    app = app_with(target=0.9)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "There is no data yet.", "Press 1")
        assert not {"m", "h", "r", "x"} & offered(app)


async def test_findings_stand_with_glyph_and_word_the_gravest_first(desk: Path) -> None:
    app = app_with(data=desk)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "124 rows", "4 labels", "! warning  D1  Exact duplicates", "· hint")
        await pilot.press("end")
        await seen(pilot, "✓ fine     D9  Structure of the file", "– skipped  D8")
        assert app.focused is app.screen.query_one(FindingList)


async def test_rows_of_a_finding_stand_side_by_side_with_their_differences(desk: Path) -> None:
    app = app_with(data=desk)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "D2  Near duplicates")
        await open_finding(pilot, "D2")
        await seen(pilot, "desk.jsonl:3", "desk.jsonl:123", "about 14?", "about this?", "Answer · the same")
        underlined = {
            segment.text
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style and segment.style.underline
        }
        assert underlined == {"14", "this"}
        await pilot.press("escape")
        await seen(pilot, "D1  Exact duplicates")


async def test_the_rows_of_a_case_are_compared_one_after_another(desk: Path) -> None:
    app = app_with(data=desk)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "D1  Exact duplicates")
        await open_finding(pilot, "D1")
        await seen(pilot, "desk.jsonl:121", "(2 of 3)")
        await pilot.press("full_stop")
        await seen(pilot, "desk.jsonl:122", "(3 of 3)")
        await pilot.press("full_stop")
        await seen(pilot, "desk.jsonl:121", "(2 of 3)")


async def test_secrets_are_masked_and_markup_is_only_text(desk: Path) -> None:
    app = app_with(data=desk)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "D11 Secrets and personal data")
        await open_finding(pilot, "D11")
        await seen(pilot, "desk.jsonl:6", "[bold]order[/] 17")
        assert "ann.lee" not in text_of(app)


async def test_a_finding_without_rows_says_why_it_matters(desk: Path) -> None:
    app = app_with(data=desk)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "D1  Exact duplicates")
        await open_finding(pilot, "D8")
        assert isinstance(app.screen, Explain)
        await seen(pilot, "differ from real use", "the Task step takes one")


async def test_the_fix_of_a_finding_is_shown_and_applied_to_a_copy(own: Path, tmp_path: Path) -> None:
    before = own.read_bytes()
    app = app_with(data=own, target=0.9)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "D1  Exact duplicates")
        await open_finding(pilot, "D1")
        await until(pilot, lambda: isinstance(app.screen, CasesDialog) and "m" in offered(app))
        await pilot.press("m")
        await seen(pilot, "[x] duplicates", "[ ] trim", "122 of 124 rows stay, 2 go.", "(the row goes)")
        fixes = app.screen.query_one(FixList)
        fixes.highlighted = next(at for at in range(9) if "trim" in str(fixes.get_option_at_index(at).prompt))
        await pilot.press("space")
        await seen(pilot, "[x] trim", "− invoice␣␣", "+ invoice")
        assert [path.name for path in tmp_path.iterdir()] == ["desk.jsonl"]

        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        assert app.screen.query_one(Input).value == str(tmp_path / "desk.fixed.jsonl")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await seen(pilot, "122 of 124 rows were written")
        await pilot.press("u")
        await seen(pilot, "desk.fixed.jsonl", "122 rows", "✓ fine     D1")

        assert walk_of(app).walk_state.draft.get("data") == tmp_path / "desk.fixed.jsonl"
        assert walk_of(app).walk_state.draft.get("target") == 0.9
    fix_file(own, tmp_path / "theirs.jsonl", chosen(["trim", "duplicates"], all_safe=False))
    assert (tmp_path / "desk.fixed.jsonl").read_bytes() == (tmp_path / "theirs.jsonl").read_bytes()
    assert own.read_bytes() == before


async def test_a_copy_need_not_be_used_and_replaces_nothing(own: Path, tmp_path: Path) -> None:
    (tmp_path / "taken.jsonl").write_text("mine")
    app = app_with(data=own)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "D1  Exact duplicates")
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, MendDialog) and "w" in offered(app))
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        app.screen.query_one(Input).value = str(tmp_path / "taken.jsonl")
        await pilot.press("enter")
        await seen(pilot, "✗", "taken.jsonl")
        app.screen.query_one(Input).value = str(tmp_path / "new.jsonl")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("k")
        await seen(pilot, "D1  Exact duplicates")
        assert walk_of(app).walk_state.draft.get("data") == own
    assert (tmp_path / "taken.jsonl").read_text() == "mine"
    assert (tmp_path / "new.jsonl").exists()


async def test_with_no_fix_ticked_nothing_can_be_written(desk: Path) -> None:
    app = app_with(data=desk)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "D1  Exact duplicates")
        await open_finding(pilot, "D11")
        await until(pilot, lambda: isinstance(app.screen, CasesDialog) and "m" in offered(app))
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, MendDialog))
        fixes = app.screen.query_one(FixList)
        fixes.highlighted = next(
            at for at in range(9) if "redact" in str(fixes.get_option_at_index(at).prompt)
        )
        await pilot.press("space")
        await seen(pilot, "Tick at least one fix")
        assert "w" not in offered(app)


async def test_an_unreadable_line_is_named_and_can_be_mended_meanwhile(own: Path) -> None:
    good = own.read_text()
    lines = good.splitlines()
    lines[6] = '{"question": 1, "answer": "card"}'
    own.write_text("\n".join(lines))
    app = app_with(data=own)
    async with app.run_test(size=SIZE) as pilot:
        await seen(
            pilot, "✗ 1 of 124 lines cannot be used", "What to do:", "question: expected text", "Press r"
        )
        assert f"{own}:7:" in text_of(app).replace("\n", "").replace(" ", "") or ":7:" in text_of(app)
        own.write_text(good)
        await pilot.press("r")
        await seen(pilot, "D1  Exact duplicates")


async def test_lines_that_cannot_be_used_are_left_out_of_a_copy_on_a_key(own: Path) -> None:
    sound = own.read_text()
    own.write_text(sound + '{"question": "and this one"}\n')
    app = app_with(data=own)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "Press l for a copy without the line that cannot be used")
        assert "l" in offered(app)

        await pilot.press("l")
        await seen(pilot, "D1  Exact duplicates")

        copy = walk_of(app).walk_state.draft.get("data")
        assert copy == own.with_name("desk.usable.jsonl")
        assert len(copy.read_text().splitlines()) == len(sound.splitlines())
        assert own.read_text() != sound
        assert "l" not in offered(app)


async def test_looking_can_be_stopped_and_begun_again(tmp_path: Path) -> None:
    app = app_with(data=write(tmp_path / "long.jsonl", rows(20_000)))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, children)
        await seen(pilot, "long.jsonl", "press x to stop")
        await pilot.press("x")
        await seen(pilot, "The inspection was stopped.")
        await until(pilot, lambda: not children())
        await pilot.press("r")
        await seen(pilot, "press x to stop")


async def test_another_file_takes_the_place_of_one_that_is_looked_at(desk: Path, tmp_path: Path) -> None:
    app = app_with(data=write(tmp_path / "long.jsonl", rows(20_000)))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, children)
        step_of(app).change(data=desk)
        await seen(pilot, "desk.jsonl · 124 rows")
        await until(pilot, lambda: not children())


async def test_files_that_were_looked_at_are_shown_at_once(desk: Path) -> None:
    app = app_with(data=desk)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "D1  Exact duplicates")
    again = app_with(data=desk)
    async with again.run_test(size=SIZE) as pilot:
        await seen(pilot, "D1  Exact duplicates")
        assert not children()


async def test_leaks_are_looked_for_where_a_test_file_is_given(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", rows(60)[:40])
    test = write(tmp_path / "test.jsonl", rows(60)[38:60])
    app = app_with(train=train, test=test)
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "✗ error    D4  Test rows in the training rows")
        await open_finding(pilot, "D4")
        await seen(pilot, "test.jsonl:1")
        await pilot.press("m")
        await seen(pilot, "[x] leaks", "38 of 40 rows stay, 2 go.")


async def test_a_long_label_and_a_long_name_stay_in_their_place(tmp_path: Path) -> None:
    made = rows(400)
    for at, row in enumerate(made):
        row["answer"] = "배송 문의 " * 14 + "끝" if at % 40 == 0 else f"label {at % 40}"
    app = app_with(data=write(tmp_path / f"{'x' * 200}.jsonl", made))
    async with app.run_test(size=SIZE) as pilot:
        await seen(pilot, "D1  Exact duplicates", "xxxx…")
        await pilot.press("h")
        await seen(pilot, "배송 문의")
        await pilot.press("pagedown")
        await seen(pilot, "and 28 more labels")
        assert not too_wide(app)
        assert not app.screen.query_one(FindingList).display
        await pilot.press("h")
        assert app.screen.query_one(FindingList).display


async def test_where_there_is_room_findings_and_pictures_stand_together(desk: Path) -> None:
    app = app_with(data=desk)
    async with app.run_test(size=(140, 40)) as pilot:
        await seen(
            pilot, "D1  Exact duplicates", "Split", "train", "4 labels", "Length of prompts, in characters"
        )
        await pilot.press("h")
        await until(pilot, lambda: app.focused is app.screen.query_one("#data-pictures"))
        assert app.screen.query_one(FindingList).display


async def test_many_cases_are_read_a_page_at_a_time() -> None:
    asked: list[list[str]] = []

    def read(ids: Any) -> list[StoredRow]:
        asked.append(list(ids))
        return [
            StoredRow(id=row, source=f"d:{row}", system="", prompt=f"prompt {row}", answer="a") for row in ids
        ]

    cases = tuple((str(at),) for at in range(250))
    item = HealthItem(check="D6", severity="warning", message="many", cases=cases, cases_total=1_000_000)
    app = app_with()
    async with app.run_test(size=SIZE) as pilot:
        await app.push_screen(CasesDialog(item, read))
        await seen(pilot, "Cases 1 to 100 of 1,000,000 · the first 250 are listed", "prompt 0")
        assert "left_square_bracket" not in offered(app)
        await pilot.press("right_square_bracket")
        await seen(pilot, "Cases 101 to 200", "prompt 100")
        await pilot.press("right_square_bracket")
        await seen(pilot, "Cases 201 to 250")
        assert "right_square_bracket" not in offered(app)
        assert app.screen.query_one(OptionList).option_count == 50
    assert max(map(len, asked)) == 100


async def test_a_key_before_the_next_page_is_there_reads_a_row_of_the_page_that_is_seen() -> None:
    # given a second page that holds little and takes its time
    asked: list[list[str]] = []
    may_go_on, cases = threading.Event(), tuple((str(at),) for at in range(105))

    def read(ids: Any) -> list[StoredRow]:
        asked.append(list(ids))
        if list(ids) == ["100", "101", "102", "103", "104"]:
            may_go_on.wait(10)
        return [
            StoredRow(id=row, source=f"d:{row}", system="", prompt=f"prompt {row}.", answer="a")
            for row in ids
        ]

    app = app_with()
    async with app.run_test(size=SIZE) as pilot:
        await app.push_screen(
            CasesDialog(
                HealthItem(check="D6", severity="warning", message="many", cases=cases, cases_total=105), read
            )
        )
        await seen(pilot, "prompt 0.")
        # when a key moves on before it is there
        await pilot.press(*["down"] * 7, "right_square_bracket", "down")
        # then the row is that of the page on the screen
        await until(pilot, lambda: ["8"] in asked)
        may_go_on.set()
        await seen(pilot, "Cases 101 to 105", "prompt 100.")


async def test_a_fault_while_rows_are_read_is_told() -> None:
    def read(ids: Any) -> list[StoredRow]:
        raise OSError(errno.EIO, "Input/output error", "rows.jsonl")

    item = HealthItem(check="D6", severity="warning", message="many", cases=(("1",),), cases_total=1)
    app = app_with()
    async with app.run_test(size=SIZE) as pilot:
        await app.push_screen(CasesDialog(item, read))
        await seen(pilot, "✗ cannot be read or written: Input/output error", "rows.jsonl")
        await pilot.press("escape")
        assert isinstance(app.screen, CasesDialog)


async def test_the_screen_answers_while_many_rows_are_inspected(tmp_path: Path, settled_memory: None) -> None:
    """The time that the process itself worked between two turns of the loop: other programs do not count."""
    app = app_with(data=write(tmp_path / "big.jsonl", rows(50_000)))
    gaps: list[float] = []

    async def turn() -> None:
        last = time.process_time()
        while True:
            await asyncio.sleep(0.005)
            now = time.process_time()
            gaps.append(now - last)
            last = now

    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, children)
        turning = asyncio.create_task(turn())
        while "50,004 rows" not in text_of(app):
            await asyncio.sleep(0.25)
        turning.cancel()
    worst = sorted(gaps)
    assert len(gaps) > 100
    # The longest is the one in which the whole sheet is drawn, here with the coverage of every line taken.
    assert worst[-2] < 0.05, worst[-5:]
    assert worst[-1] < 0.1, worst[-5:]


async def test_a_million_rows_are_told_of_at_once_and_keys_are_answered_meanwhile(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    block = "".join(f'{{"question": "w{at}", "answer": "q{at % 3}"}}\n' for at in range(10_000))
    with file.open("w") as made:
        for _ in range(100):
            made.write(block)
    app = app_with(data=file)
    async with app.run_test(size=SIZE) as pilot:
        # given an inspection that takes a while
        began = time.monotonic()
        await seen(pilot, "many.jsonl", "Nothing waits for this")
        assert time.monotonic() - began < 5
        await until(pilot, children)
        # when keys are pressed meanwhile
        for _ in range(3):
            began = time.monotonic()
            await pilot.press("question_mark")
            await until(pilot, lambda: isinstance(app.screen, HelpScreen))
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, HelpScreen))
            assert time.monotonic() - began < 2
        assert step_of(app)._sheet is None
        # then it can be stopped, and its process ends
        await pilot.press("x")
        await seen(pilot, "The inspection was stopped.")
        await until(pilot, lambda: not children())


def test_tokens_that_a_run_has_counted_take_the_place_of_characters(desk: Path) -> None:
    from advisor.browsing import DataFiles
    from advisor.tui.steps.data.step import _INSPECTIONS

    sheet = asyncio.run(_INSPECTIONS.look(DataFiles(data=desk)))
    tokens = length_table([(12, 1), (14, 2)], "tokens")
    assert "in tokens" in pictures(sheet, tokens, 60).plain
    assert "in characters" in pictures(sheet, sheet.lengths, 60).plain


async def test_a_run_of_the_same_files_lends_its_tokens(desk: Path) -> None:
    app = app_with(data=desk)
    async with app.run_test(size=(140, 40)) as pilot:
        await seen(pilot, "Length of prompts, in characters")
        draft = Draft().changed(data=desk)
        report = {"statistics": {"lengths": length_table([(12, 1), (14, 2)], "tokens")}}
        run = SimpleNamespace(artefacts={"inspection": report})
        step_of(app).show(WalkState(draft=draft, run=run, begun_with=draft))  # type: ignore[arg-type]
        await seen(pilot, "Length of prompts, in tokens")


def test_what_nobody_sees_is_made_visible() -> None:
    assert visible("  a b ") == "␣␣a b␣"
    assert visible("a\u00a0b\u200b") == "a<U+00A0>b<U+200B>"
    assert visible("a\nb\x1b", one_line=True) == "a⏎b�"
    assert visible("   ") == "␣␣␣"

"""Results on a screen: words first, numbers as they lie in the run, rows one by one, the report opened and saved."""

from __future__ import annotations

import errno
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from looks import AsPictured, Show
from made_runs import Made, change_artefact, lengthen, make_run, pattern, shipping
from rich.cells import cell_len
from steps_on_screen import all_steps
from textual.pilot import Pilot
from textual.widgets import Input, Markdown, Static
from textual.widgets.markdown import MarkdownTableOfContents

from advisor.draft import Draft
from advisor.report.model import Report
from advisor.results import read_results
from advisor.side_by_side import SideBySide
from advisor.stages.curve import CURVE, Curve
from advisor.texts import N_, _
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs import AskText, Explain
from advisor.tui.steps.results import rows
from advisor.tui.steps.results.page import sections
from advisor.tui.steps.results.report import ReportScreen
from advisor.tui.steps.results.row_list import RowList
from advisor.tui.steps.results.rows import RowsScreen
from advisor.tui.walk import WalkScreen

PATIENCE = 20.0


@pytest.fixture(autouse=True)
def whole_rail(monkeypatch: pytest.MonkeyPatch) -> None:
    all_steps(monkeypatch)


@pytest.fixture
def run(tmp_path: Path, make_report: Callable[..., Report]) -> Path:
    """A run whose tuned model won."""
    return make_run(tmp_path / "desk", shipping(), report=make_report())


def app_of(run: Path | None) -> AdvisorApp:
    return AdvisorApp(draft=Draft() if run is None else None, run=run, step="results")


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, screen_text(pilot.app)
        await pilot.pause(0.02)
    await pilot.pause()


def screen_text(app: Any) -> str:
    """What stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def page(app: Any) -> str:
    """All sections, those below the screen as well."""
    return "\n".join(str(words.render()) for words in app.screen.query("ResultsStep Words"))


async def shown(pilot: Pilot[Any], text: str) -> None:
    await until(pilot, lambda: text in screen_text(pilot.app))


async def on_page(pilot: Pilot[Any], text: str) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, WalkScreen) and text in page(pilot.app))


async def in_rows(pilot: Pilot[Any]) -> RowsScreen:
    await on_page(pilot, "Ship the tuned model")
    await pilot.press("v")
    await shown(pilot, "100 rows")
    assert isinstance(pilot.app.screen, RowsScreen)
    return pilot.app.screen


# The page ----------------------------------------------------------------------------------------------------------


async def test_the_outcome_stands_first_and_every_number_is_the_runs(run: Path) -> None:
    app = app_of(run)
    async with app.run_test(size=(140, 60)) as pilot:
        await on_page(pilot, "Ship the tuned model")
        text = page(app)
    assert text.index("✓ Ship the tuned model") < text.index("on the test rows") < text.index("The test")
    comparison = json.loads((run / "comparison.json").read_text())
    evaluation = json.loads((run / "evaluation.json").read_text())
    for system in evaluation["systems"]:
        score = system["metrics"]["exact_match"]
        assert f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]" in text
    assert f"{comparison['difference']:+.3f} [{comparison['low']:+.3f}, {comparison['high']:+.3f}]" in text
    assert "30 fixed" in text
    assert "2 broken" in text
    for note in comparison["notes"]:
        assert note in text
    assert "label: BOWLINE" in text


async def test_before_a_run_the_step_that_makes_results_is_named() -> None:
    app = app_of(None)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_page(pilot, "the step Cheap options measures")
        # then no key leads to what is not there
        offered = {active.binding.action for active in app.screen.active_bindings.values() if active.enabled}
        assert not offered & {"rows", "report", "save"}


async def test_without_a_tuned_model_the_best_option_stands_against_the_plain_prompt(tmp_path: Path) -> None:
    made = Made(pattern(40, 4), pattern(40, 30), outcome="PROMPT_IS_ENOUGH")
    app = app_of(make_run(tmp_path / "desk", made))
    async with app.run_test(size=(100, 40)) as pilot:
        await on_page(pilot, "✓ A cheap option is enough")
        assert "0.750" in page(app)
        assert "tuned model" not in page(app)
        await pilot.press("v")
        await shown(pilot, "✓ fixed 26")


async def test_a_verdict_to_train_says_that_training_comes_next(tmp_path: Path) -> None:
    app = app_of(make_run(tmp_path / "desk", Made(pattern(40, 4), pattern(40, 30))))
    async with app.run_test(size=(80, 24)) as pilot:
        await on_page(pilot, "the step Plan begins its training")


async def test_results_that_come_while_it_is_open_appear(tmp_path: Path, make_report: Any) -> None:
    # given a run whose comparison is still to come
    run = make_run(tmp_path / "desk", shipping(), report=make_report())
    kept = (run / "comparison.json").read_text()
    (run / "comparison.json").unlink()
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_page(pilot, "Fine-tuning is worth a try")
        # when it is written
        (run / "comparison.json").write_text(kept)
        # then the page shows it
        await on_page(pilot, "Ship the tuned model")


async def test_a_worse_guard_is_said_in_a_word_and_a_glyph(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import advisor.results

    monkeypatch.setattr(advisor.results, "_guard", lambda run, found: ("It knows less.", True))
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_page(pilot, "Outside the task: ✗ worse")
        assert "It knows less." in page(app)


def test_the_learning_curve_has_its_points_and_what_they_say(run: Path) -> None:
    point = {"share": 0.25, "main": False, "loss_error": 0.05, "next_token_accuracy": 0.5, "score": None}
    points = [{**point, "rows": 100, "loss": 1.25}, {**point, "rows": 1_400, "loss": 0.9}]
    prospects: dict[str, Any] = {"by_metric": None, "by_loss": None}
    found = Curve(
        refused="", steps=10, dev_rows=50, metric="exact_match", points=points, text="More rows help.", notes=["Few."],
        **prospects,
    )  # fmt: skip
    (run / CURVE.file).write_text(found.model_dump_json())
    results = read_results(run)
    assert results is not None

    text = dict(sections(results, 80))["curve"].plain

    assert "1,400" in text
    assert "1.250 ± 0.050" in text
    assert text.endswith("More rows help.\nFew.")


# Rows one by one -----------------------------------------------------------------------------------------------------


async def test_rows_are_filtered_by_keys_and_by_words(run: Path) -> None:
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await in_rows(pilot)
        for key, count in (("x", 2), ("f", 30), ("w", 10), ("r", 58), ("a", 100)):
            await pilot.press(key)
            assert len(screen.query_one(RowList).entries) == count, key
        # when words are searched for
        await pilot.press("slash", *"parcel 42 ")
        await until(pilot, lambda: screen.query_one(RowList).chosen == 42)
        assert list(screen.query_one(RowList).entries) == [42]
        # then escape leaves the field first and the screen after that
        await pilot.press("escape")
        assert app.focused is screen.query_one(RowList)
        await pilot.press("x")
        await shown(pilot, "No row is like that")
        await pilot.press("escape")
        assert isinstance(app.screen, WalkScreen)


async def test_the_chosen_row_shows_every_answer_with_its_differences_marked(run: Path) -> None:
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await in_rows(pilot)
        await pilot.press("x", "down")
        await shown(pilot, "Reference  CLEAT")
        # then the tuned answer is marked where it differs from the reference, by signs and not by style alone
        await shown(pilot, "tuned model: ✗ 0 (cut off)  {+HALYARD+}")
        assert "best cheap option: ✓ 1  CLEAT" in screen_text(app)
        # when the two systems are to be compared with each other
        await pilot.press("d")
        await shown(pilot, "best cheap option: ✓ 1  [-CLEAT-]")
        await shown(pilot, "{+HALYARD+}")


@pytest.mark.parametrize(("width", "beside"), [(80, False), (140, True)])
async def test_answers_stand_beside_each_other_where_there_is_room(
    width: int, beside: bool, run: Path
) -> None:
    app = app_of(run)
    async with app.run_test(size=(width, 30)) as pilot:
        await in_rows(pilot)
        await pilot.press("x")
        await shown(pilot, "{+HALYARD+}")
        lines = [line for line in screen_text(app).splitlines() if "base model: ✓ 1" in line]
        assert ["tuned model: ✗ 0" in line for line in lines] == [beside]


async def test_the_whole_prompt_is_on_a_key(run: Path) -> None:
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await in_rows(pilot)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        await shown(pilot, "Route the message.")
        await shown(pilot, "What was asked for row test:0")


async def test_rows_that_cannot_be_read_say_so_and_lead_back(run: Path) -> None:
    file = run / "evaluation" / "tuned.test.jsonl"
    file.write_text(file.read_text().splitlines(keepends=True)[0])
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_page(pilot, "Ship the tuned model")
        await pilot.press("v")
        await shown(pilot, "✗ holds answers to different rows")
        await pilot.press("escape")
        assert isinstance(app.screen, WalkScreen)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"id": "test:1", "prompt"', "is not JSON"),
        ('{"id": "test:1", "prompt": []}', "lacks the field reference"),
        ("[1, 2]", "expected an object, found list"),
    ],
    ids=["cut", "another version", "no object"],
)
async def test_one_damaged_line_is_named_with_its_number(line: str, says: str, run: Path) -> None:
    file = run / "evaluation" / "tuned.test.jsonl"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], line, *lines[2:]]) + "\n")
    app = app_of(run)
    async with app.run_test(size=(140, 24)) as pilot:
        await on_page(pilot, "Ship the tuned model")
        await pilot.press("v")
        await shown(pilot, f"✗ {says}")
        assert "tuned.test.jsonl:2" in "".join(screen_text(app).replace("│", "").split())
        await pilot.press("escape")
        assert isinstance(app.screen, WalkScreen)


async def test_results_that_may_not_be_read_say_so_and_the_wizard_goes_on(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "evaluation.json":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    app = app_of(run)
    async with app.run_test(size=(140, 24)) as pilot:
        await shown(pilot, "✗ cannot be read: Permission denied")
        assert "evaluation.json" in "".join(screen_text(app).replace("│", "").split())
        await pilot.press("escape")
        assert isinstance(app.screen, WalkScreen)


async def test_of_two_comparisons_of_a_row_the_last_one_asked_for_is_shown(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a first comparison that takes longer than the second one
    may_end, began = threading.Event(), threading.Event()

    def slowly(found: Any, place: int, against: str, width: int) -> str:
        if against == "reference" and began.is_set():
            may_end.wait(PATIENCE)
        return f"marked against {against}"

    monkeypatch.setattr(rows, "row_view", slowly)
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await in_rows(pilot)
        await shown(pilot, "marked against reference")
        await pilot.press("d")
        await shown(pilot, "marked against other")
        began.set()
        # when the marks are changed to and fro
        await pilot.press("d", "d")
        await shown(pilot, "marked against other")
        may_end.set()
        await pilot.pause(0.3)
        # then what was asked for first does not come back
        assert "marked against other" in screen_text(app)


async def test_a_search_reads_the_rows_once_for_a_word_and_not_for_each_letter(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []
    find = SideBySide.find
    monkeypatch.setattr(
        SideBySide, "find", lambda self, kind, words: (searched.append(words), find(self, kind, words))[1]
    )
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await in_rows(pilot)
        searched.clear()
        app.screen.query_one("#rows-search", Input).focus()
        for end in range(1, len("parcel 42 ") + 1):
            app.screen.query_one("#rows-search", Input).value = "parcel 42 "[:end]
        await shown(pilot, "1 row ")
        assert searched == ["parcel 42 "]


async def test_ten_thousand_rows_with_long_labels_answer_at_once(tmp_path: Path) -> None:
    label = "한국어 label " * 20
    scores = pattern(100, 20), pattern(100, 60)
    made = Made(*scores, wrong=label, outcome="PROMPT_IS_ENOUGH", message="My parcel {at} " + label)
    run = make_run(tmp_path / "desk", made)
    lengthen(run, 100)
    app = app_of(run)
    async with app.run_test(size=(140, 40)) as pilot:
        await on_page(pilot, "A cheap option is enough")
        await pilot.press("v")
        await shown(pilot, "10,000 rows")
        for keys in (["end"], ["pageup"] * 5, ["down"] * 5, ["w"], ["slash", *"test:99-99"]):
            begin = time.process_time()
            await pilot.press(*keys)
            assert (time.process_time() - begin) / len(keys) < 0.4, keys
        await shown(pilot, "1 row")
        # then every line is cut to its place and none has to be scrolled to
        listed, detail = app.screen.query_one(RowList), app.screen.query_one("#rows-detail")
        assert isinstance(app.screen, RowsScreen)
        lines = [app.screen._line(place, listed.size.width) for place in range(20)]
        assert max(map(cell_len, lines)) == listed.size.width
        assert detail.virtual_size.width <= detail.size.width


async def test_control_characters_of_a_model_are_made_visible(tmp_path: Path) -> None:
    made = Made([0.0, 1.0], [0.0, 1.0], [0.0, 1.0], wrong="\x1b[31mred [bold]x[/bold]")
    app = app_of(make_run(tmp_path / "desk", made))
    async with app.run_test(size=(80, 24)) as pilot:
        await on_page(pilot, "The test cannot tell")
        await pilot.press("v")
        await shown(pilot, "�[31mred [bold]x[/bold]")


# The report ----------------------------------------------------------------------------------------------------------


async def test_the_report_is_opened_as_a_page(run: Path) -> None:
    app = app_of(run)
    async with app.run_test(size=(140, 40)) as pilot:
        await on_page(pilot, "Ship the tuned model")
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, ReportScreen))
        await until(pilot, lambda: "## Row by row" in (app.screen.query_one(Markdown).source or ""))
        await shown(pilot, "Route the message")
        await pilot.press("escape")
        assert isinstance(app.screen, WalkScreen)


async def test_the_report_is_saved_where_it_is_asked_for_and_never_over_a_file(
    run: Path, tmp_path: Path
) -> None:
    (tmp_path / "there.md").write_text("mine")
    app = app_of(run)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await on_page(pilot, "Ship the tuned model")
        for name, says in (("new.html", "Saved:"), ("there.md", "exists already"), ("x.pdf", "saved as")):
            await pilot.press("s")
            await until(pilot, lambda: isinstance(app.screen, AskText))
            app.screen.query_one(Input).value = str(tmp_path / name)
            await pilot.press("enter")
            await shown(pilot, says)
            if name != "new.html":
                await pilot.press("escape")
    assert "<!doctype html>" in (tmp_path / "new.html").read_text()
    assert (tmp_path / "there.md").read_text() == "mine"


async def test_without_a_report_there_is_no_key_for_it(tmp_path: Path) -> None:
    app = app_of(make_run(tmp_path / "desk", shipping()))
    async with app.run_test(size=(80, 24)) as pilot:
        await on_page(pilot, "Ship the tuned model")
        await pilot.press("o", "s")
        assert isinstance(app.screen, WalkScreen)


# Looks -----------------------------------------------------------------------------------------------------------------


def ready(*keys: str, says: str = N_("Ship the tuned model")) -> Show:
    async def show(pilot: Pilot[Any]) -> None:
        await on_page(pilot, _(says))
        await pilot.press(*keys)
        if "v" in keys:
            await until(pilot, lambda: bool(str(pilot.app.screen.query_one("#rows-row", Static).visual)))
            await shown(pilot, "{+HALYARD+}")

    return show


def test_results_look(run: Path, as_pictured: AsPictured) -> None:
    assert as_pictured(app_of(run), ready())


def test_rows_look(run: Path, as_pictured: AsPictured) -> None:
    assert as_pictured(app_of(run), ready("v", "x"))


def test_the_report_looks(run: Path, as_pictured: AsPictured) -> None:
    async def show(pilot: Pilot[Any]) -> None:
        await ready("o")(pilot)
        await shown(pilot, "2026")
        contents = pilot.app.screen.query_one(MarkdownTableOfContents)
        await until(pilot, lambda: bool(contents.table_of_contents))

    assert as_pictured(app_of(run), show)


def test_nothing_measured_looks(as_pictured: AsPictured) -> None:
    assert as_pictured(app_of(None), ready(says=N_("Cheap options")))


def test_an_inconclusive_run_looks(run: Path, as_pictured: AsPictured) -> None:
    change_artefact(run, "comparison", outcome="INCONCLUSIVE", reason="The interval holds both.")
    assert as_pictured(app_of(run), ready(says=N_("The test cannot tell")))

"""Saving: what was asked for, where it was asked for, and never over what is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from advisor.report.model import Report
from advisor.report.page import as_page
from advisor.saving import report_text, save_report, write_new
from rubrics.errors import Fault

MakeReport = Callable[..., Report]


@pytest.fixture
def report(make_report: MakeReport) -> Report:
    """A report that quotes no rows."""
    return make_report(comparison=None, evaluations=[])


def test_a_report_is_saved_as_its_name_says(report: Report, tmp_path: Path) -> None:
    for ending in ("md", "html", "JSON"):
        path = save_report(report, tmp_path, tmp_path / f"mine.{ending}")
        assert path == tmp_path / f"mine.{ending}"
        assert path.read_text() == report_text(report, tmp_path, ending.lower())
    assert json.loads((tmp_path / "mine.JSON").read_text()) == report.to_json()
    assert (tmp_path / "mine.md").read_text().startswith("# Route the message")


def test_another_ending_is_refused_and_nothing_is_written(report: Report, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="saved as") as told:
        save_report(report, tmp_path, tmp_path / "mine.pdf")

    assert ".md, .html or .json" in told.value.fix
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_text("mine")

    with pytest.raises(Fault, match="exists already"):
        write_new(file, "other")
    assert file.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="cannot be written") as told:
        write_new(tmp_path / "no folder" / "notes.md", "x")

    assert told.value.where == str(tmp_path / "no folder" / "notes.md")


def test_the_home_folder_can_be_named_in_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert write_new(Path("~/notes.md"), "x") == tmp_path / "notes.md"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.append(tag)


def test_the_page_holds_tables_and_obeys_no_foreign_markup() -> None:
    page = as_page("# A <b>task</b>\n\n| a | b |\n|---|---|\n| <script>x()</script> | 2 |\n")

    tags = _Tags()
    tags.feed(page)
    assert {"table", "th", "td", "h1"} <= set(tags.found)
    assert not {"script", "b", "img", "link"} & set(tags.found)
    assert "<title>A &lt;b&gt;task&lt;/b&gt;</title>" in page


def test_the_command_writes_the_same_page(advisor, report: Report, rows_file: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from advisor.plan import Plan
    from advisor.run_directory import create_run

    run = create_run(Plan(data=rows_file, task="Route"), tmp_path / "run").path
    (run / "report.json").write_text(json.dumps(report.to_json()))

    done = advisor("report", run, "--format", "html", "-o", tmp_path / "page.html")

    assert done.code == 0, done.err
    assert (tmp_path / "page.html").read_text() == report_text(report, run, "html")
    assert advisor("report", run, "--format", "pdf").code == 2

"""A copy of a run: whole, writable, and nothing left of one that failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import small_disks

from advisor.plan import Plan
from advisor.run_copies import copy_run, free_name
from advisor.run_directory import RunDirectory, create_run
from rubrics.errors import Fault


@pytest.fixture
def run(rows_file: Path, tmp_path: Path) -> RunDirectory:
    made = create_run(Plan(data=rows_file, task="Sort it"), tmp_path / "runs" / "desk")
    made.jobs.mkdir(exist_ok=True)
    (made.jobs / "note.txt").write_text("done")
    return made


def test_a_copy_has_all_files_and_every_one_can_be_written(run: RunDirectory, tmp_path: Path) -> None:
    # given a run that nobody may write
    for entry in (*run.path.rglob("*"), run.path):
        entry.chmod(0o555 if entry.is_dir() else 0o444)
    # when it is copied
    copy = copy_run(run.path, tmp_path / "copies" / "desk")
    # then the same files are there, with the same plan, and may be written
    names = lambda path: sorted(str(entry.relative_to(path)) for entry in path.rglob("*"))  # noqa: E731
    assert names(copy) == names(run.path)
    assert RunDirectory(copy).plan() == run.plan()
    assert all(entry.stat().st_mode & 0o200 for entry in (copy, *copy.rglob("*")))


def test_names_of_copies_are_free(run: RunDirectory, tmp_path: Path) -> None:
    assert free_name(run.path, tmp_path) == tmp_path / "desk-copy"
    (tmp_path / "desk-copy").mkdir()
    assert free_name(run.path, tmp_path) == tmp_path / "desk-copy-2"


@pytest.mark.parametrize(
    ("place", "says"), [("taken", "something already"), ("runs/desk/in", "within the run")]
)
def test_a_copy_overwrites_nothing(run: RunDirectory, tmp_path: Path, place: str, says: str) -> None:
    (tmp_path / "taken").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Fault, match=says):
        copy_run(run.path, tmp_path / place)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_that_goes_on_is_not_copied(run: RunDirectory, tmp_path: Path) -> None:
    with run.held(), pytest.raises(Fault, match="a process works on this run"):
        copy_run(run.path, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_of_a_copy_that_does_not_fit_nothing_stays(run: RunDirectory, tmp_path: Path) -> None:
    (run.jobs / "large.bin").write_bytes(bytes(3 * 2**20))
    with small_disks.small_disk(tmp_path / "small", 1) as place:
        with pytest.raises(Fault) as caught:
            copy_run(run.path, place / "copy")
        assert not (place / "copy").exists()
    assert "No space left" in caught.value.what
    assert "another place" in caught.value.fix

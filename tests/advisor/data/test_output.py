"""New files: complete or not there, and never in the place of another."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from advisor.data.output import STDOUT, check_output, new_file
from rubrics.errors import ExitCode, Fault


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    place = tmp_path / "rows.jsonl"
    with new_file(place) as file:
        file.write("전부\n".encode())
        assert not place.exists()
    assert place.read_bytes() == "전부\n".encode()
    assert names(tmp_path) == ["rows.jsonl"]


def test_nothing_is_left_of_a_file_that_was_not_finished(tmp_path: Path) -> None:
    def interrupted() -> None:
        with new_file(tmp_path / "rows.jsonl") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == []


def test_a_file_that_is_there_stays_unless_it_was_given_up(tmp_path: Path) -> None:
    place = tmp_path / "rows.jsonl"
    place.write_text("old")
    with pytest.raises(Fault, match="not overwritten"):
        check_output(place)
    with pytest.raises(Fault, match="not overwritten"), new_file(place) as file:
        file.write(b"new")
    assert place.read_text() == "old"

    check_output(place, force=True)
    with new_file(place, force=True) as file:
        file.write(b"new")
    assert (place.read_text(), names(tmp_path)) == ("new", ["rows.jsonl"])


def test_a_file_made_meanwhile_stays(tmp_path: Path) -> None:
    place = tmp_path / "rows.jsonl"

    def late() -> None:
        with new_file(place) as file:
            file.write(b"mine")
            place.write_text("theirs")

    with pytest.raises(Fault, match="not overwritten"):
        late()
    assert place.read_text() == "theirs"


@pytest.mark.parametrize("link", ["same", "symbolic", "hard"])
def test_the_input_is_never_the_output_whatever_its_name(tmp_path: Path, link: str) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text("rows")
    place = tmp_path / ("rows.jsonl" if link == "same" else "other.jsonl")
    if link == "symbolic":
        place.symlink_to(source)
    elif link == "hard":
        os.link(source, place)
    with pytest.raises(Fault, match="is the input"):
        check_output(place, inputs=[source], force=True)


def test_places_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="found a folder"):
        check_output(tmp_path)
    with pytest.raises(Fault, match="folder does not exist") as caught:
        check_output(tmp_path / "none" / "rows.jsonl")
    assert "mkdir -p" in caught.value.fix
    check_output(STDOUT)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Fault, match="Permission denied") as caught, new_file(tmp_path / "rows.jsonl"):
        pass
    assert caught.value.code == ExitCode.WRONG_USE


def test_a_full_disk_is_what_the_machine_lacks(tmp_path: Path) -> None:
    def fill() -> None:
        with new_file(tmp_path / "rows.jsonl") as file:
            raise OSError(errno.ENOSPC, file.name)

    with pytest.raises(Fault, match="no space left") as caught:
        fill()
    assert caught.value.code == ExitCode.LACKING
    assert names(tmp_path) == []

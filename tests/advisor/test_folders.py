"""What lies in a folder, data files first."""

from __future__ import annotations

import pytest

from advisor.folders import MOST_PLACES, places_in
from rubrics.errors import Fault


def test_data_files_come_first_then_folders_then_the_rest(tmp_path):
    for name in ("b.CSV", "a.jsonl.gz", "notes.txt", ".hidden.jsonl"):
        (tmp_path / name).write_text("abc")
    (tmp_path / "folder.jsonl").mkdir()

    found, left_out = places_in(tmp_path)

    assert [(place.path.name, place.kind) for place in found] == [
        ("a.jsonl.gz", "data"),
        ("b.CSV", "data"),
        ("folder.jsonl", "folder"),
        ("notes.txt", "other"),
    ]
    assert (found[0].bytes, left_out) == (3, 0)


def test_a_link_to_nowhere_is_listed(tmp_path):
    (tmp_path / "gone.jsonl").symlink_to(tmp_path / "nothing")

    assert [(place.path.name, place.bytes) for place in places_in(tmp_path)[0]] == [("gone.jsonl", 0)]


def test_a_huge_folder_is_cut(tmp_path):
    for at in range(MOST_PLACES + 3):
        (tmp_path / f"{at}").touch()

    found, left_out = places_in(tmp_path)

    assert (len(found), left_out) == (MOST_PLACES, 3)


@pytest.mark.parametrize("name", ["none", "file"])
def test_what_is_no_folder_is_a_fault(tmp_path, name):
    (tmp_path / "file").touch()

    with pytest.raises(Fault) as refused:
        places_in(tmp_path / name)

    assert "folder" in refused.value.what

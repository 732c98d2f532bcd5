"""The person's own prompt: read as it is, written once, refused where it is none."""

from __future__ import annotations

import pytest

from advisor.rungs import own_prompt
from advisor.rungs.own_prompt import read_prompt, save_prompt
from rubrics.errors import ExitCode, Fault


def test_what_is_saved_is_read_again(tmp_path):
    file = tmp_path / "prompt.txt"

    save_prompt("  Sort it.\nBe brief: 짧게.\n\n", file)

    assert read_prompt(file) == "Sort it.\nBe brief: 짧게."


def test_a_file_that_exists_is_left_alone(tmp_path):
    file = tmp_path / "prompt.txt"
    file.write_text("mine")

    with pytest.raises(Fault, match="not overwritten") as raised:
        save_prompt("other", file)

    assert file.read_text() == "mine"
    assert raised.value.code == ExitCode.WRONG_USE


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Fault, match="cannot be written"):
        save_prompt("other", tmp_path / "absent" / "prompt.txt")


@pytest.mark.parametrize("content", [b" \n\t", b"\xff\xfe\x00"])
def test_no_text_is_no_prompt(content, tmp_path):
    file = tmp_path / "prompt.txt"
    file.write_bytes(content)

    with pytest.raises(Fault, match="prompt"):
        read_prompt(file)


def test_nothing_is_not_saved(tmp_path):
    with pytest.raises(Fault, match="empty"):
        save_prompt(" \n", tmp_path / "prompt.txt")
    assert not (tmp_path / "prompt.txt").exists()


def test_a_file_that_is_too_long_for_a_prompt_is_refused_and_not_read_whole(tmp_path):
    # given a file of 8 GB, which takes no room on the disk
    file = tmp_path / "rows.bin"
    with file.open("wb") as made:
        made.truncate(8 * 2**30)
    with pytest.raises(Fault, match=r"longer than a prompt can be \(1,000,000 characters\)"):
        read_prompt(file)
    file.write_text("x" * own_prompt._LONGEST)
    assert len(read_prompt(file)) == own_prompt._LONGEST

"""What kind of model a name stands for, told without opening anything."""

from __future__ import annotations

import pytest

from advisor.models.naming import kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("smollm2-135m", "embedded"),
        ("folder", "folder"),
        ("file.gguf", "gguf"),
        ("file.txt", None),
        ("Some-Org/some.model", "hub"),
        ("some/none.gguf", None),
        ("gpt", None),
        ("", "folder"),
    ],
)
def test_the_kind_of_a_name(tmp_path, monkeypatch, name, kind):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for file in ("file.gguf", "file.txt"):
        (tmp_path / file).touch()

    assert kind_of(name) == kind

"""What the README shows exists: its pictures are those that the screens are compared with."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent


def test_the_pictures_are_those_of_the_tests() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))

    assert len(pictures) >= 3
    for picture in pictures:
        path = ROOT / unquote(picture)
        assert path.is_file(), picture
        assert "__snapshots__" in path.parts

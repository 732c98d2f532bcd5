"""What kind of model a name stands for; nothing is fetched or opened for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from advisor.models.catalogue import EMBEDDED

Kind = Literal["embedded", "folder", "gguf", "hub"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def kind_of(name: str) -> Kind | None:
    """Return the kind of a model by its name; a path that exists wins over a hub id of the same form.

    Returns:
        None where it can be none: no embedded name, no folder, no .gguf file, and not of the form of a hub id.
    """
    if name in EMBEDDED:
        return "embedded"
    path = Path(name).expanduser()
    if path.is_dir():
        return "folder"
    is_gguf = path.suffix.lower() == ".gguf"
    if path.is_file():
        return "gguf" if is_gguf else None
    return "hub" if _HUB_ID.fullmatch(name) and not is_gguf else None

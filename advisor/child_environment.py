"""The environment of an advisor that another one starts."""

from __future__ import annotations

import os
from pathlib import Path

import advisor


def child_environment() -> dict[str, str]:
    """The child finds this very package, whatever lies in the folder that it is started in."""
    package = str(Path(advisor.__file__).resolve().parent.parent)
    others = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part and part != package]
    return {
        **os.environ,
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join([package, *others]),
    }

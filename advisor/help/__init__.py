"""Longer help: one Markdown file a topic, shown by `advisor help TOPIC`."""

from __future__ import annotations

from importlib.resources import files

from rubrics.errors import Fault


def topics() -> dict[str, str]:
    """Topics with their titles."""
    found = sorted(
        (entry.name.removesuffix(".md"), entry)
        for entry in files(__package__).iterdir()
        if entry.name.endswith(".md")
    )
    return {name: entry.read_text(encoding="utf-8").splitlines()[0].lstrip("# ") for name, entry in found}


def read_topic(name: str) -> str:
    """The text of a topic.

    Raises:
        Fault: there is none of that name; exit code 2.
    """
    known = topics()
    if name not in known:
        raise Fault(f"no help on {name!r}", fix=f"Topics: {', '.join(known)}.")
    return (files(__package__) / f"{name}.md").read_text(encoding="utf-8")

"""What each rung does, in one line for a person who chooses among them; untranslated, see `advisor.texts`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from advisor.texts import N_, _

RUNG_ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "classifier": N_("learns the labels from the training rows in seconds; asks no model"),
        "zero_shot": N_("the first paragraph of your task, then the row"),
        "instruction": N_("the whole task, and what the training answers look like"),
        "prompt_file": N_("the prompt that you use today"),
        "few_shot": N_("the whole task and eight solved examples"),
    }
)


def about_rung(rung: str) -> str:
    """Say what a rung does, in the language in use; empty of one that has no words yet."""
    return _(RUNG_ABOUT[rung]) if rung in RUNG_ABOUT else ""

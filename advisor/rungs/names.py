"""What the rungs and the systems of a comparison are called on a screen; untranslated, see `advisor.texts`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from advisor.texts import N_, _
from rubrics.phrases import BY_EXTRACTION

RUNG_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "classifier": N_("linear classifier"),
        "zero_shot": N_("plain prompt"),
        "instruction": N_("better instruction"),
        "prompt_file": N_("your own prompt"),
        "few_shot": N_("prompt with examples"),
    }
)
EXTRACTED_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "label_match": N_("{rung}, the label taken out"),
        "json_inside": N_("{rung}, the JSON taken out"),
        "json_equality": N_("{rung}, the JSON taken out"),
    }
)
"""Of an option whose answers fail by their form alone, with that cured."""
SYSTEM_NAMES: Mapping[str, str] = MappingProxyType(
    {"base": N_("base model"), "best_baseline": N_("best cheap option"), "tuned": N_("tuned model")}
)


def rung_name(rung: str) -> str:
    """Name a rung in the language in use, also with its answers' form cured; one that has no name yet keeps its key."""
    name, by, extraction = rung.partition(BY_EXTRACTION)
    if by:
        words = EXTRACTED_WORDS.get(extraction, N_("{rung}, the answer taken out"))
        return _(words).format(rung=rung_name(name))
    return _(RUNG_NAMES[rung]) if rung in RUNG_NAMES else rung.replace("_", " ")


def system_name(system: str, rung: str = "") -> str:
    """Name a system of a comparison, the best cheap option with its rung."""
    name = _(SYSTEM_NAMES[system])
    return f"{name} ({rung_name(rung)})" if system == "best_baseline" and rung else name

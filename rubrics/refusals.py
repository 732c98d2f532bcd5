"""Does an answer refuse? One definition for metrics, checks and hints; its phrases stand in `refusals.yaml`."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources

from rubrics.text import norm


@dataclass(frozen=True)
class RefusalPhrases:
    """What refusals.yaml holds, ready to be looked for in a folded text.

    Attributes:
        within: characters from the start in which a phrase must stand.
    """

    within: int
    texts: tuple[str, ...]


@functools.cache
def refusal_phrases() -> RefusalPhrases:
    """Return the phrases by which a refusal is known."""
    import yaml

    content = yaml.safe_load(resources.files("rubrics").joinpath("refusals.yaml").read_text(encoding="utf-8"))
    texts = [norm(text) for language in content["languages"].values() for text in language["phrases"]]
    return RefusalPhrases(int(content["within_characters"]["value"]), tuple(texts))


@functools.cache
def _any_phrase() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, refusal_phrases().texts)))


def is_refusal(text: str) -> bool:
    """Say whether an answer begins with a refusal, in English or Korean.

    A phrase of refusals.yaml stands within its first characters, whatever the case, the apostrophes and the white
    space.
    """
    start = norm(text).replace("\u2019", "'")[: refusal_phrases().within]
    return _any_phrase().search(start) is not None

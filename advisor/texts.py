"""The texts that a person reads on a screen, in their language: gettext catalogues under `advisor/locales`.

`_` marks a text and translates it at once; `N_` only marks it, for tables that are made before the language is
known. English is the source: a text that no catalogue has is shown as it stands in the code. The catalogues are
kept up to date by `python tests/catalogues.py`.
"""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

from advisor.language import chosen_language
from rubrics.languages import LANGUAGES as LANGUAGES

DOMAIN = "advisor"

_current: list[gettext.NullTranslations] = []


def use_language(language: str | None = None) -> str:
    """Choose the language of all texts from now on; returns it.

    Args:
        language: one of `LANGUAGES`; None takes that of the environment (LC_ALL, LC_MESSAGES, LANG).

    Raises:
        KeyError: no such language.
    """
    chosen = chosen_language(language)
    if chosen not in LANGUAGES:
        raise KeyError(chosen)
    _current[:] = [_catalogue(chosen)]
    return chosen


def language() -> str:
    """The language in use."""
    return str(_catalogue_in_use().info().get("language", "en"))


def N_(text: str) -> str:  # noqa: N802
    """Mark a text that is translated later, by `_(TABLE[key])`."""
    return text


def _(text: str) -> str:
    """The text in the language in use."""
    # The empty text is the catalogue's header.
    return _catalogue_in_use().gettext(text) if text else ""


def ngettext(one: str, many: str, n: int) -> str:
    """The form of the text that goes with a number; the number itself is filled in by the caller."""
    return _catalogue_in_use().ngettext(one, many, n)


def _catalogue_in_use() -> gettext.NullTranslations:
    if not _current:
        use_language()
    return _current[0]


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    if name == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, Path(__file__).with_name("locales"), languages=[name])

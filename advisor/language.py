"""Which language a person reads: by flag, else by the environment, as other programs of the terminal do."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rubrics.languages import LANGUAGES

_DEFAULT = "en"
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def chosen_language(flag: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the flag as it is (an unknown one is refused where texts are loaded), else that of the locale.

    The first of LC_ALL, LC_MESSAGES and LANG that is set decides; a language without texts gives English.
    """
    if flag is not None:
        return flag
    locale = next((value for name in _VARIABLES if (value := environment.get(name))), _DEFAULT)
    language = locale[:2].lower()
    return language if language in LANGUAGES else _DEFAULT

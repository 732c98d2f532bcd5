"""Text normalisation, defined once (contract: "Definitions, used everywhere")."""

from __future__ import annotations

import re
import unicodedata

# Hangul, kana and Han, which the contract counts in characters, and Thai, Lao, Burmese and Khmer.
_UNSPACED = re.compile(
    "[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"
    "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)


def nfc(text: str) -> str:
    """Return the canonical composed Unicode form."""
    return unicodedata.normalize("NFC", text)


def norm(text: str) -> str:
    """Fold what makes two texts the same message: Unicode form, white space and case."""
    # ASCII is composed already, and casefold lowers it: most of a large file needs no look-up.
    return " ".join((text if text.isascii() else nfc(text)).split()).casefold()


def mostly_unspaced(text: str) -> bool:
    """Say whether more than half of the letters belong to scripts that are compared by characters.

    Hangul counts among them although it has spaces: its particles cling to the words.
    """
    letters = sum(map(str.isalpha, text))
    unspaced = sum(match[0].isalpha() for match in _UNSPACED.finditer(text))
    return 2 * unspaced > letters

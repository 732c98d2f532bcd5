"""Text normalisation, defined once (contract: "Definitions, used everywhere")."""

from __future__ import annotations

import unicodedata


def nfc(text: str) -> str:
    """Return the canonical composed Unicode form."""
    return unicodedata.normalize("NFC", text)


def norm(text: str) -> str:
    """Fold what makes two texts the same message: Unicode form, white space and case."""
    # ASCII is composed already, and casefold lowers it: most of a large file needs no look-up.
    return " ".join((text if text.isascii() else nfc(text)).split()).casefold()

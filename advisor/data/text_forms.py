"""How a text is written, apart from what it says: white space, invisible characters, Unicode form.

Most texts are ASCII and most are clean, so every test begins with a cheap one that lets those pass.
"""

from __future__ import annotations

import re
import unicodedata

NO_BREAK_SPACES = "\u00a0\u2007\u202f"
ZERO_WIDTH = "\u200b\u2060\ufeff\u00ad"
"""Characters that nobody sees and nobody types; the joiners U+200C and U+200D are letters of several scripts."""

_INVISIBLE = re.compile(f"[{NO_BREAK_SPACES}{ZERO_WIDTH}]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EDGES = f" \t\r\n\v\f\u0085\u2028\u2029\u3000{NO_BREAK_SPACES}{ZERO_WIDTH}"


def trimmed(text: str) -> str:
    """Return the text without white space and invisible characters at its two ends."""
    return text.strip(_EDGES)


def has_stray_space(text: str) -> bool:
    """Whether a text begins or ends with white space or an invisible character."""
    return len(trimmed(text)) != len(text)


def has_invisible(text: str) -> bool:
    """Whether a no-break space, zero-width character or control character stands inside the text."""
    if text.isascii():
        # A printable text has none; line ends and tabs make the search necessary.
        return not text.isprintable() and _CONTROL.search(text) is not None
    return _INVISIBLE.search(text) is not None or _CONTROL.search(text) is not None


def without_invisible(text: str) -> str:
    """Return the text with ordinary spaces for no-break ones, and without zero-width and control characters."""
    if not has_invisible(text):
        return text
    spaced = text.translate(dict.fromkeys(map(ord, NO_BREAK_SPACES), " "))
    return _CONTROL.sub("", spaced.translate(dict.fromkeys(map(ord, ZERO_WIDTH))))


def unicode_form(text: str) -> str | None:
    """Return `NFC` or `NFD`, `mixed` where a text is neither, and None where the forms do not differ."""
    if text.isascii():
        return None
    composed = unicodedata.is_normalized("NFC", text)
    decomposed = unicodedata.is_normalized("NFD", text)
    if composed:
        return None if decomposed else "NFC"
    return "NFD" if decomposed else "mixed"


def line_ends(text: str) -> str | None:
    """Return `\\n`, `\\r\\n` or `\\r`, `mixed` where a text has several, None where it has one line."""
    if "\r" not in text:
        return "\n" if "\n" in text else None
    rest = text.replace("\r\n", "")
    kinds = ["\r\n"] * (len(rest) != len(text)) + ["\n"] * ("\n" in rest) + ["\r"] * ("\r" in rest)
    return kinds[0] if len(kinds) == 1 else "mixed"

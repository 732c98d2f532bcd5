"""Text that stands where an answer should: placeholders, unfilled templates, broken encodings (rule D12)."""

from __future__ import annotations

import re

from rubrics.text import norm

PLACEHOLDERS = frozenset(
    {"", "none", "nan", "null", "<null>", "<none>", "n/a", "#n/a", "<na>", "na", "nil", "undefined"}
    | {"todo", "tbd", "tba", "tbc", "fixme", "xxx", "xxxx", "xxxxx", "placeholder", "...", "…"}
    | {"your answer here", "answer here", "<answer>", "[answer]", "{answer}", "insert answer here"}
)
"""Whole answers, normalised, that stand where an answer is missing."""

LABEL_LIKE = frozenset({"none", "null", "nil", "n/a", "na", "..."})
"""Those of them that are also sound labels, where they are used as one."""

_INSERT = re.compile(r"[\[<({]\s*(?:insert|add|enter|put|write|fill in)\b[^\])}>\n]*[\])}>]", re.IGNORECASE)
_MARKS = re.compile(
    "[\u00c2-\u00f4](?:[\u0080-\u00bf\u0152-\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|(?<=\u00c3) )"
)
"""A UTF-8 sequence as it looks in a one-byte encoding; sound text has such neighbours, too (é…), but few."""


def is_placeholder(text: str) -> bool:
    """Whether a whole text is a placeholder: nothing, "None", "TODO", "[insert answer]", "Lorem ipsum ..."."""
    if len(text) > 200:
        return "lorem ipsum" in text[:200].casefold()
    folded = norm(text)
    bare = folded.rstrip(".:!") or folded
    return (
        folded in PLACEHOLDERS
        or bare in PLACEHOLDERS
        or folded.startswith("lorem ipsum")
        or _INSERT.fullmatch(folded) is not None
    )


def is_mojibake(text: str) -> bool:
    """Whether a text shows UTF-8 that was read in another encoding ("cafÃ©") and can be mended."""
    if text.isascii() or not _MARKS.search(text):
        return False
    return mended(text) != text


def mended(text: str) -> str:
    """Undo a wrong decoding ("cafÃ©" to "café", "â€™" to "’") where the text shows one; else return it as it is.

    U+FFFD stays: what stood there is lost. The work is ftfy's `fix_encoding`, which leaves sound text alone.
    """
    if text.isascii():
        return text
    import ftfy

    return ftfy.fix_encoding(text)

"""Templates that nobody filled in: `{{name}}`, `{name}`, `<NAME>`, `[Your Name]`, `%s`.

Code, formulas, addresses and mark-up hold the same signs for good reasons: what stands in code, after a
backslash or in a path is not taken for a template.
"""

from __future__ import annotations

import re

_HTML = frozenset(
    {
        "A",
        "ABBR",
        "B",
        "BODY",
        "BR",
        "BUTTON",
        "CENTER",
        "CODE",
        "DIV",
        "EM",
        "FONT",
        "FORM",
        "H1",
        "H2",
        "H3",
        "HEAD",
    }
    | {
        "HR",
        "HTML",
        "I",
        "IMG",
        "INPUT",
        "LABEL",
        "LI",
        "LINK",
        "META",
        "OL",
        "OPTION",
        "P",
        "PRE",
        "SCRIPT",
        "SELECT",
    }
    | {
        "SMALL",
        "SPAN",
        "STRONG",
        "STYLE",
        "SUB",
        "SUP",
        "TABLE",
        "TBODY",
        "TD",
        "TH",
        "THEAD",
        "TITLE",
        "TR",
        "U",
        "UL",
    }
    | {"BOS", "CLS", "EOS", "MASK", "PAD", "SEP", "UNK"}
)
"""Mark-up and the names of special tokens, which are no templates."""

_DOUBLE = re.compile(r"(?<![\w\\{}$^])\{\{[ ]?[A-Za-z_][\w. ]{0,40}\}\}(?!\})")
_SINGLE = re.compile(
    r"(?<![\w\\{}$^/=])\{(?:[a-z][a-z_]{2,30}[a-z0-9]?|[A-Z][A-Z_]{2,30}[A-Z0-9]?)\}(?![\w{}(/])"
)
_ANGLE = re.compile(
    r"(?<![\w<])<(?:([A-Z][A-Z0-9_]{1,30}(?: [A-Z0-9_]+){0,4})|(?:your|insert|enter) [\w ]{1,40})>"
)
_SQUARE = re.compile(
    r"(?<![\w\]!])\[(?:(?:insert|enter|add|your|my|recipient(?:['’]s)?|customer(?:['’]s)?|company(?:['’]s)?|sender(?:['’]s)?"
    r"|client(?:['’]s)?|employer(?:['’]s)?|hiring manager(?:['’]s)?)\b[^\]\n]{0,60}"
    r"|name|date|company|address|city|phone(?: number)?|email(?: address)?|title|product)\](?!\()",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"(?<![\w%])%(?:\([A-Za-z_]\w*\))?s(?![\w(])")
_TASK = re.compile(r"\b(?:TODO|FIXME|TBD)(?=[:(])")
_LOREM = re.compile(r"\blorem ipsum dolor\b", re.IGNORECASE)
_CODE_SIGNS = ("```", "printf", "format(", 'f"', "f'", "</", "<?", "();", "\\begin", "${", "{%")


def template_in(text: str) -> str | None:
    """Return the first unfilled slot or filler text of a prose text, as it is written, else None."""
    if not _may_hold_one(text):
        return None
    if any(sign in text for sign in _CODE_SIGNS):
        return None
    return next((found for found in (_slot(text), _filler(text)) if found), None)


def _may_hold_one(text: str) -> bool:
    return (
        "}" in text
        or ">" in text
        or "]" in text
        or "%" in text
        or "TODO" in text
        or "FIXME" in text
        or "TBD" in text
        or "orem" in text
    )


def _slot(text: str) -> str | None:
    if "}" in text and (found := _DOUBLE.search(text) or _SINGLE.search(text)):
        return found[0]
    if ">" in text:
        for found in _ANGLE.finditer(text):
            if found[1] not in _HTML:
                return found[0]
    if "]" in text and (found := _SQUARE.search(text)):
        return found[0]
    return None


def _filler(text: str) -> str | None:
    if "%" in text and (found := _PERCENT.search(text)):
        return found[0]
    found = _TASK.search(text) or _LOREM.search(text)
    return found[0] if found else None

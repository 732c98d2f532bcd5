"""Foreign text on a screen: data and model output are shown as they are, never obeyed."""

from __future__ import annotations

import re

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""C0 and C1 controls but tab and newline, and the marks that turn the writing direction of what follows."""


def shown(text: str, *, one_line: bool = False) -> str:
    """The text with characters that steer a terminal made visible, for a widget that interprets no markup.

    Args:
        one_line: line ends and tabs become visible too.
    """
    safe = _CONTROLS.sub("�", text.replace("\r\n", "\n"))
    return safe.replace("\n", "⏎").replace("\t", "→") if one_line else safe.expandtabs(4)

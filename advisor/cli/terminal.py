"""Whether a screen can be shown here."""

from __future__ import annotations

import os
import sys


def is_screen() -> bool:
    """Whether a person sits at a terminal that can move its cursor: input and narration both go there."""
    return (
        sys.stdin.isatty()
        and sys.stderr.isatty()
        and sys.stdout.isatty()
        and os.environ.get("TERM", "dumb") not in ("", "dumb")
    )

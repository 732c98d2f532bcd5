"""How many examples a property of the data room is tried on."""

from __future__ import annotations

import os


def examples(usual: int = 200) -> int:
    """As many as ADVISOR_FUZZ_EXAMPLES says, for a long search once; else the usual number."""
    return int(os.environ.get("ADVISOR_FUZZ_EXAMPLES", usual))

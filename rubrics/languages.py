"""The languages in which the program speaks to a person; English is the source of all texts."""

from __future__ import annotations

LANGUAGES = ("en", "ko")

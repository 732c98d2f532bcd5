"""How long ago something was, in words."""

from __future__ import annotations

from advisor.texts import _, ngettext


def age_words(seconds: float) -> str:
    """How long ago something was: `3 min ago`, in whole units of the largest that fits."""
    minutes = int(max(0.0, seconds) // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("{n} min ago", "{n} min ago", minutes).format(n=minutes)
    hours = minutes // 60
    if hours < 24:
        return ngettext("{n} h ago", "{n} h ago", hours).format(n=hours)
    days = hours // 24
    return ngettext("{n} day ago", "{n} days ago", days).format(n=days)

"""Where a run stands, in the words of a screen."""

from __future__ import annotations

from rich.text import Text

from advisor.situation import Situation
from advisor.tui.plain_text import shown

_MOST_DETAIL, _MOST_LOG = 4, 6


def situation_text(situation: Situation) -> Text:
    """Glyph and sentence, what it is about, and of a run that broke the last lines of its log."""
    text = Text(f"{situation.glyph} {shown(situation.says, one_line=True)}", "bold")
    for line in situation.detail[:_MOST_DETAIL]:
        text.append(f"\n  {shown(line, one_line=True)}", "not bold")
    for line in situation.log[-_MOST_LOG:]:
        text.append(f"\n  │ {shown(line, one_line=True)}", "not bold dim")
    return text

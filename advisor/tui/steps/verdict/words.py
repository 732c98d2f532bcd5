"""A verdict in words: pure functions from the artefact to texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from advisor.evidence import facts_of
from advisor.outcomes import OUTCOMES
from advisor.texts import N_, _
from advisor.tui.plain_text import shown

GLYPHS = {"FINE_TUNE": "▶", "PROMPT_IS_ENOUGH": "✓", "USE_RETRIEVAL": "✓"}
_HELD = {True: N_("✓ holds"), False: N_("· does not hold"), "unknown": N_("? not known")}


def headline(outcome: str) -> Text:
    """The outcome, in large: glyph, words, and the name that scripts know it by."""
    words = OUTCOMES[outcome]
    text = Text(f"{GLYPHS.get(outcome, '■')} {_(words.headline)}", "bold")
    return text.append(f"  {outcome}\n", "dim").append(_(words.meaning))


def overruled(reason: str, *, trains: bool) -> Text:
    """That a person decided otherwise, and why."""
    said = _("You overrule this and train.") if trains else _("You overrule this and do not train.")
    return Text("! " + said, "bold").append("\n" + _("Your reason: {reason}").format(reason=shown(reason)))


def reasons(verdict: Mapping[str, Any]) -> Text:
    """Why, a line each."""
    return _list(_("Why"), verdict["reasons"])


def flips(verdict: Mapping[str, Any]) -> Text:
    """What would change the outcome, a line each."""
    texts = [flip["text"] for flip in verdict["flip"]] or [
        _("No single number that was measured would change it.")
    ]
    return _list(_("What would change it"), texts)


def facts(verdict: Mapping[str, Any], ladder: Mapping[str, Any] | None) -> Text:
    """The numbers behind it."""
    rows = [(_(fact.label).format(**dict(fact.names)), fact.value) for fact in facts_of(verdict, ladder)]
    width = max((Text(label).cell_len for label, _value in rows), default=0)
    text = Text(_("The numbers behind it"), "bold")
    for label, value in rows:
        text.append(
            f"\n  {shown(label, one_line=True)}{' ' * (width - Text(label).cell_len)}  {value}", "not bold"
        )
    return text


def rules(verdict: Mapping[str, Any]) -> Text:
    """Every rule that was considered: whether it fires, what it asks, and what it saw."""
    text = Text()
    for rule in verdict["considered"]:
        held = _("▶ decides") if rule["rule"] == verdict["rule"] else _(_HELD[rule["held"]])
        text.append(f"{rule['rule']:<4}{held}", "bold")
        text.append(f"\n    {shown(rule['condition'])}\n    → {shown(rule['reason'])}\n")
    return text


def _list(title: str, lines: list[str]) -> Text:
    text = Text(title, "bold")
    for line in lines:
        text.append("\n  • " + shown(line), "not bold")
    return text

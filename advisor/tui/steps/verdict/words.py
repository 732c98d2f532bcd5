"""What the Verdict step says, as texts of a given width."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.text import Text

from advisor.core_texts import told
from advisor.outcomes import GLYPHS, outcome_headline, outcome_meaning
from advisor.rungs.names import rung_name
from advisor.texts import N_, _
from advisor.tui.aligned import aligned
from advisor.tui.intervals import interval_line, interval_text
from advisor.tui.plain_text import shown
from advisor.verdict_page import Held, considered_rules, facts_of, next_step
from advisor.watching import RungState, RunState

_WIDE, _BAR = 100, 25
_HELD: Mapping[Held, tuple[str, str]] = {
    "decides": ("▸", N_("decides")),
    "holds": ("●", N_("holds too")),
    "no": ("○", N_("does not hold")),
    "unknown": ("?", N_("not known")),
}
_STEPS = {"plan": N_("the plan (6)"), "results": N_("the results (8)")}


def name_of(verdict: Mapping[str, Any]) -> str:
    """The verdict in a few words, by the rule that decided and its case."""
    return outcome_headline(verdict["outcome"], verdict.get("rule", ""), verdict.get("case", ""))


def headline(verdict: Mapping[str, Any]) -> Text:
    """The outcome in large: a sign and its words."""
    glyph = GLYPHS.get(verdict["outcome"], "•")
    return Text(f"{glyph}  {name_of(verdict).upper()}  {glyph}", "bold", justify="center")


def meaning(verdict: Mapping[str, Any]) -> Text:
    """One sentence on what it means, with the names that the report and scripts use."""
    outcome, rule = verdict["outcome"], verdict.get("rule", "")
    text = Text(outcome_meaning(outcome, rule, verdict.get("case", "")))
    return text.append(f"  {outcome} · " + _("rule {rule}").format(rule=rule), "dim")


def what_now(verdict: Mapping[str, Any], against: str) -> Text:
    """What can be done, and whether the verdict is overruled."""
    outcome = verdict["outcome"]
    follows = _(_STEPS[next_step(outcome, is_overruled=bool(against))])
    if against:
        text = Text(
            "! " + _("You overrule it: {reason}").format(reason=shown(against, one_line=True)), "bold"
        )
        return text.append(
            "\n" + _("The report will show this. Next comes {step}; a takes it back.").format(step=follows),
            "not bold",
        )
    return Text(_("a accepts it and goes to {step}; o overrules it with a reason.").format(step=follows))


def at_work() -> Text:
    """Why nothing can be decided now."""
    return Text(
        _("The run is at work: once it pauses or is stopped, you can accept the verdict or overrule it.")
    )


def listed(title: str, lines: Iterable[str], glyph: str = "•") -> Text:
    """A title and sentences; empty without any."""
    said = [shown(told(line), one_line=True) for line in lines]
    if not said:
        return Text()
    return Text(title, "bold").append("".join(f"\n{glyph} {line}" for line in said), "not bold")


def evidence(run: RunState, width: int) -> Text:
    """The scores that the verdict rests on, each with rows and interval."""
    scored = [state for state in run.rungs if state.value is not None]
    if not scored:
        return Text()
    bar = min(_BAR, width // 4) if width >= _WIDE else max(0, min(_BAR, width - 62))
    head = [
        _("measured"),
        _("rows"),
        _("score with 95% interval"),
        "0" + " " * (bar - 2) + "1" if bar >= 7 else "",
    ]
    return (
        Text(_("Evidence"), "bold")
        .append("\n")
        .append_text(aligned([head, *(_scored(state, bar) for state in scored)], widest=width, right={1}))
    )


def _scored(state: RungState, bar: int) -> list[str]:
    assert state.value is not None
    low = state.value if state.low is None else state.low
    high = state.value if state.high is None else state.high
    chosen = " ★" if state.selected else ""
    return [
        f"{rung_name(state.rung)}, {_(state.split)}{chosen}",
        f"{state.n:,}",
        interval_text(state.value, low, high),
        interval_line(state.value, low, high, bar),
    ]


def facts(verdict: Mapping[str, Any], width: int) -> Text:
    """The other numbers."""
    rows = [[name, shown(value, one_line=True)] for name, value in facts_of(verdict)]
    return aligned(rows, widest=width, has_head=False)


def flips(found: Sequence[Mapping[str, Any]]) -> Text:
    """What would change the outcome."""
    return listed(_("What would change it"), [str(flip["text"]) for flip in found], "↻")


def rules(verdict: Mapping[str, Any]) -> Text:
    """Every rule in order: whether it holds, what it says, what it saw."""
    text = Text()
    for rule in considered_rules(verdict):
        glyph, words = _HELD[rule.held]
        style = "bold" if rule.held == "decides" else ""
        text.append(f"{glyph} {rule.rule} {_(words)}: ", style or "bold dim")
        text.append(shown(told(rule.condition), one_line=True), style)
        text.append(f"\n    {shown(told(rule.reason), one_line=True)}\n", "dim")
    text.rstrip()
    return text

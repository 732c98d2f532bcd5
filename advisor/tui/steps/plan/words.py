"""What the Plan step says in words: methods, facts of the forecast, what a change makes anew."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, get_args

from rich.cells import set_cell_size
from rich.text import Text

from advisor import proposals
from advisor.amending import Amendment
from advisor.core_texts import told
from advisor.methods import MethodForecast, Methods
from advisor.outcomes import outcome_headline
from advisor.plan import MethodChoice, flag_of
from advisor.situation import Wish, stage_name
from advisor.texts import N_, _
from advisor.tui.amounts import bar, gib, time_words
from advisor.tui.plain_text import shown
from advisor.tui.state import WalkState

CHOICES: tuple[str, ...] = get_args(MethodChoice)
ABOUT = {
    "auto": N_("the program chooses"),
    "lora": N_("a small adapter beside the model's own weights"),
    "qlora": N_("the same over 4-bit weights: less memory, sometimes less accurate"),
}
PARTS = {
    "weights": N_("weights"),
    "adapter": N_("adapter"),
    "gradients": N_("gradients"),
    "optimizer": N_("optimizer"),
    "activations": N_("activations"),
    "logits": N_("logits"),
}
_WIDE = 80
_WORD = 60
"""Characters of a command's word."""


def advice_text(wish: Wish, state: WalkState) -> Text:
    """Whether a training is advised, and what to do where it is not."""
    verdict = state.artefact("verdict")
    says = {
        "advised": _("✓ The verdict is {outcome}: a training is justified. This is what it takes."),
        "overruled": _("! The verdict is {outcome}, and you overrule it: {reason}"),
        "against": _(
            "✗ The verdict is {outcome}: training is not advised. To train in spite of it, overrule it in the "
            "verdict (5) with a reason, which the report will show."
        ),
        "refused": _("■ The plan says not to train. Take that back in the verdict (5)."),
        "unknown": _(
            "○ No verdict yet: the cheap options (4) come first. What you choose here is kept for later."
        ),
    }[wish]
    outcome = (
        f"“{outcome_headline(verdict['outcome'], verdict.get('rule', ''), verdict.get('case', ''))}”"
        if verdict
        else ""
    )
    return Text(
        says.format(outcome=outcome, reason=shown(str(state.draft.get("overruled")), one_line=True)), "bold"
    )


def method_text(choice: str, methods: Methods | None, *, is_chosen: bool, width: int) -> Text:
    """One choice of method on two lines: chosen or not, memory, time, recommendation; then what it is."""
    text = Text("● " if is_chosen else "○ ", "bold", no_wrap=True)
    text.append(set_cell_size(choice, 6))
    method = proposals.method_of(choice)
    row = methods.named(method) if methods is not None else None
    about = _(ABOUT.get(choice, choice))
    if choice == "auto":
        text.append(f"{about}: {method}", "not bold")
        return text
    if row is not None:
        text.append(_figures(row, width), "not bold")
    if methods is not None and methods.recommended == choice:
        text.append("  ★ " + _("recommended"))
    text.append(f"\n    {about}", "not bold dim")
    return text


def _figures(row: MethodForecast, width: int) -> str:
    size = gib(max(row.memory_bytes, row.memory_measured_bytes or 0))
    cells = 20 if width >= _WIDE else 10
    memory = f"{bar(row.share, cells)} {size} {row.share:>4.0%}" if row.share is not None else size
    if row.limit == "memory":
        return f"{memory}  ✗ " + _("does not fit")
    time = time_words(row.seconds) if row.seconds is not None else _("time: not tried")
    return f"{memory}  {time}"


def facts_text(methods: Methods, forecast: Mapping[str, Any], width: int) -> Text:
    """The forecast of the method that was tried, with its reason, reductions and notes."""
    lines = [
        (_("★ {method}: {reason}.") if methods.recommended else "✗ {reason}.").format(
            method=methods.recommended, reason=_(methods.reason)
        ),
        _memory_words(methods),
        _time_words(methods),
        _rows_words(methods, forecast),
        _cost_words(methods),
    ]
    if width >= _WIDE:
        lines.insert(2, _parts_words(methods))
    notes = [*forecast.get("reductions", ()), *forecast.get("notes", ())]
    lines += [f"! {shown(told(note), one_line=True)}" for note in notes]
    return Text("\n".join(line for line in lines if line))


def _memory_words(methods: Methods) -> str:
    tried = methods.rows[0]
    device = shown(methods.device, one_line=True)
    there = gib(methods.device_memory_bytes) if methods.device_memory_bytes else _("an unknown amount")
    said = _("Memory: {method} is predicted to take {predicted} of {there} ({device})")
    words = said.format(method=tried.method, predicted=gib(tried.memory_bytes), there=there, device=device)
    if tried.memory_measured_bytes is not None:
        words += _("; a dry run took {measured}").format(measured=gib(tried.memory_measured_bytes))
    return words


def _parts_words(methods: Methods) -> str:
    parts = [
        f"{_(PARTS[name]) if name in PARTS else name} {gib(size)}" for name, size in methods.parts.items()
    ]
    return _("of it {parts}").format(parts=", ".join(parts)) if parts else ""


def _time_words(methods: Methods) -> str:
    tried = methods.rows[0]
    if tried.seconds is None:
        return _("Time: not known.")
    words = _("Time: {method} trains for about {seconds}").format(
        method=tried.method, seconds=time_words(tried.seconds)
    )
    if tried.after_seconds:
        words += _(", then the test rows take {seconds}").format(seconds=time_words(tried.after_seconds))
    return words


def _rows_words(methods: Methods, forecast: Mapping[str, Any]) -> str:
    return _("{parameters} parameters are trained on {rows} rows (epochs: {epochs}).").format(
        parameters=f"{methods.rows[0].trainable_parameters:,}",
        rows=f"{forecast['train_rows']:,}",
        epochs=f"{forecast['hyperparameters']['epochs']:g}",
    )


def _cost_words(methods: Methods) -> str:
    if methods.training_cost is None:
        return _("Cost: your own device has no price here.")
    return _("Cost: {cost}, as the plan says.").format(cost=f"{methods.training_cost:g}")


def command_words(command: str) -> str:
    """A command to be looked at: what is copied has the long words whole, such as a task of several paragraphs."""
    words = [word if len(word) <= _WORD else f"{word[: _WORD - 1]}…" for word in shlex.split(command)]
    return shown(shlex.join(words), one_line=True)


def changes_text(amendment: Amendment | None, problem: str) -> Text:
    """What the changes make anew, or what is wrong with them; empty where nothing is changed."""
    if problem:
        return Text(f"✗ {shown(problem)}", "bold")
    if amendment is None or not amendment.changed:
        return Text()
    text = Text(_("Changed: {flags}.").format(flags=", ".join(map(flag_of, amendment.changed))), "bold")
    if amendment.redone:
        names = ", ".join(map(stage_name, amendment.redone))
        text.append(
            " " + _("Made again for it: {names}. Answers that still fit are kept.").format(names=names),
            "not bold",
        )
    else:
        text.append(" " + _("Nothing that was measured is made again."), "not bold")
    return text

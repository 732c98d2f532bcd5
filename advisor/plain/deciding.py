"""The verdict, accepted or overruled, and the plan of a training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.amending import propose, resume_command
from advisor.core_texts import told
from advisor.durations import time_words
from advisor.methods import Methods, methods_of
from advisor.outcomes import outcome_headline, outcome_meaning
from advisor.plain.talk import EMPTY, Go
from advisor.plain.walking import Walk
from advisor.plan import flag_of
from advisor.run_directory import open_run
from advisor.situation import stage_name, wish_of
from advisor.stages.decide import TRAIN_OUTCOME
from advisor.texts import N_, _
from advisor.training_settings import Setting, read_setting, settings_of, written
from advisor.verdict_page import (
    accepted,
    cautions_of_run,
    considered_rules,
    facts_of,
    next_step,
    overruled,
    reason_against,
)


def verdict(walk: Walk) -> None:
    """Tell the outcome and what it rests on; accept it, or overrule it with a reason."""
    found: Mapping[str, Any] = walk.need("verdict", _("Cheap options"))
    outcome = str(found["outcome"])
    why = outcome, str(found["rule"]), str(found.get("case", ""))
    walk.talk.say(outcome_headline(*why) + f" ({outcome})", outcome_meaning(*why))
    walk.talk.say("", _("Why:"), *("  " + told(reason) for reason in found["reasons"]))
    if found["flip"]:
        walk.talk.say(_("What would change it:"), *("  " + told(flip["text"]) for flip in found["flip"]))
    path, run = walk.state.run_path, walk.run
    if path is not None and run is not None:
        for caution in cautions_of_run(path, run):
            walk.talk.say(_("Note: {text}").format(text=told(caution)))
    is_overruled = _answered(walk, found, outcome)
    if next_step(outcome, is_overruled=is_overruled) != "plan":
        raise Go("results")


def _answered(walk: Walk, found: Mapping[str, Any], outcome: str) -> bool:
    """Let the verdict be accepted or overruled; whether it was overruled."""
    against = (
        _("overrule it: do not train") if outcome == TRAIN_OUTCOME else _("overrule it: train all the same")
    )
    options = [("a", _("accept it")), ("o", against), ("r", _("the rules that were considered"))]
    before = reason_against(walk.draft, outcome)
    while True:
        chosen = walk.talk.choose(_("What do you say?"), options, now="o" if before else "a")
        if chosen == "r":
            _rules(walk, found)
            continue
        if chosen == "a":
            walk.change(**accepted())
            return False
        reason = walk.talk.ask(
            _("Your reason, which the report will show"),
            now=before,
            problem=lambda text: "" if text.strip() else _("a reason is needed"),
        )
        walk.change(**overruled(outcome, reason))
        return True


_HELD = {
    "decides": N_("decides"),
    "holds": N_("holds"),
    "no": N_("does not hold"),
    "unknown": N_("not known"),
}


def _rules(walk: Walk, found: Mapping[str, Any]) -> None:
    for name, value in facts_of(found):
        walk.talk.say(f"  {name}: {value}")
    for rule in considered_rules(found):
        walk.talk.say(f"  {rule.rule}, {_(_HELD[rule.held])}: {told(rule.condition)}")


# The plan --------------------------------------------------------------------------------------------------------


def plan(walk: Walk) -> None:
    """Tell what training takes, let settings be changed, and start it."""
    found = walk.need("verdict", _("Cheap options"))
    if wish_of(walk.draft, found) not in ("advised", "overruled"):
        walk.talk.say(_("Nothing is to be trained. To train all the same, go back and overrule the verdict."))
        raise Go("results")
    _tell_methods(walk)
    while True:
        options = [
            ("s", _("change a setting")),
            ("c", _("show the command that does the same")),
            ("t", _("start training")),
            ("l", _("go on without training now")),
        ]
        chosen = walk.talk.choose(_("What next?"), options, now="t")
        if chosen == "s":
            _setting(walk)
        elif chosen == "c":
            walk.talk.say(command_of(walk))
        elif chosen == "t":
            _tell_redone(walk)
            walk.launch()
            return
        else:
            raise Go("results")


def _tell_methods(walk: Walk) -> None:
    forecast, measurement = walk.state.artefact("forecast"), walk.state.artefact("measurement")
    if not forecast or not measurement:
        return
    found = methods_of(forecast, measurement["measurement"], walk.draft.get("training_cost"))
    walk.talk.say(_("Ways of training on {device}:").format(device=found.device))
    for row in found.rows:
        walk.talk.say("  " + _method_words(row, found))
    if found.recommended:
        walk.talk.say(
            _("Recommended: {method}; {reason}.").format(method=found.recommended, reason=_(found.reason))
        )
    else:
        walk.talk.say(_("Note: {text}").format(text=_(found.reason)))


def _method_words(row: Any, found: Methods) -> str:
    parts = [_("{size} of memory").format(size=f"{row.memory_bytes / 2**30:.2f} GiB")]
    if row.share is not None:
        parts.append(_("{share} of what there is").format(share=f"{row.share:.0%}"))
    if row.seconds is not None:
        parts.append(time_words(row.seconds))
    if row.limit:
        parts.append(_("does not fit"))
    return f"{row.method}: " + ", ".join(parts)


def _setting(walk: Walk) -> None:
    begun = walk.state.begun_with.plan() if walk.state.begun_with is not None else None
    forecast, measurement = walk.state.artefact("forecast"), walk.state.artefact("measurement")
    settings = settings_of(begun, forecast, measurement["measurement"] if measurement else None)
    options = [(setting.field, _setting_words(walk, setting)) for setting in settings]
    field = walk.talk.choose(_("Which setting?"), options)
    setting = next(setting for setting in settings if setting.field == field)
    now = written(field, walk.draft.get(field))
    choices = _(" (one of {choices})").format(choices=", ".join(setting.choices)) if setting.choices else ""
    answer = walk.talk.ask(
        _(setting.label) + choices,
        now=now,
        help_=_("- lets the program choose. `advisor help training` tells what it does."),
        problem=lambda text: "" if text in ("", EMPTY) else walk.problem(field, read_setting(field, text)),
    )
    if answer != now:
        walk.change(**{field: None if answer == EMPTY else read_setting(field, answer)})


def _setting_words(walk: Walk, setting: Setting) -> str:
    now = written(setting.field, walk.draft.get(setting.field))
    if now and now != setting.proposed:
        return f"{_(setting.label)}: {now}"
    return f"{_(setting.label)}: {setting.proposed or now} ({_(setting.source)})"


def command_of(walk: Walk) -> str:
    """The command that does the same as the next start."""
    path = walk.state.run_path
    if path is None:
        return walk.draft.command()
    changes, because = walk.state.amendment()
    return resume_command(path, changes, because=because)


def _tell_redone(walk: Walk) -> None:
    """What a changed plan makes again is said before it is."""
    path, (changes, because) = walk.state.run_path, walk.state.amendment()
    if path is None or not changes:
        return
    found = propose(open_run(path), changes, because=because)
    if found.changed:
        walk.talk.say(_("Changed: {fields}").format(fields=", ".join(map(flag_of, found.changed))))
    if found.redone:
        walk.talk.say(
            _("Made again for it: {stages}").format(stages=", ".join(map(stage_name, found.redone)))
        )

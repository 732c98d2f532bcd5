"""The verdict before training as a person reads it: the rules in order, the numbers behind it, and what follows.

Pure but for `cautions_of_run`, which reads the report. The sentences of the rules are those of the artefact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from advisor.core_texts import told
from advisor.draft import Draft
from advisor.results import read_results
from advisor.stages.decide import TRAIN_OUTCOME
from advisor.texts import _, ngettext
from advisor.watching import RunState
from rubrics.errors import Fault
from rubrics.phrases import points, score

Held = Literal["decides", "holds", "no", "unknown"]


@dataclass(frozen=True)
class ConsideredRule:
    """One rule as it was looked at.

    Attributes:
        held: `holds` of a rule that holds too, after the one that decides; `unknown` where something was not measured.
        condition, reason: the artefact's words.
    """

    rule: str
    held: Held
    condition: str
    reason: str
    source: str


def considered_rules(verdict: Mapping[str, Any]) -> tuple[ConsideredRule, ...]:
    """Return every rule in the order in which they were tried.

    Args:
        verdict: of verdict.json.
    """
    return tuple(
        ConsideredRule(
            entry["rule"],
            _held(entry, verdict["rule"]),
            entry["condition"],
            entry["reason"],
            entry.get("source", ""),
        )
        for entry in verdict["considered"]
    )


def _held(entry: Mapping[str, Any], deciding: str) -> Held:
    if entry["rule"] == deciding:
        return "decides"
    if entry["held"] == "unknown":
        return "unknown"
    return "holds" if entry["held"] else "no"


def facts_of(verdict: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what the rules went by besides the scores, as names and values in words; what is not known is left out."""
    return tuple((name, text) for name, text in _facts(verdict) if text)


def _facts(verdict: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    found, smallest = verdict["evidence"], verdict["minimum_detectable_effect"]
    yield _("metric"), str(found.get("metric") or "")
    yield _("target"), _number(found.get("t")) or _("none")
    yield _("smallest gain worth it"), _points(found.get("g"))
    yield _("smallest gain that the test rows can show"), _points(smallest)
    if found.get("discordance_measured"):
        yield _("rows on which two systems differ"), _percent(found.get("discordance"))
    if (ceiling := found.get("c")) is not None and ceiling < 1:
        yield _("highest score that the labels allow"), _number(ceiling)
    yield _("training rows"), _rows(found.get("train_rows"))
    yield _("different training rows"), _rows(found.get("different_train_rows"))
    yield _("test rows that also stand in train"), _percent(found.get("leak_share"))
    yield _("rows whose answers contradict each other"), _percent(found.get("conflict_share"))
    months = found.get("break_even_months")
    yield _("months until training has paid for itself"), "" if months is None else f"{months:.1f}"


def _number(value: float | None) -> str:
    return "" if value is None else score(value)


def _points(share: float | None) -> str:
    return "" if share is None else _("{n} points").format(n=points(share).split()[0])


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _rows(number: float | None) -> str:
    return "" if number is None else f"{number:,.0f}"


# What follows ---------------------------------------------------------------------------------------------------------


def accepted() -> dict[str, Any]:
    """Return the plan fields that accept a verdict: nothing overrules it."""
    return {"force_train": None, "no_train": None, "overruled": None}


def overruled(outcome: str, reason: str) -> dict[str, Any]:
    """Return the plan fields that go against a verdict: training in spite of it, or not training.

    Args:
        reason: in the person's words; the report shows it.

    Raises:
        Fault: there is no reason; exit code 2.
    """
    if not reason.strip():
        raise Fault(
            _("a reason is needed"), fix=_("Write why you decide otherwise; the report will show it.")
        )
    trains = outcome != TRAIN_OUTCOME
    return {
        "force_train": trains or None,
        "no_train": None if trains else True,
        "overruled": " ".join(reason.split()),
    }


def reason_against(draft: Draft, outcome: str) -> str:
    """Return why the draft goes against a verdict; empty where it does not."""
    goes_against = draft.get("no_train") if outcome == TRAIN_OUTCOME else draft.get("force_train")
    return str(draft.get("overruled")) if goes_against else ""


def next_step(outcome: str, *, is_overruled: bool) -> str:
    """Return the step that follows: the plan where something is to be trained, else the results."""
    return "plan" if (outcome == TRAIN_OUTCOME) != is_overruled else "results"


def is_stale(run: RunState) -> bool:
    """Whether what the verdict rests on is being made again."""
    before = ("assess", "inspect", "split", "measure", "budget", "baseline", "decide")
    return (
        any(run.stage(name).status == "running" for name in before) and run.stage("decide").status != "done"
    )


def cautions_of_run(run: Path, state: RunState) -> tuple[str, ...]:
    """Return what to beware of in the numbers: rows left out, and intervals that claim too much; reads the report."""
    reductions = (state.artefacts.get("budget") or {}).get("reductions", ())
    leaked = (state.artefacts.get("split") or {}).get("leaked", ())
    found = [str(text) for text in reductions]
    if leaked:
        found.append(
            ngettext(
                "{n} test row stands in the training rows too; it is not scored.",
                "{n} test rows stand in the training rows too; they are not scored.",
                len(leaked),
            ).format(n=f"{len(leaked):,}")
        )
    try:
        results = read_results(run)
    except Fault as fault:
        problem = ": ".join(part for part in (fault.where, told(fault.what)) if part)
        says = _("The report cannot be read, and with it what to beware of: {problem}")
        return (*found, says.format(problem=problem))
    return (*found, *(results.cautions if results else ()))

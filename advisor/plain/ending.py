"""The last two steps: what was found, row by row where that is wanted, and what can be put to use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from advisor.core_texts import told
from advisor.outcomes import outcome_headline, outcome_meaning
from advisor.plain.walking import Walk
from advisor.reading_runs import read_report
from advisor.report.tables import change, interval
from advisor.report.terminal_page import page
from advisor.results import Results, read_results
from advisor.rungs.names import system_name
from advisor.saving import save_report, write_new
from advisor.shipping import Offer, read_shipment
from advisor.side_by_side import Kind, SideBySide, read_side_by_side
from advisor.situation import stage_name
from advisor.texts import N_, _
from rubrics.errors import Fault

_SHOWN_ROWS = 5
_KINDS: Mapping[Kind, str] = {
    "fixed": N_("wrong before, right now"),
    "broken": N_("right before, wrong now"),
    "both_right": N_("both right"),
    "both_wrong": N_("both wrong"),
    "better": N_("better than before"),
    "worse": N_("worse than before"),
    "equal": N_("as good as before"),
    "right": N_("right"),
    "wrong": N_("wrong"),
}


def results(walk: Walk) -> None:
    """Tell the outcome, the scores and the test; then rows, the whole report, or a copy of it."""
    path = _path(walk)
    found = read_results(path)
    if found is None:
        raise Fault(
            _("there is nothing to show here yet"),
            fix=_("The step {step} makes it.").format(step=_("Cheap options")),
        )
    _tell_results(walk, found)
    options = [
        ("r", _("read rows side by side")),
        ("w", _("read the whole report")),
        ("s", _("save a copy of the report")),
        ("g", _("go on")),
    ]
    asked = {"r": _read_rows, "w": _read_report, "s": _save_report}
    while (chosen := walk.talk.choose(_("What next?"), options, now="g")) != "g":
        try:
            asked[chosen](walk, path)
        except Fault as fault:
            walk.talk.tell(fault)


def _path(walk: Walk) -> Path:
    path = walk.state.run_path
    if path is None:
        raise Fault(
            _("there is nothing to show here yet"),
            fix=_("The step {step} makes it.").format(step=_("Cheap options")),
        )
    return path


def _tell_results(walk: Walk, found: Results) -> None:
    why = found.deciding
    walk.talk.say(outcome_headline(*why) + f" ({found.outcome})", outcome_meaning(*why))
    if found.advice:
        walk.talk.say(told(found.advice))
    walk.talk.say(
        "", _("On the test rows, {metric} with the limits of 95% confidence:").format(metric=found.metric)
    )
    for system in found.systems:
        parts = [interval(system.scores[found.metric]), _("{n} rows").format(n=f"{system.n:,}")]
        if system.loss is not None:
            parts.append(_("loss {loss}").format(loss=f"{system.loss:.3f}"))
        walk.talk.say(f"  {system_name(system.system, system.rung)}: {', '.join(parts)}")
    compared = found.comparison
    if compared is not None:
        difference = change(compared.difference, compared.low, compared.high)
        line = _("The tuned model against the best cheap option: {difference}, p = {p} ({test}).")
        walk.talk.say(
            line.format(difference=difference, p=f"{compared.p_value:.2g}", test=told(compared.test))
        )
    for caution in found.cautions:
        walk.talk.say(_("Note: {text}").format(text=told(caution)))
    if found.guard:
        walk.talk.say(told(found.guard))


def _read_rows(walk: Walk, path: Path) -> None:
    """Rows of a kind, a few at a time, each with what every system answered."""
    found = read_side_by_side(path)
    options: list[tuple[str, str]] = [
        (kind, f"{_(_KINDS[kind])}: {count:,}") for kind, count in found.counts().items()
    ]
    kind: Kind = walk.talk.choose(_("Which rows?"), options)  # type: ignore[assignment]
    words = walk.talk.ask(_("Words that must be in them; empty for all"))
    places = found.find(kind, words)
    if not places:
        walk.talk.say(_("There are none."))
    for start in range(0, len(places), _SHOWN_ROWS):
        for place in places[start : start + _SHOWN_ROWS]:
            _tell_row(walk, found, place)
        left = len(places) - start - _SHOWN_ROWS
        if left > 0 and not walk.talk.confirm(_("{n} more. Read on?").format(n=f"{left:,}"), now=False):
            return


def _tell_row(walk: Walk, found: SideBySide, place: int) -> None:
    row = found.rows[place]
    walk.talk.say(
        "",
        row.id,
        _("question: {text}").format(text=row.message),
        _("wanted: {text}").format(text=row.reference),
    )
    for system, answer in zip(found.systems, row.answers, strict=True):
        walk.talk.say(f"{system_name(system, found.rung)}: {answer.text} ({answer.score:g})")


def _read_report(walk: Walk, path: Path) -> None:
    walk.talk.say(*page(read_report(path), told, stage_name))


def _save_report(walk: Walk, path: Path) -> None:
    name = walk.talk.ask(_("name of the new file, ending in .md, .html or .json"), now="report.md")
    saved = save_report(read_report(path), path, Path(name))
    walk.talk.say(_("Written: {path}").format(path=saved))


# Shipping --------------------------------------------------------------------------------------------------------


def ship(walk: Walk) -> None:
    """Tell what can be put to use, where it lies, and the code that uses it."""
    found = read_shipment(_path(walk))
    if not found.worth:
        walk.talk.say(_("Nothing was shown to be worth shipping yet."))
    walk.talk.say(*("  " + told(line) for line in found.lacking))
    for offer in found.offers:
        _tell_offer(walk, offer)
    saved = [(str(at), offer.name) for at, offer in enumerate(found.offers)]
    while saved:
        chosen = walk.talk.choose(_("Save the code of one of them?"), [*saved, ("g", _("go on"))], now="g")
        if chosen == "g":
            return
        name = walk.talk.ask(_("name of the new file"), now="answer.py")
        try:
            place = write_new(Path(name), found.offers[int(chosen)].code)
        except Fault as fault:
            walk.talk.tell(fault)
        else:
            walk.talk.say(_("Written: {path}").format(path=place))


def _tell_offer(walk: Walk, offer: Offer) -> None:
    walk.talk.say(
        "",
        offer.name,
        _("It lies in {place}").format(place=offer.place),
        _("Its code needs: pip install {packages}").format(packages=" ".join(offer.packages)),
        *offer.commands,
        "",
        *offer.code.splitlines(),
    )

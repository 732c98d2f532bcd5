"""The steps that take time: measuring the cheap options, and training. A run works, and its lines are told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from advisor.core_texts import told
from advisor.ladder_forecast import forecast_ladder
from advisor.plain.talk import EMPTY, in_turn
from advisor.plain.walking import Walk
from advisor.plan import RUNGS
from advisor.rungs.about import about_rung
from advisor.rungs.names import rung_name
from advisor.situation import can_resume, situation_of
from advisor.texts import _
from advisor.watching import RungState, RunState
from rubrics.errors import Fault


def options(walk: Walk) -> None:
    """Choose what is measured, start it, follow it, and tell the scores."""
    run = walk.look()
    if run is None or not run.artefacts.get("baselines"):
        if run is None:
            in_turn(lambda: _rungs(walk), lambda: _prompt_file(walk), lambda: _price(walk))
        run = _measured(walk)
    if run is not None:
        _tell_rungs(walk, run)


def _rungs(walk: Walk) -> None:
    names = [rung for rung in RUNGS if rung != "prompt_file"]
    for number, rung in enumerate(names, start=1):
        walk.talk.say(f"  {number}. {rung_name(rung)}: {about_rung(rung)}")
    now = ",".join(str(at) for at, rung in enumerate(names, start=1) if rung in walk.draft.get("rungs"))

    def problem(text: str) -> str:
        parts = [part.strip() for part in text.split(",")]
        if all(part.isdigit() and 1 <= int(part) <= len(names) for part in parts):
            return ""
        return _("type numbers from 1 to {n}, with commas between them").format(n=len(names))

    answer = walk.talk.ask(
        _("Which of these are measured, by number"),
        now=now,
        help_=_("Each answers the same rows. The more of them, the surer that training is needed at all."),
        problem=problem,
    )
    chosen = {names[int(part) - 1] for part in answer.split(",")}
    # All of them is the plan's default, in which a prompt of one's own has its place.
    own = {"prompt_file"} if walk.draft.get("prompt_file") or len(chosen) == len(names) else set()
    walk.change(rungs=tuple(rung for rung in RUNGS if rung in chosen | own))


def _prompt_file(walk: Walk) -> None:
    now = str(walk.draft.get("prompt_file") or "")

    def problem(text: str) -> str:
        is_there = text in ("", EMPTY) or Path(text).expanduser().is_file()
        return "" if is_there else _("there is no such file")

    answer = walk.talk.ask(
        _("File with the prompt that you use today, if you have one"), now=now, problem=problem
    )
    if answer == now:
        return
    path = None if answer in ("", EMPTY) else Path(answer).expanduser()
    walk.change(prompt_file=path)
    if path is not None:
        walk.change(rungs=tuple(rung for rung in RUNGS if rung in (*walk.draft.get("rungs"), "prompt_file")))


def _price(walk: Walk) -> None:
    value = walk.draft.get("price")
    now = (
        ""
        if value is None
        else ",".join(str(part) for part in (value if not isinstance(value, str) else [value]))
    )
    answer = walk.talk.ask(
        _("Price of a million prompt and completion tokens, such as 0.15,0.60; empty for none"),
        now=now,
        problem=lambda text: walk.problem("price", text) if text not in ("", EMPTY) else "",
    )
    if answer != now:
        walk.change(price=None if answer in ("", EMPTY) else answer)


def _measured(walk: Walk) -> RunState | None:
    """Start the run, or join it, and follow it to its end or to the pause before training."""
    run = walk.run
    if run is None or not run.is_live:
        _tell_forecast(walk)
        walk.talk.say(_("The equivalent command: {command}").format(command=walk.draft.command()))
        question = _("Start measuring now? Nothing is trained.")
        if run is not None:
            question = _("Go on with measuring now? What is done is kept.")
        if not walk.talk.confirm(question, now=True):
            return walk.run
        walk.launch(until="forecast")
    return walk.watch()


def _tell_forecast(walk: Walk) -> None:
    """Calls, tokens, time and cost before anything is asked."""
    from advisor.tui.steps.options.words import total

    plan = walk.draft.plan()
    found = forecast_ladder(plan, runs=walk.services.runs, own=walk.state.run_path)
    for rung in found.rungs:
        if rung.skipped:
            reason = _("left out: {reason}").format(reason=told(rung.skipped))
            walk.talk.say(f"  {rung_name(rung.rung)}: {reason}")
    walk.talk.say(total(found, plan.price, is_local=plan.endpoint is None).plain)


def _tell_rungs(walk: Walk, run: RunState) -> None:
    rungs: Sequence[RungState] = run.rungs
    if not rungs:
        return
    walk.talk.say("", _("What was measured, with the limits of 95% confidence:"))
    for rung in rungs:
        if rung.value is None:
            continue
        line = _("  {rung} on {split}: {value} from {low} to {high}, {n} rows").format(
            rung=rung_name(rung.rung),
            split=_(rung.split),
            value=f"{rung.value:.3f}",
            low=f"{rung.low:.3f}",
            high=f"{rung.high:.3f}",
            n=rung.n,
        )
        walk.talk.say(line + (_("; chosen") if rung.selected else ""))
    _samples(walk, rungs)


def _samples(walk: Walk, rungs: Sequence[RungState]) -> None:
    """Answers of the chosen rung, for whoever wants to read some."""
    rung = next((rung for rung in rungs if rung.selected and rung.answers), None)
    rung = rung or next((rung for rung in rungs if rung.answers), None)
    if rung is None or not walk.talk.confirm(_("Read some answers of it?"), now=False):
        return
    for answer in rung.answers:
        walk.talk.say(
            "",
            _("question: {text}").format(text=answer.prompt),
            _("wanted: {text}").format(text=answer.reference),
            _("answered: {text}").format(text=answer.prediction),
        )


# Training --------------------------------------------------------------------------------------------------------


def training(walk: Walk) -> None:
    """Follow a training that goes on; say how one that ended was left, and go on with it where that is wanted."""
    run = walk.look()
    if run is None or not (run.training.status or run.is_live or can_resume(run)):
        raise Fault(
            _("nothing is being trained"),
            fix=_("The step {step} makes it.").format(step=_("Plan")),
        )
    if run.is_live:
        run = walk.watch()
    while can_resume(run):
        said = situation_of(run)
        walk.talk.say(said.says, *("  " + line for line in said.detail))
        if not walk.talk.confirm(_("Go on with it now?"), now=False):
            break
        walk.launch()
        run = walk.watch()
    _tell_training(walk, run)


def _tell_training(walk: Walk, run: RunState) -> None:
    state = run.training
    if not state.status:
        return
    walk.talk.say(_("Step {step} of {steps}.").format(step=state.step, steps=state.steps))
    for name, words in (("loss", _("loss on the training rows")), ("eval_loss", _("loss on the dev rows"))):
        series = state.series.get(name)
        if series is not None and series.points:
            first, last = series.points[0][1], series.points[-1][1]
            walk.talk.say(
                _("{what}: from {first} to {last}").format(
                    what=words, first=f"{first:.3f}", last=f"{last:.3f}"
                )
            )
    for finding in run.findings:
        walk.talk.say(_("Note: {text}").format(text=told(finding.message)))

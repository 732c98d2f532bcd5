"""Beginning and end of a conversation: the runs there are, and the walk through the steps."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from advisor.ages import age_words
from advisor.deleting import delete_run, look_before_deleting, size_words
from advisor.draft import Draft
from advisor.example import example_plan
from advisor.outcomes import outcome_headline
from advisor.plain.deciding import plan, verdict
from advisor.plain.describing import suitability, task
from advisor.plain.ending import results, ship
from advisor.plain.measuring import options, training
from advisor.plain.rows import data
from advisor.plain.talk import Back, Go, Leave, Steps, Talk, greeting
from advisor.plain.walking import LIFE_WORDS, Walk
from advisor.plan import read_plan
from advisor.planning import write_plan
from advisor.run_copies import copy_run, free_name
from advisor.run_list import ListedRun, RunList
from advisor.texts import N_, _
from advisor.tui.services import Services
from advisor.tui.steps import ALL_STEPS
from advisor.two_runs import Line, compared_words, put_side_by_side
from rubrics.errors import ExitCode, Fault

_SHOWN_RUNS = 20
_ASK: dict[str, Callable[[Walk], None]] = {
    "task": task,
    "suitability": suitability,
    "data": data,
    "options": options,
    "verdict": verdict,
    "plan": plan,
    "training": training,
    "results": results,
    "ship": ship,
}
_STATES = {
    "running": N_("running"),
    "paused": N_("paused before training"),
    "finished": N_("finished"),
    "interrupted": N_("interrupted"),
}


def converse(
    answers: TextIO | None = None, voice: TextIO | None = None, services: Services | None = None
) -> int:
    """Lead the conversation until the person leaves; the exit code."""
    talk = Talk(answers or sys.stdin, voice or sys.stderr)
    try:
        _home(talk, services or Services())
    except Leave:
        return int(ExitCode.OK)
    return int(ExitCode.OK)


def _home(talk: Talk, services: Services) -> None:
    talk.say("advisor", greeting())
    while True:
        walk = _chosen(talk, services)
        if walk is not None:
            _through(walk)


def _chosen(talk: Talk, services: Services) -> Walk | None:
    choices = [
        ("n", _("begin with your own data")),
        ("e", _("try it on the bundled example")),
        ("p", _("open a plan file (advisor.toml)")),
        ("r", _("open a run")),
        ("c", _("compare two runs")),
        ("y", _("copy a run to where it can go on")),
        ("d", _("delete a run")),
        ("q", _("quit")),
    ]
    talk.say()
    try:
        chosen = talk.choose(_("What would you like to do?"), choices, now="n")
        if chosen == "q":
            raise Leave
        if chosen == "n":
            return Walk(talk, services, Draft())
        if chosen == "e":
            return Walk(talk, services, Draft.of(example_plan()))
        if chosen == "p":
            name = talk.ask(_("name of the file"), now="advisor.toml")
            return Walk(talk, services, Draft.of(read_plan(Path(name).expanduser())))
        if chosen == "c":
            _compare(talk, services)
            return None
        path = _asked_run(talk, services)
        if chosen == "r":
            return Walk(talk, services, Draft(), path)
        if chosen == "y":
            return Walk(talk, services, Draft(), _copied(talk, services, path))
        _delete(talk, path)
    except (Back, Steps):
        pass
    except Fault as fault:
        talk.tell(fault)
    return None


def _compare(talk: Talk, services: Services) -> None:
    """Two runs, one line for each thing of both."""
    talk.say(_("Two runs are put side by side, A and B. The first:"))
    a = _asked_run(talk, services)
    talk.say(_("And the second:"))
    b = _asked_run(talk, services)
    found = put_side_by_side(a, b)
    talk.say(f"A: {a}", f"B: {b}", *compared_words(found), _("Measured"))
    talk.say(*("  " + _in_both(line) for line in found.numbers))
    if found.asked:
        talk.say(_("Asked differently"), *("  " + _in_both(line) for line in found.asked))
    else:
        talk.say(_("Both were asked the same."))


def _in_both(line: Line) -> str:
    values = {"name": line.name, "a": line.a or "–", "b": line.b or "–"}
    if line.differs:
        return _("{name}: A {a}; B {b}").format(**values)
    return _("{name}: both {a}").format(**values)


def _copied(talk: Talk, services: Services, path: Path) -> Path:
    """A copy of the run, at a place that is asked for."""
    talk.say(_("The run itself stays as it is; the copy can go on, be changed and be deleted."))
    name = talk.ask(_("Copy the run to which folder?"), now=str(free_name(path, services.runs)))
    return copy_run(path, Path(name))


def _asked_run(talk: Talk, services: Services) -> Path:
    """One of the runs, by number."""
    listed = RunList(services.runs).poll(at_most=10_000)
    if not listed:
        raise Fault(
            _("there are no runs in {folder}").format(folder=services.runs),
            fix=_("Begin one with your own data."),
        )
    if len(listed) > _SHOWN_RUNS:
        talk.say(_("The newest {shown} of {n} runs:").format(shown=_SHOWN_RUNS, n=f"{len(listed):,}"))
    options = [(run.entry.path, _in_words(run, services.now())) for run in listed[:_SHOWN_RUNS]]
    return Path(talk.choose(_("Which run?"), options, now=options[0][0]))


def _in_words(listed: ListedRun, now: float) -> str:
    entry = listed.entry
    outcome = outcome_headline(entry.outcome, entry.rule, entry.case)
    state = _(_STATES.get(entry.state, entry.state))
    parts = [Path(entry.path).name, entry.task, state, outcome, age_words(now - entry.created)]
    return "; ".join(part for part in parts if part)


def _delete(talk: Talk, path: Path) -> None:
    found = look_before_deleting(path)
    talk.say(str(found.path), size_words(found.size))
    if found.has_adapter:
        talk.say(_("A trained adapter goes with it, and would have to be trained again."))
    if talk.confirm(_("Delete this run for good?"), now=False):
        delete_run(path)
        talk.say(_("Deleted; {size} are free again.").format(size=size_words(found.size)))


def _through(walk: Walk) -> None:
    """The steps in their order; ends after the last one, or before the first."""
    keys = [entry.key for entry in ALL_STEPS]
    at = keys.index(_first(walk))
    while 0 <= at < len(keys):
        try:
            _step(walk, at)
            at += 1
        except Back:
            at -= 1
        except Go as go:
            at = keys.index(go.key)
        except Steps:
            at = keys.index(_asked_step(walk, keys[at]))
        except Leave as leave:
            _leave(walk, leave)
            raise
        except KeyboardInterrupt:
            # While rows are read or a run is started; at a question it is heard by the question.
            walk.talk.say()
            at = _after(walk, at)
        except Fault as fault:
            walk.talk.tell(fault)
            at = _after(walk, at)
    _leave(walk, Leave())


def _step(walk: Walk, at: int) -> None:
    entry = ALL_STEPS[at]
    title = _("Step {at} of {n}: {title}").format(at=at + 1, n=len(ALL_STEPS), title=_(entry.title))
    walk.talk.say("", title, _(entry.why))
    _ASK[entry.key](walk)


def _first(walk: Walk) -> str:
    """A run that has begun is taken up where it is."""
    run = walk.run
    if run is None:
        return "task"
    walk.talk.say(_("The run is {state}.").format(state=_(LIFE_WORDS[run.life])))
    if run.artefacts.get("comparison"):
        return "results"
    if run.training.status:
        return "training"
    return "verdict" if run.artefacts.get("verdict") else "options"


def _asked_step(walk: Walk, here: str) -> str:
    options = [(entry.key, _(entry.title)) for entry in ALL_STEPS]
    try:
        return walk.talk.choose(_("Which step?"), options, now=here)
    except (Back, Steps):
        return here


def _after(walk: Walk, at: int) -> int:
    """Where to go from a step that failed or was interrupted."""
    options = [("a", _("try this step again")), ("b", _("go back")), ("s", _("choose a step"))]
    chosen = walk.talk.choose(_("What now?"), options, now="b" if at else "a")
    if chosen == "s":
        keys = [entry.key for entry in ALL_STEPS]
        return keys.index(_asked_step(walk, keys[at]))
    return at - 1 if chosen == "b" else at


def _leave(walk: Walk, leave: Leave) -> None:
    """Ask about answers that would be lost, and say how a run that goes on is watched again."""
    run = walk.look()
    if run is not None and run.is_live:
        goes_on = _("The run goes on. Watch it again: advisor attach {path}")
        walk.talk.say(goes_on.format(path=walk.state.run_path))
    if leave.is_gone or not walk.is_unsaved or walk.state.begun_with is not None:
        return
    try:
        if walk.talk.confirm(_("Your answers are not saved. Save them to a file?"), now=True):
            _save(walk)
    except Fault as fault:
        walk.talk.tell(fault)
    except (Back, Steps):
        pass


def _save(walk: Walk) -> None:
    name = Path(walk.talk.ask(_("name of the file"), now="advisor.toml")).expanduser()
    write_plan(walk.draft.plan(), name)
    walk.saved = walk.draft
    walk.talk.say(_("Saved. Carry it out: advisor run --config {name}").format(name=name))

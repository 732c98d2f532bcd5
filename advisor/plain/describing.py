"""The first two steps: what the model should do and how it is measured; whether the task suits fine-tuning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from advisor.data.reading import read_file
from advisor.hinting import hints_of
from advisor.plain.talk import EMPTY, in_turn
from advisor.plain.walking import Walk
from advisor.plan import AUTO_METRIC
from advisor.proposals import propose_metric
from advisor.texts import _, language, ngettext
from rubrics.errors import Fault
from rubrics.hints import Hint
from rubrics.suitability import Answer, Criterion, load_rubric
from rubrics.suitability import assess as weigh

_SHOWN_ROWS = 3
_LONGEST = 120
_OPTION_OF = {
    "schema_validity": "schema_file",
    "format_adherence": "pattern",
    "numeric_match": "tolerance",
}
"""Plan field that a metric takes."""


def task(walk: Walk) -> None:
    """Fill in what is asked of the model, the rows, and how an answer is judged."""
    in_turn(
        partial(_text, walk, "task", _("What should the model do, in a sentence?")),
        partial(_rows, walk),
        partial(
            _file,
            walk,
            "production",
            _("A file with a sample of real use, if you have one"),
        ),
        partial(_metric, walk),
        partial(
            _number,
            walk,
            "target",
            _("Score from which the task is solved, 0 to 1"),
            _("Empty: no target; then a fine-tuned model is compared with the best cheap option alone."),
        ),
        partial(
            _number,
            walk,
            "min_gain",
            _("Smallest gain of score worth a fine-tuned model"),
            _("0.05 means five more right answers in a hundred."),
        ),
        partial(
            _text,
            walk,
            "model",
            _("Which model: smollm2-135m, a hub id, a folder or a .gguf file"),
        ),
        partial(
            _number,
            walk,
            "max_minutes",
            _("How many minutes may the whole run take"),
            _("Empty: as long as it takes. With a limit fewer rows are asked, and the report says so."),
        ),
        partial(_check, walk),
    )


def _text(walk: Walk, field: str, question: str) -> None:
    now = str(walk.draft.get(field) or "")
    answer = walk.talk.ask(question, now=now, problem=lambda text: _problem(walk, field, text))
    if answer != now:
        walk.change(**{field: None if answer == EMPTY else answer})


def _number(walk: Walk, field: str, question: str, help_: str) -> None:
    value = walk.draft.get(field)
    now = "" if value is None else f"{value:g}"
    answer = walk.talk.ask(
        question, now=now, help_=help_, problem=lambda text: _problem(walk, field, text) if text else ""
    )
    if answer != now:
        walk.change(**{field: None if answer == EMPTY else float(answer)})


def _problem(walk: Walk, field: str, text: str) -> str:
    return "" if text == EMPTY else walk.problem(field, text)


def _file(walk: Walk, field: str, question: str) -> None:
    now = str(walk.draft.get(field) or "")

    def problem(text: str) -> str:
        if text in ("", EMPTY) or Path(text).expanduser().is_file():
            return ""
        return _("there is no such file")

    answer = walk.talk.ask(question, now=now, problem=problem)
    if answer != now:
        walk.change(**{field: None if answer in ("", EMPTY) else Path(answer).expanduser()})


def _rows(walk: Walk) -> None:
    """The file with the rows; a plan with separate files keeps them."""
    if walk.draft.get("train") is not None:
        names = [str(walk.draft.get(name)) for name in ("train", "dev", "test") if walk.draft.get(name)]
        walk.talk.say(_("The rows come from {files}.").format(files=", ".join(names)))
        return
    while True:
        _file(walk, "data", _("File with the rows: a question and its answer in each"))
        path = walk.draft.get("data")
        if path is None:
            walk.talk.say(_("Without rows nothing can be measured."))
            continue
        try:
            _preview(walk, Path(path))
        except Fault as fault:
            walk.talk.tell(fault)
            walk.change(data=None)
            continue
        return


def _preview(walk: Walk, path: Path) -> None:
    """Name the format, and show the first rows as they are read."""
    walk.talk.say(_("Reading …"))
    found = read_file(path)
    count = ngettext("{n} row", "{n} rows", len(found.rows)).format(n=f"{len(found.rows):,}")
    walk.talk.say(f"{count}, {found.format}: {found.evidence}")
    for row in found.rows[:_SHOWN_ROWS]:
        walk.talk.say(f"  {_short(row.prompt)} -> {_short(row.answer)}")


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"


def _metric(walk: Walk) -> None:
    path = walk.draft.get("data") or walk.draft.get("test")
    if path is not None:
        proposal = propose_metric([row.answer for row in read_file(Path(path)).rows])
        walk.talk.say(
            _("Proposed metric: {metric}; {reason}.").format(metric=proposal.metric, reason=proposal.reason)
        )
        if proposal.warning:
            walk.talk.say(_("Note: {text}").format(text=proposal.warning))
    now = str(walk.draft.get("metric"))
    metric = walk.talk.ask(
        _("Metric that decides; auto takes the proposed one"),
        now=now,
        help_=_("`advisor help metrics` tells them all."),
        problem=lambda text: walk.problem("metric", text),
    )
    if metric != now:
        walk.change(metric=None if metric == AUTO_METRIC else metric)
    option = _OPTION_OF.get(metric)
    if option == "schema_file":
        _file(walk, option, _("File with the JSON Schema"))
    elif option == "pattern":
        _text(walk, option, _("Regular expression that an answer must match"))
    elif option == "tolerance":
        _text(walk, option, _("Distance that still counts as right: 0.5, or 1%; empty for none"))


def _check(walk: Walk) -> None:
    """What keeps the answers from being a plan is told now, while it can be changed."""
    problems = walk.draft.problems()
    if problems:
        walk.talk.say(_("Still to be mended before a run can start:"), *("  " + text for text in problems))


# Suitability -----------------------------------------------------------------------------------------------------


def suitability(walk: Walk) -> None:
    """Ask the ten questions, each with help, its hint, and what the answer does to the score."""
    rubric = load_rubric(language())
    if walk.talk.confirm(
        _("Ten questions, a minute or two. Skip them and go on to the numbers?"),
        now=bool(walk.draft.get("answers")),
    ):
        _outcome(walk)
        return
    hints = _hints(walk)
    in_turn(*(partial(_question, walk, criterion, hints) for criterion in rubric.criteria))
    _outcome(walk)


def _hints(walk: Walk) -> Mapping[str, Hint]:
    path = walk.draft.get("data") or walk.draft.get("train")
    if path is None:
        return {}
    try:
        return {hint.key: hint for hint in hints_of(Path(path), language())}
    except Fault:
        # What is wrong with the rows is told where they are looked at.
        return {}


def _question(walk: Walk, criterion: Criterion, hints: Mapping[str, Hint]) -> None:
    answers: dict[str, Any] = dict(walk.draft.get("answers"))
    walk.talk.say("", f"{criterion.id}. {criterion.question}")
    options = [("y", _("yes")), ("n", _("no")), ("u", _("I do not know"))]
    hint = hints.get(criterion.key)
    if hint is not None:
        walk.talk.say(_("The rows say: {text}").format(text=hint.text))
        if hint.suggests:
            options.append(("h", _("take that as the answer: {answer}").format(answer=_word(hint.suggests))))
    now = {"yes": "y", "no": "n"}.get(answers.get(criterion.key, ""), "u")
    chosen = walk.talk.choose(
        _("Your answer"), options, now=now, help_=f"{criterion.help} ({criterion.source})"
    )
    value = hint.suggests if chosen == "h" and hint else {"y": "yes", "n": "no"}.get(chosen)
    if value is None:
        answers.pop(criterion.key, None)
    else:
        answers[criterion.key] = value
    walk.change(answers=answers)
    _score(walk)


def _word(answer: str) -> str:
    return {"yes": _("yes"), "no": _("no")}.get(answer, answer)


def _weighed(walk: Walk) -> Any:
    answers = {key: Answer(value) for key, value in walk.draft.get("answers").items()}
    return weigh(answers, load_rubric(language()))


def _score(walk: Walk) -> None:
    found = _weighed(walk)
    walk.talk.say(
        _("Score so far {score}; suited from {least} on.").format(
            score=f"{found.score:+g}", least=f"{found.parts['suited_at']:+g}"
        )
    )


def _outcome(walk: Walk) -> None:
    found = _weighed(walk)
    words = {
        "suited": _("suited to fine-tuning"),
        "unsuited": _("not suited to fine-tuning"),
        "unclear": _("not clear yet"),
    }
    reasons: Sequence[str] = [item.reason for item in found.criteria if item.answer != "unknown"]
    walk.talk.say(
        "",
        _("By your answers the task is: {outcome} (score {score}).").format(
            outcome=words.get(found.outcome, found.outcome), score=f"{found.score:+g}"
        ),
        *("  " + reason for reason in reasons),
    )

"""The first two steps: what the model should do and how it is measured; whether the task suits fine-tuning."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from advisor.core_texts import told
from advisor.detecting import detectable, expected_test_rows
from advisor.filling import PATHS, still_wrong, text_of, value_of, wrong_in
from advisor.further_settings import FURTHER_SETTINGS, FurtherSetting
from advisor.hinting import hints_of
from advisor.pairs_copies import pairs_copy, usable_copy
from advisor.plain.talk import EMPTY, Back, in_turn
from advisor.plain.walking import Walk
from advisor.plan import AUTO_METRIC
from advisor.previewing import previews
from advisor.previews import Preview
from advisor.standing import Standing, outcome_in_words, reason_of, signed, standing, suggested
from advisor.texts import _, language, ngettext
from rubrics.errors import Fault
from rubrics.hints import Hint
from rubrics.suitability import Criterion

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
    from advisor.tui.steps.task.words import promise_words

    walk.talk.say(promise_words(str(walk.draft.get("endpoint") or "")))
    in_turn(
        partial(
            _text,
            walk,
            "task",
            _("What should the model do, in a sentence?"),
            _("It is the instruction that the plain prompt gives: what comes in, and what is wanted of it."),
        ),
        partial(_rows, walk),
        partial(
            _file,
            walk,
            "production",
            _("A file with a sample of real use, if you have one"),
            _("Questions as they come in; the rows are compared with them. Nothing is trained on it."),
        ),
        partial(_metric, walk),
        partial(
            _text,
            walk,
            "target",
            _("Score from which the task is solved, 0 to 1"),
            _("Empty: no target; then a fine-tuned model is compared with the best cheap option alone."),
        ),
        partial(
            _text,
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
            _(
                "It answers the prompts, and is the one that would be trained. smollm2-135m needs no model hub."
            ),
        ),
        partial(
            _text,
            walk,
            "max_minutes",
            _("How many minutes may the whole run take"),
            _("Empty: as long as it takes. With a limit fewer rows are asked, and the report says so."),
        ),
        partial(_further, walk),
        partial(_check, walk),
    )


def _further(walk: Walk) -> None:
    """What may be left alone: a group of settings is chosen, then asked one by one."""
    groups = [(str(at), _(group)) for at, (group, _settings) in enumerate(FURTHER_SETTINGS)]
    while True:
        # Keys that nobody types, since the choices are taken by number.
        options = [("g", _("go on")), *((f"#{at}", group) for at, group in groups)]
        chosen = walk.talk.choose(
            _("Further settings, all of them optional:"),
            options,
            now="g",
            help_=_("Whoever is new here goes on: each has a value that serves most tasks."),
        )
        if chosen == "g":
            return
        settings = FURTHER_SETTINGS[int(chosen[1:])][1]
        with suppress(Back):  # to the groups
            in_turn(*(partial(_setting, walk, setting) for setting in settings))


def _setting(walk: Walk, setting: FurtherSetting) -> None:
    if setting.field in PATHS:
        _file(walk, setting.field, _(setting.label))
    else:
        _text(walk, setting.field, f"{_(setting.label)} ({_(setting.example)})")


def _text(walk: Walk, field: str, question: str, help_: str = "") -> None:
    """Ask for a plan field in the words of the form, and say what is wrong with a value."""
    now = text_of(walk.draft.get(field))

    def problem(text: str) -> str:
        if text in ("", EMPTY):
            return ""
        return wrong_in(walk.draft.changed(**{field: value_of(field, text)}), field)

    answer = walk.talk.ask(question, now=now, help_=help_, problem=problem)
    if answer != now:
        walk.change(**{field: None if answer == EMPTY else value_of(field, answer)})


def _file(walk: Walk, field: str, question: str, help_: str = "") -> None:
    now = text_of(walk.draft.get(field))

    def problem(text: str) -> str:
        if text in ("", EMPTY) or Path(text).expanduser().is_file():
            return ""
        return _("there is no such file")

    answer = walk.talk.ask(question, now=now, help_=help_, problem=problem)
    if answer != now:
        walk.change(**{field: None if answer == EMPTY else value_of(field, answer)})


def _rows(walk: Walk) -> None:
    """The file with the rows; a plan with separate files keeps them."""
    if walk.draft.get("train") is not None:
        names = [str(walk.draft.get(name)) for name in ("train", "dev", "test") if walk.draft.get(name)]
        walk.talk.say(_("The rows come from {files}.").format(files=", ".join(names)))
        return
    while True:
        _file(
            walk,
            "data",
            _("File with the rows: a question and its answer in each"),
            _(
                "JSONL, JSON, CSV, TSV or Parquet. It is divided into rows to train, choose and test by, and stays as it is."
            ),
        )
        path = walk.draft.get("data")
        if path is None:
            walk.talk.say(_("Without rows nothing can be measured."))
            if _separate(walk):
                return
            continue
        try:
            if _previewed(walk, Path(path)).lacks_names:
                path = _named_columns(walk, Path(path))
            _preview(walk, path)
            _leave_out(walk, path)
        except Fault as fault:
            walk.talk.tell(fault)
            walk.change(data=None)
            continue
        return


def _leave_out(walk: Walk, path: Path) -> None:
    """Offer a copy without the rows that cannot be used.

    Raises:
        Fault: none can.
    """
    found = _previewed(walk, path)
    if not found.unusable:
        return
    if found.unusable >= found.read:
        raise Fault(
            _("none of its rows can be used"), where=str(path), fix=_("Mend it, or name another file.")
        )
    if walk.talk.confirm(_("Go on with a copy without these rows?"), now=True):
        copy, _left_out = usable_copy(path)
        walk.change(data=copy)
        walk.talk.say(_("Written to {path}; your file stays as it is.").format(path=copy))


def _separate(walk: Walk) -> bool:
    """Ask for files that are divided already; whether there are any."""
    if not walk.talk.confirm(_("Do training and test rows lie in files of their own?"), now=False):
        return False
    for field, question in (("train", _("Training rows")), ("test", _("Test rows")), ("dev", _("Dev rows"))):
        _file(walk, field, question)
    return walk.draft.get("train") is not None


def _named_columns(walk: Walk, path: Path) -> Path:
    """Ask which columns hold question and answer, and go on with a copy that says so."""
    columns = _previewed(walk, path).columns
    walk.talk.say(_("The names of the columns do not tell which is the question and which the answer."))
    # Keys that nobody types: a column may be called anything, 2 for one.
    offered = [(f"#{at}", f"{name}: {_short(value)}") for at, (name, value) in enumerate(columns)]
    question = walk.talk.choose(_("Which column holds what the model is given, the question?"), offered)
    left = [option for option in offered if option[0] != question]
    answer = walk.talk.choose(_("Which column holds the right answer?"), left)
    names = (columns[int(key[1:])][0] for key in (question, answer))
    copy = pairs_copy(path, *names)
    walk.change(data=copy)
    walk.talk.say(_("Written to {path}; your file stays as it is.").format(path=copy))
    return copy


def _preview(walk: Walk, path: Path) -> None:
    """Name the format, and show the first rows as they are read."""
    found = _previewed(walk, path)
    count = ngettext("{n} row", "{n} rows", found.read).format(n=f"{found.read:,}")
    walk.talk.say(f"{count}, {found.format}: {', '.join(found.fields)}")
    for row in [row for row in found.rows if not row.problem][:_SHOWN_ROWS]:
        walk.talk.say(f"  {_short(row.prompt)} -> {_short(row.answer)}")
    if found.unusable:
        walk.talk.say(_("Rows that cannot be used: {n}").format(n=f"{found.unusable:,}"))
        for row in found.problems[:_SHOWN_ROWS]:
            walk.talk.say("  " + _("line {n}: {problem}").format(n=row.line, problem=told(row.problem)))


def _previewed(walk: Walk, path: Path) -> Preview:
    """What a file holds; read once as long as it does not change."""
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    known = walk.previewed.get(path)
    if known is None or known[0] != stamp:
        walk.talk.say(_("Reading …"))
        *_before, last = previews(path)
        known = walk.previewed[path] = (stamp, last)
    return known[1]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"


def _metric(walk: Walk) -> None:
    path = walk.draft.get("data") or walk.draft.get("test")
    proposal = _previewed(walk, Path(path)).proposal if path is not None else None
    if proposal is not None:
        walk.talk.say(
            _("Proposed metric: {metric}; {reason}.").format(
                metric=proposal.metric, reason=told(proposal.reason)
            )
        )
        if proposal.warning:
            walk.talk.say(_("Note: {text}").format(text=told(proposal.warning)))
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
        _file(walk, "schema_file", _("File with the JSON Schema"))
    elif option == "pattern":
        _text(walk, option, _("Regular expression that an answer must match"))
    elif option == "tolerance":
        _text(walk, option, _("Distance that still counts as right: 0.5, or 1%; empty for none"))


def _detected(walk: Walk) -> None:
    """What the test set can show with its size."""
    from advisor.tui.steps.task.words import detect_words

    data, test = walk.draft.get("data"), walk.draft.get("test")
    rows = {
        name: _previewed(walk, Path(path)).read for name, path in (("data", data), ("test", test)) if path
    }
    count = expected_test_rows(rows.get("data"), rows.get("test"))
    if count:
        metric = str(walk.draft.get("metric"))
        found = detectable(count, float(walk.draft.get("min_gain")), metric)
        limited = walk.draft.get("max_minutes") is not None
        walk.talk.say(detect_words(None if test else rows.get("data"), found, limited=limited))


def _check(walk: Walk) -> None:
    """What keeps the answers from being a plan is told now, while it can be changed."""
    _detected(walk)
    problems = still_wrong(walk.draft)
    if problems:
        walk.talk.say(_("Still to be mended before a run can start:"), *("  " + text for text in problems))


# Suitability -----------------------------------------------------------------------------------------------------


def suitability(walk: Walk) -> None:
    """Ask the ten questions, each with help, its hint, and what the answer does to the score."""
    skips = walk.talk.confirm(
        _("Ten questions, a minute or two. Skip them and go on to the numbers?"),
        now=bool(walk.draft.get("answers")),
    )
    if not skips:
        hints = _hints(walk)
        in_turn(*(partial(_question, walk, at, hints) for at in range(len(_standing(walk).rubric.criteria))))
    _outcome(walk)


def _standing(walk: Walk) -> Standing:
    return standing(walk.draft.get("answers"), language())


def _hints(walk: Walk) -> Sequence[Hint]:
    path = walk.draft.get("data") or walk.draft.get("train")
    if path is None:
        return ()
    try:
        return hints_of(Path(path), language())
    except Fault:
        # What is wrong with the rows is told where they are looked at.
        return ()


def _question(walk: Walk, at: int, hints: Sequence[Hint]) -> None:
    criterion = _standing(walk).rubric.criteria[at]
    walk.talk.say("", f"{at + 1}. {criterion.question}")
    options = [("y", _("yes")), ("n", _("no")), ("u", _("I do not know"))]
    for hint in hints:
        if hint.key == criterion.key:
            walk.talk.say(_("The rows say: {text}").format(text=hint.text))
    hinted = suggested(hints, criterion.key)
    if hinted:
        options.append(("h", _("take what the rows suggest: {answer}").format(answer=_word(hinted))))
    now = {"yes": "y", "no": "n"}.get(walk.draft.get("answers").get(criterion.key, ""), "u")
    chosen = walk.talk.choose(
        _("Your answer"), options, now=now, help_=f"{criterion.help} ({criterion.source})"
    )
    _take(walk, criterion, hinted if chosen == "h" else {"y": "yes", "n": "no"}.get(chosen, ""))


def _take(walk: Walk, criterion: Criterion, answer: str) -> None:
    """Keep an answer, and say what it does to the score; empty for none."""
    answers = {key: value for key, value in walk.draft.get("answers").items() if key != criterion.key}
    walk.change(answers=answers | ({criterion.key: answer} if answer else {}))
    found = _standing(walk)
    score = _("Score so far {score}; suited from {least} on.").format(
        score=signed(found.suitability.score), least=signed(found.rubric.suited_at)
    )
    walk.talk.say(*filter(None, (reason_of(criterion, answer), score)))


def _word(answer: str) -> str:
    return {"yes": _("yes"), "no": _("no")}.get(answer, answer)


def _outcome(walk: Walk) -> None:
    walk.talk.say("", outcome_in_words(_standing(walk)))

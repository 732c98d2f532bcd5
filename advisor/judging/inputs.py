"""The files of a judgement, joined by id: answers, references, questions and people's labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.answer_files import objects_of, read_references, read_texts, text_of, unfit
from rubrics.errors import ExitCode, Fault
from rubrics.judging.framing import Item
from rubrics.judging.rubric import Rubric, default_rubric, parse_rubric
from rubrics.judging.verdicts import Preferred

QUESTION_FIELDS = ("question", "prompt", "input", "text")


@dataclass(frozen=True, slots=True)
class Judged:
    """One row with the answers to judge; None where a file has none for it."""

    id: str
    item: Item
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that is judged.

    Attributes:
        rows: one a reference, in the order of that file.
        unknown: predictions whose id no reference has; they are not judged.
    """

    rows: tuple[Judged, ...]
    unknown: int


def read_rubric(path: Path | None) -> Rubric:
    """The user's rubric, or the bundled one.

    Raises:
        Fault: it cannot be read or is no rubric; problems are listed by line, exit code 2.
    """
    if path is None:
        return default_rubric()
    try:
        text = text_of(path)
    except Fault as fault:
        raise Fault(fault.what, where=fault.where, fix=fault.fix) from None
    return parse_rubric(text, str(path))


def read_inputs(a: Path, b: Path | None, references: Path | None, data: Path | None) -> Inputs:
    """Join the files; where no references or questions are given, prediction files of the program carry them.

    Raises:
        Fault: a file cannot be read, a line is not what it should be, or a reference has no question.
    """
    first, second = read_texts(a), read_texts(b) if b else None
    accepted = read_references(references or a)
    questions = _questions(data or a, given=data is not None)
    lacking = [row_id for row_id in accepted if row_id not in questions]
    if lacking:
        raise Fault(
            f"{len(lacking)} of {len(accepted)} references have no question",
            where=str(data or a),
            fix="Give --data FILE with the id of every reference and its question.",
            code=ExitCode.BAD_DATA,
            problems=[f"no question for id {row_id!r}" for row_id in lacking],
        )
    rows = tuple(
        Judged(
            row_id,
            Item(questions[row_id], answers),
            first.get(row_id),
            second.get(row_id) if second else None,
        )
        for row_id, answers in accepted.items()
    )
    unknown = sum(row_id not in accepted for given in (first, second or {}) for row_id in given)
    return Inputs(rows, unknown)


def _questions(path: Path, *, given: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, row in objects_of(path):
        row_id, question = str(row.get("id", f"{path.stem}:{number}")), _question(row)
        if question is None:
            names = ", ".join((*QUESTION_FIELDS, "messages"))
            fix = "" if given else "; give the questions with --data FILE"
            raise unfit(path, f"line {number}: expected a question in one of {names}{fix}")
        if row_id in found:
            raise unfit(path, f"line {number}: the id {row_id!r} stands twice")
        found[row_id] = question
    return found


def _question(row: Mapping[str, Any]) -> str | None:
    for name in (*QUESTION_FIELDS, "messages"):
        value = row.get(name)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, list) and (text := _conversation(value)):
            return text
    return None


def _conversation(turns: Sequence[Any]) -> str:
    """The turns up to the last that the assistant did not speak; roles are named where there are several."""
    known = [turn for turn in turns if isinstance(turn, dict) and isinstance(turn.get("content"), str)]
    while known and known[-1].get("role") == "assistant":
        known.pop()
    if len(known) == 1:
        return str(known[0]["content"])
    return "\n\n".join(f"[{turn.get('role')}]\n{turn['content']}" for turn in known)


def read_human(path: Path, rubric: Rubric, *, pairwise: bool) -> dict[str, str]:
    """People's labels by id: `preferred` (a, b, tie) for pairs, else `score` on the rubric's scale, as text.

    Raises:
        Fault: every line that does not fit is listed; exit code 3.
    """
    labels = tuple(Preferred) if pairwise else tuple(map(str, rubric.levels))
    field = "preferred" if pairwise else "score"
    found: dict[str, str] = {}
    problems: list[str] = []
    for number, row in objects_of(path):
        label = _label(row.get(field))
        if "id" not in row or label not in labels:
            problems.append(
                f"{path}:{number}: expected an id and {field} one of {', '.join(labels)}, "
                f"found {row.get(field)!r:.40}"
            )
        elif str(row["id"]) in found:
            problems.append(f"{path}:{number}: the id {row['id']!r} stands twice")
        else:
            found[str(row["id"])] = label
    if problems or not found:
        raise Fault(
            f"{len(problems)} lines hold no human label" if problems else "holds no human label",
            where=str(path),
            fix="See `advisor help judge`.",
            code=ExitCode.BAD_DATA,
            problems=problems,
        )
    return found


def _label(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if isinstance(value, bool) else str(value)

"""What reading a file gathers, line by line, and what is said of the lines that cannot be used."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from advisor.data.formats import READABLE, Fields, Unreadable, read_fields, shown
from advisor.data.formats.detecting import NAME_THE_FIELDS
from advisor.data.formats.pairs import lacks_names
from advisor.data.rows import Row
from rubrics.errors import ExitCode, Fault

_MOST_NAMED = 10


@dataclass(slots=True)
class Gathered:
    """What reading gathers: a row a line that could be read, in `formats` the format of each of them."""

    rows: list[Row] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    problems: dict[int, Problem] = field(default_factory=dict)
    failed: list[tuple[int, str]] = field(default_factory=list)
    """Number and format of rows that are written in a format and broken."""
    warnings: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    total: int = 0


class Problem(NamedTuple):
    """Why a line cannot be used; `place` is the line, and the row's place on it, for messages."""

    place: str
    why: Unreadable


def majority(found: Gathered) -> str:
    """Return the commonest format, the earlier one of equals; the first of all if there is none."""
    counts = Counter(found.formats)
    counts.update(kind for _, kind in found.failed)
    if not counts:
        return READABLE[0]
    most = max(counts.values())
    rivals = [kind for kind in counts if counts[kind] == most]
    if len(rivals) == 1:
        return rivals[0]
    return min((number, kind) for number, kind in _written(found) if kind in rivals)[1]


def _written(found: Gathered) -> Iterator[tuple[int, str]]:
    """Yield number and format of every row that is written in a format, the sound ones first."""
    yield from zip(found.numbers, found.formats, strict=True)
    yield from found.failed


def refuse_other_formats(found: Gathered, chosen: str) -> None:
    """Count rows that are written in another format than most among the problems."""
    if {*found.formats, *(kind for _, kind in found.failed)} <= {chosen}:
        return
    for index, (number, kind) in enumerate(_written(found)):
        if kind != chosen:
            problem = f"format: expected {chosen} as in most of the {found.total} rows, found {kind}"
            place = f"{found.rows[index].source.rpartition(':')[2]}: " if index < len(found.rows) else ""
            place = place or found.problems[number].place
            found.problems[number] = Problem(place, Unreadable((problem,)))


def evidence_of(
    found: Gathered, chosen: str, fields: Fields | None, containers: list[str], notes: list[str]
) -> str:
    """Say why the format was taken for that, and what was ignored."""
    known = read_fields(chosen, fields)
    here = [key for key in known if key in found.keys]
    said_so = " as told" if fields else ""
    said = [f"{len(found.rows)} rows with {' and '.join(shown(key) for key in here)}{said_so}"]
    other = sum(not row.plain for row in found.rows)
    if other:
        said.append(f"{other} with tools, calls, images or reasoning")
    said += containers
    ignored = sorted(found.keys.difference(here))
    if ignored:
        more = f" and {len(ignored) - _MOST_NAMED} more" if len(ignored) > _MOST_NAMED else ""
        said.append(f"ignored: {', '.join(map(shown, ignored[:_MOST_NAMED]))}{more}")
    return "; ".join([*said, *notes])


def leave_out(found: Gathered, values: list[tuple[int, dict[str, Any]]]) -> bool:
    """Drop what was read of lines that cannot be used; whether anything is left."""
    kept = [number not in found.problems for number in found.numbers]
    found.rows, found.formats = list(compress(found.rows, kept)), list(compress(found.formats, kept))
    values[:] = compress(values, kept)
    found.numbers = list(compress(found.numbers, kept))
    return bool(found.numbers)


def listed(path: Path, found: Gathered) -> list[str]:
    """Return every problem as `file:line: field: expected X, found Y`, in the order of the lines."""
    ordered = [found.problems[number] for number in sorted(found.problems)]
    return [f"{path}:{place}{problem}" for place, why in ordered for problem in why.problems]


def line_by_line(path: Path, found: Gathered) -> list[str]:
    """Return of each line that cannot be used all of its problems, as one."""
    ordered = [found.problems[number] for number in sorted(found.problems)]
    return [f"{path}:{place}{'; '.join(why.problems)}" for place, why in ordered]


def refuse_lines(path: Path, found: Gathered, chosen: str) -> NoReturn:
    """Refuse the file for its lines.

    Raises:
        Fault: always; code 3, with every problem and what to do about most of them.
    """
    ordered = [found.problems[number] for number in sorted(found.problems)]
    what = f"{len(ordered)} of {found.total} lines cannot be used"
    kinds = {why.kind for _, why in ordered}
    if len(ordered) == found.total and len(kinds) == 1 and (kind := kinds.pop()):
        what = f"no row holds a question with its answer: found {kind}"
    fixes = Counter(why.fix for _, why in ordered)
    fix, count = fixes.most_common(1)[0]
    if not fix and len(ordered) == len(found.failed) == found.total and lacks_names(chosen, found.keys):
        # Not a row of the file has the field: it is called something else.
        fix = NAME_THE_FIELDS
    elif not fix or count < len(ordered):
        fix = "mend or remove the lines listed; lines are numbered from 1"
    raise Fault(
        what,
        where=str(path),
        fix=fix.replace("FILE", shlex.quote(str(path))),
        code=ExitCode.BAD_DATA,
        problems=listed(path, found),
    )

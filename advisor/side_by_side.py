"""The same test rows by base, best cheap option and tuned model: what changed row by row.

Before anything was trained the base model (the plain prompt without examples) stands against the best cheap option.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from advisor.data.rows import Message
from advisor.run_directory import RunDirectory, open_run
from advisor.run_files import read_each, read_object, unfit
from rubrics.errors import Fault
from rubrics.scoring import get_metric
from rubrics.text import norm

System = Literal["base", "best_baseline", "tuned"]
Kind = Literal["fixed", "broken", "both_right", "both_wrong", "better", "worse", "equal", "right", "wrong"]
"""Of a row. Right/wrong metrics: the first four, of the second system against the first. Graded metrics: better, worse,
equal. One system alone: right, wrong."""

SYSTEMS: tuple[System, ...] = ("base", "best_baseline", "tuned")


@dataclass(frozen=True, slots=True)
class Answer:
    """A system's answer to a row; `score` 0..1 by the metric that decides, `cut` where it ran out of room."""

    text: str
    score: float
    cut: bool


@dataclass(frozen=True, slots=True)
class PairedRow:
    """One test row with every system's answer, in the order of `SideBySide.systems`.

    Attributes:
        message: the last turn before the answer.
        turns: how many turns the conversation has, a system turn that was put before it left out.
    """

    id: str
    message: str
    reference: str
    answers: tuple[Answer, ...]
    kind: Kind


@dataclass(frozen=True)
class SideBySide:
    """The rows that are scored.

    Attributes:
        systems: those that answered, from the simplest.
        rung: the best cheap option.
        pair: the two that a row's kind is about; the same twice where only one answered.
        files: prediction file of each system.
        left_out: test rows that stand in train and are not scored.
        searchable: of each row all its texts, folded as `find` reads them.
    """

    metric: str
    systems: tuple[System, ...]
    rung: str
    pair: tuple[System, System]
    rows: tuple[PairedRow, ...]
    files: Mapping[System, Path]
    left_out: int
    searchable: tuple[str, ...]

    def counts(self) -> dict[Kind, int]:
        """Rows of each kind that can occur, in the order in which they are looked at."""
        counted = Counter(row.kind for row in self.rows)
        return {kind: counted[kind] for kind in kinds_of(self.metric, alone=self.pair[0] == self.pair[1])}

    def find(self, kind: Kind | None = None, words: str = "") -> list[int]:
        """Places of the rows of a kind that hold the words somewhere, whatever their case and spacing.

        Args:
            kind: None for every kind.
            words: looked for as they stand in id, message, reference and answers; empty finds every row.
        """
        wanted = norm(words)
        return [
            place
            for place, row in enumerate(self.rows)
            if (kind is None or row.kind == kind) and (not wanted or wanted in self.searchable[place])
        ]


def kinds_of(metric: str, *, alone: bool = False) -> tuple[Kind, ...]:
    """The kinds that a row can be of, those that matter most first."""
    if alone:
        return ("wrong", "right")
    if get_metric(metric).binary:
        return ("fixed", "broken", "both_wrong", "both_right")
    return ("better", "worse", "equal")


def read_side_by_side(path: Path) -> SideBySide:
    """Read the rows of a run.

    Raises:
        Fault: no such run, it has no test answers yet, or its files are damaged or do not belong together.
    """
    run = open_run(path)
    ladder = _ladder(run.path / "baselines.json")
    if ladder is None:
        raise Fault(
            "has no test answers yet", where=str(path), fix=f"Let the run go on: advisor resume {path}"
        )
    metric, rung = ladder
    files = _files(run, rung)
    systems = tuple(files)
    pair: tuple[System, System] = (systems[-2] if len(systems) > 1 else systems[-1], systems[-1])
    leaked = set((read_object(run.path / "split.json") or {}).get("leaked", ()))
    kept, left_out = _joined(files, leaked, path, metric)
    places = (systems.index(pair[0]), systems.index(pair[1]))
    rows = tuple(_row(entries, metric, places) for entries in kept)
    return SideBySide(
        metric=metric,
        systems=systems,
        rung=rung,
        pair=pair,
        rows=rows,
        files=MappingProxyType(files),
        left_out=left_out,
        searchable=tuple(_searchable(row) for row in rows),
    )


def prompt_of(found: SideBySide, system: System, row_id: str) -> list[Message]:
    """The whole conversation that a system was asked.

    Raises:
        Fault: the row is not in its file any more, or the file is damaged.
    """
    for asked_for, prompt in read_each(found.files[system], lambda entry: (entry["id"], entry["prompt"])):
        if asked_for == row_id:
            return list(prompt)
    raise Fault(f"has no row {row_id} any more", where=str(found.files[system]), fix="Open the run again.")


def _files(run: RunDirectory, selected: str) -> dict[System, Path]:
    evaluated: dict[System, Path] = {
        system: run.path / "evaluation" / f"{system}.test.jsonl" for system in SYSTEMS
    }
    if all(path.is_file() for path in evaluated.values()):
        return evaluated
    rungs: dict[System, str] = {"base": "zero_shot", "best_baseline": selected}
    measured = {
        system: run.path / "baselines" / f"{rung}.test.jsonl"
        for system, rung in rungs.items()
        if system == "best_baseline" or rung != selected
    }
    return {system: path for system, path in measured.items() if path.is_file()}


def _joined(
    files: Mapping[System, Path], leaked: set[str], path: Path, metric: str
) -> tuple[list[tuple[dict[str, Any], ...]], int]:
    """Each row's entries of all systems, rows that stand in train left out, and how many those are."""
    columns = [
        {entry["id"]: entry for entry in read_each(file, lambda entry: _slim(entry, metric))}
        for file in files.values()
    ]
    ids = list(columns[0])
    if any(column.keys() != columns[0].keys() for column in columns):
        raise Fault(
            "holds answers to different rows", where=str(path), fix=f"Score again: advisor resume {path}"
        )
    kept = [row_id for row_id in ids if row_id not in leaked]
    return [tuple(column[row_id] for column in columns) for row_id in kept], len(ids) - len(kept)


def _slim(entry: Mapping[str, Any], metric: str) -> dict[str, Any]:
    """What is kept of an entry: the examples of a long prompt would stand in memory once a row."""
    turns = entry["prompt"]
    return {
        **{name: entry[name] for name in ("id", "reference", "prediction")},
        "score": float(entry["scores"][metric]),
        "cut": entry.get("finish_reason") == "length",
        "message": turns[-1]["content"] if turns else "",
    }


def _row(entries: Sequence[Mapping[str, Any]], metric: str, pair: tuple[int, int]) -> PairedRow:
    answers = tuple(Answer(entry["prediction"], entry["score"], entry["cut"]) for entry in entries)
    first = entries[0]
    before, after = (answers[place].score for place in pair)
    return PairedRow(
        first["id"],
        first["message"],
        first["reference"],
        answers,
        _kind(before, after, metric, alone=pair[0] == pair[1]),
    )


_CELLS: Mapping[tuple[bool, bool], Kind] = MappingProxyType(
    {
        (False, True): "fixed",
        (True, False): "broken",
        (True, True): "both_right",
        (False, False): "both_wrong",
    }
)


def _kind(before: float, after: float, metric: str, *, alone: bool) -> Kind:
    if alone:
        return "right" if after >= 1 else "wrong"
    if get_metric(metric).binary:
        return _CELLS[before >= 1, after >= 1]
    return "equal" if after == before else "better" if after > before else "worse"


def _searchable(row: PairedRow) -> str:
    texts = (row.id, row.message, row.reference, *(answer.text for answer in row.answers))
    return "\n".join(norm(text) for text in texts)


def _ladder(path: Path) -> tuple[str, str] | None:
    """The metric and the rung that dev chose; None before they are known."""
    found = read_object(path)
    try:
        return None if found is None else (str(found["metric"]), str(found["selected"]))
    except KeyError as error:
        raise unfit(error, str(path)) from error

"""Comparing answers that exist: prediction files, or the tuned answers of runs, with those of A on the same rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from advisor.answer_files import (
    objects_of,
    prompt_of,
    read_texts,
    references_in,
    text_of,
    whole_object,
)
from advisor.clusters import cluster_of_each
from advisor.data.rows import Message
from advisor.pairing import for_the_rules, paired, settle_note
from advisor.plan import AUTO_METRIC
from advisor.predictions import Prediction
from advisor.reference_fields import clusters_by_field, fields_in, prompts_in
from advisor.scoring_files import prepared, row_scores
from advisor.slices import slices_note, slices_of
from rubrics.compared import PairedResult
from rubrics.errors import Fault
from rubrics.outcome import compare_outcome
from rubrics.rulebook import AfterTraining
from rubrics.scoring import Options, deciding_metric
from rubrics.statistics import Interval, holm, simultaneous

_LIMITS = ("difference", "low", "high")


@dataclass(frozen=True)
class Terms:
    """What a comparison is asked to do.

    Attributes:
        references: file with id and accepted answers; None where the files carry their own.
        metric: one that scores rows, or `auto`.
        min_gain: smallest gain worth it.
        seed: of the permutations.
        margin: loss of score accepted since a candidate saves money or time; it should have been chosen before the
            candidates were scored.
        cluster_field, slices: fields of the references, or of A where it carries its own.
    """

    references: Path | None = None
    metric: str = "exact_match"
    min_gain: float = 0.05
    seed: int = 0
    options: Options = field(default_factory=Options)
    margin: float | None = None
    cluster_field: str | None = None
    slices: Sequence[str] = ()


def compare_files(a: Path, b: Path, terms: Terms) -> dict[str, Any]:
    """The contract's `comparison` object for two prediction files, or the tuned answers of two runs.

    Rows are clustered by the named field, else as the split of a run found them; else every row stands alone.

    Raises:
        Fault: files do not fit each other, references are missing, or no row has a field that was named.
    """
    rows, (before, after) = _read(a, [b], terms)
    measured = _paired(rows, before, after)
    return _comparison(a, b, rows, (before, after), measured, _outcome(measured, terms))


def compare_several(a: Path, candidates: Sequence[Path], terms: Terms) -> dict[str, Any]:
    """Each candidate against A: `comparisons`, in the order of the candidates.

    Beside what one comparison holds each has `p_holm` and the limits `low_simultaneous` and `high_simultaneous`; by
    these the rules decide, so that none ships by being one of several tries.

    Raises:
        Fault: as `compare_files`; or a candidate is named twice.
    """
    if len(set(candidates)) < len(candidates):
        raise Fault("a candidate is named twice", fix="Name each prediction file or run once.")
    rows, (before, *tuned) = _read(a, candidates, terms)
    measured = [_paired(rows, before, after) for after in tuned]
    adjusted = holm([entry["p_value"] for entry in measured])
    comparisons = []
    for path, after, entry, p_holm in zip(candidates, tuned, measured, adjusted, strict=True):
        limits = simultaneous(Interval(*(entry[name] for name in _LIMITS)), p_holm, len(candidates))
        ruled = entry | {"p_value": p_holm, "low": limits.low, "high": limits.high}
        found = _comparison(a, path, rows, (before, after), entry, _outcome(ruled, terms))
        wider = {"p_holm": p_holm, "low_simultaneous": limits.low, "high_simultaneous": limits.high}
        comparisons.append(found | wider)
    return {"comparisons": _with_notes(comparisons)}


@dataclass(frozen=True)
class _Rows:
    """The rows that every system answered, in one order."""

    metric: str
    reason: str
    seed: int
    clusters: list[str] | None
    fields: Mapping[str, list[str]]


def _read(a: Path, candidates: Sequence[Path], terms: Terms) -> tuple[_Rows, list[list[Prediction]]]:
    """The rows, and the scored answers of A and of each candidate."""
    if terms.metric != AUTO_METRIC:
        deciding_metric(terms.metric)
    _check_share(terms.min_gain, "--min-gain", "a gain of score")
    if terms.margin is not None:
        _check_share(terms.margin, "--margin", "a loss of score")
    paths = [_answers_file(path) for path in (a, *candidates)]
    source = terms.references or paths[0]
    lines = objects_of(source)
    wanted = references_in(lines, source) if terms.references else _own_references(paths)
    scored_by = prepared([terms.metric], wanted, terms.options)
    name = scored_by.names[0]
    told = fields_in(lines, source, terms.cluster_field, terms.slices)
    prompts = {row_id: turns for row_id, turns in prompts_in(lines).items() if turns} or _prompts(paths[0])
    sides = [_scored(read_texts(path), wanted, name, scored_by.options, prompts) for path in paths]
    fields = [told.get(row_id, {}) for row_id in wanted]
    named = [row.get(terms.cluster_field, "") for row in fields] if terms.cluster_field else None
    rows = _Rows(
        metric=name,
        reason=scored_by.reason,
        seed=terms.seed,
        clusters=_clusters(list(wanted), named, [a, *candidates]),
        fields={name: [row.get(name, "") for row in fields] for name in terms.slices},
    )
    return rows, sides


def _paired(rows: _Rows, before: Sequence[Prediction], after: Sequence[Prediction]) -> dict[str, Any]:
    return paired(before, after, rows.metric, rows.seed, rows.clusters)


def _comparison(
    a: Path,
    b: Path,
    rows: _Rows,
    sides: tuple[Sequence[Prediction], Sequence[Prediction]],
    measured: Mapping[str, Any],
    outcome: Mapping[str, Any],
) -> dict[str, Any]:
    sliced = slices_of(sides[0], sides[1], rows.metric, clusters=rows.clusters, fields=rows.fields)
    decided = {**measured, **outcome}
    return {
        **decided,
        "notes": [*measured["notes"], *filter(None, [settle_note(decided)])],
        "baseline": str(a),
        "tuned": str(b),
        "slices": sliced,
        "slices_note": slices_note(len(sliced)),
        **({"metric_reason": rows.reason} if rows.reason else {}),
    }


def _with_notes(comparisons: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say how several candidates were taken into account, and that the best of those that ship is flattered."""
    count = len(comparisons)
    shipped = sum(found["outcome"] == AfterTraining.SHIP_TUNED for found in comparisons)
    noted = []
    for found in comparisons:
        low, high = found["low_simultaneous"], found["high_simultaneous"]
        notes = [
            f"One of {count} candidates: the outcome goes by p = {found['p_holm']:.3g} (Holm) and by the limits "
            f"[{low:+.4f}, {high:+.4f}], widened for {count} of them."
        ]
        if shipped > 1 and found["outcome"] == AfterTraining.SHIP_TUNED:
            notes.append(
                f"{shipped} of {count} candidates ship. Which of them is best was not tested, and the best of several "
                "looks better than it is: score it once more on fresh rows."
            )
        noted.append(found | {"notes": [*found["notes"], *notes]})
    return noted


def _outcome(measured: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    names = ("difference", "low", "high", "p_value", "n", "fixed", "broken")
    ruled = {key: value for key, value in for_the_rules(measured).items() if key in names}
    saving = terms.margin is not None
    return compare_outcome(
        PairedResult(**ruled), min_gain=terms.min_gain, margin=terms.margin, saving=saving
    ).to_dict()


def _check_share(value: float, flag: str, what: str) -> None:
    if not 0 < value <= 1:
        raise Fault(f"{value:g} is not {what}", where=flag, fix="Give a share from 0 to 1.")


def _prompts(path: Path) -> dict[str, list[Message]]:
    """The prompts of a prediction file that the program wrote; empty where any row lacks one."""
    if whole_object(text_of(path)) is not None:
        return {}
    prompts = {str(row["id"]): prompt_of(row) for _, row in objects_of(path) if "id" in row}
    return prompts if all(prompts.values()) else {}


def _clusters(ids: Sequence[str], named: Sequence[str] | None, runs: Sequence[Path]) -> list[str] | None:
    """What each row belongs to: by the field that was named, else as the split of a run found it."""
    if named is not None:
        return clusters_by_field(ids, named)
    return cluster_of_each(ids, next((found for run in runs if (found := _clusters_of_run(run))), {}))


def _clusters_of_run(path: Path) -> dict[str, str]:
    # The stages know how to make a run; to compare files nothing of that is needed.
    from advisor.stages.split import SPLIT

    split = path / SPLIT.file
    if not split.is_file():
        return {}
    found = json.loads(split.read_text(encoding="utf-8")).get("clusters", {})
    return {str(row_id): str(cluster) for row_id, cluster in found.items()}


def _answers_file(path: Path) -> Path:
    """A prediction file as it is, or the test answers of a run: of the tuned model, else of the chosen rung."""
    if not path.is_dir():
        return path
    tuned = path / "evaluation" / "tuned.test.jsonl"
    if tuned.is_file():
        return tuned
    ladder = path / "baselines.json"
    if ladder.is_file():
        selected = json.loads(ladder.read_text(encoding="utf-8"))["selected"]
        return path / "baselines" / f"{selected}.test.jsonl"
    raise Fault("holds no test answers", where=str(path), fix="Give a finished run or a prediction file.")


def _own_references(paths: Sequence[Path]) -> dict[str, tuple[str, ...]]:
    """Files that the program wrote carry their references."""
    found: list[dict[str, tuple[str, ...]]] = []
    for path in paths:
        rows = list(objects_of(path))
        if not all(isinstance(row.get("reference"), str) for _, row in rows):
            raise Fault(
                "carries no references",
                where=str(path),
                fix="Give --references FILE with id and answer a line.",
            )
        found.append({str(row["id"]): (row["reference"],) for _, row in rows})
        if found[0] != found[-1]:
            raise Fault(
                "the two hold different rows", where=f"{paths[0]}, {path}", fix="Give --references FILE."
            )
    return found[0]


def _scored(
    given: Mapping[str, str],
    wanted: Mapping[str, Sequence[str]],
    metric: str,
    options: Options,
    prompts: Mapping[str, list[Message]],
) -> list[Prediction]:
    scores = row_scores(metric, given, wanted, options)
    return [
        Prediction(
            id=row_id,
            prompt=prompts.get(row_id, []),
            reference=answers[0],
            prediction=given.get(row_id, ""),
            scores={metric: score},
        )
        for (row_id, answers), score in zip(wanted.items(), scores, strict=True)
    ]

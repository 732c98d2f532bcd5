"""Comparing answers that exist: two prediction files, or the tuned answers of two runs, on the same rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.answer_files import (
    objects_of,
    prompt_of,
    read_references,
    read_texts,
    text_of,
    whole_object,
)
from advisor.data.named_fields import check_fields, plain_fields
from advisor.data.rows import Message, Row
from advisor.plan import AUTO_METRIC
from advisor.predictions import Prediction
from advisor.scoring_files import prepared, row_scores
from advisor.slices import slices_note, slices_of
from advisor.stages.compare import for_the_rules, paired, settle_note
from advisor.stages.split import SPLIT, cluster_of_each, shared_clusters
from rubrics.errors import Fault
from rubrics.outcome import PairedResult, compare_outcome
from rubrics.scoring import (
    Options,
    deciding_metric,
)


def compare_files(
    a: Path,
    b: Path,
    references: Path | None,
    metric: str,
    min_gain: float,
    seed: int,
    *,
    options: Options | None = None,
    margin: float | None = None,
    cluster_field: str | None = None,
    slices: Sequence[str] = (),
) -> dict[str, Any]:
    """The contract's `comparison` object for two prediction files, or the tuned answers of two runs.

    Rows are clustered by the named field, else as the split of a run found them; else every row stands alone.

    Args:
        margin: loss of score accepted since B saves money or time; it should have been chosen before B was scored.
        cluster_field, slices: fields of the references, or of A where it carries its own.

    Raises:
        Fault: files do not fit each other, references are missing, or no row has a field that was named.
    """
    if metric != AUTO_METRIC:
        deciding_metric(metric)
    _check_share(min_gain, "--min-gain", "a gain of score")
    if margin is not None:
        _check_share(margin, "--margin", "a loss of score")
    first, second = _answers_file(a), _answers_file(b)
    wanted = read_references(references) if references else _own_references(first, second)
    asked = prepared([metric], wanted, options or Options())
    name, known = asked.names[0], asked.options
    described = _described(references or first, cluster_field, slices)
    prompts = {row_id: turns for row_id, (turns, _) in described.items() if turns} or _prompts(first)
    before, after = (_scored(read_texts(path), wanted, name, known, prompts) for path in (first, second))
    fields = [described[row_id][1] for row_id in wanted]
    named = [row.get(cluster_field, "") for row in fields] if cluster_field else None
    clusters = _clusters(list(wanted), named, [a, b])
    measured = paired(before, after, name, seed, clusters)
    decided = {**measured, **_outcome(measured, min_gain, margin)}
    by_field = {field: [row.get(field, "") for row in fields] for field in slices}
    sliced = slices_of(before, after, name, clusters=clusters, fields=by_field)
    return {
        **decided,
        "notes": [*measured["notes"], *filter(None, [settle_note(decided)])],
        "baseline": str(a),
        "tuned": str(b),
        "slices": sliced,
        "slices_note": slices_note(len(sliced)),
        **({"metric_reason": asked.reason} if asked.reason else {}),
    }


def _outcome(measured: Mapping[str, Any], min_gain: float, margin: float | None) -> dict[str, Any]:
    names = ("difference", "low", "high", "p_value", "n", "fixed", "broken")
    ruled = {key: value for key, value in for_the_rules(measured).items() if key in names}
    paired_result = PairedResult(**ruled)
    return compare_outcome(
        paired_result, min_gain=min_gain, margin=margin, saving=margin is not None
    ).to_dict()


def _check_share(value: float, flag: str, what: str) -> None:
    if not 0 < value <= 1:
        raise Fault(f"{value:g} is not {what}", where=flag, fix="Give a share from 0 to 1.")


def _described(
    path: Path, cluster_field: str | None, slices: Sequence[str]
) -> dict[str, tuple[list[Message], dict[str, str]]]:
    """What a file of references says of each row besides its answer: the prompt, and its plain fields."""
    rows = {str(row["id"]): row for _, row in objects_of(path) if "id" in row}
    found = {row_id: (prompt_of(row), dict(plain_fields(row, ()))) for row_id, row in rows.items()}
    wanted = dict.fromkeys(slices, "--slice") | ({cluster_field: "--cluster-field"} if cluster_field else {})
    if wanted:
        check_fields([fields for _, fields in found.values()], wanted, str(path))
    return found


def _prompts(path: Path) -> dict[str, list[Message]]:
    """The prompts of a prediction file that the program wrote; empty where any row lacks one."""
    if whole_object(text_of(path)) is not None:
        return {}
    prompts = {str(row["id"]): prompt_of(row) for _, row in objects_of(path) if "id" in row}
    return prompts if all(prompts.values()) else {}


def _clusters(ids: Sequence[str], named: Sequence[str] | None, runs: Sequence[Path]) -> list[str] | None:
    """What each row belongs to: by the field that was named, else as the split of a run found it."""
    if named is not None:
        rows = [Row(row_id, (), "", group=group) for row_id, group in zip(ids, named, strict=True)]
        shared = shared_clusters(rows)
    else:
        shared = next((found for run in runs if (found := _clusters_of_run(run))), {})
    return cluster_of_each(ids, shared)


def _clusters_of_run(path: Path) -> dict[str, str]:
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


def _own_references(first: Path, second: Path) -> dict[str, tuple[str, ...]]:
    """Files that the program wrote carry their references."""
    found: list[dict[str, tuple[str, ...]]] = []
    for path in (first, second):
        rows = list(objects_of(path))
        if not all(isinstance(row.get("reference"), str) for _, row in rows):
            raise Fault(
                "carries no references",
                where=str(path),
                fix="Give --references FILE with id and answer a line.",
            )
        found.append({str(row["id"]): (row["reference"],) for _, row in rows})
    if found[0] != found[1]:
        raise Fault("the two hold different rows", where=f"{first}, {second}", fix="Give --references FILE.")
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

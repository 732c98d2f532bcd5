"""Scores of answers that exist: a prediction file against references, without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from advisor.answer_files import Lines, objects_of, read_texts, references_in
from advisor.cautions import cautions_by_metric
from advisor.plan import AUTO_METRIC
from advisor.predictions import Score, mean_score, score_over_all
from advisor.proposals import propose_metric
from advisor.reference_fields import clusters_by_field, fields_in
from advisor.scoring import check_usable, refuse_unused, with_labels
from rubrics.errors import Fault
from rubrics.scoring import (
    FORGIVING,
    METRICS,
    Options,
    confusion,
    extract_label,
    field_counts,
    format_failures,
    get_metric,
    relative_length,
    repeated_keys,
    scorer,
    strict_label,
)


@dataclass(frozen=True)
class Scored:
    """Scores of a prediction file.

    Attributes:
        missing: references without a prediction; each scores 0.
        unknown: predictions whose id no reference has; they are not scored.
        details: what single numbers cannot hold, by topic; empty where there is nothing.
        repeated: how the rows were answered again and again, and how far scores then differ; empty for one answer a row.
        cautions: of each metric, why its interval may be narrower than it claims; empty where none may.
        clusters: what the rows belong to, counted; None where every row stands alone.
    """

    n: int
    missing: int
    unknown: int
    metrics: dict[str, Score]
    details: dict[str, Any] = field(default_factory=dict)
    cautions: dict[str, list[str]] = field(default_factory=dict)
    repeated: dict[str, Any] = field(default_factory=dict)
    clusters: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        metrics = {name: score.model_dump() for name, score in self.metrics.items()}
        found = {"n": self.n, "missing": self.missing, "unknown": self.unknown, "metrics": metrics}
        more = {"details": self.details, "cautions": self.cautions, "clusters": self.clusters}
        return found | {name: said for name, said in more.items() if said} | self.repeated


def metric_names(text: str) -> list[str]:
    """Names given as `a,b`.

    Raises:
        Fault: one is unknown.
    """
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names:
        raise Fault("no metric was named", where="--metric", fix=f"Known are {', '.join(METRICS)}.")
    return [name if name == AUTO_METRIC else get_metric(name).name for name in names]


def score_file(
    predictions: Path,
    references: Path,
    metrics: Sequence[str],
    seed: int = 0,
    options: Options | None = None,
    cluster_field: str | None = None,
) -> Scored:
    """Score a prediction file; the mean is over all references.

    Args:
        cluster_field: field of the references that names what rows belong to; None where every row stands alone.
    Raises:
        Fault: a file cannot be read, a line is not what it should be, ids repeat, a metric cannot score these
            references, or no row has the field.
    """
    given, lines = read_texts(predictions), objects_of(references)
    wanted = references_in(lines, references)
    asked = prepared(metrics, wanted, options or Options())
    names, known = asked.names, asked.options
    scored = {name: row_scores(name, given, wanted, known) for name in names if METRICS[name].per_row}
    pairs = [(given.get(row_id), answers[0]) for row_id, answers in wanted.items()]
    clusters = _clusters(lines, references, list(wanted), cluster_field)
    summed = {
        name: mean_score(scored[name], name, clusters)
        if name in scored
        else score_over_all(*_apart(pairs), name, known.labels or (), seed, clusters)
        for name in names
    }
    return Scored(
        n=len(wanted),
        missing=sum(row_id not in given for row_id in wanted),
        unknown=sum(row_id not in wanted for row_id in given),
        metrics=summed,
        details=details(scored, pairs, asked),
        cautions=cautions_by_metric(
            {name: score.value for name, score in summed.items()},
            [answer for _, answer in pairs],
            None if clusters is None else len(set(clusters)),
        ),
        clusters=None if clusters is None else len(set(clusters)),
    )


def _clusters(
    lines: Lines, references: Path, ids: Sequence[str], cluster_field: str | None
) -> list[str] | None:
    if cluster_field is None:
        return None
    found = fields_in(lines, references, cluster_field, ())
    return clusters_by_field(ids, [found[row_id].get(cluster_field, "") for row_id in ids])


def _apart(pairs: Sequence[tuple[str | None, str]]) -> tuple[list[str], list[list[str | None]]]:
    """References, and the one repetition of answers."""
    return [reference for _, reference in pairs], [[answer for answer, _ in pairs]]


@dataclass(frozen=True)
class Asked:
    """The metrics that were asked for, `auto` resolved.

    Attributes:
        reason: why `auto` became what it did, in words; empty where it was not asked for.
    """

    names: tuple[str, ...]
    options: Options
    reason: str


def prepared(metrics: Sequence[str], references: Mapping[str, Sequence[str]], options: Options) -> Asked:
    """Resolve `auto`, find the labels of these references, and see that each metric can score them.

    Raises:
        Fault: a metric cannot score these references, or an option is read by none.
    """
    names, reason = dict.fromkeys(metrics), ""
    if AUTO_METRIC in names:
        proposed = propose_metric([accepted[0] for accepted in references.values()])
        named = [name for name in metrics if name != AUTO_METRIC]
        names = dict.fromkeys((proposed.metric, *proposed.beside, *named))
        reason = f"{proposed.metric}: {proposed.reason}"
        if proposed.warning:
            reason += f". Take care: {proposed.warning}"
    refuse_unused(list(names), options)
    known = with_labels(names, references.values(), options)
    check_usable(list(names), references, known)
    return Asked(tuple(names), known, reason)


def row_scores(
    name: str, given: Mapping[str, str], wanted: Mapping[str, Sequence[str]], options: Options
) -> list[float]:
    """Score of each reference's row in 0..1, in their order; 0 where the prediction is missing."""
    score = scorer(name, options)
    return [score(given[row_id], answers) if row_id in given else 0.0 for row_id, answers in wanted.items()]


def details(
    scored: Mapping[str, Sequence[float]],
    pairs: Sequence[tuple[str | None, str]],
    asked: Asked,
) -> dict[str, Any]:
    """What single numbers cannot hold: failures of form, confusions, repeated keys, fields of all rows together,
    the direction of a length.

    Args:
        scored: of each metric that scores a row its scores, in the order of `pairs`.
        pairs: answer (None where it is missing) and first reference of each row.
    """
    names, labels = asked.names, asked.options.labels or ()
    found: dict[str, Any] = {"proposed": asked.reason} if asked.reason else {}
    for strict, forgiving in FORGIVING.items():
        if strict in scored and forgiving in scored:
            failures = format_failures(scored[strict], scored[forgiving])
            found.setdefault("format_failures", {})[strict] = {
                **vars(failures),
                "share": failures.share,
                "share_of_failures": failures.share_of_failures,
            }
    for name, read in (("macro_f1", strict_label), ("label_macro_f1", extract_label)):
        if name in names:
            found[name] = _confusions(pairs, [None if a is None else read(a, labels) for a, _ in pairs])
    if "json_validity" in names:
        found["repeated_keys"] = sum(bool(repeated_keys(answer)) for answer, _ in pairs if answer is not None)
    if "field_f1" in names:
        counts = [field_counts(answer or "", reference) for answer, reference in pairs]
        whole = reduce(add, counts)
        found["fields"] = {
            **vars(whole),
            "precision": whole.precision,
            "recall": whole.recall,
            "f1": whole.f1,
        }
    if "length_ratio" in names and any(reference.strip() for _, reference in pairs):
        found["relative_length"] = relative_length([a or "" for a, _ in pairs], [text for _, text in pairs])
    return found


def _confusions(pairs: Sequence[tuple[str | None, str]], answered: Sequence[str | None]) -> dict[str, Any]:
    table = confusion([reference for _, reference in pairs], answered)
    return {
        "labels": list(table.labels),
        "confusion": [list(row) for row in table.counts],
        "no_label": sum(label is None for label in answered),
        "by_label": {label: vars(scores) for label, scores in table.by_label().items()},
    }

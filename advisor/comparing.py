"""Scoring and comparing answers that exist: prediction files against references, without a model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from advisor.data.rows import Message
from advisor.plan import AUTO_METRIC
from advisor.predictions import Prediction, Score, mean_score, score_over_all
from advisor.proposals import propose_metric
from advisor.scoring import check_usable, refuse_unused, with_labels
from advisor.stages.compare import paired
from rubrics.errors import ExitCode, Fault
from rubrics.outcome import PairedResult, compare_outcome
from rubrics.scoring import (
    FORGIVING,
    METRICS,
    Options,
    confusion,
    deciding_metric,
    extract_label,
    field_counts,
    format_failures,
    get_metric,
    relative_length,
    repeated_keys,
    scorer,
    strict_label,
)

REFERENCE_FIELDS = ("answer", "output", "completion", "reference")


@dataclass(frozen=True)
class Scored:
    """Scores of a prediction file.

    Attributes:
        missing: references without a prediction; each scores 0.
        unknown: predictions whose id no reference has; they are not scored.
        details: what single numbers cannot hold, by topic; empty where there is nothing.
    """

    n: int
    missing: int
    unknown: int
    metrics: dict[str, Score]
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        metrics = {name: score.model_dump() for name, score in self.metrics.items()}
        found = {"n": self.n, "missing": self.missing, "unknown": self.unknown, "metrics": metrics}
        return {**found, "details": self.details} if self.details else found


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
    predictions: Path, references: Path, metrics: Sequence[str], seed: int = 0, options: Options | None = None
) -> Scored:
    """Score a prediction file; the mean is over all references.

    Raises:
        Fault: a file cannot be read, a line is not what it should be, ids repeat, or a metric cannot score these
            references.
    """
    given, wanted = read_texts(predictions), read_references(references)
    asked = prepared(metrics, wanted, options or Options())
    names, known = asked.names, asked.options
    scored = {name: _row_scores(name, given, wanted, known) for name in names if METRICS[name].per_row}
    pairs = [(given.get(row_id), answers[0]) for row_id, answers in wanted.items()]
    return Scored(
        n=len(wanted),
        missing=sum(row_id not in given for row_id in wanted),
        unknown=sum(row_id not in wanted for row_id in given),
        metrics={
            name: mean_score(scored[name], name, seed)
            if name in scored
            else score_over_all(pairs, name, known.labels or (), seed)
            for name in names
        },
        details=details(scored, pairs, asked),
    )


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


def _row_scores(
    name: str, given: Mapping[str, str], wanted: Mapping[str, Sequence[str]], options: Options
) -> list[float]:
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
            found.setdefault("format_failures", {})[strict] = {**vars(failures), "share": failures.share}
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


def compare_files(
    a: Path,
    b: Path,
    references: Path | None,
    metric: str,
    min_gain: float,
    seed: int,
    options: Options | None = None,
) -> dict[str, Any]:
    """The contract's `comparison` object for two prediction files, or the tuned answers of two runs.

    Raises:
        Fault: files do not fit each other, or references are missing.
    """
    if metric != AUTO_METRIC:
        deciding_metric(metric)
    if not 0 < min_gain <= 1:
        raise Fault(
            f"{min_gain:g} is not a gain of score", where="--min-gain", fix="Give a share from 0 to 1."
        )
    first, second = _answers_file(a), _answers_file(b)
    wanted = read_references(references) if references else _own_references(first, second)
    asked = prepared([metric], wanted, options or Options())
    name, known = asked.names[0], asked.options
    before, after = (_scored(read_texts(path), wanted, name, known) for path in (first, second))
    measured = paired(before, after, name, seed)
    names = ("difference", "low", "high", "p_value", "n", "fixed", "broken")
    decision = compare_outcome(PairedResult(**{key: measured[key] for key in names}), min_gain=min_gain)
    reason = {"metric_reason": asked.reason} if asked.reason else {}
    return {**measured, "baseline": str(a), "tuned": str(b), **decision.to_dict(), **reason}


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
        rows = list(read_objects(path))
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
    given: Mapping[str, str], wanted: Mapping[str, Sequence[str]], metric: str, options: Options
) -> list[Prediction]:
    prompt: list[Message] = []
    scores = _row_scores(metric, given, wanted, options)
    return [
        Prediction(
            id=row_id,
            prompt=prompt,
            reference=answers[0],
            prediction=given.get(row_id, ""),
            scores={metric: score},
        )
        for (row_id, answers), score in zip(wanted.items(), scores, strict=True)
    ]


def read_texts(path: Path) -> dict[str, str]:
    """Predictions by id: JSONL `{id, prediction}`, or one JSON object `{id: text}`.

    Raises:
        Fault: names the line and field that do not fit.
    """
    text = read_text(path)
    whole = _whole_object(text)
    if whole is not None and not whole.keys() & {"id", "prediction"}:
        wrong = [name for name, value in whole.items() if not isinstance(value, str)]
        if wrong:
            raise unfit(path, f"prediction of {wrong[0]!r} is not a text")
        return {str(name): value for name, value in whole.items()}
    found: dict[str, str] = {}
    for number, row in read_objects(path):
        if not isinstance(row.get("prediction"), str) or "id" not in row:
            raise unfit(path, f"line {number}: expected an id and a text `prediction`, found {sorted(row)}")
        if str(row["id"]) in found:
            raise unfit(path, f"line {number}: the id {row['id']!r} stands twice")
        found[str(row["id"])] = row["prediction"]
    return found


def read_references(path: Path) -> dict[str, tuple[str, ...]]:
    """Accepted answers by id: `answers` (a list), or one of `answer`, `output`, `completion`, `reference`.

    Raises:
        Fault: names the line and field that do not fit.
    """
    found: dict[str, tuple[str, ...]] = {}
    for number, row in read_objects(path):
        answers = _accepted(row)
        if answers is None or "id" not in row:
            raise unfit(
                path, f"line {number}: expected an id and `answers` or one of {', '.join(REFERENCE_FIELDS)}"
            )
        if str(row["id"]) in found:
            raise unfit(path, f"line {number}: the id {row['id']!r} stands twice")
        found[str(row["id"])] = answers
    if not found:
        raise unfit(path, "holds no references")
    return found


def _accepted(row: Mapping[str, Any]) -> tuple[str, ...] | None:
    answers = row.get("answers")
    if isinstance(answers, list) and answers and all(isinstance(answer, str) for answer in answers):
        return tuple(answers)
    return next(((row[name],) for name in REFERENCE_FIELDS if isinstance(row.get(name), str)), None)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        Fault: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Fault("no such file", where=str(path), fix="Check the path.") from None
    except IsADirectoryError:
        raise Fault("is a folder, not a file", where=str(path), fix="Give a file.") from None
    except OSError as error:
        raise Fault(f"cannot be read: {error.strerror}", where=str(path), fix="Check the path.") from None
    except UnicodeDecodeError as error:
        raise unfit(path, f"is not UTF-8 text: {error}") from None


def _whole_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def read_objects(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a JSONL file with their line numbers.

    Raises:
        Fault: names the line that is none.
    """
    found: list[tuple[int, dict[str, Any]]] = []
    # Not splitlines: U+2028 and the like may stand in a JSON text as they are.
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise unfit(path, f"line {number}: is not JSON: {error}") from None
        if not isinstance(value, dict):
            raise unfit(path, f"line {number}: expected an object, found {type(value).__name__}")
        found.append((number, value))
    return found


def unfit(path: Path, what: str) -> Fault:
    """The complaint that a file's content is not what it should be."""
    return Fault(
        what, where=str(path), fix="Correct the file; see `advisor help files`.", code=ExitCode.BAD_DATA
    )

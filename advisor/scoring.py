"""By which metrics answers are scored: the one that decides, those shown beside it, and their options."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from advisor.data.rows import Row
from advisor.plan import AUTO_METRIC, Plan
from advisor.proposals import propose_metric
from rubrics.errors import ExitCode, Fault
from rubrics.scoring import METRICS, Options, Scorer, check_schema, scorer, unused_options

BASIC = ("exact_match", "squad_exact_match", "token_f1")
"""Scored always: they need nothing, and reports are compared by them."""

_READ_BY = {"schema": "schema_validity", "pattern": "format_adherence"}
"""What is shown beside where its option is given, since it can be computed for any answers."""
_PROBLEMS_SHOWN = 20


@dataclass(frozen=True)
class Scoring:
    """How answers are scored.

    Attributes:
        metric: the one that decides.
        names: all that are reported, `metric` among them.
        reason: why this metric, in words.
        warning: what it cannot see, in words; empty where nothing is to be said.
    """

    metric: str = "exact_match"
    names: tuple[str, ...] = BASIC
    options: Options = field(default_factory=Options)
    reason: str = ""
    warning: str = ""

    @cached_property
    def scorers(self) -> Mapping[str, Scorer]:
        """The metrics that score a row, as functions of answer and references."""
        return {name: scorer(name, self.options) for name in self.names if METRICS[name].per_row}

    @property
    def over_all_rows(self) -> tuple[str, ...]:
        """The metrics that only a set of rows has."""
        return tuple(name for name in self.names if not METRICS[name].per_row)

    def score(self, prediction: str, references: Sequence[str]) -> dict[str, float]:
        """One answer by every metric that scores a row, each 0..1."""
        return {name: score(prediction, references) for name, score in self.scorers.items()}

    def facts(self) -> dict[str, str]:
        """What decides the scores, for the hash of a stage."""
        return {"scoring": json.dumps([self.names, vars(self.options)], sort_keys=True, default=list)}


def scoring_of(plan: Plan, rows: Sequence[Row]) -> Scoring:
    """The plan's metric, or the one proposed for these rows, with what is shown beside it.

    Raises:
        Fault: the metric cannot be used: an option is missing or wrong (exit code 2), or references do not suit
            it (3, with the rows named).
    """
    references = {row.source or row.id: row.references for row in rows}
    options = read_options(plan.schema_file, plan.pattern, plan.tolerance)
    return choose(plan.metric, references, options)


def choose(metric: str, references: Mapping[str, Sequence[str]], options: Options) -> Scoring:
    """As `scoring_of`, for any references by the name of their row."""
    answers = [accepted[0] for accepted in references.values()]
    proposed = propose_metric(answers)
    if metric == AUTO_METRIC:
        metric, reason, warning = proposed.metric, f"proposed: {proposed.reason}", proposed.warning
    else:
        reason, warning = "asked for by --metric", ""
        if metric != proposed.metric:
            reason += f"; these answers suggest {proposed.metric} ({proposed.reason})"
    names = dict.fromkeys((*BASIC, metric, *proposed.beside))
    names |= dict.fromkeys(_READ_BY[name] for name in _READ_BY if getattr(options, name) is not None)
    refuse_unused(list(names), options)
    known = with_labels(names, references.values(), options)
    check_usable([metric], references, known)
    return Scoring(metric, tuple(names), known, reason, warning)


def with_labels(names: Iterable[str], references: Iterable[Sequence[str]], options: Options) -> Options:
    """The options with the closed set of labels, which is every reference, where a metric needs it."""
    if not any("labels" in METRICS[name].needs for name in names):
        return options
    return replace(options, labels=tuple(sorted({text for accepted in references for text in accepted})))


def check_usable(metrics: Sequence[str], references: Mapping[str, Sequence[str]], options: Options) -> None:
    """Refuse metrics that cannot score these rows, before anything is spent.

    Raises:
        Fault: an option is missing, wrong or read by none (exit code 2); or references do not suit (3).
    """
    first = next(iter(references.values()))
    for name in metrics:
        score = scorer(name, options)
        _check_references(name, references)
        # A library that is missing, or a schema that refers to another, shows at the first answer.
        score("", first)


def _check_references(name: str, references: Mapping[str, Sequence[str]]) -> None:
    problem_of = METRICS[name].reference_problem
    problems = [
        f"{row}: the answer {text!r:.60} {problem}"
        for row, accepted in references.items()
        for text in accepted
        if (problem := problem_of(text))
    ]
    if problems:
        raise Fault(
            f"{len(problems)} reference answers cannot be scored by {name}",
            where="--metric",
            fix="Correct the answers, or name another metric; see `advisor help metrics`.",
            code=ExitCode.BAD_DATA,
            problems=problems[:_PROBLEMS_SHOWN],
        )


def read_options(schema: Path | None, pattern: str | None, tolerance: str | None) -> Options:
    """The options of the flags `--schema`, `--pattern` and `--tolerance`, each checked.

    Raises:
        Fault: a file cannot be read, or a value is not what it should be; exit code 2.
    """
    options = Options(None if schema is None else read_schema(schema), pattern, tolerance)
    if pattern is not None:
        scorer("format_adherence", options)("", [""])
    if tolerance is not None:
        scorer("numeric_match", options)("0", ["0"])
    return options


def read_schema(path: Path) -> dict[str, Any]:
    """Read the user's JSON Schema.

    Raises:
        Fault: no such file, not JSON, or not a JSON Schema; exit code 2.
    """
    fix = "Give a file with a JSON Schema."
    try:
        schema = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise Fault("no such file", where=f"--schema {path}", fix=fix) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"cannot be read: {error}", where=f"--schema {path}", fix=fix) from None
    except (ValueError, RecursionError) as error:
        raise Fault(f"is not JSON: {error}", where=f"--schema {path}", fix=fix) from None
    if not isinstance(schema, dict):
        raise Fault("is not a JSON object", where=f"--schema {path}", fix=fix)
    check_schema(schema)
    return schema


def refuse_unused(names: Sequence[str], options: Options) -> None:
    """A flag that nothing reads is a mistake, and is named.

    Raises:
        Fault: names it; exit code 2.
    """
    unused = unused_options(names, options)
    if unused:
        flags = " and ".join(f"--{name}" for name in unused)
        raise Fault(f"{flags} is read by none of these metrics", fix="See `advisor help metrics`.")

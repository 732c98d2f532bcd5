"""The metrics by name: what each is for, what it needs, and how its scores are to be summed up and tested."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rubrics.errors import ExitCode, Fault
from rubrics.scoring.behaviour import format_adherence, length_ratio, refusal, refusal_match
from rubrics.scoring.calls import call_match, call_problem
from rubrics.scoring.fields import field_f1, field_precision, field_recall
from rubrics.scoring.json_answers import (
    json_equality,
    json_inside,
    json_problem,
    json_validity,
)
from rubrics.scoring.labels import accuracy, label_match
from rubrics.scoring.numeric import number_problem, numeric_match
from rubrics.scoring.overlap import chrf, rouge_1, rouge_2, rouge_l
from rubrics.scoring.schemas import schema_validity
from rubrics.scoring.wording import char_f1, exact_match, mixed_f1, squad_exact_match, token_f1

Scorer = Callable[[str, Sequence[str]], float]
"""Answer and accepted references in, 0..1 out."""


@dataclass(frozen=True)
class Options:
    """What some metrics need besides the answer.

    Attributes:
        schema: a JSON Schema.
        pattern: a regular expression that the whole answer must fit.
        tolerance: `0.5` (absolute) or `1%` (relative) for numbers.
        labels: the closed set of labels.
    """

    schema: Mapping[str, Any] | None = None
    pattern: str | None = None
    tolerance: str | None = None
    labels: tuple[str, ...] | None = None


def _no_problem(reference: str) -> str:
    return ""


def _macro_f1_of_one(prediction: str, references: Sequence[str], *, labels: Sequence[str]) -> float:
    """Macro-F1 of a row by itself: the one label that occurs is right, or it is not."""
    return accuracy(prediction, references)


@dataclass(frozen=True)
class Metric:
    """A named way to score answers.

    Attributes:
        name: as on the command line and in reports.
        score: answer and accepted references in, 0..1 out; options as keywords. Of a metric over all rows
            together, that of one row where it stands alone.
        binary: only 0 and 1 occur, so intervals and tests are those of right/wrong (Wilson, exact McNemar); else
            they resample (bootstrap, sign flips).
        description: what the metric is for, one sentence for a person who chooses.
        needs: options without which it cannot be computed.
        takes: options that it can do without.
        per_row: each row has a score of its own, so that systems can be compared pair by pair.
        higher_is_better: of two systems the one that scores higher is preferred; else it only describes.
        reference_problem: says why a reference cannot be used; empty where it can.
    """

    name: str
    score: Callable[..., float]
    binary: bool
    description: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    per_row: bool = True
    higher_is_better: bool = True
    reference_problem: Callable[[str], str] = _no_problem

    @property
    def decides(self) -> bool:
        """Whether a run can choose, compare and conclude by it."""
        return self.per_row and self.higher_is_better


_TABLE = (
    Metric(
        "exact_match",
        exact_match,
        binary=True,
        description="The answer is the reference character for character; for when exact wording matters.",
    ),
    Metric(
        "squad_exact_match",
        squad_exact_match,
        binary=True,
        description="The answer is the reference, whatever its case, punctuation and articles (SQuAD v1.1).",
    ),
    Metric(
        "token_f1",
        token_f1,
        binary=False,
        description="Share of words in common, with partial credit (SQuAD v1.1); for overall understanding.",
    ),
    Metric(
        "char_f1",
        char_f1,
        binary=False,
        description="Share of characters in common; for scripts without spaces, and for Korean.",
    ),
    Metric(
        "mixed_f1",
        mixed_f1,
        binary=False,
        description="char_f1 where the reference is in a script without spaces, else token_f1; for mixed files.",
    ),
    Metric(
        "accuracy",
        accuracy,
        binary=True,
        description="The answer is the right label of a closed set, and nothing else.",
    ),
    Metric(
        "label_match",
        label_match,
        binary=True,
        description="The answer names exactly one label, the right one; beside exact_match it shows failures of form.",
        needs=("labels",),
    ),
    Metric(
        "macro_f1",
        _macro_f1_of_one,
        binary=False,
        description="Mean F1 of the labels, a rare label as heavy as a common one; over all rows together.",
        needs=("labels",),
        per_row=False,
    ),
    Metric(
        "label_macro_f1",
        label_match,
        binary=False,
        description="macro_f1 of the labels that the answers name (as label_match reads them).",
        needs=("labels",),
        per_row=False,
    ),
    Metric(
        "json_validity",
        json_validity,
        binary=True,
        description="The whole answer is one JSON document, strictly read; says nothing about what it says.",
    ),
    Metric(
        "schema_validity",
        schema_validity,
        binary=True,
        description="The whole answer is JSON that obeys your JSON Schema.",
        needs=("schema",),
    ),
    Metric(
        "json_equality",
        json_equality,
        binary=True,
        description="The same JSON document, whatever the order of keys and the form of numbers.",
        reference_problem=json_problem,
    ),
    Metric(
        "json_inside",
        json_inside,
        binary=True,
        description="json_equality of the document within a code fence or wording; shows failures of form.",
        reference_problem=json_problem,
    ),
    Metric(
        "field_f1",
        field_f1,
        binary=False,
        description="Partial credit for JSON: F1 of the fields that are there with the right value.",
        reference_problem=json_problem,
    ),
    Metric(
        "field_precision",
        field_precision,
        binary=False,
        description="Share of the answer's JSON fields that are right; low where it makes things up.",
        reference_problem=json_problem,
    ),
    Metric(
        "field_recall",
        field_recall,
        binary=False,
        description="Share of the reference's JSON fields that were found; low where it leaves things out.",
        reference_problem=json_problem,
    ),
    Metric(
        "call_match",
        call_match,
        binary=True,
        description="The right functions are called with accepted arguments (as BFCL judges); for tool calls.",
        reference_problem=call_problem,
    ),
    Metric(
        "numeric_match",
        numeric_match,
        binary=True,
        description="The answer's one number is the reference's, within --tolerance.",
        takes=("tolerance",),
        reference_problem=number_problem,
    ),
    Metric(
        "rouge_1",
        rouge_1,
        binary=False,
        description="Words in common with the reference; for summaries, rewards wording.",
    ),
    Metric(
        "rouge_2",
        rouge_2,
        binary=False,
        description="Pairs of words in common with the reference; for summaries, rewards wording.",
    ),
    Metric(
        "rouge_l",
        rouge_l,
        binary=False,
        description="Longest common sequence of words; for summaries, rewards wording.",
    ),
    Metric(
        "chrf",
        chrf,
        binary=False,
        description="Character n-grams in common (chrF2); for translations, rewards wording.",
    ),
    Metric(
        "length_ratio",
        length_ratio,
        binary=False,
        description="Shorter over longer length of answer and reference; for control of detail.",
    ),
    Metric(
        "refusal_rate",
        refusal,
        binary=True,
        description="Share of answers that refuse (English, Korean phrases); describes, neither good nor bad.",
        higher_is_better=False,
    ),
    Metric(
        "refusal_match",
        refusal_match,
        binary=True,
        description="The answer refuses where the reference does, and only there; for control of refusals.",
    ),
    Metric(
        "format_adherence",
        format_adherence,
        binary=True,
        description="The whole answer fits your regular expression.",
        needs=("pattern",),
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _TABLE}


def get_metric(name: str) -> Metric:
    """Return the metric of that name.

    Raises:
        Fault: there is none; exit code 2, with the known names and the closest of them.
    """
    if name in METRICS:
        return METRICS[name]
    close = difflib.get_close_matches(name, METRICS, n=1)
    hint = f"Did you mean {close[0]}? " if close else ""
    raise Fault(
        f"There is no metric named '{name}'.",
        where="--metric",
        fix=f"{hint}Known metrics: {', '.join(METRICS)}.",
        code=ExitCode.WRONG_USE,
    )


def deciding_metric(name: str) -> Metric:
    """Return a metric by which a run can choose, compare and conclude.

    Raises:
        Fault: there is none of that name, or it cannot decide; exit code 2, with those that can.
    """
    metric = get_metric(name)
    if not metric.decides:
        why = "it only describes" if metric.per_row else "it scores all rows together"
        can = ", ".join(known for known, found in METRICS.items() if found.decides)
        raise Fault(
            f"The metric {name} cannot decide: {why}.",
            where="--metric",
            fix=f"Metrics that can: {can}.",
            code=ExitCode.WRONG_USE,
        )
    return metric


def scorer(name: str, options: Options) -> Scorer:
    """Return the metric as a function of answer and references, its options filled in.

    Raises:
        Fault: there is no such metric, or an option that it needs is missing; exit code 2.
    """
    metric = get_metric(name)
    missing = [need for need in metric.needs if getattr(options, need) is None]
    if missing:
        # The labels have no flag: commands take them from the references.
        flags = " and ".join(
            "the closed set of labels" if need == "labels" else f"--{need}" for need in missing
        )
        raise Fault(
            f"the metric {name} needs {flags}",
            where="--metric",
            fix=f"Give {flags}; see `advisor help metrics`.",
            code=ExitCode.WRONG_USE,
        )
    named = {option: getattr(options, option) for option in (*metric.needs, *metric.takes)}
    return functools.partial(
        metric.score, **{option: value for option, value in named.items() if value is not None}
    )


def unused_options(names: Sequence[str], options: Options) -> list[str]:
    """Return the options that were given although none of the metrics reads them."""
    read = {option for name in names for option in (*get_metric(name).needs, *get_metric(name).takes)}
    return [
        option
        for option in ("schema", "pattern", "tolerance")
        if getattr(options, option) is not None and option not in read
    ]

"""How good one answer is, as pure functions by family, and the table of them by name.

`wording` (exact matches, F1 of words and characters), `labels`, `json_answers`, `schemas`, `fields`, `calls`, `numeric`,
`overlap` (ROUGE, chrF), `behaviour` (length, refusals, form), `tokens` (loss and accuracy over arrays), `form`
(failures of form) and `table`. No statistics live here; libraries are loaded by the function that needs them.
"""

from __future__ import annotations

from rubrics.scoring.behaviour import format_adherence, length_ratio, refusal, refusal_match, relative_length
from rubrics.scoring.calls import call_match
from rubrics.scoring.fields import FieldCounts, field_counts, field_f1, field_precision, field_recall
from rubrics.scoring.form import FORGIVING, FormatFailures, format_failures
from rubrics.scoring.json_answers import (
    json_equality,
    json_inside,
    json_part,
    json_validity,
    repeated_keys,
)
from rubrics.scoring.labels import (
    Confusion,
    accuracy,
    confusion,
    extract_label,
    label_match,
    macro_f1_interval,
    macro_f1_noise,
    mean_macro_f1_interval,
    strict_label,
)
from rubrics.scoring.numeric import is_quantity, numeric_match
from rubrics.scoring.overlap import chrf, rouge_1, rouge_2, rouge_l
from rubrics.scoring.schemas import check_schema, schema_validity
from rubrics.scoring.table import (
    METRICS,
    Metric,
    Options,
    Scorer,
    deciding_metric,
    get_metric,
    scorer,
    unused_options,
)
from rubrics.scoring.tokens import TokenMeans, next_token_accuracy, token_means
from rubrics.scoring.wording import (
    char_f1,
    exact_match,
    mixed_f1,
    squad_exact_match,
    squad_normalise,
    token_f1,
)

__all__ = [
    "FORGIVING",
    "METRICS",
    "Confusion",
    "FieldCounts",
    "FormatFailures",
    "Metric",
    "Options",
    "Scorer",
    "TokenMeans",
    "accuracy",
    "call_match",
    "char_f1",
    "check_schema",
    "chrf",
    "confusion",
    "deciding_metric",
    "exact_match",
    "extract_label",
    "field_counts",
    "field_f1",
    "field_precision",
    "field_recall",
    "format_adherence",
    "format_failures",
    "get_metric",
    "is_quantity",
    "json_equality",
    "json_inside",
    "json_part",
    "json_validity",
    "label_match",
    "length_ratio",
    "macro_f1_interval",
    "macro_f1_noise",
    "mean_macro_f1_interval",
    "mixed_f1",
    "next_token_accuracy",
    "numeric_match",
    "refusal",
    "refusal_match",
    "relative_length",
    "repeated_keys",
    "rouge_1",
    "rouge_2",
    "rouge_l",
    "schema_validity",
    "scorer",
    "squad_exact_match",
    "squad_normalise",
    "strict_label",
    "token_f1",
    "token_means",
    "unused_options",
]

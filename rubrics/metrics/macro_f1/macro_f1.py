"""`evaluate` module for `rubrics.scoring.confusion`; imports stand one a line because its loader parses them."""

from typing import Any

import datasets
import evaluate

from rubrics.metrics import shared
from rubrics.scoring import confusion, strict_label

_DESCRIPTION = """
Unweighted mean of the labels' F1 over all rows together, with the confusion matrix and each label's scores. The label is the whole answer; any other answer is no label.
"""

_INPUTS = """
Args:
    predictions: list of texts, or of integers, one answer a row.
    references: list of labels of the same kind, one a row.
    labels: the closed set, as texts; by default all references and, of integers, all predictions.
Returns:
    macro_f1: mean over the labels that occur, 0..1.
    accuracy: share of right labels, 0..1.
    labels: those that occur, sorted as texts.
    confusion: one row a true label, one column an answered one; the last column is no label.
    by_label: precision, recall, f1 and support of each label.
Example:
    >>> metric = evaluate.load(str(metric_path("macro_f1")), keep_in_memory=True)
    >>> metric.compute(predictions=["a", "b", "b"], references=["a", "a", "b"])["macro_f1"]
    0.6666666666666666
"""


class MacroF1(evaluate.Metric):  # type: ignore[misc]
    """Macro-F1 with its confusion matrix."""

    def _info(self) -> evaluate.MetricInfo:
        kinds = [datasets.Value("string"), datasets.Value("int64")]
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=shared.OURS,
            inputs_description=_INPUTS,
            features=[datasets.Features({"predictions": kind, "references": kind}) for kind in kinds],
        )

    def _compute(
        self,
        predictions: list[str] | list[int],
        references: list[str] | list[int],
        labels: list[str] | None = None,
    ) -> dict[str, Any]:
        truth, given = [str(label) for label in references], [str(answer) for answer in predictions]
        numbers = [str(answer) for answer in predictions if isinstance(answer, int)]
        known = tuple(labels or sorted({*truth, *numbers}))
        table = confusion(truth, [strict_label(answer, known) for answer in given])
        return {
            "macro_f1": table.macro_f1,
            "accuracy": table.accuracy,
            "labels": list(table.labels),
            "confusion": [list(row) for row in table.counts],
            "by_label": {label: vars(scores) for label, scores in table.by_label().items()},
        }

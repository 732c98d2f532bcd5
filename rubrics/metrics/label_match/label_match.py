"""`evaluate` module for `rubrics.scoring.label_match`; imports stand one a line because its loader parses them."""

from typing import Any

from rubrics.metrics import shared
from rubrics.scoring import label_match


class LabelMatch(shared.RowMetric):
    """Share of answers that name the right label and no other."""

    METRIC = "label_match"
    SCORE = staticmethod(label_match)
    DESCRIPTION = """
Share of answers that name exactly one label of a closed set, the right one, whatever stands around it. Beside
exact_match it tells a failure of form from a wrong choice.
"""
    OPTIONS = """    labels: the closed set; by default all references.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("label_match")), keep_in_memory=True)
    >>> metric.compute(predictions=["Category: login", "login or refund"], references=["login", "refund"])
    {'label_match': 0.5}
"""

    def _compute(
        self, predictions: list[str], references: list[str] | list[list[str]] | None = None, **options: Any
    ) -> dict[str, float]:
        every = {text for entry in shared.accepted(predictions, references) for text in entry}
        labels = tuple(options.get("labels") or sorted(every))
        return super()._compute(predictions, references, labels=labels)

"""`evaluate` module for `rubrics.scoring.field_recall`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import field_recall


class FieldRecall(shared.RowMetric):
    """Mean share of the reference's fields that were found."""

    METRIC = "field_recall"
    SCORE = staticmethod(field_recall)
    DESCRIPTION = """
Mean share of the reference's fields that were found of a JSON document, partial credit for nested objects and lists. A field is a
leaf at its path; lists are aligned in order. An answer that is not JSON scores 0.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("field_recall")), keep_in_memory=True)
    >>> metric.compute(predictions=['{"a": 1, "b": {"c": 2}}'], references=['{"a": 1, "b": {"c": 3}}'])
    {'field_recall': 0.5}
"""

"""`evaluate` module for `rubrics.scoring.field_f1`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import field_f1


class FieldF1(shared.RowMetric):
    """Mean F1 of the fields."""

    METRIC = "field_f1"
    SCORE = staticmethod(field_f1)
    DESCRIPTION = """
Mean F1 of the fields of a JSON document, partial credit for nested objects and lists. A field is a
leaf at its path; lists are aligned in order. An answer that is not JSON scores 0.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("field_f1")), keep_in_memory=True)
    >>> metric.compute(predictions=['{"a": 1, "b": {"c": 2}}'], references=['{"a": 1, "b": {"c": 3}}'])
    {'field_f1': 0.5}
"""

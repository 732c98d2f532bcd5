"""`evaluate` module for `rubrics.scoring.field_precision`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import field_precision


class FieldPrecision(shared.RowMetric):
    """Mean share of the answer's fields that are right."""

    METRIC = "field_precision"
    SCORE = staticmethod(field_precision)
    DESCRIPTION = """
Mean share of the answer's fields that are right of a JSON document, partial credit for nested objects and lists. A field is a
leaf at its path; lists are aligned in order. An answer that is not JSON scores 0.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("field_precision")), keep_in_memory=True)
    >>> metric.compute(predictions=['{"a": 1, "b": {"c": 2}}'], references=['{"a": 1, "b": {"c": 3}}'])
    {'field_precision': 0.5}
"""

"""`evaluate` module for `rubrics.scoring.json_equality`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import json_equality


class JsonEquality(shared.RowMetric):
    """Share of answers that are the same JSON document."""

    METRIC = "json_equality"
    SCORE = staticmethod(json_equality)
    DESCRIPTION = """
Share of answers that are the same JSON document as an accepted reference, whatever the order of keys, the white
space and the form of numbers (1, 1.0, 1e0).
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("json_equality")), keep_in_memory=True)
    >>> metric.compute(predictions=['{"b": 2, "a": 1.0}'], references=['{"a": 1, "b": 2}'])
    {'json_equality': 1.0}
"""

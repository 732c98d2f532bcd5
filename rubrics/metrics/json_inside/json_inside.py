"""`evaluate` module for `rubrics.scoring.json_inside`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import json_inside


class JsonInside(shared.RowMetric):
    """Share of answers that hold the same JSON document."""

    METRIC = "json_inside"
    SCORE = staticmethod(json_inside)
    DESCRIPTION = """
json_equality of the one document that stands in the answer: alone, in a code fence, or within wording. Beside
json_equality it tells a failure of form from a wrong answer.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("json_inside")), keep_in_memory=True)
    >>> metric.compute(predictions=['Here it is: {"a": 1}'], references=['{"a": 1}'])
    {'json_inside': 1.0}
"""

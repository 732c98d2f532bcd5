"""`evaluate` module for `rubrics.scoring.numeric_match`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import numeric_match


class NumericMatch(shared.RowMetric):
    """Share of answers with the right number."""

    METRIC = "numeric_match"
    SCORE = staticmethod(numeric_match)
    DESCRIPTION = """
Share of answers whose one number is an accepted reference's within a tolerance. Units are compared where both sides
have one, and never converted.
"""
    OPTIONS = """    tolerance: `0.5` (absolute) or `1%` (of the reference's size); without it numbers must be equal.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("numeric_match")), keep_in_memory=True)
    >>> metric.compute(predictions=["about 99 km"], references=["100 km"], tolerance="1%")
    {'numeric_match': 1.0}
"""
